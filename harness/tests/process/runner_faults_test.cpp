// SPDX-License-Identifier: MIT
// Goal: the faults that a run was asked for happen, are counted, and make no right queue wrong.
// Method: short runs of right queues with kills and pauses.
#include <gtest/gtest.h>
#include <unistd.h>

#include "habitual_queue.hpp"

namespace shmfifo::harness {
namespace {

// Messages of 0 to 7 bytes would be known by their place alone.
TEST(runner_faults, G6_G7_need_messages_that_name_themselves_where_nothing_is_numbered) {
  run_options options = small_run();
  options.messages = 5000;
  options.slots = 64;
  options.faults.kill_senders = options.faults.kill_receivers = true;
  for (options.seed = 1; options.seed <= 5; ++options.seed) {
    const auto tested = queue_named("socket");
    const run_result result = run(*tested, options);
    EXPECT_EQ(result.logs->facts().shortest, content_source::self_naming);
    EXPECT_TRUE(result.judged.ok()) << options.seed << ": " << result.judged.text();
  }
  options.content_size = 7;
  const auto tested = queue_named("socket");
  EXPECT_THROW(static_cast<void>(run(*tested, options)), std::invalid_argument);
  options.faults = {};
  const run_result undisturbed = run(*tested, options);
  EXPECT_EQ(undisturbed.logs->facts().shortest, 0U);
  EXPECT_TRUE(undisturbed.judged.ok()) << undisturbed.judged.text();
}

// A queue whose words take its order back is judged by names, although it has numbers.
TEST(runner_faults, G2_need_messages_that_name_themselves_where_numbers_do_not_decide) {
  for (bool capabilities::*word : {&capabilities::buffered, &capabilities::divergent}) {
    habits own;
    own.on_promise = [word](capabilities& can) { can.*word = can.numbered = true; };
    const run_result result = run_with(own);
    EXPECT_EQ(result.logs->facts().shortest, content_source::self_naming);
  }
}

// A run that injected nothing has shown nothing of a death.
TEST(runner_faults, G6_G7_knows_nothing_when_the_faults_asked_for_cannot_happen) {
  run_options options = small_run();
  options.faults.every = 1000000;
  options.faults.kill_senders = options.faults.kill_receivers = options.faults.pause = true;
  const verdict found = judged({}, options);
  EXPECT_EQ(found.answer, outcome::unknown);
  for (const char* part : {"no producer was killed, no consumer was killed, nobody was paused",
                           "every 1000000 of 2000 messages", "--fault-every"}) {
    EXPECT_NE(found.excerpt.find(part), std::string::npos) << found.excerpt;
  }
  options.faults = {};
  options.faults.kill_meddlers = true;  // there are none
  EXPECT_NE(judged({}, options).excerpt.find("no meddler was killed"), std::string::npos);
}

// One kind that happened does not stand for another.
TEST(runner_faults, G6_G7_have_to_happen_of_each_kind_that_was_asked_for) {
  run_options options = small_run();
  options.faults.every = 20;
  options.consumers = 0;  // so no consumer can be killed
  options.faults.kill_senders = options.faults.kill_receivers = true;
  const verdict no_consumer = judged({}, options);
  EXPECT_EQ(no_consumer.answer, outcome::unknown);
  EXPECT_NE(no_consumer.excerpt.find("did not happen: no consumer was killed, with"),
            std::string::npos)
      << no_consumer.excerpt;

  options = small_run();
  options.faults.every = 20;
  options.faults.kill_senders = options.faults.kill_receivers = options.faults.pause = true;
  options.faults.kill_meddlers = true;  // there are none
  const verdict no_meddler = judged({}, options);
  EXPECT_EQ(no_meddler.answer, outcome::unknown);
  EXPECT_NE(no_meddler.excerpt.find("did not happen: no meddler was killed, with"),
            std::string::npos)
      << no_meddler.excerpt;

  options.meddlers = {[](const std::string&) { ::pause(); }};
  const run_result all = run_with({}, options);
  EXPECT_TRUE(all.judged.ok()) << all.judged.text();
  EXPECT_GT(all.logs->facts().meddler_kills, 0U);
}

// What comes again after a restart is neither received nor released twice.
TEST(runner_faults, G5_G7_do_not_make_a_full_ring_look_empty) {
  run_options options = small_run();
  options.messages = 5000;
  options.producers = options.consumers = 2;
  options.slots = options.capacity = 16;
  options.faults.kill_receivers = true;
  options.faults.every = 100;
  for (const char* around : {"right", "right_unnumbered"}) {
    const auto tested = queue_named(around);
    const run_result result = run(*tested, options);
    EXPECT_TRUE(result.judged.ok()) << around << ": " << result.judged.text();
    for (unsigned i = 0; i < options.consumers; ++i) {
      EXPECT_LE(result.logs->receiver(i).position.load(), result.figures.sent);
    }
  }
}

// A pause that an actor begins itself, between two steps, ends and is counted like any other.
TEST(runner_faults, G11_pause_actors_between_their_steps_and_wake_them) {
  run_options options = small_run();
  options.messages = 5000;
  options.faults.pause = true;
  options.faults.every = 50;
  const run_result result = run_with({}, options);
  EXPECT_TRUE(result.judged.ok()) << result.judged.text();
  EXPECT_GT(result.logs->sender(0).stops, 5U);
  EXPECT_GT(result.logs->receiver(0).stops, 5U);
}

// With room for all messages the run takes milliseconds, and yet each kind of fault comes.
TEST(runner_faults, G6_G7_carries_out_its_faults_however_fast_the_queue_is) {
  run_options options = small_run();
  options.messages = options.slots = options.capacity = 20000;
  options.reuses_slots = false;
  options.faults.kill_senders = options.faults.kill_receivers = options.faults.pause = true;
  for (options.seed = 1; options.seed <= 8; ++options.seed) {
    const auto tested = queue_named("right");
    const run_result result = run(*tested, options);
    EXPECT_TRUE(result.judged.ok()) << options.seed << ": " << result.judged.text();
  }
}

TEST(runner_faults, counts_its_faults) {
  const auto tested = queue_named("right");
  run_options options;
  options.producers = options.consumers = 2;
  options.messages = 60000;
  options.faults.kill_senders = options.faults.kill_receivers = options.faults.pause = true;
  options.faults.every = 500;
  const run_result result = run(*tested, options);
  EXPECT_TRUE(result.judged.ok()) << result.judged.text();
  EXPECT_GT(result.figures.kills, 0U);
  EXPECT_GT(result.figures.stops, 0U);
  // Failures of others are explained by it, so each kill is noted before it happens.
  EXPECT_GE(result.logs->facts().kills_begun.load(), result.figures.kills);
  EXPECT_LE(result.figures.sent + result.figures.in_doubt, options.messages);
}

}  // namespace
}  // namespace shmfifo::harness
