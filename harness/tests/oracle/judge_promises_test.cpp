// SPDX-License-Identifier: MIT
// Goal: each word by which a queue takes a promise back is held to, no less and no more: what it
// explains passes, and one message, kill or call further is found. Method: histories by hand that
// are wrong without the word, right with it, and wrong again with one thing more.
#include <gtest/gtest.h>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

hand_made with(bool capabilities::*word, bool said, kind which, unsigned producers = 1,
               unsigned consumers = 1) {
  auto run = unnumbered(which, producers, consumers);
  run.logs.facts().promises.*word = said;
  return run;
}

// -- buffered

TEST(judge_promises, G6_explains_one_run_of_messages_a_kill_of_a_buffered_sender) {
  for (const kind which : {kind::single, kind::broadcast, kind::competing, kind::durable}) {
    for (const bool buffered : {true, false}) {
      for (const unsigned kills : {0U, 1U, 2U}) {
        for (const bool twice : {true, false}) {
          auto run = with(&capabilities::buffered, buffered, which, 2);
          for (const unsigned p : {0U, 1U}) sends(run, p, 9);
          gets(run, 0, 0, {0, 1});
          gets(run, 0, 1, {0, 1, 2, 3, 4, 5, 6, 7, 8});
          gets(run, 0, 0, {5});  // 2, 3 and 4 were in its memory
          if (!twice) gets(run, 0, 0, {6, 7, 8});
          run.logs.sender(0).kills = kills;
          run.logs.sender(1).kills = 5;  // which explain nothing of the other one's
          const bool right = buffered && kills >= (twice ? 2 : 1);
          expect(run, right ? rule::none : rule::lost_message);
        }
      }
    }
  }
}

TEST(judge_promises, G7_explains_a_gap_of_any_length_where_a_buffered_receiver_was_killed) {
  for (const kind which : {kind::single, kind::competing, kind::durable}) {
    for (const bool in_call : {true, false}) {
      for (const bool again : {true, false}) {
        auto run = with(&capabilities::buffered, true, which, 2);
        for (const unsigned p : {0U, 1U}) sends(run, p, 9);
        gets(run, 0, 0, {0});
        run.is_killed_and_comes_back(0, in_call);
        gets(run, 0, 1, {4});
        gets(run, 0, 0, {5});
        gets(run, 0, 1, {5, 6, 7, 8});
        if (again) gets(run, 0, 0, {8});
        if (!again) gets(run, 0, 0, {6, 7, 8});
        expect(run, again ? rule::lost_message : rule::none);
        run.logs.facts().promises.buffered = false;
        expect_broken(run, rule::lost_message);
      }
    }
  }
}

TEST(judge_promises, G7_resumes_a_buffered_durable_receiver_beyond_what_it_had_not_released) {
  for (const bool killed : {true, false}) {
    auto run = with(&capabilities::buffered, true, kind::durable);
    sends(run, 0, 9);
    gets(run, 0, 0, {0, 1, 2, 3});
    if (killed) run.is_killed_and_comes_back(0);
    if (!killed) run.attach(0);  // it left in good order
    gets(run, 0, 0, {6, 7, 8});
    expect(run, killed ? rule::none : rule::lost_message);
  }
}

TEST(judge_promises, G5_counts_no_losses_of_a_buffered_process_that_was_killed) {
  for (const kind which : {kind::lossy, kind::competing}) {
    for (const unsigned kills : {0U, 1U}) {
      auto run = with(&capabilities::buffered, true, which);
      run.logs.facts().promises.lossy = true;
      sends(run, 0, 6);
      gets(run, 0, 0, {0, 3, 4, 5});
      run.logs.sender(0).kills = kills;
      expect(run, kills == 0 ? rule::loss_count : rule::none);
    }
  }
}

