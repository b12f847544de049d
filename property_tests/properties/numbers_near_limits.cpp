// SPDX-License-Identifier: MIT
// Goal: nothing changes at 2^31, 2^32, 2^47; after the last number of the stamp producers answer
// exhausted. Method: set a ring to where it would be after so many messages, then publish and
// read over the limit.
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(numbers, G2_G1_G3_stay_right_near_every_limit) {
  expect_holds([] {
    const auto role = *rc::gen::element(producer_role::single, producer_role::many);
    const auto policy = *rc::gen::element(full_policy::reject, full_policy::overwrite);
    const std::uint64_t limit = *rc::gen::element(std::uint64_t{1} << 31, std::uint64_t{1} << 32,
                                                  std::uint64_t{1} << 47, number_max);
    const std::uint64_t before = *rc::gen::inRange<std::uint64_t>(1, 6);
    fixture f({segment_mode::ring, policy, role, 8, 8, 4});
    const std::uint64_t start = limit - before;
    f.home.view().control().producer_cursor = start;
    f.home.view().control().gate_floor = start;
    for (std::uint64_t n = start - 4; n < start; ++n) {
      f.home.view().slot(n).stamp = make_stamp(n, slot_state::published);
    }
    auto writer = must(f.home.attach_producer());
    auto reader = must(f.home.attach_consumer());
    auto again = must(segment::attach(f.name.get()));  // such a segment is a sound one
    for (std::uint64_t n = start; n < limit + 6; ++n) {
      const status answer = publish(writer, {static_cast<std::uint8_t>(n)});
      if (n >= number_max) {
        RC_ASSERT(answer == status::exhausted);
        RC_ASSERT(writer.last_number() == static_cast<std::int64_t>(number_max) - 1);
        continue;
      }
      RC_ASSERT(answer == status::ok);
      if (reader.position() + 4 < static_cast<std::int64_t>(n)) drain(reader);
      const story told = drain(reader);
      RC_ASSERT(told.messages.back().number == static_cast<std::int64_t>(n));
      RC_ASSERT(told.messages.back().bytes == bytes{static_cast<std::uint8_t>(n)});
      RC_ASSERT(again.mark(static_cast<std::int64_t>(n), 5) == status::ok);
    }
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
