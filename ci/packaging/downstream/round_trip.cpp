// SPDX-License-Identifier: MIT
// The program of the downstream projects, which sees the library only as it is installed or added.
// Sends messages through a lossless ring of the given name, in each way there is, and exits with 0
// if all came back.
#include <shmfifo/shmfifo.hpp>

#include <cstdio>
#include <cstring>
#include <string>

namespace {

constexpr int rounds = 1000;

bool send(shmfifo::producer& producer, int round) {
  const std::string text = "message " + std::to_string(round);
  if (round % 2 == 0) return producer.publish(text) == shmfifo::status::ok;
  auto claim = producer.take();
  if (!claim) return false;
  std::memcpy(claim.content().data(), text.data(), text.size());
  return std::move(claim).commit(text.size()) == shmfifo::status::ok;
}

bool receive(shmfifo::consumer& consumer, int round) {
  const std::string expected = "message " + std::to_string(round);
  bool equal = false;
  if (consumer.wait() != shmfifo::status::ok) return false;
  const auto seen = consumer.poll([&](const shmfifo::record_view& record) {
    equal = record.message_number == round && record.bytes().size() == expected.size() &&
            std::memcmp(record.content, expected.data(), expected.size()) == 0;
  });
  return seen.answer == shmfifo::status::ok && seen.count == 1 && equal;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  auto ring = shmfifo::segment::create(
      words[1], {.when_full = shmfifo::full_policy::wait, .slot_count = 8, .content_size = 256});
  if (!ring) return std::fprintf(stderr, "%s\n", ring.error().text.c_str()), 1;
  auto same = shmfifo::segment::attach(words[1]);
  if (!shmfifo::segment::remove(words[1]) || !same) return 1;
  auto producer = ring->attach_producer();
  auto consumer = same->attach_consumer();
  if (!producer || !consumer) return 1;
  for (int round = 0; round < rounds; ++round) {
    if (!send(*producer, round) || !receive(*consumer, round)) {
      std::fprintf(stderr, "message %d went wrong\n", round);
      return 1;
    }
  }
  std::printf("%d messages came back\n", rounds);
}
