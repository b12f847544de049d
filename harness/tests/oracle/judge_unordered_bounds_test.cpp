// SPDX-License-Identifier: MIT
// Goal: where no order is promised, each receiver is judged for itself, and consumers that share
// the messages together. Method: pairs of histories by hand in which one receiver's restart, losses
// or absence must not excuse or accuse another one.
#include <gtest/gtest.h>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

hand_made without_order(kind which, unsigned consumers, unsigned observers = 0) {
  auto run = unnumbered(which, 1, consumers, observers);
  run.logs.facts().promises.unordered = true;
  sends(run, 0, 4);
  return run;
}

TEST(judge_unordered, G2_waits_for_every_consumer_that_shares_the_messages) {
  for (const unsigned running : {0U, 1U, 2U, 3U}) {
    auto run = without_order(kind::competing, 3);
    gets(run, 0, 0, {3});
    gets(run, 1, 0, {0});
    gets(run, 2, 0, {1});
    if (running < 3) run.logs.receiver(running).now = stage::running;
    expect(run, running < 3 ? rule::none : rule::lost_message);
  }
}

TEST(judge_unordered, G2_G5_judges_observers_for_themselves) {
  for (const std::uint64_t told : {0U, 1U, 2U, 3U}) {
    auto run = without_order(kind::competing, 2, 2);
    gets(run, 0, 0, {3, 0});
    gets(run, 1, 0, {1, 2});
    gets(run, 2, 0, {3, 2, 1, 0});
    gets(run, 3, 0, {2, 0});
    if (told != 0) run.is_told(3, event_kind::lost, -1, told);
    expect(run, told == 2 ? rule::none : rule::loss_count);
  }
}

TEST(judge_unordered, G2_excuses_no_receiver_by_what_happened_to_another) {
  enum class other : std::uint8_t { was_killed, is_running, lost_a_message };
  for (const other what : {other::was_killed, other::is_running, other::lost_a_message}) {
    for (const bool complete : {true, false}) {
      auto run = without_order(kind::broadcast, 2);
      gets(run, 0, 0, {2, 1, 0});
      if (what == other::was_killed) run.is_killed_and_comes_back(0);
      if (what == other::is_running) run.logs.receiver(0).now = stage::running;
      if (what == other::lost_a_message) {
        run.logs.facts().promises.lossy = true;
        run.is_told(0, event_kind::lost, -1, 1);
        if (complete) run.is_told(1, event_kind::lost, -1, 1);
        gets(run, 1, 0, {3, 2, 1});
      } else {
        gets(run, 1, 0, {3, 1, 2});
        if (complete) gets(run, 1, 0, {0});
      }
      const rule missing = what == other::lost_a_message ? rule::loss_count : rule::lost_message;
      expect(run, complete ? rule::none : missing);
    }
  }
}

TEST(judge_unordered, G5_adds_up_all_reports_of_losses) {
  for (const std::uint64_t second : {1U, 2U, 3U}) {
    auto run = without_order(kind::lossy, 1);
    run.is_told(0, event_kind::lost, -1, 1);
    gets(run, 0, 0, {3});
    run.is_told(0, event_kind::lost, -1, second);
    expect(run, second == 2 ? rule::none : rule::loss_count);
  }
}

TEST(judge_unordered, G7_excuses_whatever_a_buffered_receiver_lost_in_any_of_its_deaths) {
  for (const bool killed : {true, false}) {
    auto run = without_order(kind::durable, 2);
    run.logs.facts().promises.buffered = run.logs.facts().promises.broadcast = true;
    gets(run, 0, 0, {3, 2, 1, 0});
    gets(run, 1, 0, {3});
    run.releases(1);
    if (killed) run.is_killed_and_comes_back(1, false);
    run.attach(1);  // it left in good order
    gets(run, 1, 0, {0});
    expect(run, killed ? rule::none : rule::lost_message);
  }
  auto other = without_order(kind::durable, 2);
  other.logs.facts().promises.buffered = other.logs.facts().promises.broadcast = true;
  other.is_killed_and_comes_back(0, false);
  gets(other, 1, 0, {3, 1, 2});
  expect_broken(other, rule::lost_message);
}

TEST(judge_unordered, G7_lets_an_observer_begin_anywhere_also_where_consumers_have_cursors) {
  auto run = without_order(kind::durable, 1, 1);
  gets(run, 0, 0, {3, 2, 1, 0});
  gets(run, 1, 0, {1, 0});
  run.releases(1);
  run.is_killed_and_comes_back(1, false);
  gets(run, 1, 0, {0, 3});
  expect_ok(run);
  gets(run, 1, 0, {3});
  expect_broken(run, rule::duplicate);
}

TEST(judge_unordered, G2_counts_aborted_messages_by_incarnation) {
  for (const int reports : {2, 3}) {
    auto run = without_order(kind::broadcast, 1);
    run.is_killed_sending(0);
    run.is_killed_sending(0);
    for (int i = 0; i < reports; ++i) run.is_told(0, event_kind::aborted, -1);
    gets(run, 0, 0, {3, 2, 1, 0});
    if (reports == 3) {
      expect_broken(run, rule::aborted_without_cause);
      continue;
    }
    run.is_killed_and_comes_back(0);
    run.is_told(0, event_kind::aborted, -1);
    judge_figures figures;
    EXPECT_TRUE(judge(run.logs, &figures).ok());
    EXPECT_EQ(figures.aborted, 2U);
  }
}

// -- the order of a broadcast in a log, which nobody overwrites: observers see it, too

TEST(judge_order, G1_G7_compares_an_observer_of_a_log_from_wherever_it_begins) {
  for (const bool exchanged : {true, false}) {
    auto run = unnumbered(kind::broadcast, 2, 1, 1);
    run.logs.facts().promises.durable = true;  // which an observer never is
    run.logs.facts().reuses_slots = 0;
    for (const unsigned p : {0U, 1U}) sends(run, p, 3);
    for (const std::uint64_t s : {0U, 1U, 2U}) {
      gets(run, 0, 0, {s});
      gets(run, 0, 1, {s});
    }
    gets(run, 1, 0, {0});
    run.is_killed_and_comes_back(1);
    gets(run, 1, exchanged ? 1 : 0, {1});
    gets(run, 1, exchanged ? 0 : 1, {1});
    gets(run, 1, 0, {2});
    gets(run, 1, 1, {2});
    expect(run, exchanged ? rule::disagreement : rule::none);
    if (exchanged) {
      const std::string text = run.judged().excerpt;
      EXPECT_NE(text.find("> event 3: message of"), std::string::npos) << text;
      EXPECT_NE(text.find("at the same place in the history of observer 0"), std::string::npos);
      EXPECT_NE(text.find("> event 4: message of"), std::string::npos) << text;
    }
  }
}

}  // namespace
}  // namespace shmfifo::harness
