// SPDX-License-Identifier: MIT
// Goal: a geometry that breaks a limit is refused by the limit's name before anything exists.
// Method: spoil one field of a sound geometry.
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(geometry, G10_G13_impossible_ones_are_refused_by_name_and_leave_nothing) {
  expect_holds([] {
    geometry shape = *any_geometry();
    const auto huge = *rc::gen::inRange<std::uint64_t>(0, 1000);
    const auto which = *rc::gen::inRange<std::size_t>(0, 8);
    std::string rule;
    switch (which) {
      case 0:
        shape.content_size = 0;
        rule = "content_size";
        break;
      case 1:
        shape.content_size = content_size_max + 1 + huge;
        rule = "content_size";
        break;
      case 2:
        shape.slot_count = 0;
        rule = "slot_count";
        break;
      case 3:
        shape.slot_count = slot_count_max + 1 + huge;
        rule = "slot_count";
        break;
      case 4:
        shape.participant_count = 0;
        rule = "participant_count";
        break;
      case 5:
        shape.participant_count = participants_max + 1;
        rule = "participant_count";
        break;
      case 6:
        shape.mode = segment_mode::ring;
        shape.slot_count = 3 + 4 * huge;
        rule = "slot_count";
        break;
      default:
        shape.mode = segment_mode::log;
        shape.when_full = *rc::gen::element(full_policy::wait, full_policy::overwrite);
        rule = "full_policy";
    }
    const shmfifo::testing::unique_name name;
    auto made = segment::create(name.get(), options_for(shape));
    RC_ASSERT(!made);
    RC_ASSERT(std::string(made.failure().rule) == rule);
    RC_ASSERT(!name.exists());
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
