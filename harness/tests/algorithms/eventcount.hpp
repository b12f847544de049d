// SPDX-License-Identifier: MIT
#pragma once

// Event count over a futex: Reed, Kanodia, "Synchronization with eventcounts and sequencers", CACM
// 22(2), 1979; the cheap notifier, which makes no system call while nobody waits, follows D.
// Vyukov's eventcount. Store the condition, then look for waiters; announce yourself as waiting,
// then look at the condition: store buffering, which only seq_cst forbids.

#include "scenario.hpp"

namespace shmfifo::harness::tests {

struct eventcount_orders {
  std::memory_order store_condition = seq_cst, load_waiters = seq_cst;
  std::memory_order announce = seq_cst, load_condition = seq_cst;
  bool advance_epoch = true;
};

inline model::test_body eventcount(int waiters, eventcount_orders o = {}) {
  return [=] {
    model::atomic<std::uint32_t> condition{0};
    model::atomic<std::uint32_t> waiting{0};
    model::atomic<std::uint32_t> epoch{0};
    const auto wait = [&] {
      waiting.fetch_add(1, o.announce);
      while (true) {
        const std::uint32_t seen = epoch.load(acquire);
        if (condition.load(o.load_condition) == 1) break;
        model::futex_wait(epoch.word(), seen);
      }
      waiting.fetch_sub(1, relaxed);
    };
    model::thread a([&] { wait(); });
    model::thread b([&] {
      if (waiters > 1) wait();
    });
    model::thread notifier([&] {
      condition.store(1, o.store_condition);
      if (waiting.load(o.load_waiters) == 0) return;
      if (o.advance_epoch) epoch.fetch_add(1, release);
      model::futex_wake_all(epoch.word());
    });
  };
}

}  // namespace shmfifo::harness::tests
