// SPDX-License-Identifier: MIT
// Goal: without numbers, each bound of the oracle is where it must be: what is just allowed passes,
// and one message, count or receiver further is found. Method: pairs of histories by hand that
// differ in this one thing.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

// -- the first and the last message

TEST(judge_sequences, G2_passes_a_run_in_which_nobody_sent_or_nobody_received) {
  for (const kind which : {kind::single, kind::broadcast, kind::competing, kind::lossy}) {
    expect_ok(unnumbered(which));
    auto run = unnumbered(which, 2, 0);
    sends(run, 0, 3);
    expect_ok(run);
  }
}

TEST(judge_sequences, G2_lets_no_receiver_begin_behind_the_first_message) {
  for (const kind which : {kind::single, kind::broadcast, kind::durable}) {
    auto run = unnumbered(which);
    sends(run, 0, 2);
    gets(run, 0, 0, {1});
    expect_broken(run, rule::lost_message);
  }
}

TEST(judge_sequences, G2_blames_nobody_for_what_is_missing_who_did_not_reach_the_end) {
  for (const kind which : {kind::single, kind::broadcast, kind::competing}) {
    auto run = unnumbered(which, 1, which == kind::single ? 1 : 2);
    sends(run, 0, 3);
    for (unsigned r = 0; r < run.logs.receivers(); ++r) {
      if (r == 0 || which != kind::competing) gets(run, r, 0, {0, 1});
    }
    expect_broken(run, rule::lost_message);
    const unsigned last = run.logs.receivers() - 1;
    run.logs.facts().ended = run_end::timed_out;
    EXPECT_EQ(run.judged().answer, outcome::unknown);
    run.logs.facts().ended = run_end::completed;
    if (which == kind::broadcast) run.gets(0, {0, 2});
    run.logs.receiver(last).now = stage::running;
    expect_ok(run);
  }
}

TEST(judge_sequences, G6_does_not_miss_a_message_that_nobody_knows_to_be_sent) {
  for (const kind which : {kind::single, kind::competing}) {
    auto run = unnumbered(which);
    run.sends(0);
    run.is_killed_sending(0);
    run.is_refused(0);
    run.logs.sender(0).started = 4;  // one more without an answer
    gets(run, 0, 0, {0});
    expect_ok(run);
    gets(run, 0, 0, {1, 3});
    expect_ok(run);
  }
}

// -- kills of receivers

TEST(judge_sequences, G7_forgives_one_message_a_kill_of_a_consumer_in_the_call) {
  for (const kind which : {kind::single, kind::competing}) {
    for (const std::uint64_t missing : {1U, 2U}) {
      for (const bool at_the_end : {true, false}) {
        auto run = unnumbered(which);
        sends(run, 0, at_the_end ? 1 + static_cast<int>(missing) : 6);
        gets(run, 0, 0, {0});
        run.is_killed_and_comes_back(0);
        for (std::uint64_t s = 1 + missing; s < 6 && !at_the_end; ++s) run.gets(0, {0, s});
        expect(run, missing == 1 ? rule::none : rule::lost_message);
      }
    }
  }
}

TEST(judge_sequences, G7_forgives_each_kill_once_whoever_sent_the_message) {
  for (const bool at_the_end : {true, false}) {
    auto run = unnumbered(kind::single, 2);
    for (const unsigned p : {0U, 1U}) sends(run, p, at_the_end ? 1 : 2);
    run.is_killed_and_comes_back(0);
    if (!at_the_end) gets(run, 0, 0, {1});
    if (at_the_end) gets(run, 0, 0, {0});
    if (at_the_end) {
      expect_ok(run);
    } else {
      gets(run, 0, 1, {1});
      expect_broken(run, rule::lost_message);
    }
  }
  auto both = unnumbered(kind::single, 2);
  for (const unsigned p : {0U, 1U}) sends(both, p, 1);
  both.is_killed_and_comes_back(0);
  expect_broken(both, rule::lost_message);
}

TEST(judge_sequences, G7_forgives_nothing_where_a_cursor_or_another_receiver_keeps_the_message) {
  auto durable = unnumbered(kind::durable);
  sends(durable, 0, 4);
  gets(durable, 0, 0, {0});
  durable.releases(0);
  durable.is_killed_and_comes_back(0);
  gets(durable, 0, 0, {1, 3});
  expect_broken(durable, rule::lost_message);

  auto broadcast = unnumbered(kind::broadcast);
  sends(broadcast, 0, 5);
  gets(broadcast, 0, 0, {0});
  broadcast.is_killed_and_comes_back(0);
  gets(broadcast, 0, 0, {2, 4});
  expect_broken(broadcast, rule::lost_message);

  auto observed = unnumbered(kind::single, 1, 1, 1);  // the one killed is no consumer
  sends(observed, 0, 3);
  gets(observed, 0, 0, {0, 2});
  observed.is_killed_and_comes_back(1);
  observed.logs.receiver(1).now = stage::dead;
  expect_broken(observed, rule::lost_message);
}

