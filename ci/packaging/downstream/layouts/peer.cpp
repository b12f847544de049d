// SPDX-License-Identifier: MIT
// One end of a pair whose other end was built with another version of the layout.
//   peer create NAME    makes a segment and publishes a message; leaves the name
//   peer attach NAME    attaches to it and reads the message; prints why it cannot
#include <shmfifo/shmfifo.hpp>

#include <cstdio>
#include <string_view>

int main(int count, char** words) {
  if (count != 3) return 2;
  const bool create = std::string_view(words[1]) == "create";
  auto segment =
      create ? shmfifo::segment::create(words[2], {}) : shmfifo::segment::attach(words[2]);
  if (!segment) return std::fprintf(stderr, "%s\n", segment.error().text.c_str()), 1;
  if (create) {
    auto producer = segment->attach_producer();
    return producer && producer->publish("hola") == shmfifo::status::ok ? 0 : 1;
  }
  auto consumer = segment->attach_consumer();
  if (!consumer || consumer->wait() != shmfifo::status::ok) return 1;
  return consumer->poll([](const shmfifo::record_view&) {}).count == 1 ? 0 : 1;
}
