// SPDX-License-Identifier: MIT
// Goal: a search for roles, which stops at the first line that was never used, misses nobody.
// Method: lines taken, passed and refused in each order, on a small segment.
#include "support/hooked_memory.hpp"

namespace shmfifo::lines_of_participants {
namespace {

using testing::must;
using testing::open_memory;
using testing::small;

struct lines : ::testing::Test {
  testing::unique_name name;
  segment home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
  std_memory_model memory = open_memory(name);
  [[nodiscard]] participant_line& line(unsigned i) const { return home.view().participant(i); }
};

// Up to the first line that was never used: a full ring would pay for all 256 at each message.
TEST_F(lines, G5_G14_cursors_are_looked_for_in_used_lines_only) {
  line(0).role = make_role(1, participant_kind::none);
  line(2).role = make_role(1, participant_kind::consumer);
  EXPECT_EQ(protocol::find_lowest_cursor(home.view(), memory).number, protocol::no_cursor);
  protocol::pass_line(home.view(), memory, 1);
  EXPECT_EQ(line(1).role, make_role(1, participant_kind::none));
  EXPECT_EQ(protocol::find_lowest_cursor(home.view(), memory).holder, 2U);
}

// An owner may be paused, or die, between the lock of its line and its role.
TEST_F(lines, G5_G8_whoever_takes_a_line_behind_one_never_used_is_found) {
  auto paused = open_memory(name);
  ASSERT_EQ(protocol::take_line(home.view(), paused), 0U);
  auto second = open_memory(name);
  ASSERT_EQ(protocol::take_line(home.view(), second), 1U);
  std::uint64_t position = 0;
  EXPECT_TRUE(
      protocol::enter_gate(home.view(), second, 1, participant_kind::consumer, position, true));
  EXPECT_EQ(protocol::find_lowest_cursor(home.view(), memory).holder, 1U);
  EXPECT_TRUE(
      protocol::enter_gate(home.view(), paused, 0, participant_kind::consumer, position, true));
  EXPECT_EQ(line(0).role, make_role(2, participant_kind::consumer));
}

// The kernel may refuse each lock: a newcomer that gets none leaves the lines as they were.
TEST_F(lines, G5_G10_whoever_gets_no_line_passes_none) {
  struct refused_memory : std_memory_model {
    using std_memory_model::std_memory_model;
    explicit refused_memory(std_memory_model&& real) : std_memory_model(std::move(real)) {}
    [[nodiscard]] static bool try_own(unsigned) { return false; }
  } refused(open_memory(name));
  EXPECT_EQ(protocol::take_line(home.view(), refused), std::nullopt);
  for (unsigned i = 0; i < home.shape().participant_count; ++i) EXPECT_EQ(line(i).role, 0U);
}

// Only what no role was ever stored in changes.
TEST_F(lines, G8_a_line_that_is_passed_keeps_its_role) {
  for (const auto kind : {participant_kind::none, participant_kind::producer,
                          participant_kind::consumer, participant_kind::durable}) {
    line(4).role = make_role(7, kind);
    protocol::pass_line(home.view(), memory, 4);
    EXPECT_EQ(line(4).role, make_role(7, kind));
  }
}

}  // namespace
}  // namespace shmfifo::lines_of_participants
