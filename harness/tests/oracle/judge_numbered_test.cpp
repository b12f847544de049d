// SPDX-License-Identifier: MIT
// Goal: of a queue with numbers the oracle finds every rule broken, and allows what a kill
// explains. Method: short histories by hand, each with one thing wrong, and its twin with that
// thing right.
#include <gtest/gtest.h>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

// Producer 0 sends `count` messages under their own numbers, all receivers but one get them.
void send_and_get(hand_made& run, std::uint64_t count, unsigned receivers) {
  for (std::uint64_t n = 0; n < count; ++n) {
    run.sends(0, n);
    for (unsigned r = 0; r < receivers; ++r) run.gets(r, {0, n}, static_cast<std::int64_t>(n));
  }
}

TEST(judge_numbered, passes_what_is_in_order) {
  auto run = numbered(2, 2);
  run.sends(0, 1);
  run.sends(1, 0);
  run.sends(1, 2);
  for (unsigned r = 0; r < 2; ++r) {
    run.gets(r, {1, 0}, 0);
    run.gets(r, {0, 0}, 1);
    run.gets(r, {1, 1}, 2);
  }
  expect_ok(run);
}

TEST(judge_numbered, G2_finds_a_number_told_twice) {
  auto run = numbered(2);
  run.sends(0, 0);
  run.sends(1, 0);
  expect_broken(run, rule::number_twice);
}

TEST(judge_numbered, G1_finds_a_producer_told_falling_numbers) {
  auto run = numbered();
  run.sends(0, 1);
  run.sends(0, 0);
  expect_broken(run, rule::producer_order);
}

TEST(judge_numbered, G2_finds_numbers_that_are_not_dense) {
  auto run = numbered(1, 0);  // receivers would say it, too, in words of their own
  run.sends(0, 0);
  run.sends(0, 2);
  expect_broken(run, rule::skipped);
}

TEST(judge_numbered, G2_finds_a_number_passed_over) {
  auto run = numbered();
  for (std::uint64_t n = 0; n < 3; ++n) run.sends(0, n);
  run.gets(0, {0, 0}, 0);
  run.gets(0, {0, 2}, 2);
  expect_broken(run, rule::skipped);
}

TEST(judge_numbered, G1_finds_two_numbers_exchanged) {
  auto run = numbered();
  for (std::uint64_t n = 0; n < 3; ++n) run.sends(0, n);
  run.gets(0, {0, 0}, 0);
  run.gets(0, {0, 2}, 2);
  run.gets(0, {0, 1}, 1);
  expect_broken(run, rule::order);
}

TEST(judge_numbered, G2_finds_a_repetition) {
  auto run = numbered();
  send_and_get(run, 3, 1);
  run.gets(0, {0, 2}, 2);
  expect_broken(run, rule::duplicate);
}

TEST(judge_numbered, G4_finds_the_message_of_another_number) {
  auto run = numbered(2);
  run.sends(0, 0);
  run.sends(1, 1);
  run.gets(0, {1, 0}, 0);
  run.gets(0, {0, 0}, 1);
  expect_broken(run, rule::wrong_message);
}

TEST(judge_numbered, G4_finds_a_short_message_in_anothers_place) {
  auto run = numbered();
  message_id id{0, 0};
  while (run.logs.content().length(id) >= content_source::self_naming ||
         run.logs.content().length(id) == 0) {
    run.sends(0, id.sequence);
    run.gets(0, id, static_cast<std::int64_t>(id.sequence));
    ++id.sequence;
  }
  run.sends(0, id.sequence);
  run.gets(0, id, static_cast<std::int64_t>(id.sequence));
  expect_ok(run);
  run.logs.events(0)[run.logs.receiver(0).logged - 1].identity ^= 1;
  expect_broken(run, rule::wrong_message);
}

TEST(judge_numbered, G2_finds_a_message_that_never_came) {
  auto run = numbered();
  send_and_get(run, 2, 1);
  run.sends(0, 2);
  expect_broken(run, rule::lost_message);
}

TEST(judge_numbered, G4_finds_a_number_nobody_was_told) {
  auto run = numbered();
  send_and_get(run, 2, 1);
  run.gets(0, {0, 1}, 2);
  expect_broken(run, rule::wrong_message);
}

