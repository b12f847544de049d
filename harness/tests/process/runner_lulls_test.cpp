// SPDX-License-Identifier: MIT
// Goal: senders meet a full queue in each run, often enough to judge whether it was full. Method:
// rings with more or fewer slots than they say, whose senders wait or are refused.
#include <gtest/gtest.h>

#include "habitual_queue.hpp"

namespace shmfifo::harness {
namespace {

run_options strict_run(unsigned producers, unsigned consumers) {
  run_options options = small_run();
  options.producers = producers;
  options.consumers = consumers;
  options.slots = options.capacity = 64;
  return options;
}

TEST(lulls, G5_let_senders_meet_a_full_queue_in_each_run) {
  for (const char* around : {"right", "right_rejecting", "right_unnumbered", "right_competing"}) {
    for (const unsigned each : {1U, 3U}) {
      habits own;
      own.around = around;
      const run_result result = run_with(own, strict_run(each, each));
      EXPECT_TRUE(result.judged.ok()) << around << ": " << result.judged.text();
      EXPECT_GE(result.figures.fulls + result.figures.timeouts, 2U) << around;
    }
  }
  habits own;
  own.around = "socket";  // how many messages fit is the kernel's secret
  run_options options = strict_run(1, 1);
  options.capacity = 0;
  const run_result result = run_with(own, options);
  EXPECT_TRUE(result.judged.ok()) << result.judged.text();
  EXPECT_GE(result.figures.timeouts, 2U);
}

// Although the senders wait, and others may have begun a message that is not in the ring.
TEST(lulls, G5_show_a_ring_that_is_one_slot_short) {
  for (const char* around : {"right", "right_rejecting", "right_competing"}) {
    for (const unsigned producers : {1U, 3U}) {
      habits own;
      own.around = around;
      own.on_shape = [](queue_shape& shape) { shape.slots = 63; };
      const verdict found = judged(own, strict_run(producers, 1));
      EXPECT_EQ(found.broken, rule::full_with_room) << around << ' ' << producers << found.text();
      own.on_shape = [](queue_shape& shape) { shape.slots = 65; };
      const verdict roomy = judged(own, strict_run(producers, 1));
      EXPECT_TRUE(roomy.ok()) << roomy.text();
    }
  }
}

// A dead or finished sender is not waited for.
TEST(lulls, end_also_when_senders_die_for_good) {
  run_options options = strict_run(2, 1);
  options.messages = 20000;
  options.faults.kill_senders = true;
  options.faults.every = 1000;
  habits own;
  own.on_promise = [](capabilities& can) { can.permanent_senders = true; };
  const run_result result = run_with(own, options);
  EXPECT_TRUE(result.judged.ok()) << result.judged.text();
  EXPECT_EQ(result.logs->facts().lull.load(), 0U);
}

}  // namespace
}  // namespace shmfifo::harness
