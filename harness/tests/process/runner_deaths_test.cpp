// SPDX-License-Identifier: MIT
// Goal: after a kill the runner treats each queue as it says it may be treated: actors attach again
// where calls may fail, senders stay away where they cannot come back, patience is longer where
// recovery takes its time. Method: queues around right ones that fail, refuse or rest after deaths.
#include <gtest/gtest.h>
#include <unistd.h>

#include "habitual_queue.hpp"
#include "shared_words.hpp"

namespace shmfifo::harness {
namespace {

enum : std::size_t { receivers_attached, deaths_seen, attempts };

// One producer and one consumer. The sender's next call after each death of the receiver fails.
habits failing_after_deaths(const shared_words& shared) {
  habits own;
  own.around = "socket";
  own.on_promise = [](capabilities& can) { can.fallible = true; };
  own.on_attach_receiver = [&shared] { ++shared[receivers_attached]; };
  own.on_send = [&shared](std::uint64_t) {
    const std::uint32_t attached = shared[receivers_attached];
    if (attached <= shared[deaths_seen] + 1) return;
    shared[deaths_seen] = attached - 1;
    throw std::runtime_error("the peer is gone");
  };
  return own;
}

run_options deadly_run() {
  run_options options = small_run();
  options.messages = 20000;
  options.slots = 64;
  options.faults.every = 1000;
  return options;
}

TEST(runner_deaths, let_actors_attach_again_where_calls_may_fail) {
  run_options options = deadly_run();
  options.faults.kill_receivers = true;
  const shared_words shared;
  const habits own = failing_after_deaths(shared);
  const run_result honest = run_with(own, options);
  EXPECT_TRUE(honest.judged.ok()) << honest.judged.text();
  EXPECT_EQ(honest.figures.in_doubt, shared[deaths_seen]);
  EXPECT_GT(shared[deaths_seen], 0U);

  const shared_words other;
  habits strict = failing_after_deaths(other);
  strict.on_promise = [](capabilities&) {};
  EXPECT_EQ(judged(strict, options).broken, rule::failure);
}

TEST(runner_deaths, let_receivers_attach_again_where_calls_may_fail) {
  run_options options = deadly_run();
  options.faults.kill_senders = true;
  const shared_words shared;
  const auto fail_once_a_death = [&shared] {
    if (shared[deaths_seen].exchange(0) != 0) throw std::runtime_error("the peer is gone");
  };
  habits own;
  own.around = "right";
  own.on_promise = [](capabilities& can) { can.fallible = true; };
  own.on_attach_sender = [&shared] {
    if (++shared[attempts] > 1) ++shared[deaths_seen];
  };
  own.on_receive = [&](std::uint64_t) { fail_once_a_death(); };
  const run_result receives = run_with(own, options);
  EXPECT_TRUE(receives.judged.ok()) << receives.judged.text();
  EXPECT_GT(receives.logs->receiver(0).incarnation.load(), 1U);

  shared[attempts] = 0;
  own.on_release = fail_once_a_death;
  own.on_receive = [](std::uint64_t) {};
  const run_result releases = run_with(own, options);
  EXPECT_TRUE(releases.judged.ok()) << releases.judged.text();
  EXPECT_GT(releases.logs->receiver(0).incarnation.load(), 1U);
}

// Whatever cannot be done after a death ends, and is not ok.
TEST(runner_deaths, do_not_let_actors_attach_for_ever) {
  run_options options = deadly_run();
  options.faults.kill_receivers = true;
  options.faults.every = 10000;
  const shared_words shared;
  habits own = failing_after_deaths(shared);
  own.on_attach_sender = [&shared] {
    ++shared[attempts];
    if (shared[deaths_seen] != 0) throw std::runtime_error("no way back");
  };
  const run_result result = run_with(own, options);
  EXPECT_FALSE(result.judged.ok());
  EXPECT_EQ(result.logs->sender(0).complained.broken.load(), rule::failure);
  EXPECT_STREQ(result.logs->sender(0).text, "no way back");
  EXPECT_GE(shared[attempts], 40U);
  EXPECT_LE(shared[attempts], 40U * 2 + 1) << "one or two kills";
}

// A failure that no kill explains stays one.
TEST(runner_deaths, alone_explain_failures) {
  habits own;
  own.on_promise = [](capabilities& can) { can.fallible = true; };
  own.on_send = [](std::uint64_t n) {
    if (n == 500) throw std::runtime_error("no more");
  };
  EXPECT_EQ(judged(own).broken, rule::failure);
}

TEST(runner_deaths, keep_senders_away_that_cannot_come_back) {
  run_options options = deadly_run();
  options.producers = 2;
  options.faults.kill_senders = true;
  const shared_words shared;
  habits own;
  own.on_promise = [](capabilities& can) { can.permanent_senders = true; };
  own.on_attach_sender = [&shared] { ++shared[attempts]; };
  const run_result result = run_with(own, options);
  EXPECT_TRUE(result.judged.ok()) << result.judged.text();
  EXPECT_EQ(shared[attempts], 2U);
  EXPECT_GT(result.figures.kills, 0U);
  EXPECT_EQ(result.figures.restarts, 0U);
  EXPECT_LT(result.figures.sent, options.messages);

  options.churn_every = 500;
  EXPECT_THROW(static_cast<void>(judged(own, options)), std::invalid_argument);
}

// The sender rests twice as long as the run is patient.
TEST(runner_deaths, lengthen_the_patience_where_recovery_takes_its_time) {
  run_options options = deadly_run();
  options.stall_ms = impatient_run().stall_ms;
  options.faults.kill_receivers = true;
  options.faults.every = 10000;
  const shared_words shared;
  habits own;
  own.on_attach_receiver = [&shared] { ++shared[receivers_attached]; };
  own.on_send = [&shared](std::uint64_t) {
    if (shared[receivers_attached] < 2 || shared[deaths_seen].exchange(1) != 0) return;
    ::usleep(600000);
  };
  own.on_promise = [](capabilities& can) { can.recovery_ms = 60000; };
  const verdict found = judged(own, options);
  EXPECT_TRUE(found.ok()) << found.text();

  // And only then: nobody died here.
  own.on_send = [](std::uint64_t n) {
    while (n == 500) ::pause();
  };
  EXPECT_EQ(judged(own, impatient_run()).broken, rule::stuck);
}

}  // namespace
}  // namespace shmfifo::harness
