// SPDX-License-Identifier: MIT
// Goal: one attempt to take a number ends as claim.hpp says, whatever is in the slot and whatever
// others do meanwhile. Method: stamps put in by hand, and a memory model in which others act just
// before an access.
#include "shmfifo/protocol/claim.hpp"

#include "support/hooked_memory.hpp"

namespace shmfifo {
namespace {

using protocol::claim_step;
using testing::hooked_memory;
using testing::must;
using testing::once_at;
using testing::small;

constexpr unsigned claiming_line = 3;
constexpr unsigned living_line = 1;
constexpr unsigned dead_line = 7;

TEST(claim, G2_G5_a_slot_waits_for_the_number_one_lap_later) {
  using enum slot_state;
  constexpr full_policy any = full_policy::wait;
  constexpr full_policy lossy = full_policy::overwrite;
  const struct {
    full_policy when_full;
    std::uint64_t stamp, number;
    bool expected;
  } cases[] = {{any, 0, 0, true},
               {any, 0, 3, true},
               {any, 0, 4, false},
               {any, 0, 5, false},
               {any, make_stamp(0, published), 4, true},
               {any, make_stamp(0, aborted), 4, true},
               {any, make_stamp(1, published), 5, true},
               {any, make_stamp(0, published), 0, false},
               {any, make_stamp(0, published), 3, false},
               {any, make_stamp(0, published), 5, false},
               {any, make_stamp(0, published), 8, false},
               {any, make_stamp(8, published), 4, false},
               {any, make_stamp(number_max, published), 3, false},
               {any, make_stamp(0, claimed), 4, false},
               {any, make_stamp(0, held), 4, false},
               {lossy, 0, 4, false},
               {lossy, make_stamp(0, claimed), 4, true},
               {lossy, make_stamp(0, held), 4, true},
               {lossy, make_stamp(1, free), 5, false},
               {lossy, make_stamp(1, static_cast<slot_state>(5)), 5, false},
               {lossy, make_stamp(0, claimed), 5, false}};
  for (const auto& one : cases) {
    EXPECT_EQ(
        protocol::is_previous_lap(small(segment_mode::ring, one.when_full), one.stamp, one.number),
        one.expected)
        << "stamp " << one.stamp << ", number " << one.number;
  }
}

TEST(claim, G5_only_a_claim_of_the_lap_before_is_waited_for) {
  using enum slot_state;
  const geometry shape = small(segment_mode::ring, full_policy::wait);
  for (const slot_state state : {free, published, aborted, held}) {
    EXPECT_FALSE(protocol::is_unfinished_lap(shape, make_stamp(1, state), 5)) << +int(state);
  }
  EXPECT_TRUE(protocol::is_unfinished_lap(shape, make_stamp(1, claimed), 5));
  EXPECT_TRUE(protocol::is_unfinished_lap(shape, make_stamp(0, claimed), 4));
  for (const std::uint64_t number : {0U, 1U, 3U, 4U, 6U, 9U}) {
    EXPECT_FALSE(protocol::is_unfinished_lap(shape, make_stamp(1, claimed), number)) << number;
  }
}

// Line 1 lives, line 7 does not; line 3 attempts number 4, whose slot has the stamp.
struct claiming : ::testing::Test {
  void make(full_policy when_full, std::uint64_t stamp) {
    if (home) {
      EXPECT_TRUE(segment::remove(name.get()));
    }
    home.emplace(must(
        segment::create(name.get(), small(segment_mode::ring, when_full, producer_role::many))));
    other.emplace(home->memory());
    ASSERT_TRUE(other->try_own(living_line));
    control().producer_cursor = 4;
    slot().stamp = stamp;
  }
  [[nodiscard]] control_block& control() const { return home->view().control(); }
  [[nodiscard]] slot_header& slot() const { return home->view().slot(4); }
  [[nodiscard]] std::uint64_t intent() const {
    return home->view().participant(claiming_line).intent;
  }
  claim_step attempt(hooked_memory::hook before = [](site) {}) {
    const hooked_memory memory(home->memory(), std::move(before));
    return protocol::claim_slot(home->view(), memory, claiming_line, 4);
  }
  testing::unique_name name;
  std::optional<segment> home;
  std::optional<std_memory_model> other;
};

TEST_F(claiming, G2_G5_G6_each_stamp_has_its_answer) {
  using enum slot_state;
  constexpr full_policy lossless = full_policy::wait;
  constexpr full_policy lossy = full_policy::overwrite;
  const std::uint64_t ours = make_stamp(4, claimed, claiming_line);
  const struct {
    full_policy when_full;
    std::uint64_t stamp;
    claim_step answer;
    std::uint64_t stamp_after, cursor_after;
  } cases[] = {{lossless, make_stamp(0, published), claim_step::taken, ours, 5},
               {lossless, make_stamp(0, aborted), claim_step::taken, ours, 5},
               {lossless, make_stamp(0, claimed, living_line), claim_step::busy, 0, 4},
               {lossless, make_stamp(0, claimed, dead_line), claim_step::busy, 0, 4},
               {lossless, make_stamp(0, held, dead_line), claim_step::broken, 0, 4},
               {lossless, 0, claim_step::broken, 0, 4},
               {lossless, make_stamp(4, free), claim_step::broken, 0, 4},
               {lossless, make_stamp(8, published), claim_step::broken, 0, 4},
               {lossless, make_stamp(4, claimed, living_line), claim_step::again, 0, 5},
               {lossless, make_stamp(4, published), claim_step::again, 0, 5},
               {lossless, make_stamp(4, aborted), claim_step::again, 0, 5},
               {lossy, make_stamp(4, held, living_line), claim_step::again, 0, 5},
               {lossy, make_stamp(0, published, living_line), claim_step::taken, ours, 5},
               {lossy, make_stamp(0, claimed, dead_line), claim_step::taken, ours, 5},
               {lossy, make_stamp(0, held, dead_line), claim_step::taken, ours, 5},
               {lossy, make_stamp(0, claimed, living_line), claim_step::passed,
                make_stamp(4, held, living_line), 5},
               {lossy, make_stamp(0, held, living_line), claim_step::passed,
                make_stamp(4, held, living_line), 5}};
  for (const auto& one : cases) {
    make(one.when_full, one.stamp);
    EXPECT_EQ(attempt(), one.answer) << one.stamp;
    EXPECT_EQ(slot().stamp, one.stamp_after == 0 ? one.stamp : one.stamp_after);
    EXPECT_EQ(control().producer_cursor, one.cursor_after) << one.stamp;
    EXPECT_EQ(intent(), one.answer == claim_step::taken ? 4U : 0U) << one.stamp;
  }
}

// Somebody is faster, just before the last look or the exchange: nothing was decided.
TEST_F(claiming, G2_G5_whoever_is_overtaken_looks_at_the_cursor_again) {
  using enum slot_state;
  const struct {
    full_policy when_full;
    std::uint64_t stamp;
    site where;
  } cases[] = {{full_policy::wait, make_stamp(8, published), site::claim_recheck_cursor},
               {full_policy::wait, make_stamp(0, published), site::claim_exchange},
               {full_policy::overwrite, make_stamp(0, claimed, living_line), site::pass_over},
               {full_policy::overwrite, make_stamp(0, claimed, dead_line), site::claim_exchange}};
  const std::uint64_t theirs = make_stamp(4, claimed, living_line);
  for (const auto& one : cases) {
    make(one.when_full, one.stamp);
    const auto overtake = [&] {
      slot().stamp = theirs;
      control().producer_cursor = 5;
    };
    EXPECT_EQ(attempt(once_at(one.where, overtake)), claim_step::again) << to_string(one.where);
    EXPECT_EQ(slot().stamp, theirs);
    EXPECT_EQ(control().producer_cursor, 5U);
  }
}

// Only what others have left held for this owner, also if they pass over it once more meanwhile.
TEST_F(claiming, G5_an_owner_that_was_passed_over_gives_up_what_is_held_for_it) {
  using enum slot_state;
  const auto finish = [&](std::uint64_t stamp, hooked_memory::hook before) {
    make(full_policy::overwrite, stamp);
    const hooked_memory memory(home->memory(), std::move(before));
    protocol::finish_held(memory, slot().stamp, stamp, claiming_line);
    return slot().stamp;
  };
  const auto nothing = [](site) {};
  EXPECT_EQ(finish(make_stamp(4, held, claiming_line), nothing), make_stamp(4, aborted));
  for (const std::uint64_t stamp :
       {make_stamp(4, held, living_line), make_stamp(4, claimed, claiming_line),
        make_stamp(4, published, claiming_line), make_stamp(4, aborted, claiming_line)}) {
    EXPECT_EQ(finish(stamp, nothing), stamp);
  }
  const auto becomes = [&](std::uint64_t stamp) {
    return once_at(site::release_held, [this, stamp] { slot().stamp = stamp; });
  };
  const std::uint64_t first = make_stamp(4, held, claiming_line);
  EXPECT_EQ(finish(first, becomes(make_stamp(8, held, claiming_line))), make_stamp(8, aborted));
  EXPECT_EQ(finish(first, becomes(make_stamp(8, claimed, living_line))),
            make_stamp(8, claimed, living_line));
}

}  // namespace
}  // namespace shmfifo
