// SPDX-License-Identifier: MIT
// Goal: numbers start at 0 and are dense, however often producers come and go. Method: publish in
// portions, each by a new producer, into any queue that a consumer keeps empty.
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(numbers, G2_are_dense_from_zero_over_wraps_and_restarts) {
  expect_holds([] {
    const geometry shape = *any_geometry(2);
    const auto portions = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 6));
    fixture f(shape);
    auto reader = must(f.home.attach_consumer());
    std::int64_t next = 0;
    for (const int portion : portions) {
      auto writer = must(f.home.attach_producer());
      for (int i = 0; i < portion; ++i) {
        const status answer = publish(writer, {7});
        if (shape.mode == segment_mode::log &&
            next == static_cast<std::int64_t>(shape.slot_count)) {
          RC_ASSERT(answer == status::full);
          continue;
        }
        RC_ASSERT(answer == status::ok);
        RC_ASSERT(writer.last_number() == next);
        const story told = drain(reader);
        RC_ASSERT(told.messages.size() == 1U);
        RC_ASSERT(told.messages[0].number == next++);
      }
    }
    RC_ASSERT(must(f.home.stat()).producer_cursor == next);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
