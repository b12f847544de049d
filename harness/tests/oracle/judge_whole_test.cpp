// SPDX-License-Identifier: MIT
// Goal: what only an actor or the supervisor can see becomes a verdict, too, and "we do not know"
// is never ok. Method: histories by hand with that one thing noted; and a large history for the
// cost.
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <utility>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

hand_made good_run() {
  hand_made_shape shape;
  shape.promises = numbered_promises();
  hand_made run(shape);
  run.sends(0, 0);
  run.gets(0, {0, 0}, 0);
  return run;
}

TEST(judge_whole, passes_the_run_that_the_others_spoil) {
  EXPECT_TRUE(good_run().judged().ok());
}

TEST(judge_whole, G4_finds_wrong_bytes) {
  auto run = good_run();
  run.logs.events(0)[1].sound = 0;
  expect_broken(run, rule::content);
}

TEST(judge_whole, G3_finds_lengths_that_were_not_sent_or_fit_no_slot) {
  auto negative = good_run();
  negative.logs.events(0)[1].length = -1;
  expect_broken(negative, rule::length);

  auto large = good_run();
  large.logs.events(0)[1].length = hand_made::content_size + 1;
  expect_broken(large, rule::length);

  auto other = good_run();
  message_id id{0, 0};
  while (other.logs.content().length(id) < 16) ++id.sequence;
  while (other.logs.sender(0).logged <= id.sequence) other.sends(0, other.logs.sender(0).logged);
  other.logs.receiver(0).logged = 1;
  for (std::uint64_t s = 0; s <= id.sequence; ++s) other.gets(0, {0, s}, static_cast<int>(s));
  EXPECT_TRUE(other.judged().ok());
  event& last = other.logs.events(0)[other.logs.receiver(0).logged - 1];
  --last.length;
  last.sound = 0;
  expect_broken(other, rule::length);
}

TEST(judge_whole, G4_finds_messages_of_nobody) {
  auto run = good_run();
  event& entry = run.logs.events(0)[1];
  entry.length = 16;
  entry.identity = pack({0, 40});
  expect_broken(run, rule::phantom_message);
  entry.identity = pack({5, 0});
  expect_broken(run, rule::phantom_message);
}

TEST(judge_whole, G9_finds_an_actor_that_crashed) {
  auto run = good_run();
  run.logs.receiver(0).died_of = 11;
  expect_broken(run, rule::crashed);
}

TEST(judge_whole, G1_finds_a_second_producer_of_a_queue_that_promises_to_refuse_it) {
  for (const bool promised : {true, false}) {
    auto run = good_run();
    run.logs.facts().promises.exclusive = promised;
    expect_ok(run);
    run.logs.facts().second_producer = 1;
    expect(run, promised ? rule::second_producer : rule::none);
  }
}

TEST(judge_whole, G3_G4_passes_the_longest_message_and_finds_it_damaged) {
  for (const bool sound : {true, false}) {
    auto run = good_run();
    std::uint64_t longest = 1;
    while (run.logs.content().length({0, longest}) != hand_made::content_size) ++longest;
    for (std::uint64_t s = 1; s <= longest; ++s) {
      run.sends(0, s);
      run.gets(0, {0, s}, static_cast<std::int64_t>(s)).sound = s < longest || sound ? 1 : 0;
    }
    if (sound) expect_ok(run);
    if (!sound) expect_broken(run, rule::content);
  }
}

TEST(judge_whole, G4_calls_damage_to_the_name_damage) {
  for (const std::uint32_t producer : {0U, 1U, 7U}) {  // it happens to name one of the run, or not
    auto run = good_run();
    event& entry = run.logs.events(0)[1];
    entry.length = static_cast<std::int32_t>(run.logs.content().length({0, 3}));
    ASSERT_GE(entry.length, 8);
    entry.identity = pack({producer, 3});
    entry.sound = 0;
    expect_broken(run, rule::content);
  }
}

TEST(judge_whole, G4_finds_the_message_behind_the_last_and_that_of_the_producer_behind_the_last) {
  for (const message_id id : {message_id{0, 1}, message_id{1, 0}}) {
    auto run = good_run();
    event& entry = run.logs.events(0)[1];
    entry.length = 16;
    entry.identity = pack(id);
    expect_broken(run, rule::phantom_message);
  }
}

