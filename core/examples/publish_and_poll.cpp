// SPDX-License-Identifier: MIT
// The example of the README: one ring, one message, published and read.
#include <shmfifo/shmfifo.hpp>

#include <cstdio>

int main() {
  auto ring = shmfifo::segment::create("/greetings", {.when_full = shmfifo::full_policy::wait});
  if (!ring) return std::fprintf(stderr, "%s\n", ring.error().text.c_str()), 1;
  auto producer = ring->attach_producer();
  auto consumer = ring->attach_consumer();  // usually in another process, after segment::attach
  if (!producer || !consumer) return 1;

  if (producer->publish("hola") != shmfifo::status::ok) return 1;

  if (consumer->wait() == shmfifo::status::ok) {
    auto seen = consumer->poll([](const shmfifo::record_view& message) {
      std::printf("%lld: %.*s\n", static_cast<long long>(message.message_number),
                  static_cast<int>(message.value_length),
                  reinterpret_cast<const char*>(message.content));
    });
    if (seen.answer != shmfifo::status::ok) return 1;
  }
  return shmfifo::segment::remove("/greetings") ? 0 : 1;
}
