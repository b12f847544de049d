// SPDX-License-Identifier: MIT
// Goal: what only an actor or the supervisor can see becomes a verdict, too, and "we do not know"
// is never ok. Method: histories by hand with that one thing noted; and a large history for the
// cost.
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>

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

TEST(judge_whole, G1_finds_a_second_producer) {
  auto run = good_run();
  run.logs.facts().second_producer = 1;
  expect_broken(run, rule::second_producer);
}

TEST(judge_whole, G5_passes_on_every_complaint_of_an_actor) {
  for (const rule which : {rule::full_with_room, rule::full_not_promised, rule::early_timeout,
                           rule::early_nothing, rule::empty_with_messages}) {
    auto run = good_run();
    complain(run.logs.sender(0), which, 1, 2, 3);
    complain(run.logs.sender(0), rule::failure, "a later one does not count");
    expect_broken(run, which);
  }
  auto failed = good_run();
  complain(failed.logs.receiver(0), rule::failure, "no memory");
  expect_broken(failed, rule::failure);
  EXPECT_NE(failed.judged().excerpt.find("no memory"), std::string::npos);
}

TEST(judge_whole, G11_calls_a_stalled_run_stuck) {
  auto run = good_run();
  run.logs.facts().ended = run_end::stalled;
  expect_broken(run, rule::stuck);
}

TEST(judge_whole, holds_no_stall_after_a_kill_against_a_queue_that_never_promised_recovery) {
  auto run = good_run();
  run.logs.facts().ended = run_end::stalled;
  run.logs.facts().promises.recoverable = false;
  run.logs.sender(0).kills = 1;
  EXPECT_EQ(run.judged().answer, outcome::unknown);
  run.logs.sender(0).kills = 0;  // without a kill it is
  expect_broken(run, rule::stuck);
}

TEST(judge_whole, never_calls_a_run_ok_that_did_not_end) {
  for (const run_end end : {run_end::timed_out, run_end::log_full}) {
    auto run = good_run();
    run.logs.facts().ended = end;
    EXPECT_EQ(run.judged().answer, outcome::unknown);
  }
}

TEST(judge_whole, names_every_rule_once_with_its_guarantee) {
  std::set<std::string> names;
  for (auto i = 1U; i < static_cast<unsigned>(rule::count); ++i) {
    const auto which = static_cast<rule>(i);
    EXPECT_TRUE(names.emplace(to_string(which)).second);
    EXPECT_EQ(guarantee_of(which).front(), 'G');
    EXPECT_FALSE(meaning_of(which).empty());
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