TEST(judge_numbered, G4_finds_numbers_out_of_all_proportion) {
  auto run = numbered();
  send_and_get(run, 2, 1);
  run.is_told(0, event_kind::aborted, 2, std::uint64_t{1} << 60);
  expect_broken(run, rule::phantom_message);
}

// -- kills of senders

TEST(judge_numbered, G6_allows_a_message_in_doubt_to_come_or_to_be_aborted) {
  auto came = numbered();
  came.is_killed_sending(0);
  came.sends(0, 1);
  came.gets(0, {0, 0}, 0);
  came.gets(0, {0, 1}, 1);
  expect_ok(came);

  auto aborted = numbered();
  aborted.is_killed_sending(0);
  aborted.sends(0, 1);
  aborted.is_told(0, event_kind::aborted, 0);
  aborted.gets(0, {0, 1}, 1);
  expect_ok(aborted);

  auto unused = numbered();
  unused.is_killed_sending(0);
  unused.sends(0, 0);
  unused.gets(0, {0, 1}, 0);
  expect_ok(unused);
}

TEST(judge_numbered, G2_finds_more_aborted_numbers_than_deaths) {
  auto run = numbered();
  run.is_killed_sending(0);
  run.is_refused(0);  // makes the second number possible, but explains no abort
  run.sends(0, 2);
  run.is_told(0, event_kind::aborted, 0, 2);
  run.gets(0, {0, 2}, 2);
  expect_broken(run, rule::aborted_without_cause);
}

TEST(judge_numbered, G2_counts_a_message_in_doubt_that_came_as_no_cause_of_an_abort) {
  auto run = numbered();
  run.is_killed_sending(0);
  run.is_refused(0);
  run.sends(0, 2);
  run.gets(0, {0, 0}, 0);
  run.is_told(0, event_kind::aborted, 1);
  expect_broken(run, rule::aborted_without_cause);
}

TEST(judge_numbered, G6_finds_a_committed_message_aborted) {
  auto run = numbered();
  send_and_get(run, 2, 1);
  run.sends(0, 2);
  run.is_told(0, event_kind::aborted, 2);
  expect_broken(run, rule::committed_aborted);
}

TEST(judge_numbered, G2_finds_a_message_in_doubt_twice) {
  auto run = numbered(2);
  message_id id{0, 0};
  while (run.logs.content().length(id) < content_source::self_naming) {
    run.is_refused(0);
    ++id.sequence;
  }
  run.is_killed_sending(0);
  run.is_killed_sending(1);
  run.gets(0, id, 0);
  run.gets(0, id, 1);
  expect_broken(run, rule::duplicate);
}

TEST(judge_numbered, G1_finds_a_message_in_doubt_behind_its_successor) {
  auto run = numbered();
  message_id id{0, 0};
  std::int64_t number = 0;
  while (run.logs.content().length(id) < content_source::self_naming) {
    run.sends(0, static_cast<std::uint64_t>(number));
    run.gets(0, id, number++);
    ++id.sequence;
  }
  run.is_killed_sending(0);
  run.sends(0, static_cast<std::uint64_t>(number));
  run.gets(0, {0, id.sequence + 1}, number);
  run.gets(0, id, number + 1);
  expect_broken(run, rule::producer_order);
}

TEST(judge_numbered, G1_finds_receivers_that_disagree_about_a_message_in_doubt) {
  auto run = numbered(1, 2);
  run.is_killed_sending(0);
  run.sends(0, 1);
  run.gets(0, {0, 0}, 0);
  run.gets(0, {0, 1}, 1);
  run.is_told(1, event_kind::aborted, 0);
  run.gets(1, {0, 1}, 1);
  expect_broken(run, rule::disagreement);

  auto other = numbered(1, 2);
  other.is_killed_sending(0);
  other.sends(0, 1);
  other.is_told(0, event_kind::aborted, 0);
  other.gets(0, {0, 1}, 1);
  other.gets(1, {0, 0}, 0);
  expect_broken(other, rule::disagreement);
}

TEST(judge_numbered, G6_finds_a_receiver_left_before_a_dead_senders_number) {
  auto run = numbered(2);
  run.sends(0, 0);
  run.gets(0, {0, 0}, 0);
  run.is_killed_sending(1);
  run.sends(0, 2);
  expect_broken(run, rule::stuck);
}