TEST(judge_sequences, G7_lets_a_receiver_of_a_broadcast_begin_anywhere_after_a_death) {
  for (const bool observer : {false, true}) {
    auto run = unnumbered(kind::broadcast, 2, 1, 1);
    run.logs.facts().promises.durable = observer;  // which an observer never is
    const unsigned r = observer ? 1 : 0;
    run.logs.receiver(1 - r).now = stage::dead;
    for (const unsigned p : {0U, 1U}) sends(run, p, 6);
    gets(run, r, 0, {0, 1});
    gets(run, r, 1, {0});
    run.is_killed_and_comes_back(r);
    expect_ok(run);  // nothing came since
    gets(run, r, 0, {4, 5});
    gets(run, r, 1, {3, 4, 5});
    expect_ok(run);
    gets(run, r, 0, {4});
    expect_broken(run, rule::duplicate);
  }
  auto gap = unnumbered(kind::broadcast);
  sends(gap, 0, 6);
  gets(gap, 0, 0, {0});
  gap.is_killed_and_comes_back(0);
  gets(gap, 0, 0, {2, 4, 5});
  expect_broken(gap, rule::lost_message);
}

TEST(judge_sequences, G7_repeats_any_tail_of_what_was_not_released) {
  for (const std::uint64_t first : {1U, 2U, 3U, 4U}) {
    auto run = unnumbered(kind::durable);
    run.sends(0);
    run.sends(0);
    run.is_killed_sending(0);
    for (int i = 0; i < 3; ++i) run.sends(0);
    gets(run, 0, 0, {0});
    run.releases(0);
    gets(run, 0, 0, {1});
    run.is_told(0, event_kind::aborted, -1);  // the repetition is of messages
    gets(run, 0, 0, {3});
    run.is_killed_and_comes_back(0);
    for (const std::uint64_t s : {1U, 3U, 4U, 5U}) {
      if (s >= first) run.gets(0, {0, s});
    }
    expect_ok(run);
  }
}

// Two messages of one length are not the same one.
TEST(judge_sequences, G7_knows_a_repeated_message_by_its_name) {
  auto run = unnumbered(kind::durable);
  const auto length = [&](std::uint64_t s) { return run.logs.content().length({0, s}); };
  std::uint64_t second = 3;
  while (length(second) != length(0)) ++second;
  sends(run, 0, static_cast<int>(second) + 2);
  for (std::uint64_t s = 0; s <= second; ++s) run.gets(0, {0, s});
  run.is_killed_and_comes_back(0);
  gets(run, 0, 0, {second, second + 1});
  expect_ok(run);
}

TEST(judge_sequences, G7_ends_a_repetition_before_reports_that_came_last) {
  auto run = unnumbered(kind::durable);
  run.sends(0);
  run.is_killed_sending(0);
  run.sends(0);
  gets(run, 0, 0, {0});
  run.is_told(0, event_kind::aborted, -1);
  run.is_killed_and_comes_back(0);
  gets(run, 0, 0, {0, 2});
  expect_ok(run);
}

TEST(judge_sequences, G7_begins_anew_with_an_observer_also_where_consumers_have_cursors) {
  auto run = unnumbered(kind::durable, 1, 1, 1);
  run.logs.facts().promises.broadcast = true;
  run.logs.receiver(0).now = stage::dead;
  sends(run, 0, 6);
  gets(run, 1, 0, {0});
  run.is_killed_and_comes_back(1);
  gets(run, 1, 0, {4, 5});  // what it missed meanwhile is no loss
  expect_ok(run);
}

TEST(judge_sequences, G7_tells_a_released_message_again_from_one_that_came_twice) {
  for (const bool at_once : {true, false}) {
    auto run = unnumbered(kind::durable);
    sends(run, 0, 4);
    gets(run, 0, 0, {0, 1});
    run.releases(0);
    run.is_killed_and_comes_back(0);
    if (!at_once) gets(run, 0, 0, {2});
    gets(run, 0, 0, {1});
    expect_broken(run, at_once ? rule::redelivered_released : rule::duplicate);
  }
}

// -- losses

