// SPDX-License-Identifier: MIT
// Goal: of a queue that need not survive a death, messages that are missing at the end are neither
// right nor wrong; in the middle, after a pause alone, or of a queue that promises to recover, they
// are lost. Method: one history of each kind, with these things changed one at a time.
#include <gtest/gtest.h>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

enum class disturbed : std::uint8_t { not_at_all, by_a_pause, by_a_kill };

void disturb(hand_made& run, disturbed how) {
  run.logs.sender(0).stops = how == disturbed::by_a_pause ? 1 : 0;
  run.logs.sender(0).kills = how == disturbed::by_a_kill ? 1 : 0;
}

// Two producers; of the first one only the messages `arrived` arrive, of the second one all.
hand_made cut_short(kind which, std::initializer_list<std::uint64_t> arrived) {
  auto run = unnumbered(which, 2, which == kind::competing || which == kind::broadcast ? 2 : 1);
  run.logs.facts().promises.recoverable = false;
  for (const unsigned p : {0U, 1U}) sends(run, p, 4);
  for (unsigned r = 0; r < run.logs.receivers(); ++r) {
    if (which == kind::competing && r != 0) continue;
    gets(run, r, 0, arrived);
    gets(run, r, 1, {0, 1, 2, 3});
  }
  return run;
}

void expect_unknown(const hand_made& run) {
  const verdict found = run.judged();
  EXPECT_EQ(found.answer, outcome::unknown) << found.text();
  EXPECT_EQ(found.broken, rule::none);
  EXPECT_EQ(found.excerpt.find("nobody goes on after a process was killed, which this queue does "
                               "not promise to survive (recoverable)\n  producer 0 sequence 2 was "
                               "reported as sent, and "),
            0U)
      << found.excerpt;
}

TEST(judge_missing_end, G6_decides_nothing_where_a_death_may_block_the_end) {
  for (const kind which : {kind::single, kind::broadcast, kind::competing, kind::durable}) {
    for (const disturbed how :
         {disturbed::not_at_all, disturbed::by_a_pause, disturbed::by_a_kill}) {
      auto run = cut_short(which, {0, 1});
      disturb(run, how);
      if (how == disturbed::by_a_kill) expect_unknown(run);
      if (how != disturbed::by_a_kill) expect_broken(run, rule::lost_message);
      run.logs.facts().promises.recoverable = true;
      expect_broken(run, rule::lost_message);
    }
  }
}

TEST(judge_missing_end, G2_finds_a_message_lost_in_the_middle_whoever_died) {
  for (const kind which : {kind::single, kind::broadcast, kind::competing, kind::durable}) {
    auto run = cut_short(which, {0, 1, 3});
    disturb(run, disturbed::by_a_kill);
    expect_broken(run, rule::lost_message);
    auto both = cut_short(which, {0, 2});  // and at the end
    disturb(both, disturbed::by_a_kill);
    expect_broken(both, rule::lost_message);
  }
}

TEST(judge_missing_end, G2_G7_counts_a_message_taken_along_before_it_decides_nothing) {
  for (const kind which : {kind::single, kind::competing}) {
    auto run = unnumbered(which);
    run.logs.facts().promises.recoverable = false;
    sends(run, 0, 3);
    gets(run, 0, 0, {0});
    run.is_killed_and_comes_back(0);
    gets(run, 0, 0, {1});
    EXPECT_EQ(run.judged().answer, outcome::unknown);
    run.is_killed_and_comes_back(0);  // which may have taken the last one
    expect_ok(run);
  }
}

TEST(judge_missing_end, G6_G11_decides_nothing_of_numbers_behind_a_dead_sender) {
  for (const bool announced : {true, false}) {
    for (const disturbed how : {disturbed::by_a_pause, disturbed::by_a_kill}) {
      auto run = numbered(2);
      run.logs.facts().promises.recoverable = false;
      run.sends(0, 0);
      run.gets(0, {0, 0}, 0);
      if (announced) run.sends(1, 1);
      if (!announced) run.is_killed_sending(1);
      run.sends(0, 2);
      run.logs.sender(1).kills = 0;
      disturb(run, how);
      if (how == disturbed::by_a_kill) {
        EXPECT_EQ(run.judged().answer, outcome::unknown) << run.judged().text();
      } else {
        expect_broken(run, announced ? rule::lost_message : rule::stuck);
      }
    }
  }
}

// What is wrong elsewhere is found all the same.
TEST(judge_missing_end, G9_names_a_violation_before_what_it_cannot_decide) {
  auto run = cut_short(kind::single, {0, 1});
  disturb(run, disturbed::by_a_kill);
  expect_unknown(run);
  complain(run.logs.receiver(0), rule::empty_with_messages, 1, 2, 3);
  expect_broken(run, rule::empty_with_messages);
}

}  // namespace
}  // namespace shmfifo::harness
