// SPDX-License-Identifier: MIT
// Goal: of a queue without numbers the oracle finds every rule broken, and allows what a kill
// explains. Method: short histories by hand, each with one thing wrong, and its twin with that
// thing right.
#include <gtest/gtest.h>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

TEST(judge_sequences, passes_two_producers_merged) {
  auto run = unnumbered(kind::single, 2);
  for (unsigned p : {0U, 1U, 0U}) run.sends(p);
  run.gets(0, {1, 0});
  run.gets(0, {0, 0});
  run.gets(0, {0, 1});
  expect_ok(run);
}

TEST(judge_sequences, G2_finds_a_message_that_never_came) {
  auto middle = unnumbered(kind::single);
  for (int i = 0; i < 3; ++i) middle.sends(0);
  middle.gets(0, {0, 0});
  middle.gets(0, {0, 2});
  expect_broken(middle, rule::lost_message);

  auto last = unnumbered(kind::single);
  for (int i = 0; i < 3; ++i) last.sends(0);
  last.gets(0, {0, 0});
  last.gets(0, {0, 1});
  expect_broken(last, rule::lost_message);
}

TEST(judge_sequences, G2_finds_a_repetition) {
  auto run = unnumbered(kind::single);
  for (int i = 0; i < 2; ++i) run.sends(0);
  run.gets(0, {0, 0});
  run.gets(0, {0, 0});
  run.gets(0, {0, 1});
  expect_broken(run, rule::duplicate);
}

TEST(judge_sequences, G1_finds_two_messages_exchanged) {
  auto run = unnumbered(kind::single);
  for (int i = 0; i < 2; ++i) run.sends(0);
  run.gets(0, {0, 1});
  run.gets(0, {0, 0});
  expect_broken(run, rule::producer_order);
}

TEST(judge_sequences, G4_finds_a_refused_message_delivered) {
  auto run = unnumbered(kind::single);
  run.sends(0);
  run.is_refused(0);
  run.gets(0, {0, 0});
  run.gets(0, {0, 1});
  expect_broken(run, rule::phantom_message);
}

TEST(judge_sequences, G6_allows_a_message_in_doubt_to_come_or_not) {
  for (const bool comes : {true, false}) {
    auto run = unnumbered(kind::single);
    run.sends(0);
    run.is_killed_sending(0);
    run.sends(0);
    run.gets(0, {0, 0});
    if (comes) run.gets(0, {0, 1});
    run.gets(0, {0, 2});
    expect_ok(run);
  }
}

TEST(judge_sequences, G7_allows_one_message_a_kill_of_a_receiver_inside_the_call) {
  auto run = unnumbered(kind::single);
  for (int i = 0; i < 4; ++i) run.sends(0);
  run.gets(0, {0, 0});
  run.is_killed_and_comes_back(0);
  run.gets(0, {0, 2});
  run.gets(0, {0, 3});
  expect_ok(run);
  run.sends(0);
  expect_broken(run, rule::lost_message);
}

TEST(judge_sequences, G7_finds_a_gap_after_a_kill_outside_the_call) {
  auto run = unnumbered(kind::single);
  for (int i = 0; i < 3; ++i) run.sends(0);
  run.gets(0, {0, 0});
  run.is_killed_and_comes_back(0, false);
  run.gets(0, {0, 2});
  expect_broken(run, rule::lost_message);
}

TEST(judge_sequences, G7_allows_a_durable_receiver_a_repeated_tail) {
  auto run = unnumbered(kind::durable);
  for (int i = 0; i < 5; ++i) run.sends(0);
  run.gets(0, {0, 0});
  run.releases(0);
  run.gets(0, {0, 1});
  run.gets(0, {0, 2});
  run.is_killed_and_comes_back(0);
  run.gets(0, {0, 1});
  run.gets(0, {0, 2});
  run.gets(0, {0, 3});
  run.gets(0, {0, 4});
  expect_ok(run);
}

