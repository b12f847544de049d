// SPDX-License-Identifier: MIT
// Goal: receivers that lose what is overwritten see enough of a run to judge it by, and are still
// overrun. Method: tiny rings and large ones, with consumers and with observers.
#include <gtest/gtest.h>

#include "habitual_queue.hpp"

namespace shmfifo::harness {
namespace {

void expect_enough(const run_result& result, std::uint64_t receivers) {
  const judge_figures& seen = result.figures;
  EXPECT_TRUE(result.judged.ok()) << result.judged.text();
  EXPECT_GE(10 * seen.delivered, seen.sent * receivers);
  EXPECT_GT(seen.lost, 0U);
}

TEST(bursts, G5_let_receivers_see_enough_of_a_lossy_run) {
  run_options options = small_run();
  options.messages = 20000;
  for (const unsigned slots : {2U, 64U}) {
    options.slots = options.capacity = slots;
    options.producers = options.consumers = slots == 2 ? 1 : 2;
    const auto tested = queue_named("right_overwriting");
    expect_enough(run(*tested, options), options.consumers);
  }
}

TEST(bursts, G5_let_observers_see_enough) {
  run_options options = small_run();
  options.messages = 20000;
  options.slots = options.capacity = 4;
  options.consumers = 0;
  options.observers = 2;
  const auto tested = queue_named("right");
  expect_enough(run(*tested, options), options.observers);
}

}  // namespace
}  // namespace shmfifo::harness
