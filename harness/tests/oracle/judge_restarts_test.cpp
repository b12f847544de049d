// SPDX-License-Identifier: MIT
// Goal: without numbers, a restart of a receiver explains what it can explain, however often the
// receiver was killed before, and nothing else. Method: histories by hand, pairs that differ in one
// message, count or kill.
#include <gtest/gtest.h>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

// -- receivers with a cursor

TEST(judge_restarts, G7_repeats_from_the_last_release_however_often_it_was_killed) {
  for (const std::uint64_t last : {1U, 2U, 3U, 4U, 5U}) {
    auto run = unnumbered(kind::durable);
    sends(run, 0, 8);
    gets(run, 0, 0, {0, 1});
    run.releases(0);
    gets(run, 0, 0, {2, 3, 4});
    run.is_killed_and_comes_back(0);
    gets(run, 0, 0, {2, 3});
    run.is_killed_and_comes_back(0, false);
    run.is_killed_and_comes_back(0);
    for (std::uint64_t s = last; s < 8; ++s) run.gets(0, {0, s});
    expect(run, last == 1  ? rule::redelivered_released
                : last > 4 ? rule::skipped_after_restart
                           : rule::none);
  }
}

TEST(judge_restarts, G7_moves_the_window_when_a_repetition_is_released) {
  for (const std::uint64_t last : {2U, 3U}) {
    auto run = unnumbered(kind::durable);
    sends(run, 0, 6);
    gets(run, 0, 0, {0, 1, 2, 3});
    run.is_killed_and_comes_back(0);
    gets(run, 0, 0, {1, 2});
    run.releases(0);
    run.is_killed_and_comes_back(0);
    for (std::uint64_t s = last; s < 6; ++s) run.gets(0, {0, s});
    expect(run, last == 2 ? rule::redelivered_released : rule::none);
  }
}

// It released when nothing had come since it attached: its cursor is where it was.
TEST(judge_restarts, G7_keeps_the_window_over_a_release_of_nothing) {
  auto run = unnumbered(kind::durable);
  sends(run, 0, 4);
  gets(run, 0, 0, {0, 1, 2});
  run.is_killed_and_comes_back(0);
  run.releases(0);
  run.is_killed_and_comes_back(0);
  gets(run, 0, 0, {0, 1, 2, 3});
  expect_ok(run);
}

TEST(judge_restarts, G7_repeats_the_messages_of_several_producers_as_they_came) {
  for (const bool exchanged : {false, true}) {
    auto run = unnumbered(kind::durable, 2);
    for (const unsigned p : {0U, 1U}) sends(run, p, 3);
    gets(run, 0, 0, {0});
    gets(run, 0, 1, {0, 1});
    gets(run, 0, 0, {1});
    run.is_killed_and_comes_back(0);
    gets(run, 0, 1, {0});
    if (exchanged) gets(run, 0, 0, {1});
    gets(run, 0, 1, {1});
    if (!exchanged) gets(run, 0, 0, {1});
    run.is_killed_and_comes_back(0);
    gets(run, 0, 0, {0});
    gets(run, 0, 1, {0, 1});
    gets(run, 0, 0, {1, 2});
    gets(run, 0, 1, {2});
    expect(run, exchanged ? rule::skipped_after_restart : rule::none);
  }
}

TEST(judge_restarts, G7_wants_each_message_once_after_a_repetition) {
  for (const std::uint64_t again : {0U, 1U, 2U}) {
    auto run = unnumbered(kind::durable);
    sends(run, 0, 4);
    gets(run, 0, 0, {0, 1});
    run.is_killed_and_comes_back(0);
    gets(run, 0, 0, {0, 1, 2});
    gets(run, 0, 0, {again});
    expect_broken(run, rule::duplicate);
  }
  auto lost = unnumbered(kind::durable);
  sends(lost, 0, 5);
  gets(lost, 0, 0, {0, 1});
  lost.is_killed_and_comes_back(0);
  gets(lost, 0, 0, {0, 1, 3, 4});
  expect_broken(lost, rule::lost_message);
}

TEST(judge_restarts, G7_continues_exactly_where_a_receiver_left_in_good_order) {
  for (const std::uint64_t next : {1U, 2U, 3U}) {
    auto run = unnumbered(kind::durable);
    sends(run, 0, 4);
    gets(run, 0, 0, {0, 1});
    run.releases(0);
    run.attach(0);
    for (std::uint64_t s = next; s < 4; ++s) run.gets(0, {0, s});
    expect(run, next == 1   ? rule::redelivered_released
                : next == 3 ? rule::lost_message
                            : rule::none);
  }
}

