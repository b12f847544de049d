// SPDX-License-Identifier: MIT
#pragma once

// Lock-free stack: R. K. Treiber, "Systems programming: coping with parallelism", IBM RJ 5118,
// 1986. Nodes are not reused, except in the variant that shows why they must not be.

#include <array>

#include "scenario.hpp"

namespace shmfifo::harness::tests {

struct treiber_orders {
  std::memory_order push = release, pop = acquire;
};

class treiber_stack {
 public:
  struct node {
    model::plain<std::uint64_t> value;
    model::plain<node*> next;
  };
  explicit treiber_stack(treiber_orders o) : o_(o) {}

  void push(std::uint64_t value) {
    node* n = model::make<node>();
    n->value.write(value);
    node* head = head_.load(relaxed);
    do {
      n->next.write(head);
    } while (!head_.compare_exchange_strong(head, n, o_.push, relaxed));
  }

  std::uint64_t pop() {
    node* head = head_.load(o_.pop);
    while (head != nullptr) {
      if (head_.compare_exchange_strong(head, head->next.read(), o_.pop, o_.pop)) {
        return head->value.read();
      }
    }
    return 0;
  }

 private:
  treiber_orders o_;
  model::atomic<node*> head_{nullptr};
};

inline model::test_body treiber_push_push_pop(treiber_orders o = {}) {
  return [=] {
    treiber_stack stack(o);
    std::uint64_t got = 0;
    model::thread a([&] { stack.push(1); });
    model::thread b([&] { stack.push(2); });
    model::thread c([&] { got = stack.pop(); });
    a.join();
    b.join();
    c.join();
    const std::uint64_t first = stack.pop();
    const std::uint64_t second = stack.pop();
    model::require(got + first + second == 3, "each value once");
    model::require(stack.pop() == 0, "then nothing");
  };
}

// Two poppers meet; one pushes its node back. Head is an index; with `counted`, a count of changes
// lies beside it (IBM System/370 Principles of Operation, appendix A), and the other's exchange
// then fails.
inline model::test_body treiber_reuse(bool counted) {
  return [=] {
    const std::uint64_t step = counted ? 16 : 0;
    std::array<model::atomic<std::uint64_t>, 3> next{0U, 2U, 0U};  // 1 -> 2 -> nothing
    model::atomic<std::uint64_t> head{1};
    std::array<int, 3> popped{};
    const auto pop = [&] {
      std::uint64_t seen = head.load(acquire);
      while (seen % 16 != 0) {
        const std::uint64_t after = next[seen % 16].load(relaxed);
        const std::uint64_t desired = seen / 16 * 16 + step + after;
        if (head.compare_exchange_strong(seen, desired, acq_rel, acquire)) return seen % 16;
      }
      return std::uint64_t{0};
    };
    model::thread slow([&] { ++popped[pop()]; });
    model::thread fast([&] {
      const std::uint64_t one = pop();
      const std::uint64_t two = pop();
      if (two != 0) ++popped[two];
      if (one == 0) return;
      std::uint64_t seen = head.load(relaxed);
      do {
        next[one].store(seen % 16, relaxed);
      } while (!head.compare_exchange_strong(seen, seen / 16 * 16 + step + one, acq_rel, relaxed));
    });
    slow.join();
    fast.join();
    for (std::uint64_t last = pop(); last != 0; last = pop()) ++popped[last];
    model::require(popped[1] <= 1 && popped[2] <= 1, "no node is popped twice");
  };
}

}  // namespace shmfifo::harness::tests
