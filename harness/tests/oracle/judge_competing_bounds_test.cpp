// SPDX-License-Identifier: MIT
// Goal: of receivers that share the messages, each bound of the oracle is where it must be: what a
// kill explains passes, and one message, kill or producer further is found. Method: pairs of
// histories by hand that differ in this one thing.
#include <gtest/gtest.h>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

TEST(judge_competing, G2_G7_forgives_a_message_only_to_a_kill_inside_the_call_without_a_cursor) {
  for (const bool in_call : {true, false}) {
    for (const bool durable : {true, false}) {
      auto run = unnumbered(kind::competing);
      run.logs.facts().promises.durable = durable;
      sends(run, 0, 3);
      gets(run, 0, 0, {0});
      run.releases(0);
      run.is_killed_and_comes_back(0, in_call);
      gets(run, 0, 0, {2});
      expect(run, in_call && !durable ? rule::none : rule::lost_message);
    }
  }
}

TEST(judge_competing, G2_does_not_count_observers_among_the_consumers) {
  auto run = unnumbered(kind::competing, 1, 2, 1);
  sends(run, 0, 3);
  gets(run, 0, 0, {0, 2});
  gets(run, 1, 0, {1});
  gets(run, 2, 0, {0, 1, 2});
  expect_ok(run);
}

TEST(judge_competing, G7_resumes_at_the_release_of_each_consumer) {
  for (const bool released : {true, false}) {
    auto run = unnumbered(kind::competing);
    run.logs.facts().promises.durable = true;
    sends(run, 0, 4);
    gets(run, 0, 0, {0, 1});
    if (released) run.releases(0);
    gets(run, 0, 0, {2});
    run.is_killed_and_comes_back(0);
    gets(run, 0, 0, {1, 2, 3});
    if (released) {
      expect_broken(run, rule::redelivered_released);
    } else {
      judge_figures figures;
      EXPECT_TRUE(judge(run.logs, &figures).ok());
      EXPECT_EQ(figures.redelivered, 2U);
    }
  }
}

// One that is buffered may have fetched 1, which nobody gets; a message behind it is new.
TEST(judge_competing, G1_G7_continues_each_producer_where_the_repetition_begins) {
  for (const std::uint64_t next : {0U, 2U}) {
    auto run = unnumbered(kind::competing, 2);
    run.logs.facts().promises.durable = run.logs.facts().promises.buffered = true;
    for (const unsigned p : {0U, 1U}) sends(run, p, 5);
    gets(run, 0, 0, {0});
    gets(run, 0, 1, {1, 3});
    run.is_killed_and_comes_back(0);
    gets(run, 0, 0, {0});
    gets(run, 0, 1, {next});
    run.logs.receiver(0).now = stage::dead;
    expect(run, next == 2 ? rule::none : rule::producer_order);
  }
}

// What is missing behind everything that came may wait behind a claim; what others passed may not.
TEST(judge_competing, G2_G6_finds_what_no_death_explains_before_what_it_cannot_decide) {
  for (const unsigned passed : {0U, 1U}) {
    auto run = unnumbered(kind::competing, 2);
    run.logs.facts().promises.recoverable = false;
    run.logs.sender(0).kills = 1;
    for (const unsigned p : {0U, 1U}) sends(run, p, 4);
    gets(run, 0, passed, {0, 1, 3});
    gets(run, 0, 1 - passed, {0, 1});
    expect_broken(run, rule::lost_message);
    run.logs.receiver(0).logged = 1;
    gets(run, 0, passed, {0, 1, 2, 3});
    gets(run, 0, 1 - passed, {0, 1});
    EXPECT_EQ(run.judged().answer, outcome::unknown);
  }
}

// -- losses

TEST(judge_competing, G5_G7_lets_a_kill_in_the_call_take_a_report_along) {
  for (const bool in_call : {true, false}) {
    auto run = unnumbered(kind::competing);
    run.logs.facts().promises.lossy = true;
    sends(run, 0, 3);
    gets(run, 0, 0, {0});
    run.is_killed_and_comes_back(0, in_call);
    gets(run, 0, 0, {2});
    expect(run, in_call ? rule::none : rule::loss_count);
  }
}