// What comes again may have been overwritten meanwhile, and is announced as lost.
TEST(judge_restarts, G5_G7_counts_the_losses_from_anywhere_in_the_window) {
  const auto with_loss = [](std::uint64_t count, std::uint64_t first) {
    auto run = unnumbered(kind::durable);
    run.logs.facts().promises.lossy = true;
    sends(run, 0, 10);
    gets(run, 0, 0, {0, 1});
    run.releases(0);
    gets(run, 0, 0, {2, 3});
    run.is_killed_and_comes_back(0);
    if (count != 0) run.is_told(0, event_kind::lost, -1, count);
    for (std::uint64_t s = first; s < 10; ++s) run.gets(0, {0, s});
    return run;
  };
  expect_ok(with_loss(0, 2));
  expect_ok(with_loss(1, 3));
  expect_ok(with_loss(2, 6));
  expect_ok(with_loss(4, 6));
  expect_broken(with_loss(1, 6), rule::loss_count);
  expect_broken(with_loss(5, 6), rule::loss_count);
  expect_broken(with_loss(2, 3), rule::loss_count);
  expect_broken(with_loss(0, 5), rule::loss_count);
}

TEST(judge_restarts, G5_G7_counts_a_loss_once_that_was_told_before_the_death) {
  for (const std::uint64_t again : {0U, 2U, 3U, 4U}) {
    auto run = unnumbered(kind::durable);
    run.logs.facts().promises.lossy = true;
    sends(run, 0, 6);
    gets(run, 0, 0, {0});
    run.is_told(0, event_kind::lost, -1, 2);
    run.is_killed_and_comes_back(0);
    if (again != 0) run.is_told(0, event_kind::lost, -1, again);
    gets(run, 0, 0, {3});
    gets(run, 0, 0, {4, 5});
    expect(run, again <= 3 ? rule::none : rule::loss_count);  // 0, 1 and 2 may be lost by now
  }
}

// What a report speaks of may have been in the window: it need not come again, then.
TEST(judge_restarts, G5_G7_lets_what_had_to_come_again_be_lost_in_between) {
  for (const std::uint64_t count : {1U, 2U, 3U}) {
    auto run = unnumbered(kind::durable);
    run.logs.facts().promises.lossy = true;
    sends(run, 0, 8);
    gets(run, 0, 0, {0, 1, 2, 3, 4});
    run.is_killed_and_comes_back(0);
    gets(run, 0, 0, {0});
    run.is_told(0, event_kind::lost, -1, count);
    gets(run, 0, 0, {3, 4, 5, 6, 7});
    expect(run, count == 2 ? rule::none : rule::loss_count);
    auto killed = unnumbered(kind::durable);
    killed.logs.facts().promises.lossy = true;
    sends(killed, 0, 8);
    gets(killed, 0, 0, {0, 1, 2, 3});
    killed.is_killed_and_comes_back(0);
    killed.is_told(0, event_kind::lost, -1, 4 + count);
    killed.releases(0);
    killed.is_killed_and_comes_back(0);
    gets(killed, 0, 0, {6, 7});
    expect_ok(killed);
  }
}

TEST(judge_restarts, G6_meets_the_gap_of_a_buffered_sender_again_in_each_repetition) {
  for (const kind which : {kind::durable, kind::broadcast}) {
    for (const unsigned kills : {0U, 1U}) {
      auto run = unnumbered(which);
      run.logs.facts().promises.buffered = true;
      sends(run, 0, 8);
      run.logs.sender(0).kills = kills;
      gets(run, 0, 0, {0, 1, 4});
      run.attach(0);
      gets(run, 0, 0, {1, 4, 5});
      run.attach(0);
      gets(run, 0, 0, {0, 1, 4, 5, 6, 7});
      expect(run, kills == 1 ? rule::none : rule::lost_message);
    }
  }
}

// -- receivers of a broadcast, which have none

TEST(judge_restarts, G5_adds_no_losses_of_a_dead_receiver_to_those_of_the_next) {
  for (const std::uint64_t before : {0U, 2U, 5U}) {
    for (const std::uint64_t count : {2U, 3U, 4U}) {
      auto run = unnumbered(kind::lossy);
      run.logs.facts().promises.broadcast = true;
      sends(run, 0, 12);
      gets(run, 0, 0, {0, 1});
      run.is_told(0, event_kind::lost, -1, 4);
      run.is_killed_and_comes_back(0);
      if (before != 0) run.is_told(0, event_kind::lost, -1, before);  // from where, nobody knows
      gets(run, 0, 0, {5});
      run.is_told(0, event_kind::lost, -1, count);
      gets(run, 0, 0, {9, 10, 11});
      expect(run, count == 3 ? rule::none : rule::loss_count);
    }
  }
}

