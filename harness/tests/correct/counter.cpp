// SPDX-License-Identifier: MIT

#include "scenario.hpp"

namespace shmfifo::harness::tests {
namespace {

model::test_body counter(int threads, int additions) {
  return [=] {
    model::atomic<std::uint64_t> count{0U};
    model::thread_group running;
    for (int t = 0; t < threads; ++t) {
      running.start([&] {
        for (int i = 0; i < additions; ++i) count.fetch_add(1, relaxed);
      });
    }
  };
}

// Counted by hand: updates of one word form a chain, so an execution is an interleaving:
// (t n)! / (n!)^t for t threads of n additions. Large enough to measure the explorer's speed.
const enlist counter_two{{"correct/counter.two_threads_of_seven", counter(2, 7), {}, 3432}};
const enlist counter_three{{"correct/counter.three_threads_of_four", counter(3, 4), {}, 34650}};

}  // namespace
}  // namespace shmfifo::harness::tests