// The gap was forgiven to the death of its sender, and then the message comes after all.
TEST(judge_promises, G1_G2_calls_a_message_late_that_came_once_and_again_that_came_twice) {
  struct {
    std::initializer_list<std::uint64_t> came;
    rule expected;
  } const rows[] = {{{0, 2, 3}, rule::none},
                    {{0, 2, 1, 3}, rule::producer_order},
                    {{0, 2, 2, 3}, rule::duplicate}};
  for (const auto& row : rows) {
    auto run = with(&capabilities::buffered, true, kind::single);
    sends(run, 0, 4);
    gets(run, 0, 0, row.came);
    run.logs.sender(0).kills = 1;
    expect(run, row.expected);
  }
}

// Its sender cannot know a number of what may never leave its own memory.
TEST(judge_promises, G2_judges_by_numbers_only_what_has_one_order_and_outlives_its_sender) {
  EXPECT_TRUE(judged_by_number(numbered_promises()));
  EXPECT_FALSE(judged_by_number({}));
  for (bool capabilities::*word : {&capabilities::competing, &capabilities::buffered,
                                   &capabilities::unordered, &capabilities::divergent}) {
    capabilities can = numbered_promises();
    can.*word = true;
    EXPECT_FALSE(judged_by_number(can));
  }
}

TEST(judge_promises, G2_G4_compares_the_numbers_of_what_is_judged_by_names) {
  for (bool capabilities::*word : {&capabilities::competing, &capabilities::buffered,
                                   &capabilities::unordered, &capabilities::divergent}) {
    struct {
      std::uint64_t second;  // number that the sender got for its second message,
      std::int64_t arrived;  // and the one that it came under
      rule expected;
    } const rows[] = {{1, 1, rule::none}, {1, 2, rule::wrong_message}, {0, 0, rule::number_twice}};
    for (const auto& row : rows) {
      auto run = unnumbered(kind::single);
      run.logs.facts().promises.numbered = true;
      run.logs.facts().promises.*word = true;
      run.sends(0, 0);
      run.sends(0, row.second);
      run.gets(0, {0, 0}, 0);
      run.gets(0, {0, 1}, row.arrived);
      run.logs.facts().final_position = 2;
      expect(run, row.expected);
    }
  }
}

// -- unordered

TEST(judge_promises, G1_G2_wants_each_message_once_where_no_order_is_promised) {
  for (const kind which : {kind::single, kind::broadcast, kind::competing, kind::durable}) {
    for (const bool said : {true, false}) {
      auto run = with(&capabilities::unordered, said, which, 2);
      for (const unsigned p : {0U, 1U}) sends(run, p, 3);
      gets(run, 0, 1, {2, 0});
      gets(run, 0, 0, {0, 2, 1});
      gets(run, 0, 1, {1});
      expect(run, said ? rule::none : rule::producer_order);
      if (!said) continue;
      gets(run, 0, 0, {2});
      expect_broken(run, rule::duplicate);
      --run.logs.receiver(0).logged;
      run.sends(1);
      expect_broken(run, rule::lost_message);
      run.gets(0, {1, 4});
      expect_broken(run, rule::phantom_message);
    }
  }
}

TEST(judge_promises, G1_G2_shares_messages_out_in_any_order) {
  for (const unsigned again : {0U, 1U, 2U}) {
    auto run = with(&capabilities::unordered, true, kind::competing, 1, 2);
    sends(run, 0, 4);
    gets(run, 1, 0, {3, 0});
    gets(run, 0, 0, {2, 1});
    if (again < 2) gets(run, again, 0, {0});
    expect(run, again < 2 ? rule::duplicate : rule::none);
  }
  auto both = with(&capabilities::unordered, true, kind::broadcast, 1, 2);
  sends(both, 0, 2);
  gets(both, 0, 0, {1, 0});
  gets(both, 1, 0, {0});
  expect_broken(both, rule::lost_message);
  gets(both, 1, 0, {1});
  expect_ok(both);
}