TEST(judge_restarts, G5_wants_losses_announced_before_the_next_message_of_several_producers) {
  for (const std::uint64_t count : {2U, 3U}) {
    for (const bool restarted : {false, true}) {
      auto run = unnumbered(kind::lossy, 2);
      run.logs.facts().promises.broadcast = true;
      for (const unsigned p : {0U, 1U}) sends(run, p, 6);
      gets(run, 0, 0, {0});
      gets(run, 0, 1, {0});
      run.is_told(0, event_kind::lost, -1, 3);
      if (restarted) run.is_killed_and_comes_back(0);
      if (restarted) gets(run, 0, 1, {1});
      if (restarted) gets(run, 0, 0, {1});
      if (restarted) run.is_told(0, event_kind::lost, -1, count);
      gets(run, 0, 0, {4});  // 2 and 3 of this producer and one of the other
      gets(run, 0, 1, {3, 4, 5});
      gets(run, 0, 0, {5});
      expect(run, !restarted || count == 2 ? rule::loss_count : rule::none);
    }
  }
}

// -- kills inside the call: one message each, and only there

TEST(judge_restarts, G7_finds_a_queue_that_loses_a_message_at_each_attach) {
  for (const bool in_call : {true, false}) {
    auto run = unnumbered(kind::single);
    sends(run, 0, 42);
    for (std::uint64_t kill = 0; kill < 20; ++kill) {
      run.gets(0, {0, 2 * kill});
      run.is_killed_and_comes_back(0, in_call && kill != 7);
    }
    gets(run, 0, 0, {40, 41});
    expect_broken(run, rule::lost_message);
    EXPECT_NE(run.judged().excerpt.find(in_call ? "sequence 15" : "sequence 1 "),
              std::string::npos);
  }
}

TEST(judge_restarts, G7_forgives_a_message_only_at_the_kill_that_may_have_taken_it) {
  for (const bool behind : {false, true}) {
    auto run = unnumbered(kind::single);
    sends(run, 0, 6);
    gets(run, 0, 0, {0});
    if (!behind) gets(run, 0, 0, {2});
    run.is_killed_and_comes_back(0);
    if (behind) gets(run, 0, 0, {2});
    gets(run, 0, 0, {3, 4, 5});
    expect(run, behind ? rule::none : rule::lost_message);
    auto later = unnumbered(kind::single);
    sends(later, 0, 6);
    gets(later, 0, 0, {0});
    later.is_killed_and_comes_back(0);
    if (behind) gets(later, 0, 0, {2, 3, 4, 5});
    if (!behind) gets(later, 0, 0, {1, 2, 4, 5});
    expect(later, behind ? rule::none : rule::lost_message);
  }
}

// The oldest kill that can have taken a message explains it: the younger ones are needed later.
TEST(judge_restarts, G7_shares_kills_out_among_the_missing_messages_of_two_producers) {
  for (const int kills : {2, 3}) {
    auto run = unnumbered(kind::single, 2);
    for (const unsigned p : {0U, 1U}) sends(run, p, 5);
    gets(run, 0, 0, {0});
    gets(run, 0, 1, {0});
    run.is_killed_and_comes_back(0);
    run.is_killed_and_comes_back(0);
    gets(run, 0, 1, {1, 2});
    if (kills == 3) run.is_killed_and_comes_back(0);
    gets(run, 0, 0, {3, 4});  // two are missing
    gets(run, 0, 1, {4});     // and another one, behind the last kill
    expect(run, kills == 3 ? rule::none : rule::lost_message);
  }
}

TEST(judge_restarts, G7_keeps_the_younger_kill_for_the_message_that_only_it_explains) {
  for (const bool younger : {true, false}) {
    auto run = unnumbered(kind::single, 2);
    for (const unsigned p : {0U, 1U}) sends(run, p, 3);
    run.is_killed_and_comes_back(0);
    gets(run, 0, 1, {0});
    if (younger) run.is_killed_and_comes_back(0);
    gets(run, 0, 0, {1, 2});  // either kill may have taken the first message
    gets(run, 0, 1, {2});     // only the younger one the second of this producer
    expect(run, younger ? rule::none : rule::lost_message);
  }
}