TEST(judge_whole, G5_passes_on_every_complaint_of_an_actor) {
  struct test_case {
    rule which;
    std::uint64_t first;
    const char* text;
  };
  for (const auto& [which, first, text] :
       {test_case{rule::full_with_room, 1,
                  "twice in a row there was no room, although at most 1 messages had been begun "
                  "besides its own, at least 2 had been released before, and 3 fit"},
        test_case{rule::full_not_promised, 1,
                  "message 2 was answered with full, which this queue does not promise (rejects)"},
        test_case{
            rule::full_not_promised, 0,
            "message 2 was answered with timed out, which this queue does not promise (waits)"},
        test_case{
            rule::early_timeout, 1,
            "message 1 was answered with timed out, 2 us before the deadline; 3 are permitted"},
        test_case{rule::early_nothing, 1,
                  "after event 1, 2 us before the deadline; 3 are permitted"},
        test_case{rule::empty_with_messages, 1,
                  "after event 1 it stood at number 2; before it asked, the message with number 2 "
                  "had been reported as sent and nobody was sending"},
        test_case{rule::stuck, 1, "1 2 3"}}) {
    auto run = good_run();
    complain(run.logs.sender(0), which, first, 2, 3);
    complain(run.logs.sender(0), rule::failure, "a later one does not count");
    complain(run.logs.sender(0), rule::content, 7, 8, 9);
    expect_broken(run, which);
    EXPECT_EQ(run.judged().excerpt, "  producer 0: " + std::string(text));
  }
  auto failed = good_run();
  complain(failed.logs.receiver(0), rule::failure, "no memory");
  complain(failed.logs.receiver(0), rule::early_nothing, 1);
  expect_broken(failed, rule::failure);
  EXPECT_EQ(failed.judged().excerpt, "  consumer 0: no memory");
}

TEST(judge_whole, keeps_as_much_of_a_failures_text_as_there_is_room_for) {
  auto run = good_run();
  complain(run.logs.sender(0), rule::failure, std::string(1000, 'x'));
  EXPECT_EQ(run.judged().excerpt, "  producer 0: " + std::string(159, 'x'));
}

TEST(judge_whole, G9_names_the_actor_that_complained_or_crashed) {
  hand_made_shape shape;
  shape.producers = shape.consumers = shape.observers = 2;
  shape.promises = numbered_promises();
  const char* const names[] = {"producer 0", "producer 1", "consumer 0",
                               "consumer 1", "observer 0", "observer 1"};
  for (unsigned i = 0; i < 6; ++i) {
    hand_made run(shape);
    actor_state& who = i < 2 ? run.logs.sender(i) : run.logs.receiver(i - 2);
    complain(who, rule::early_nothing, 4);
    EXPECT_EQ(run.judged().excerpt,
              "  " + std::string(names[i]) +
                  ": after event 4, 0 us before the deadline; 0 are permitted");
    who.died_of = 11;
    expect_broken(run, rule::crashed);
    EXPECT_EQ(run.judged().excerpt, "  " + std::string(names[i]) + " died of signal 11");
  }
}

// What says most about the defect comes first.
TEST(judge_whole, names_a_crash_before_deliveries_a_second_producer_and_complaints) {
  auto run = good_run();
  run.logs.facts().ended = run_end::stalled;
  expect_broken(run, rule::stuck);
  complain(run.logs.sender(0), rule::early_timeout);
  expect_broken(run, rule::early_timeout);
  run.logs.facts().second_producer = 1;
  run.logs.facts().promises.exclusive = true;
  expect_broken(run, rule::second_producer);
  run.gets(0, {0, 0}, 0);
  expect_broken(run, rule::duplicate);
  run.logs.receiver(0).died_of = 6;
  expect_broken(run, rule::crashed);
}

TEST(judge_whole, judges_by_numbers_only_where_receivers_do_not_share_the_messages) {
  hand_made_shape shape;
  shape.consumers = 2;
  shape.promises.numbered = shape.promises.competing = true;
  hand_made run(shape);
  for (std::uint64_t n = 0; n < 2; ++n) run.sends(0, n);
  run.logs.facts().shortest = content_source::self_naming;
  run.gets(1, {0, 0}, 0);
  run.gets(0, {0, 1}, 1);
  expect_ok(run);
}

