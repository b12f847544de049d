// SPDX-License-Identifier: MIT
#pragma once

// Work-stealing deque: Le, Pop, Cohen, Zappa Nardelli, "Correct and efficient work-stealing for
// weak memory models", PPoPP 2013, figure 1 (the C11 version), with an array that is large enough.

#include <array>

#include "scenario.hpp"

namespace shmfifo::harness::tests {

struct chase_lev_orders {
  std::memory_order take_fence = seq_cst, steal_fence = seq_cst;
};

class chase_lev {
 public:
  explicit chase_lev(chase_lev_orders o) : o_(o) {}

  void push(std::int64_t value) {
    const std::int64_t b = bottom_.load(relaxed);
    (void)top_.load(acquire);
    items_[static_cast<std::size_t>(b)].store(value, relaxed);
    model::fence(release);
    bottom_.store(b + 1, relaxed);
  }

  std::int64_t take() {
    const std::int64_t b = bottom_.load(relaxed) - 1;
    bottom_.store(b, relaxed);
    model::fence(o_.take_fence);
    std::int64_t t = top_.load(relaxed);
    std::int64_t value = 0;
    if (t <= b) {
      value = items_[static_cast<std::size_t>(b)].load(relaxed);
      if (t == b) {
        if (!top_.compare_exchange_strong(t, t + 1, seq_cst, relaxed)) value = 0;
        bottom_.store(b + 1, relaxed);
      }
    } else {
      bottom_.store(b + 1, relaxed);
    }
    return value;
  }

  std::int64_t steal() {
    std::int64_t t = top_.load(acquire);
    model::fence(o_.steal_fence);
    const std::int64_t b = bottom_.load(acquire);
    if (t >= b) return 0;
    const std::int64_t value = items_[static_cast<std::size_t>(t)].load(relaxed);
    return top_.compare_exchange_strong(t, t + 1, seq_cst, relaxed) ? value : 0;
  }

 private:
  chase_lev_orders o_;
  model::atomic<std::int64_t> top_{0};
  model::atomic<std::int64_t> bottom_{0};
  std::array<model::atomic<std::int64_t>, 3> items_;
};

// The owner pushes `pushes` items and takes as many; a thief tries `steals` times.
inline model::test_body chase_lev_test(int pushes, int steals, chase_lev_orders o = {}) {
  return [=] {
    chase_lev deque(o);
    std::array<int, 4> times{};
    model::thread owner([&] {
      for (int i = 1; i <= pushes; ++i) deque.push(i);
      for (int i = 1; i <= pushes; ++i) ++times[static_cast<std::size_t>(deque.take())];
    });
    model::thread thief([&] {
      for (int i = 0; i < steals; ++i) ++times[static_cast<std::size_t>(deque.steal())];
    });
    owner.join();
    thief.join();
    for (int i = 1; i <= pushes; ++i) {
      model::require(times[static_cast<std::size_t>(i)] == 1, "each item is taken exactly once");
    }
  };
}

}  // namespace shmfifo::harness::tests
