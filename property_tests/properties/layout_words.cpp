// SPDX-License-Identifier: MIT
// Goal: number, owner and state come out of a stamp as they went in; so do the parts of the other
// words. Method: any parts, up to the last number.
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(layout, G2_G4_stamps_and_words_keep_their_parts) {
  expect_holds([] {
    const auto number =
        *rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, number_max),
                        rc::gen::inRange<std::uint64_t>(number_max - 4, number_max));
    const auto owner = *rc::gen::inRange<unsigned>(0, participants_max);
    const auto state =
        *rc::gen::element(slot_state::free, slot_state::claimed, slot_state::published,
                          slot_state::aborted, slot_state::held);
    const std::uint64_t stamp = make_stamp(number, state, owner);
    RC_ASSERT(stamp_number(stamp) == number);
    RC_ASSERT(stamp_owner(stamp) == owner);
    RC_ASSERT(stamp_state(stamp) == state);
    RC_ASSERT(stamp_done(stamp) ==
              (state == slot_state::published || state == slot_state::aborted));
    const auto value = *rc::gen::arbitrary<std::int8_t>();
    RC_ASSERT(status_of_word(make_status_word(number, value)) == value);
    RC_ASSERT((make_status_word(number, value) >> 8) == number);
    const auto kind = *rc::gen::element(participant_kind::none, participant_kind::producer,
                                        participant_kind::consumer, participant_kind::durable);
    RC_ASSERT(role_kind(make_role(number, kind)) == kind);
    RC_ASSERT(role_generation(make_role(number, kind)) == number);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
