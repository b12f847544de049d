// SPDX-License-Identifier: MIT
// Goal: what the judge once said wrongly of a generated history it says no more. Method: these
// histories, as short as they could be made, by hand.
#include <gtest/gtest.h>

#include <initializer_list>

#include "../expectations.hpp"
#include "../hand_made.hpp"

namespace shmfifo::harness {
namespace {

TEST(counterexamples, G2_G7_a_receiver_that_begins_anew_behind_the_last_number_lost_nothing) {
  auto run = numbered(1, 2, 0, false, false);
  run.sends(0, 0);
  run.gets(0, {0, 0}, 0);
  run.is_killed_and_comes_back(1);
  expect_ok(run);
}

TEST(counterexamples, G2_a_number_is_awaited_although_its_sender_died_when_it_was_answered) {
  auto run = numbered();
  run.sends(0, 0);
  run.sends(0, 1);
  run.logs.sender(0).highest = 1;  // killed between the answer and this
  EXPECT_EQ(run.logs.sent_position(), 2U);
  run.logs.facts().final_position = run.logs.sent_position();
  run.gets(0, {0, 0}, 0);
  expect_broken(run, rule::lost_message);
  run.gets(0, {0, 1}, 1);
  expect_ok(run);
}

TEST(counterexamples, G2_everything_was_seen_where_receivers_do_not_go_by_numbers) {
  auto run = unnumbered(kind::competing, 2, 2);
  run.logs.facts().promises.numbered = true;
  run.sends(0, 5);
  run.is_killed_sending(0);
  run.sends(1, 7);
  run.is_refused(1);
  EXPECT_EQ(run.logs.sent_position(), 2U);
}

TEST(counterexamples, G1_a_receiver_that_begins_anew_does_not_begin_the_common_order) {
  auto run = unnumbered(kind::broadcast, 2, 2);
  sends(run, 0, 1);
  sends(run, 1, 2);
  run.is_killed_and_comes_back(0);
  gets(run, 0, 1, {1});
  gets(run, 0, 0, {0});
  gets(run, 1, 1, {0});
  run.is_killed_and_comes_back(1);
  expect_ok(run);
}

TEST(counterexamples, G6_each_new_receiver_meets_the_gap_that_a_buffering_sender_left) {
  auto run = unnumbered(kind::broadcast);
  run.logs.facts().promises.buffered = true;
  sends(run, 0, 4);
  run.logs.sender(0).kills = 1;
  gets(run, 0, 0, {0, 1, 3});
  run.is_killed_and_comes_back(0);
  gets(run, 0, 0, {1, 3});
  expect_ok(run);
}

TEST(counterexamples, G6_G7_a_gap_that_a_buffering_sender_left_comes_again_with_its_neighbours) {
  auto run = unnumbered(kind::durable);
  run.logs.facts().promises.buffered = true;
  sends(run, 0, 4);
  run.logs.sender(0).kills = 1;
  gets(run, 0, 0, {0, 1, 3});
  run.attach(0);
  gets(run, 0, 0, {1, 3});
  expect_ok(run);
}

TEST(counterexamples, G5_G7_a_report_of_losses_may_speak_of_messages_that_were_to_come_again) {
  auto run = unnumbered(kind::durable, 1, 1);
  run.logs.facts().promises.lossy = true;
  sends(run, 0, 8);
  gets(run, 0, 0, {0, 1});
  run.is_killed_and_comes_back(0);
  gets(run, 0, 0, {0});
  run.releases(0);
  run.attach(0);
  run.is_told(0, event_kind::lost, -1, 2);
  run.releases(0);
  run.is_killed_and_comes_back(0);
  gets(run, 0, 0, {3, 4, 5, 6, 7});
  expect_ok(run);
}

TEST(counterexamples, G5_what_an_observer_misses_behind_an_open_claim_is_neither_there_nor_lost) {
  auto run = unnumbered(kind::broadcast, 2, 1, 1);
  run.logs.facts().promises.recoverable = false;
  sends(run, 0, 1);
  run.is_killed_sending(1);
  sends(run, 0, 1);
  for (const unsigned r : {0U, 1U}) gets(run, r, 0, {0});
  EXPECT_EQ(run.judged().answer, outcome::unknown) << run.judged().text();
  run.logs.facts().promises.recoverable = true;
  gets(run, 0, 0, {1});
  expect_broken(run, rule::loss_count);
}

}  // namespace
}  // namespace shmfifo::harness