TEST(judge_promises, G7_explains_unordered_messages_by_kills_as_any_others) {
  for (const std::uint64_t missing : {1U, 2U}) {
    for (const bool in_call : {true, false}) {
      for (const kind which : {kind::single, kind::competing}) {
        auto run = with(&capabilities::unordered, true, which);
        sends(run, 0, 2 + static_cast<int>(missing));
        gets(run, 0, 0, {1});
        run.is_killed_and_comes_back(0, in_call);
        gets(run, 0, 0, {0});
        expect(run, in_call && missing == 1 ? rule::none : rule::lost_message);
        gets(run, 0, 0, {1});
        expect_broken(run, rule::duplicate);
      }
    }
  }
  for (const std::uint64_t again : {0U, 1U, 2U, 3U}) {
    auto run = with(&capabilities::unordered, true, kind::durable);
    sends(run, 0, 4);
    gets(run, 0, 0, {3});
    run.releases(0);
    gets(run, 0, 0, {1});
    run.is_killed_and_comes_back(0);
    gets(run, 0, 0, {2, 0});
    gets(run, 0, 0, {again});
    expect(run, again == 3   ? rule::redelivered_released
                : again == 1 ? rule::none
                             : rule::duplicate);
  }
  auto anew = with(&capabilities::unordered, true, kind::broadcast);
  sends(anew, 0, 5);
  gets(anew, 0, 0, {1, 0});
  anew.is_killed_and_comes_back(0);
  gets(anew, 0, 0, {4, 1});
  judge_figures figures;
  EXPECT_TRUE(judge(anew.logs, &figures).ok());
  EXPECT_EQ(figures.redelivered, 1U);
  gets(anew, 0, 0, {1});
  expect_broken(anew, rule::duplicate);
}

TEST(judge_promises, G5_G6_counts_what_is_missing_of_an_unordered_queue) {
  for (const std::uint64_t told : {1U, 2U, 3U, 4U}) {
    auto run = with(&capabilities::unordered, true, kind::lossy);
    sends(run, 0, 4);
    run.is_killed_sending(0);
    gets(run, 0, 0, {3, 1});
    run.is_told(0, event_kind::lost, -1, told);
    expect(run, told == 2 || told == 3 ? rule::none : rule::loss_count);
  }
  for (const bool recoverable : {true, false}) {
    auto run = with(&capabilities::unordered, true, kind::single);
    run.logs.facts().promises.recoverable = recoverable;
    sends(run, 0, 3);
    gets(run, 0, 0, {2, 0});
    run.logs.sender(0).kills = 1;
    EXPECT_EQ(run.judged().answer, recoverable ? outcome::violation : outcome::unknown);
  }
  for (const bool buffered : {true, false}) {
    auto run = with(&capabilities::unordered, true, kind::single);
    run.logs.facts().promises.buffered = buffered;
    sends(run, 0, 5);
    gets(run, 0, 0, {4, 0});
    run.logs.sender(0).kills = 1;
    expect(run, buffered ? rule::none : rule::lost_message);
  }
}

// -- divergent

TEST(judge_promises, G1_compares_no_orders_where_receivers_may_see_different_ones) {
  for (const bool said : {true, false}) {
    auto run = with(&capabilities::divergent, said, kind::broadcast, 2, 2);
    for (const unsigned p : {0U, 1U}) sends(run, p, 2);
    for (const unsigned r : {0U, 1U}) {
      gets(run, r, r, {0, 1});
      gets(run, r, 1 - r, {0, 1});
    }
    expect(run, said ? rule::none : rule::disagreement);
    gets(run, 1, 0, {0});
    expect_broken(run, rule::duplicate);
  }
}

// A receiver with a cursor sees the same order over all its deaths, another one at least no other.
TEST(judge_promises, G1_G7_compares_orders_over_the_deaths_of_receivers) {
  for (const bool durable : {true, false}) {
    for (const bool exchanged : {true, false}) {
      for (const unsigned killed : {0U, 1U}) {
        auto run = with(&capabilities::durable, durable, kind::broadcast, 2, 2);
        for (const unsigned p : {0U, 1U}) sends(run, p, 3);
        const unsigned other = 1 - killed;
        for (const std::uint64_t s : {0U, 1U, 2U}) {
          gets(run, other, 0, {s});
          gets(run, other, 1, {s});
        }
        gets(run, killed, 0, {0});
        gets(run, killed, 1, {0});
        run.is_killed_and_comes_back(killed);
        if (durable) gets(run, killed, 1, {0});
        gets(run, killed, exchanged ? 1 : 0, {1});
        gets(run, killed, exchanged ? 0 : 1, {1});
        gets(run, killed, 0, {2});
        gets(run, killed, 1, {2});
        expect(run, exchanged ? rule::disagreement : rule::none);
      }
    }
  }
}