TEST(judge_competing, G5_G6_counts_a_message_in_doubt_as_lost_or_not) {
  for (const std::uint64_t told : {0U, 1U, 2U, 3U}) {
    auto run = unnumbered(kind::competing);
    run.logs.facts().promises.lossy = true;
    sends(run, 0, 2);
    run.is_killed_sending(0);
    run.sends(0);
    gets(run, 0, 0, {0, 3});
    if (told != 0) run.is_told(0, event_kind::lost, -1, told);
    expect(run, told == 1 || told == 2 ? rule::none : rule::loss_count);
  }
}

// What never gets free is overwritten by nobody.
TEST(judge_competing, G2_loses_nothing_in_a_log) {
  auto run = unnumbered(kind::competing);
  run.logs.facts().promises.lossy = true;
  sends(run, 0, 3);
  gets(run, 0, 0, {0, 2});
  expect_broken(run, rule::loss_count);
  run.logs.facts().reuses_slots = 0;
  expect_broken(run, rule::lost_message);
}

// -- buffered: what was in the memory of a killed sender is one run of its messages

TEST(judge_competing, G6_explains_the_missing_run_of_a_producer_by_its_own_kill) {
  for (const unsigned killed : {0U, 1U, 2U}) {
    for (const unsigned missing : {0U, 1U}) {
      auto run = unnumbered(kind::competing, 2);
      run.logs.facts().promises.buffered = true;
      for (const unsigned p : {0U, 1U}) sends(run, p, 4);
      gets(run, 0, missing, {0, 3});
      gets(run, 0, 1 - missing, {0, 1, 2, 3});
      if (killed < 2) run.logs.sender(killed).kills = 1;
      expect(run, killed == missing ? rule::none : rule::lost_message);
    }
  }
}

TEST(judge_competing, G6_begins_another_run_with_another_producer_or_behind_what_came) {
  for (const std::uint32_t first : {0U, 1U, 2U}) {
    for (const std::uint32_t second : {0U, 1U}) {
      auto run = unnumbered(kind::competing, 2);
      run.logs.facts().promises.buffered = true;
      for (const unsigned p : {0U, 1U}) sends(run, p, 6);
      gets(run, 0, 0, {0, 2});        // 1 is a run, and what follows 2 is one
      gets(run, 0, 1, {2, 3, 4, 5});  // a run right behind the other producer's
      run.logs.sender(0).kills = first;
      run.logs.sender(1).kills = second;
      expect(run, first == 2 && second == 1 ? rule::none : rule::lost_message);
    }
  }
}

TEST(judge_competing, G6_G7_takes_messages_together_that_lie_on_both_sides_of_a_refused_one) {
  auto run = unnumbered(kind::competing);
  run.logs.facts().promises.buffered = true;
  sends(run, 0, 2);
  run.is_refused(0);
  sends(run, 0, 2);
  gets(run, 0, 0, {0, 4});
  expect_broken(run, rule::lost_message);
  run.logs.sender(0).kills = 1;
  expect_ok(run);
}

// A killed receiver can have fetched only what lies between the messages that it got.
TEST(judge_competing,
     G7_explains_a_run_by_a_killed_receiver_only_if_it_can_have_fetched_all_of_it) {
  for (const std::uint64_t first : {1U, 2U}) {
    auto run = unnumbered(kind::competing, 1, 2);
    run.logs.facts().promises.buffered = true;
    sends(run, 0, 6);
    if (first == 2) gets(run, 1, 0, {1});
    gets(run, 1, 0, {4});
    gets(run, 0, 0, {0, 5});
    // The second consumer was killed behind 2, which it may have got and not logged.
    run.logs.receiver(1).logged = 1;
    if (first == 2) gets(run, 1, 0, {1});
    run.is_killed_and_comes_back(1, false);
    gets(run, 1, 0, {4});
    expect_ok(run);
  }
  auto before = unnumbered(kind::competing, 1, 2);
  before.logs.facts().promises.buffered = true;
  sends(before, 0, 5);
  gets(before, 0, 0, {0, 4});
  gets(before, 1, 0, {2});
  before.is_killed_and_comes_back(1, false);  // 3 it may have, 1 not
  expect_broken(before, rule::lost_message);
  before.logs.sender(0).kills = 1;
  expect_ok(before);
}

}  // namespace
}  // namespace shmfifo::harness