TEST(judge_sequences, G5_wants_each_gap_of_one_producer_announced_exactly) {
  const auto with_gaps = [](std::uint64_t first, std::uint64_t second) {
    auto run = unnumbered(kind::lossy);
    sends(run, 0, 8);
    gets(run, 0, 0, {0});
    if (first != 0) run.is_told(0, event_kind::lost, -1, first);
    gets(run, 0, 0, {2, 3});
    if (second != 0) run.is_told(0, event_kind::lost, -1, second);
    gets(run, 0, 0, {6, 7});
    return run;
  };
  expect_ok(with_gaps(1, 2));
  for (const auto& [first, second] : {std::pair{0U, 3U}, {3U, 0U}, {2U, 1U}, {1U, 1U}, {1U, 3U}}) {
    expect_broken(with_gaps(first, second), rule::loss_count);
  }
  auto early = unnumbered(kind::lossy);  // the sum is right, and nothing is missing yet
  sends(early, 0, 3);
  early.is_told(0, event_kind::lost, -1, 1);
  gets(early, 0, 0, {0, 2});
  expect_broken(early, rule::loss_count);
}

// Although the messages in doubt would explain the sum.
TEST(judge_sequences, G5_G6_wants_each_count_where_the_messages_are_missing) {
  const auto with_counts = [](std::uint64_t first, std::uint64_t second, std::uint64_t third) {
    auto run = unnumbered(kind::lossy);
    for (int i = 0; i < 4; ++i) run.sends(0);
    run.is_killed_sending(0);
    for (int i = 0; i < 3; ++i) run.sends(0);
    const auto lose = [&](std::uint64_t count) {
      if (count != 0) run.is_told(0, event_kind::lost, -1, count);
    };
    lose(first);
    gets(run, 0, 0, {0});
    lose(second);  // 1 is missing
    gets(run, 0, 0, {2});
    lose(third);  // 3 and 5 are, and perhaps 4
    gets(run, 0, 0, {6, 7});
    return run;
  };
  expect_ok(with_counts(0, 1, 2));
  expect_ok(with_counts(0, 1, 3));
  expect_broken(with_counts(1, 1, 2), rule::loss_count);
  expect_broken(with_counts(1, 0, 2), rule::loss_count);
  expect_broken(with_counts(0, 2, 2), rule::loss_count);
  expect_broken(with_counts(0, 0, 3), rule::loss_count);
  expect_broken(with_counts(0, 1, 1), rule::loss_count);
  expect_broken(with_counts(0, 1, 4), rule::loss_count);
}

TEST(judge_sequences, G1_G6_looks_for_the_first_missing_message_that_was_sent) {
  for (const bool comes : {true, false}) {
    auto run = unnumbered(kind::single);
    run.sends(0);
    run.is_refused(0);
    run.is_killed_sending(0);
    for (int i = 0; i < 3; ++i) run.sends(0);
    gets(run, 0, 0, {0, 5});
    if (comes) gets(run, 0, 0, {3});
    if (!comes) gets(run, 0, 0, {4});
    expect_broken(run, comes ? rule::producer_order : rule::lost_message);
    EXPECT_NE(
        run.judged().excerpt.find("\n  before it: producer 0 sequence 3 was reported as sent, " +
                                  std::string(comes ? "and arrived later" : "and never arrived")),
        std::string::npos);
  }
}

TEST(judge_sequences, G5_G6_counts_a_message_in_doubt_as_lost_or_not) {
  for (const std::uint64_t count : {0U, 1U, 2U, 3U}) {
    auto one = unnumbered(kind::lossy);
    one.sends(0);
    one.sends(0);
    one.is_killed_sending(0);
    one.is_refused(0);
    one.sends(0);
    gets(one, 0, 0, {0});
    if (count != 0) one.is_told(0, event_kind::lost, -1, count);
    gets(one, 0, 0, {4});
    expect(one, count == 1 || count == 2 ? rule::none : rule::loss_count);

    auto several = unnumbered(kind::lossy, 2);
    several.sends(0);
    several.is_killed_sending(1);
    if (count != 0) several.is_told(0, event_kind::lost, -1, count);
    expect(several, count == 1 || count == 2 ? rule::none : rule::loss_count);
  }
}

TEST(judge_sequences, G5_finds_a_message_behind_its_announced_loss) {
  for (const bool announced : {true, false}) {
    auto run = unnumbered(kind::lossy, 2);
    sends(run, 0, 2);
    run.is_told(0, event_kind::lost, -1, 1);
    gets(run, 0, 0, {1});
    if (announced) run.is_told(0, event_kind::lost, -1, 1);
    gets(run, 0, 0, {0});
    expect_broken(run, announced ? rule::loss_count : rule::producer_order);
  }
}