TEST(judge_promises, G1_compares_only_what_both_receivers_of_a_buffered_queue_got) {
  for (const bool exchanged : {true, false}) {
    auto run = with(&capabilities::buffered, true, kind::broadcast, 2, 2);
    for (const unsigned p : {0U, 1U}) sends(run, p, 4);
    run.logs.sender(0).kills = 1;
    gets(run, 0, 0, {0});
    gets(run, 0, 1, {0, 1});
    gets(run, 0, 0, {3});
    gets(run, 0, 1, {2, 3});
    gets(run, 1, 0, {0, 1, 2});
    gets(run, 1, 1, {0});
    if (exchanged) gets(run, 1, 0, {3});
    gets(run, 1, 1, {1});
    if (!exchanged) gets(run, 1, 0, {3});
    gets(run, 1, 1, {2, 3});
    expect(run, exchanged ? rule::disagreement : rule::none);
  }
}

// One that left in good order fetched nothing that it did not log.
TEST(judge_promises, G1_keeps_the_place_of_a_buffered_receiver_that_only_left) {
  for (const bool killed : {true, false}) {
    auto run = with(&capabilities::buffered, true, kind::broadcast, 2, 2);
    run.logs.facts().promises.durable = true;
    for (const unsigned p : {0U, 1U}) sends(run, p, 2);
    gets(run, 0, 0, {0});
    gets(run, 0, 1, {0});
    gets(run, 0, 0, {1});
    gets(run, 0, 1, {1});
    gets(run, 1, 1, {0});
    run.releases(1);
    if (killed) run.is_killed_and_comes_back(1);
    if (!killed) run.attach(1);
    gets(run, 1, 0, {0, 1});
    gets(run, 1, 1, {1});
    expect(run, killed ? rule::none : rule::disagreement);
  }
}

// -- fallible

TEST(judge_promises, G8_leaves_a_call_undecided_that_failed_after_a_death) {
  for (const rule which : {rule::failure, rule::early_timeout, rule::early_nothing,
                           rule::full_with_room, rule::empty_with_messages}) {
    for (const bool said : {true, false}) {
      for (const bool killed : {true, false}) {
        auto run = with(&capabilities::fallible, said, kind::single);
        sends(run, 0, 1);
        gets(run, 0, 0, {0});
        run.logs.receiver(0).kills = killed ? 1 : 0;
        complain(run.logs.sender(0), which, 1);
        const bool forgiven =
            said && killed && which != rule::full_with_room && which != rule::empty_with_messages;
        const verdict found = run.judged();
        EXPECT_EQ(found.answer, forgiven ? outcome::unknown : outcome::violation) << found.text();
        EXPECT_EQ(to_string(found.broken), to_string(forgiven ? rule::none : which));
        EXPECT_NE(found.excerpt.find("producer 0: "), std::string::npos);
      }
    }
  }
}

TEST(judge_promises, G8_finds_what_no_death_forgives_behind_a_call_that_failed) {
  auto run = with(&capabilities::fallible, true, kind::single);
  run.logs.receiver(0).kills = 1;
  run.logs.facts().ended = run_end::timed_out;
  complain(run.logs.sender(0), rule::failure, "the other side is gone");
  EXPECT_EQ(run.judged().excerpt.find("a call failed after a process was killed, which this queue "
                                      "does not promise to survive (fallible)\n  producer 0: the "
                                      "other side is gone\n"),
            0U);
  complain(run.logs.receiver(0), rule::empty_with_messages, 1, 2, 3);
  expect_broken(run, rule::empty_with_messages);
}

}  // namespace
}  // namespace shmfifo::harness
