// SPDX-License-Identifier: MIT
// Goal: without numbers, what was reported as lost is compared with what is missing, over restarts,
// at the end of a run, and receiver by receiver. Method: histories by hand in which one report more
// or less decides.
#include <gtest/gtest.h>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

void lose(hand_made& run, unsigned r, std::uint64_t count) {
  if (count != 0) run.is_told(r, event_kind::lost, -1, count);
}

TEST(judge_losses, G5_add_up_between_two_messages) {
  for (const unsigned producers : {1U, 2U}) {
    for (const std::uint64_t second : {1U, 2U, 3U}) {
      auto run = unnumbered(kind::lossy, producers);
      sends(run, 0, 5);
      gets(run, 0, 0, {0});
      lose(run, 0, 1);
      lose(run, 0, second);
      gets(run, 0, 0, {4});
      expect(run, second == 2 ? rule::none : rule::loss_count);
    }
  }
}

TEST(judge_losses, G5_G6_at_the_end_are_as_many_as_are_missing_or_in_doubt) {
  for (const unsigned producers : {1U, 2U}) {
    for (const std::uint64_t told : {1U, 2U, 3U, 4U}) {
      auto run = unnumbered(kind::lossy, producers);
      sends(run, 0, 3);
      run.is_killed_sending(0);
      gets(run, 0, 0, {0});
      lose(run, 0, told);
      expect(run, told == 2 || told == 3 ? rule::none : rule::loss_count);
    }
  }
}

TEST(judge_losses, G5_G6_that_are_too_few_may_be_kept_back_by_a_death) {
  for (const std::uint64_t told : {1U, 3U}) {
    auto run = unnumbered(kind::lossy);
    run.logs.facts().promises.recoverable = false;
    sends(run, 0, 3);
    gets(run, 0, 0, {0});
    lose(run, 0, told);
    expect_broken(run, rule::loss_count);
    run.logs.sender(0).kills = 1;
    EXPECT_EQ(run.judged().answer, told == 1 ? outcome::unknown : outcome::violation);
  }
}

TEST(judge_losses, G5_G7_that_were_reported_before_a_death_count_in_each_later_life) {
  for (const bool at_the_end : {true, false}) {
    for (const std::uint64_t first : {0U, 1U}) {
      auto run = unnumbered(kind::durable);
      run.logs.facts().promises.lossy = true;
      sends(run, 0, at_the_end ? 3 : 4);
      gets(run, 0, 0, {0});
      run.releases(0);
      lose(run, 0, first);
      run.releases(0);
      run.is_killed_and_comes_back(0, false);
      lose(run, 0, 1);
      run.releases(0);
      run.is_killed_and_comes_back(0, false);
      if (!at_the_end) gets(run, 0, 0, {3});
      expect(run, first == 1 ? rule::none : rule::loss_count);
    }
  }
}

TEST(judge_losses, G5_of_an_observer_are_its_own) {
  for (const std::uint64_t told : {0U, 1U, 2U}) {
    auto run = unnumbered(kind::single, 1, 1, 1);
    sends(run, 0, 4);
    gets(run, 0, 0, {0, 1, 2, 3});
    gets(run, 1, 0, {0, 1, 2});
    lose(run, 1, told);
    expect(run, told == 1 ? rule::none : rule::loss_count);
    if (told != 1) {
      EXPECT_EQ(run.judged().excerpt, "  observer 0: 1 messages never arrived, " +
                                          std::to_string(told) + " were reported as lost");
    }
  }
}

TEST(judge_losses, G7_of_an_observer_that_begins_anew_are_not_those_of_the_last_one) {
  for (const bool begins : {true, false}) {
    auto run = unnumbered(kind::single, 1, 1, 1);
    sends(run, 0, 6);
    gets(run, 0, 0, {0, 1, 2, 3, 4, 5});
    gets(run, 1, 0, {0});
    if (begins) run.is_killed_and_comes_back(1, false);
    expect(run, begins ? rule::none : rule::loss_count);  // nothing came since
    gets(run, 1, 0, {4, 5});
    expect(run, begins ? rule::none : rule::loss_count);
  }
}

// Nothing came of the first producer since it attached anew; of the second one something did.
TEST(judge_losses, G5_G7_are_not_counted_where_nobody_knows_where_a_receiver_began) {
  for (const unsigned seen : {0U, 1U}) {
    auto run = unnumbered(kind::lossy, 2);
    run.logs.facts().promises.broadcast = true;
    for (const unsigned p : {0U, 1U}) sends(run, p, 3);
    gets(run, 0, 0, {0});
    run.is_killed_and_comes_back(0, false);
    gets(run, 0, seen, {1});
    expect_ok(run);
    gets(run, 0, 1 - seen, {2});
    expect_broken(run, rule::loss_count);
  }
}