TEST(judge_restarts, G5_G7_forgives_a_report_of_losses_that_a_kill_took_along) {
  for (const bool in_call : {true, false}) {
    for (const unsigned producers : {1U, 2U}) {
      for (const std::uint64_t told : {0U, 3U, 4U}) {
        auto run = unnumbered(kind::lossy, producers);
        sends(run, 0, 6);
        gets(run, 0, 0, {0});
        run.is_killed_and_comes_back(0, in_call);
        if (told != 0) run.is_told(0, event_kind::lost, -1, told);
        gets(run, 0, 0, {4, 5});
        const bool right = told == 3 || (in_call && told < 3) || (producers == 2 && told == 4);
        expect(run, right ? rule::none : rule::loss_count);
      }
    }
  }
  auto later = unnumbered(kind::lossy);
  sends(later, 0, 8);
  gets(later, 0, 0, {0});
  later.is_killed_and_comes_back(0);
  gets(later, 0, 0, {4, 7});
  expect_broken(later, rule::loss_count);
}

// -- competing receivers

TEST(judge_restarts, G7_forgives_a_competing_receiver_a_message_between_its_own) {
  for (const std::uint64_t missing : {0U, 2U, 3U, 5U}) {
    auto run = unnumbered(kind::competing, 1, 2);
    sends(run, 0, 6);
    for (std::uint64_t s = 0; s < 6; ++s) {
      if (s == 2) run.is_killed_and_comes_back(0);
      if (s != missing) run.gets(s == 1 || s == 4 ? 0 : 1, {0, s});
    }
    expect(run, missing == 2 || missing == 3 ? rule::none : rule::lost_message);
  }
}

TEST(judge_restarts, G7_gives_each_missing_message_a_kill_of_its_own) {
  for (const unsigned second : {0U, 1U}) {
    auto run = unnumbered(kind::competing, 1, 3);
    sends(run, 0, 8);
    gets(run, 0, 0, {0});
    run.is_killed_and_comes_back(0);
    gets(run, 0, 0, {7});  // it took one of 1 to 6
    gets(run, 1, 0, {1, 2});
    if (second == 1) run.is_killed_and_comes_back(1);
    gets(run, 1, 0, {4});  // 3 is missing
    gets(run, 2, 0, {6});  // 5 is missing, too: of the two kills, only the first explains it
    expect(run, second == 1 ? rule::none : rule::lost_message);
    run.logs.answers(0)[5] = answer::not_sent;
    expect_ok(run);
  }
}

TEST(judge_restarts, G5_counts_the_losses_of_competing_receivers_together) {
  for (const std::uint64_t count : {1U, 2U, 3U}) {
    auto run = unnumbered(kind::competing, 1, 2);
    run.logs.facts().promises.lossy = true;
    sends(run, 0, 5);
    gets(run, 0, 0, {0, 4});
    gets(run, 1, 0, {2});
    run.is_told(1, event_kind::lost, -1, count);
    expect(run, count == 2 ? rule::none : rule::loss_count);
  }
}

TEST(judge_restarts, G7_repeats_to_a_durable_competing_receiver_what_it_had_not_released) {
  for (const std::uint64_t first : {0U, 2U, 5U}) {
    auto run = unnumbered(kind::competing, 1, 2);
    run.logs.facts().promises.durable = true;
    sends(run, 0, 7);
    gets(run, 0, 0, {0});
    run.releases(0);
    gets(run, 0, 0, {2, 4});
    gets(run, 1, 0, {1, 3});
    run.is_killed_and_comes_back(0);
    for (const std::uint64_t s : {0U, 2U, 4U, 5U, 6U}) {
      if (s >= first) run.gets(0, {0, s});
    }
    expect(run, first == 0 ? rule::redelivered_released : rule::none);
  }
}

// A receiver that begins anew gets the report of the same aborted message again.
TEST(judge_restarts, G2_G7_counts_aborted_messages_by_incarnation) {
  for (const bool unordered : {false, true}) {
    for (const bool restarted : {true, false}) {
      auto run = unnumbered(kind::broadcast);
      run.logs.facts().promises.unordered = unordered;
      run.is_killed_sending(0);
      run.is_told(0, event_kind::aborted, -1);
      if (restarted) run.is_killed_and_comes_back(0);
      run.is_told(0, event_kind::aborted, -1);
      expect(run, restarted ? rule::none : rule::aborted_without_cause);
    }
  }
}

// That the receiver attached for the second time is not number 1.
TEST(judge_restarts, G2_does_not_take_an_attachment_for_a_late_number) {
  auto run = numbered(1, 1, 0, false, false);
  for (std::uint64_t n = 0; n < 4; ++n) run.sends(0, n);
  run.gets(0, {0, 0}, 0);
  run.gets(0, {0, 2}, 2);
  run.is_killed_and_comes_back(0);
  run.gets(0, {0, 3}, 3);
  expect_broken(run, rule::skipped);
}

}  // namespace
}  // namespace shmfifo::harness