// -- kills of receivers

TEST(judge_numbered, G7_allows_the_unreleased_to_come_again) {
  auto run = numbered();
  send_and_get(run, 2, 1);
  run.releases(0);
  run.sends(0, 2);
  run.sends(0, 3);
  run.gets(0, {0, 2}, 2);
  run.is_killed_and_comes_back(0);
  run.gets(0, {0, 2}, 2);
  run.gets(0, {0, 3}, 3);
  judge_figures figures;
  EXPECT_TRUE(judge(run.logs, &figures).ok());
  EXPECT_EQ(figures.redelivered, 1U);
}

TEST(judge_numbered, G7_finds_a_released_message_again) {
  auto run = numbered();
  send_and_get(run, 2, 1);
  run.releases(0);
  run.is_killed_and_comes_back(0);
  run.gets(0, {0, 1}, 1);
  expect_broken(run, rule::redelivered_released);
}

TEST(judge_numbered, G7_finds_a_message_skipped_over_a_death) {
  auto run = numbered();
  send_and_get(run, 2, 1);
  run.sends(0, 2);
  run.sends(0, 3);
  run.is_killed_and_comes_back(0);
  run.gets(0, {0, 3}, 3);
  expect_broken(run, rule::skipped_after_restart);
}

TEST(judge_numbered, G7_finds_a_gap_within_a_repetition) {
  auto run = numbered();
  send_and_get(run, 4, 1);
  run.is_killed_and_comes_back(0);
  run.gets(0, {0, 1}, 1);
  run.gets(0, {0, 3}, 3);
  expect_broken(run, rule::skipped);
}

TEST(judge_numbered, lets_a_receiver_without_a_name_begin_anywhere_after_a_death) {
  hand_made_shape shape;
  shape.promises = numbered_promises();
  shape.promises.durable = false;
  hand_made run(shape);
  send_and_get(run, 2, 1);
  for (std::uint64_t n = 2; n < 5; ++n) run.sends(0, n);
  run.is_killed_and_comes_back(0);
  run.gets(0, {0, 3}, 3);
  run.gets(0, {0, 4}, 4);
  expect_ok(run);
}

// -- losses

TEST(judge_numbered, G5_allows_an_observer_an_exact_loss) {
  auto run = numbered(1, 1, 1);
  send_and_get(run, 20, 1);
  run.gets(1, {0, 0}, 0);
  run.is_told(1, event_kind::lost, 1, 11);
  for (std::uint64_t n = 12; n < 20; ++n) run.gets(1, {0, n}, static_cast<std::int64_t>(n));
  expect_ok(run);
}

TEST(judge_numbered, G5_finds_a_wrong_count_of_losses) {
  auto run = numbered(1, 1, 1);
  send_and_get(run, 20, 1);
  run.gets(1, {0, 0}, 0);
  run.is_told(1, event_kind::lost, 1, 10);
  run.gets(1, {0, 12}, 12);
  expect_broken(run, rule::loss_count);
}

TEST(judge_numbered, G5_finds_a_loss_that_nothing_explains) {
  auto run = numbered(1, 1, 1);
  send_and_get(run, 20, 1);
  run.gets(1, {0, 0}, 0);
  run.is_told(1, event_kind::lost, 1, 12);  // number 12 is overwritten by 20, which nobody sent
  run.gets(1, {0, 13}, 13);
  expect_broken(run, rule::lost_not_overwritten);
}

TEST(judge_numbered, G5_finds_a_loss_where_none_may_be) {
  auto run = numbered();
  for (std::uint64_t n = 0; n < 20; ++n) run.sends(0, n);
  run.is_told(0, event_kind::lost, 0, 5);
  expect_broken(run, rule::loss_not_allowed);
}

TEST(judge_numbered, G9_finds_numbers_called_invalid) {
  auto run = numbered();
  send_and_get(run, 2, 1);
  run.is_told(0, event_kind::invalid, 2);
  run.sends(0, 2);
  expect_broken(run, rule::invalid_message);
}

}  // namespace
}  // namespace shmfifo::harness
