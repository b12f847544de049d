// SPDX-License-Identifier: MIT
// Goal: a lossless ring takes messages until it is a lap ahead of the slowest consumer, exactly.
// Method: consumers read any portions; after each the producer fills the ring and counts.
#include <algorithm>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(gate, G5_G4_room_is_what_the_slowest_consumer_left) {
  expect_holds([] {
    const geometry shape = *any_ring(full_policy::reject);
    const auto portions = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 3), rc::gen::inRange(0, 9)));
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    std::vector<consumer> readers;
    for (int i = 0; i < 3; ++i) {
      readers.push_back(must(f.home.attach_consumer({i == 2 ? "named" : "", {}})));
    }
    std::int64_t sent = 0;
    for (const auto& [who, limit] : portions) {
      const poll_result told = readers[static_cast<std::size_t>(who)].poll(
          [](const record_view& r) {
            RC_ASSERT(std::uint8_t(*r.content) == std::uint8_t(r.message_number));
          },
          limit);
      RC_ASSERT(told.count <= limit);
      std::int64_t slowest = sent;
      for (const consumer& each : readers) slowest = std::min(slowest, each.position());
      while (publish(writer, {static_cast<std::uint8_t>(sent)}) == status::ok) ++sent;
      RC_ASSERT(sent == slowest + static_cast<std::int64_t>(shape.slot_count));
    }
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