TEST(judge_sequences, G5_does_not_sum_up_the_losses_of_a_receiver_that_began_again) {
  for (const bool killed : {true, false}) {
    auto run = unnumbered(kind::lossy, 2);
    for (const unsigned p : {0U, 1U}) sends(run, p, 3);
    gets(run, 0, 0, {0});
    if (killed) run.is_killed_and_comes_back(0);
    gets(run, 0, 1, {2});
    expect(run, killed ? rule::none : rule::loss_count);
  }
}

TEST(judge_sequences, G2_aborts_at_most_one_message_in_doubt_for_each_receiver) {
  for (const int count : {2, 3}) {
    auto run = unnumbered(kind::broadcast, 1, 2);
    run.sends(0);
    run.is_killed_sending(0);
    gets(run, 0, 0, {0});
    gets(run, 1, 0, {0});
    for (int i = 0; i < count; ++i) run.is_told(i == 0 ? 0 : 1, event_kind::aborted, -1);
    expect(run, count == 2 ? rule::none : rule::aborted_without_cause);
  }
}

// -- the order of a broadcast

TEST(judge_sequences, G1_compares_the_order_of_every_consumer_with_the_first) {
  for (const unsigned other : {1U, 2U, 3U}) {
    auto run = unnumbered(kind::broadcast, 2, 3, 1);  // the fourth is an observer
    for (const unsigned p : {0U, 1U}) sends(run, p, 1);
    for (unsigned r = 0; r < run.logs.receivers(); ++r) {
      const unsigned first = r == other ? 1 : 0;
      gets(run, r, first, {0});
      gets(run, r, 1 - first, {0});
    }
    expect(run, other < 3 ? rule::disagreement : rule::none);
  }
}

TEST(judge_sequences, G1_compares_messages_only_whoever_was_killed_afterwards) {
  for (const unsigned killed : {0U, 1U, 2U}) {
    auto run = unnumbered(kind::broadcast, 2, 2);
    run.is_killed_sending(0);
    run.sends(0);
    run.sends(1);
    run.is_told(1, event_kind::aborted, -1);
    gets(run, 0, 0, {1});
    gets(run, 1, 1, {0});
    gets(run, 0, 1, {0});
    gets(run, 1, 0, {1});
    if (killed < 2) run.is_killed_and_comes_back(killed);
    expect_broken(run, rule::disagreement);
  }
  auto same = unnumbered(kind::broadcast, 2, 2);
  same.is_killed_sending(0);
  same.sends(0);
  same.sends(1);
  gets(same, 0, 0, {1});
  same.is_told(1, event_kind::aborted, -1);
  gets(same, 1, 0, {1});
  gets(same, 0, 1, {0});
  gets(same, 1, 1, {0});
  expect_ok(same);
}

TEST(judge_sequences, G1_compares_no_order_where_messages_may_be_lost) {
  auto run = unnumbered(kind::lossy, 2, 2);
  run.logs.facts().promises.broadcast = true;
  for (const unsigned p : {0U, 1U}) sends(run, p, 1);
  for (unsigned r = 0; r < 2; ++r) {
    gets(run, r, r, {0});
    gets(run, r, 1 - r, {0});
  }
  expect_ok(run);
}

// -- consumers that share the messages

TEST(judge_sequences, G2_misses_the_first_message_and_waits_for_every_consumer) {
  for (const unsigned running : {0U, 1U, 2U}) {
    auto run = unnumbered(kind::competing, 1, 2);
    sends(run, 0, 2);
    gets(run, 1, 0, {1});
    if (running < 2) run.logs.receiver(running).now = stage::running;
    expect(run, running < 2 ? rule::none : rule::lost_message);
  }
}

TEST(judge_sequences, G2_shares_messages_out_in_any_way) {
  for (unsigned owners = 0; owners < 8; ++owners) {
    auto run = unnumbered(kind::competing, 1, 2);
    sends(run, 0, 3);
    for (std::uint64_t s = 0; s < 3; ++s) run.gets(owners >> s & 1U, {0, s});
    expect_ok(run);
  }
}

TEST(judge_sequences, G5_counts_what_was_reported_to_an_observer_for_the_observer) {
  for (const std::uint64_t told : {1U, 2U}) {
    auto run = unnumbered(kind::competing, 1, 1, 1);
    run.logs.facts().promises.lossy = true;
    sends(run, 0, 4);
    gets(run, 0, 0, {0});
    run.is_told(0, event_kind::lost, -1, told);
    gets(run, 0, 0, {2, 3});
    run.is_told(1, event_kind::lost, -1, 3);
    gets(run, 1, 0, {3});
    expect(run, told == 1 ? rule::none : rule::loss_count);
  }
}

}  // namespace
}  // namespace shmfifo::harness
