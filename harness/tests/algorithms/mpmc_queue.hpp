// SPDX-License-Identifier: MIT
#pragma once

// Bounded queue for many producers and consumers with a sequence number per cell: D. Vyukov,
// "Bounded MPMC queue", 1024cores.net, 2011.

#include <array>

#include "scenario.hpp"

namespace shmfifo::harness::tests {

struct mpmc_orders {
  std::memory_order publish = release, poll = acquire;
};

class mpmc_queue {
 public:
  explicit mpmc_queue(mpmc_orders o) : o_(o) {}

  bool push(std::uint64_t value) {
    std::uint64_t position = tail_.load(relaxed);
    while (true) {
      cell& c = cells_[position % 2];
      const std::uint64_t sequence = c.sequence.load(o_.poll);
      if (sequence == position) {
        if (tail_.compare_exchange_strong(position, position + 1, relaxed, relaxed)) {
          c.value.write(value);
          c.sequence.store(position + 1, o_.publish);
          return true;
        }
      } else if (sequence < position) {
        return false;
      } else {
        position = tail_.load(relaxed);
      }
    }
  }

  bool pop(std::uint64_t& value) {
    std::uint64_t position = head_.load(relaxed);
    while (true) {
      cell& c = cells_[position % 2];
      const std::uint64_t sequence = c.sequence.load(o_.poll);
      if (sequence == position + 1) {
        if (head_.compare_exchange_strong(position, position + 1, relaxed, relaxed)) {
          value = c.value.read();
          c.sequence.store(position + 2, o_.publish);
          return true;
        }
      } else if (sequence < position + 1) {
        return false;
      } else {
        position = head_.load(relaxed);
      }
    }
  }

 private:
  struct cell {
    explicit cell(std::uint64_t first) : sequence(first) {}
    model::atomic<std::uint64_t> sequence;
    model::plain<std::uint64_t> value;
  };
  mpmc_orders o_;
  std::array<cell, 2> cells_{cell{0}, cell{1}};
  model::atomic<std::uint64_t> tail_{0};
  model::atomic<std::uint64_t> head_{0};
};

// Two producers of one message each and a consumer that tries twice.
inline model::test_body mpmc_two_producers(mpmc_orders o = {}) {
  return [=] {
    mpmc_queue queue(o);
    std::uint64_t got[2] = {0, 0};
    model::thread a([&] { model::require(queue.push(1), "room for the first"); });
    model::thread b([&] { model::require(queue.push(2), "room for the second"); });
    model::thread consumer([&] {
      for (std::uint64_t& value : got) queue.pop(value);
    });
    a.join();
    b.join();
    consumer.join();
    model::require(got[0] == 0 || got[0] != got[1], "no message twice");
  };
}

// The second lap: a producer of three messages fills cell 0 again when a consumer has emptied it.
inline model::test_body mpmc_wraps(mpmc_orders o = {}) {
  return [=] {
    mpmc_queue queue(o);
    model::thread producer([&] {
      for (std::uint64_t n = 1; n <= 3; ++n) {
        const bool pushed = queue.push(n);
        model::require(pushed || n == 3, "full only when it is full");
      }
    });
    model::thread consumer([&] {
      std::uint64_t value = 0;
      if (queue.pop(value)) model::require(value == 1, "the oldest message first");
    });
  };
}

}  // namespace shmfifo::harness::tests
