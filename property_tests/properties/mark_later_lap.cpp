// SPDX-License-Identifier: MIT
// Goal: a mark meant for a message that was replaced answers lost; the new message starts with
// status 0. Method: mark messages at random while the ring goes round, and compare every status
// that is read.
#include <map>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(mark, G4_never_lands_on_a_later_lap) {
  expect_holds([] {
    const geometry shape = *any_ring(full_policy::overwrite);
    const auto marks = *rc::gen::container<std::vector<std::pair<int, std::int8_t>>>(
        rc::gen::pair(rc::gen::inRange(0, 24), rc::gen::arbitrary<std::int8_t>()));
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    std::map<std::int64_t, std::int8_t> expected;
    std::int64_t sent = 0;
    for (const auto& [back, value] : marks) {
      publish_many(writer, sent++, 1);
      const std::int64_t number = sent - 1 - back;
      const status answer = f.home.mark(number, value);
      if (number < 0) {
        RC_ASSERT(answer == status::invalid);
      } else if (number < sent - static_cast<std::int64_t>(shape.slot_count)) {
        RC_ASSERT(answer == status::lost);
      } else {
        RC_ASSERT(answer == status::ok);
        expected[number] = value;
      }
    }
    RC_ASSERT(f.home.mark(sent, 1) == status::empty);
    auto reader = must(f.home.attach_observer());
    for (const message& m : drain(reader).messages) RC_ASSERT(m.status == expected[m.number]);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
