// SPDX-License-Identifier: MIT
// Goal: messages in doubt that are too short to name themselves are given the numbers under which
// they came for all together, so that no order of the logs accuses anybody; numbers that no such
// choice explains are found. And with numbers, a kill of the only receiver explains one message.
// Method: histories by hand in which the first choice that fits is the wrong one, or none is right.
#include <gtest/gtest.h>

#include <string>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

std::uint64_t empty_one(const hand_made& run, unsigned producer, std::uint64_t from = 0) {
  while (run.logs.content().length({producer, from}) != 0) ++from;
  return from;
}
void refuse_until(hand_made& run, unsigned producer, std::uint64_t sequence) {
  while (run.logs.sender(producer).logged < sequence) run.is_refused(producer);
}

// Number 1 can be of both producers, number 3 only of `free`: the other one sent number 2 behind
// its message in doubt.
hand_made two_empty_messages(unsigned free, unsigned receivers = 1) {
  auto run = numbered(3, receivers);
  const unsigned bound = 1 - free;
  refuse_until(run, free, empty_one(run, free));
  refuse_until(run, bound, empty_one(run, bound));
  const std::uint64_t behind = run.logs.sender(bound).logged + 1;
  run.sends(2, 0);
  run.is_killed_sending(free);
  run.is_killed_sending(bound);
  run.sends(bound, 2);
  for (unsigned r = 0; r < receivers; ++r) {
    run.gets(r, {2, 0}, 0);
    run.gets(r, {bound, empty_one(run, bound)}, 1);
    run.gets(r, {bound, behind}, 2);
    run.gets(r, {free, empty_one(run, free)}, 3);
  }
  return run;
}

TEST(judge_doubts, G4_G6_gives_numbers_to_short_messages_for_all_together) {
  for (const unsigned free : {0U, 1U}) {
    auto run = two_empty_messages(free, 2);
    expect_ok(run);
    run.gets(0, {free, empty_one(run, free)}, 4);  // one more than died
    expect_broken(run, rule::wrong_message);
    EXPECT_NE(run.judged().excerpt.find("each message in doubt that fits came under another"),
              std::string::npos);
  }
}

TEST(judge_doubts, G4_finds_short_messages_that_no_choice_explains) {
  for (const unsigned free : {0U, 1U}) {
    auto run = two_empty_messages(free);
    run.is_killed_sending(2);  // explains a third number, and fits none
    run.logs.sender(free).logged -= 1;
    run.is_refused(free);
    expect_broken(run, rule::wrong_message);
  }
}

TEST(judge_doubts, G2_finds_two_short_messages_where_one_is_in_doubt) {
  for (const bool both : {true, false}) {
    auto run = numbered(2);
    const std::uint64_t first = empty_one(run, 0);
    refuse_until(run, 0, first);
    run.is_killed_sending(0);
    run.is_killed_sending(1);
    ASSERT_NE(run.logs.content().length({1, 0}), 0U);
    run.gets(0, {0, first}, 0);
    if (both) run.gets(0, {0, first}, 1);
    expect(run, both ? rule::wrong_message : rule::none);
  }
}

TEST(judge_doubts, G1_finds_receivers_that_disagree_about_a_short_message) {
  const auto with_second = [](auto&& second) {
    auto run = numbered(2, 2);
    refuse_until(run, 0, empty_one(run, 0));
    refuse_until(run, 1, short_one(run, 1));
    const message_id empty{0, run.logs.sender(0).logged};
    const message_id other{1, run.logs.sender(1).logged};
    run.is_killed_sending(0);
    run.is_killed_sending(1);
    run.gets(0, empty, 0);
    second(run, empty, other);
    return run;
  };
  expect_ok(
      with_second([](hand_made& run, message_id empty, message_id) { run.gets(1, empty, 0); }));
  expect_broken(
      with_second([](hand_made& run, message_id, message_id other) { run.gets(1, other, 0); }),
      rule::disagreement);
  expect_broken(with_second([](hand_made& run, message_id, message_id) {
                  run.is_told(1, event_kind::aborted, 0);
                }),
                rule::disagreement);
}