TEST(judge_whole, holds_a_queue_to_other_promises_and_another_geometry_if_asked) {
  auto run = good_run();
  for (std::uint64_t n = 1; n < 20; ++n) run.sends(0, n);
  run.logs.receiver(0).logged = 1;
  run.is_told(0, event_kind::lost, 0, 10);
  run.logs.receiver(0).now = stage::dead;
  expect_broken(run, rule::loss_not_allowed);
  capabilities lossy = numbered_promises();
  lossy.lossy = true;
  for (const std::uint64_t slots : {10U, 11U}) {
    queue_shape shape;
    shape.slots = slots;
    EXPECT_EQ(judge(run.logs, lossy, shape).broken,
              slots == 10 ? rule::none : rule::lost_not_overwritten);
  }
  run.logs.facts().promises.lossy = true;
  run.logs.facts().slots = 10;
  expect_ok(run);
  run.logs.facts().slots = 11;
  expect_broken(run, rule::lost_not_overwritten);
}

TEST(judge_whole, G11_calls_a_stalled_run_stuck) {
  auto run = good_run();
  run.logs.facts().ended = run_end::stalled;
  expect_broken(run, rule::stuck);
}

TEST(judge_whole, G6_holds_no_stall_after_a_death_against_a_queue_that_never_promised_recovery) {
  for (const bool killed : {true, false}) {
    auto run = good_run();
    run.logs.facts().ended = run_end::stalled;
    run.logs.facts().promises.recoverable = false;
    run.logs.sender(0).restarts = 1;
    run.logs.sender(0).stops = 1;  // a paused process goes on: this explains nothing
    run.logs.receiver(0).stops = 1;
    expect_broken(run, rule::stuck);
    (killed ? run.logs.sender(0).kills : run.logs.receiver(0).kills) = 1;
    EXPECT_EQ(run.judged().answer, outcome::unknown);
    EXPECT_EQ(run.judged().broken, rule::none);
    EXPECT_EQ(run.judged().excerpt.find("nobody goes on after a process was killed, "), 0U);
    run.logs.facts().promises.recoverable = true;
    expect_broken(run, rule::stuck);
  }
}

TEST(judge_whole, never_calls_a_run_ok_that_did_not_end) {
  const std::pair<run_end, const char*> ends[] = {
      {run_end::timed_out, "the time limit of the run passed\n"},
      {run_end::log_full, "a receiver got more than its log holds\n"},
      {static_cast<run_end>(9), "the history does not say how the run ended"}};
  for (const auto& [end, text] : ends) {
    auto run = good_run();
    run.logs.facts().ended = end;
    const verdict found = run.judged();
    EXPECT_EQ(found.answer, outcome::unknown);
    EXPECT_EQ(found.broken, rule::none);
    EXPECT_EQ(found.excerpt.find(text), 0U) << found.excerpt;
  }
}

TEST(judge_whole, names_every_rule_once_with_its_guarantee) {
  std::set<std::string> names;
  for (auto i = 1U; i < static_cast<unsigned>(rule::count); ++i) {
    const auto which = static_cast<rule>(i);
    EXPECT_TRUE(names.emplace(to_string(which)).second);
    EXPECT_EQ(guarantee_of(which).front(), 'G');
    EXPECT_FALSE(meaning_of(which).empty());
    EXPECT_NE(meaning_of(which), to_string(which));
  }
}

// Linear, and eight bytes a message besides the history: ten million events are a matter of
// seconds. The test only runs it; what it costs is in the report of every run.
TEST(judge_whole, takes_ten_million_events) {
  hand_made_shape shape;
  shape.promises = numbered_promises();
  shape.messages = 5000000;
  shape.slots = 1024;
  hand_made run(shape);
  for (std::uint64_t n = 0; n < shape.messages; ++n) {
    run.sends(0, n);
    run.gets(0, {0, n}, static_cast<std::int64_t>(n));
  }
  EXPECT_TRUE(run.judged().ok());
}

}  // namespace
}  // namespace shmfifo::harness