TEST(judge_losses, G5_of_several_producers_are_not_too_many_after_a_restart) {
  for (const unsigned producers : {1U, 2U}) {
    for (const bool restarted : {true, false}) {
      auto run = unnumbered(kind::lossy, producers);
      sends(run, 0, 3);
      gets(run, 0, 0, {0});
      if (restarted) run.is_killed_and_comes_back(0, false);
      lose(run, 0, 3);
      expect(run, restarted && producers == 2 ? rule::none : rule::loss_count);
    }
  }
}

TEST(judge_losses, G5_are_no_aborted_messages) {
  auto run = unnumbered(kind::lossy);
  run.is_killed_sending(0);
  sends(run, 0, 2);
  gets(run, 0, 0, {1});
  run.is_told(0, event_kind::aborted, -1);
  gets(run, 0, 0, {2});
  expect_ok(run);
}

// -- restarts

TEST(judge_restarts, G7_counts_messages_that_came_again) {
  for (const bool durable : {true, false}) {
    for (const kind which : {kind::broadcast, kind::single}) {
      if (!durable && which == kind::single) continue;
      auto run = unnumbered(which);
      run.logs.facts().promises.durable = durable;
      sends(run, 0, 4);
      gets(run, 0, 0, {0, 1, 2});
      run.is_killed_and_comes_back(0);
      gets(run, 0, 0, {1});
      run.is_killed_and_comes_back(0);  // once more, before it stood where it had been
      gets(run, 0, 0, {1, 2, 3});
      judge_figures figures;
      EXPECT_TRUE(judge(run.logs, &figures).ok()) << run.judged().text();
      EXPECT_EQ(figures.redelivered, 3U);
    }
  }
}

TEST(judge_restarts, G7_misses_nothing_at_the_end_that_came_before_the_last_death) {
  for (const int sent : {4, 5}) {
    auto run = unnumbered(kind::durable);
    sends(run, 0, sent);
    gets(run, 0, 0, {0, 1, 2, 3});
    run.is_killed_and_comes_back(0);
    gets(run, 0, 0, {0});
    expect(run, sent == 4 ? rule::none : rule::lost_message);
  }
}

// The count of an abort is no name of a message.
TEST(judge_restarts, G1_does_not_take_a_report_for_the_message_of_its_count) {
  for (const bool came : {true, false}) {
    auto run = unnumbered(kind::single);
    run.logs.facts().promises.buffered = true;
    run.is_killed_sending(0);
    sends(run, 0, 4);
    if (came) gets(run, 0, 0, {1});
    run.is_told(0, event_kind::aborted, -1, 1);
    gets(run, 0, 0, {3});
    gets(run, 0, 0, {1});
    run.logs.sender(0).kills = 5;
    expect_broken(run, came ? rule::duplicate : rule::producer_order);
  }
}

TEST(judge_restarts, G7_begins_anew_with_an_observer_of_numbers_that_has_no_broadcast) {
  for (const bool begins : {true, false}) {
    auto run = numbered(1, 1, 1, false, false);
    run.logs.facts().promises.broadcast = false;
    for (std::uint64_t n = 0; n < 6; ++n) run.sends(0, n);
    for (std::int64_t n = 0; n < 6; ++n) run.gets(0, {0, static_cast<std::uint64_t>(n)}, n);
    run.gets(1, {0, 0}, 0);
    if (begins) run.is_killed_and_comes_back(1, false);
    for (std::int64_t n = 3; n < 6; ++n) run.gets(1, {0, static_cast<std::uint64_t>(n)}, n);
    expect(run, begins ? rule::none : rule::skipped);
  }
}

TEST(judge_restarts, G7_forgives_the_only_receiver_of_numbers_each_of_its_kills) {
  for (const int kills : {1, 2}) {
    auto run = numbered(1, 1, 0, false, false);
    run.logs.facts().promises.broadcast = false;
    for (std::uint64_t n = 0; n < 4; ++n) run.sends(0, n);
    run.gets(0, {0, 0}, 0);
    for (int i = 0; i < kills; ++i) run.is_killed_and_comes_back(0);
    run.gets(0, {0, 3}, 3);
    expect(run, kills == 2 ? rule::none : rule::skipped);
  }
}

}  // namespace
}  // namespace shmfifo::harness