TEST(judge_doubts, G1_orders_messages_in_doubt_of_one_producer_among_each_other) {
  for (const bool exchanged : {true, false}) {
    for (const bool younger_first : {true, false}) {
      auto run = numbered(1, 2);
      const std::uint64_t older = long_one(run, 0);
      const std::uint64_t younger = long_one(run, 0, older + 1);
      refuse_until(run, 0, older);
      run.is_killed_sending(0);
      refuse_until(run, 0, younger);
      run.is_killed_sending(0);
      const auto get = [&](unsigned r, std::uint64_t s) {
        run.gets(r, {0, s}, (s == older) != exchanged ? 0 : 1);
      };
      run.logs.facts().promises.durable = false;
      run.is_killed_and_comes_back(0);
      get(0, younger_first ? younger : older);  // alone, wherever it is
      run.logs.receiver(0).now = stage::dead;
      get(1, exchanged ? younger : older);
      get(1, exchanged ? older : younger);
      expect(run, exchanged ? rule::producer_order : rule::none);
    }
  }
}

// -- the only receiver of a queue with numbers

hand_made only_receiver(bool lossy = false) {
  auto run = numbered(2, 1, 0, lossy, false);
  run.logs.facts().promises.broadcast = false;
  return run;
}

TEST(judge_doubts, G7_forgives_the_only_receiver_one_number_a_kill_in_the_call) {
  for (const bool in_call : {true, false}) {
    for (const std::uint64_t next : {1U, 2U, 3U, 4U}) {
      auto run = only_receiver();
      for (std::uint64_t n = 0; n < 6; ++n) run.sends(0, n);
      for (std::uint64_t n = 0; n < 2; ++n) run.gets(0, {0, n}, static_cast<std::int64_t>(n));
      run.is_killed_and_comes_back(0, in_call);
      for (std::uint64_t n = next; n < 6; ++n) run.gets(0, {0, n}, static_cast<std::int64_t>(n));
      expect(run, next == 1                       ? rule::duplicate
                  : next > 2U + (in_call ? 1 : 0) ? rule::skipped
                                                  : rule::none);
    }
  }
}

TEST(judge_doubts, G7_finds_a_queue_with_numbers_that_loses_one_at_each_attach) {
  for (const std::uint64_t in_call : {20U, 19U}) {
    auto run = only_receiver();
    for (std::uint64_t n = 0; n < 41; ++n) run.sends(0, n);
    for (std::uint64_t kill = 0; kill < 20; ++kill) {
      run.gets(0, {0, 2 * kill}, static_cast<std::int64_t>(2 * kill));
      run.is_killed_and_comes_back(0, kill < in_call);
    }
    run.gets(0, {0, 40}, 40);
    expect(run, in_call == 20 ? rule::none : rule::skipped);
  }
}

TEST(judge_doubts, G6_G7_lets_a_kill_take_along_a_report_or_the_last_message) {
  auto aborted = only_receiver();
  aborted.sends(0, 0);
  aborted.is_killed_sending(1);
  aborted.is_killed_sending(1);
  aborted.sends(0, 3);
  aborted.gets(0, {0, 0}, 0);
  aborted.is_killed_and_comes_back(0);
  aborted.gets(0, {0, 1}, 3);  // the report of 1 and 2 is gone
  expect_ok(aborted);
  for (const std::uint64_t sent : {2U, 3U}) {
    auto last = only_receiver();
    for (std::uint64_t n = 0; n < sent; ++n) last.sends(0, n);
    last.gets(0, {0, 0}, 0);
    last.is_killed_and_comes_back(0);
    expect(last, sent == 2 ? rule::none : rule::lost_message);
  }
  auto lost = only_receiver(true);
  for (std::uint64_t n = 0; n < 20; ++n) lost.sends(0, n);
  lost.gets(0, {0, 0}, 0);
  lost.is_killed_and_comes_back(0);
  for (std::uint64_t n = 12; n < 20; ++n) lost.gets(0, {0, n}, static_cast<std::int64_t>(n));
  expect_ok(lost);
}

TEST(judge_doubts, G7_keeps_the_window_of_numbers_over_a_release_of_nothing) {
  for (const std::uint64_t first : {0U, 1U}) {
    auto run = numbered();
    for (std::uint64_t n = 0; n < 4; ++n) run.sends(0, n);
    run.gets(0, {0, 0}, 0);
    run.releases(0);
    for (std::uint64_t n = 1; n < 3; ++n) run.gets(0, {0, n}, static_cast<std::int64_t>(n));
    run.is_killed_and_comes_back(0);
    run.releases(0);
    run.is_killed_and_comes_back(0);
    for (std::uint64_t n = first; n < 4; ++n) run.gets(0, {0, n}, static_cast<std::int64_t>(n));
    expect(run, first == 0 ? rule::redelivered_released : rule::none);
  }
}

}  // namespace
}  // namespace shmfifo::harness