TEST(judge_sequences, G7_finds_a_gap_in_a_repetition_and_a_released_message_again) {
  auto gap = unnumbered(kind::durable);
  for (int i = 0; i < 4; ++i) gap.sends(0);
  for (std::uint64_t s = 0; s < 3; ++s) gap.gets(0, {0, s});
  gap.is_killed_and_comes_back(0);
  gap.gets(0, {0, 0});
  gap.gets(0, {0, 2});
  expect_broken(gap, rule::skipped_after_restart);

  auto again = unnumbered(kind::durable);
  for (int i = 0; i < 3; ++i) again.sends(0);
  again.gets(0, {0, 0});
  again.gets(0, {0, 1});
  again.releases(0);
  again.is_killed_and_comes_back(0);
  again.gets(0, {0, 1});
  again.gets(0, {0, 2});
  expect_broken(again, rule::redelivered_released);
}

TEST(judge_sequences, G1_finds_receivers_that_see_two_orders) {
  auto run = unnumbered(kind::broadcast, 2, 2);
  run.sends(0);
  run.sends(1);
  run.gets(0, {0, 0});
  run.gets(0, {1, 0});
  run.gets(1, {1, 0});
  run.gets(1, {0, 0});
  expect_broken(run, rule::disagreement);
}

TEST(judge_sequences, G2_shares_messages_out_among_competing_receivers) {
  auto run = unnumbered(kind::competing, 1, 2);
  for (int i = 0; i < 3; ++i) run.sends(0);
  run.gets(0, {0, 0});
  run.gets(1, {0, 1});
  run.gets(0, {0, 2});
  expect_ok(run);
  run.sends(0);
  expect_broken(run, rule::lost_message);
}

TEST(judge_sequences, G2_finds_a_message_given_to_two_competing_receivers) {
  auto run = unnumbered(kind::competing, 1, 2);
  run.sends(0);
  run.gets(0, {0, 0});
  run.gets(1, {0, 0});
  expect_broken(run, rule::duplicate);
}

TEST(judge_sequences, G1_finds_a_producers_messages_exchanged_at_a_competing_receiver) {
  auto run = unnumbered(kind::competing, 1, 2);
  for (int i = 0; i < 3; ++i) run.sends(0);
  run.gets(0, {0, 2});
  run.gets(0, {0, 0});
  run.gets(1, {0, 1});
  expect_broken(run, rule::producer_order);
}

TEST(judge_sequences, G5_wants_losses_counted_exactly) {
  for (const std::uint64_t count : {1U, 2U, 3U}) {
    auto run = unnumbered(kind::lossy);
    for (int i = 0; i < 4; ++i) run.sends(0);
    run.gets(0, {0, 0});
    run.is_told(0, event_kind::lost, -1, count);
    run.gets(0, {0, 3});
    if (count == 2) {
      expect_ok(run);
    } else {
      expect_broken(run, rule::loss_count);
    }
  }
}

TEST(judge_sequences, G5_wants_the_losses_of_several_producers_counted_in_all) {
  for (const std::uint64_t count : {1U, 2U}) {
    auto run = unnumbered(kind::lossy, 2);
    for (unsigned p : {0U, 1U, 0U, 1U}) run.sends(p);
    run.gets(0, {0, 0});
    run.is_told(0, event_kind::lost, -1, count);
    run.gets(0, {1, 1});
    if (count == 2) {
      expect_ok(run);
    } else {
      expect_broken(run, rule::loss_count);
    }
  }
}

TEST(judge_sequences, G2_finds_losses_aborts_and_invalid_ones_where_none_may_be) {
  const std::pair<event_kind, rule> cases[] = {
      {event_kind::lost, rule::loss_not_allowed},
      {event_kind::aborted, rule::aborted_without_cause},
      {event_kind::invalid, rule::invalid_message},
  };
  for (const auto& [kind_of_news, broken] : cases) {
    auto run = unnumbered(kind::single);
    run.sends(0);
    run.gets(0, {0, 0});
    run.is_told(0, kind_of_news, -1);
    expect_broken(run, broken);
  }
}

}  // namespace
}  // namespace shmfifo::harness
