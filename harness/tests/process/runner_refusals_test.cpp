// SPDX-License-Identifier: MIT
// Goal: a sender that is refused goes on, gives up or complains, as the queue promised. Method:
// queues that answer without having tried.
#include <gtest/gtest.h>

#include "habitual_queue.hpp"

namespace shmfifo::harness {
namespace {

habits answering(const char* around, std::uint64_t from, std::uint64_t until, send_answer answer) {
  habits own;
  own.around = around;
  own.answer_send = [=](std::uint64_t n) {
    return n >= from && n < until ? std::optional(answer) : std::nullopt;
  };
  return own;
}

TEST(refusals, G5_are_tried_again) {
  const run_result result = run_with(answering("right_rejecting", 500, 600, send_answer::full));
  EXPECT_TRUE(result.judged.ok()) << result.judged.text();
  EXPECT_GE(result.figures.fulls, 100U);
  EXPECT_EQ(result.figures.sent, small_run().messages);
}

TEST(refusals, G5_that_nobody_promised_are_reported) {
  for (const send_answer answer : {send_answer::full, send_answer::timed_out}) {
    habits own = answering("right", 500, 501, answer);
    own.on_promise = [](capabilities& can) { can.waits = can.late_receivers = false; };
    EXPECT_EQ(judged(own).broken, rule::full_not_promised);
    EXPECT_EQ(judged(answering("right_overwriting", 500, 501, answer)).broken,
              rule::full_not_promised);
  }
}

// Where there are more senders than slots, others may hold all of them.
TEST(refusals, G5_of_a_lossy_queue_are_right_where_others_hold_its_slots) {
  run_options options = small_run();
  options.producers = 3;
  options.slots = 2;
  options.messages = 600;
  const verdict found = judged(answering("right_overwriting", 50, 60, send_answer::full), options);
  EXPECT_TRUE(found.ok()) << found.text();
}

// A log has room only once.
TEST(refusals, G5_end_the_senders_of_a_log) {
  run_options options = small_run();
  options.slots = options.messages;
  options.reuses_slots = false;
  const run_result result =
      run_with(answering("right_rejecting", 500, UINT64_MAX, send_answer::full), options);
  EXPECT_TRUE(result.judged.ok()) << result.judged.text();
  EXPECT_EQ(result.figures.sent, 500U);
}

TEST(refusals, G8_that_are_failures_are_reported) {
  EXPECT_EQ(judged(answering("right", 500, 501, send_answer::failed)).broken, rule::failure);
}

}  // namespace
}  // namespace shmfifo::harness
