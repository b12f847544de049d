// SPDX-License-Identifier: MIT
#pragma once

// Mutual exclusion, each lock with the same test: threads that add to an ordinary variable inside
// the lock, so that two inside at once are a data race, and a lost addition fails the requirement.

#include <array>

#include "scenario.hpp"

namespace shmfifo::harness::tests {

// T. E. Anderson, "The performance of spin lock alternatives", IEEE TPDS 1(1), 1990, section 2.
class spin_lock {
 public:
  explicit spin_lock(std::memory_order take = acquire, std::memory_order give = release)
      : take_(take), give_(give) {}
  void lock() {
    while (true) {
      std::uint32_t free = 0;
      if (held_.compare_exchange_strong(free, 1, take_, relaxed)) return;
      model::pause();
    }
  }
  void unlock() { held_.store(0, give_); }

 private:
  std::memory_order take_, give_;
  model::atomic<std::uint32_t> held_{0};
};

// Mellor-Crummey, Scott, "Algorithms for scalable synchronization on shared-memory
// multiprocessors", TOCS 9(1), 1991, section 2.2.
class ticket_lock {
 public:
  explicit ticket_lock(std::memory_order take = acquire, std::memory_order give = release)
      : take_(take), give_(give) {}
  void lock() {
    const std::uint32_t mine = next_.fetch_add(1, relaxed);
    model::await(
        serving_, [&](std::uint32_t now) { return now == mine; }, take_);
  }
  void unlock() { serving_.store(serving_.load(relaxed) + 1, give_); }

 private:
  std::memory_order take_, give_;
  model::atomic<std::uint32_t> next_{0};
  model::atomic<std::uint32_t> serving_{0};
};

template <typename lock_type>
model::test_body lock_test(int threads, int rounds, std::memory_order take = acquire,
                           std::memory_order give = release) {
  return [=] {
    lock_type lock(take, give);
    model::plain<std::uint64_t> count{0U};
    model::thread_group running;
    for (int t = 0; t < threads; ++t) {
      running.start([&] {
        for (int i = 0; i < rounds; ++i) {
          lock.lock();
          count.write(count.read() + 1);
          lock.unlock();
        }
      });
    }
    running.join();
    model::require(count.read() == static_cast<std::uint64_t>(threads * rounds),
                   "no lost addition");
  };
}

// G. L. Peterson, "Myths about the mutual exclusion problem", IPL 12(3), 1981.
inline model::test_body peterson(std::memory_order store, std::memory_order load) {
  return [=] {
    std::array<model::atomic<std::uint32_t>, 2> wants;
    model::atomic<std::uint32_t> turn{0};
    model::plain<std::uint64_t> count{0U};
    const auto body = [&](std::uint32_t me) {
      wants[me].store(1, store);
      turn.store(1 - me, store);
      while (wants[1 - me].load(load) == 1 && turn.load(load) == 1 - me) model::pause();
      count.write(count.read() + 1);
      wants[me].store(0, release);
    };
    {
      model::thread a([&] { body(0); });
      model::thread b([&] { body(1); });
    }
    model::require(count.read() == 2, "no lost addition");
  };
}

// E. W. Dijkstra, "Cooperating sequential processes", 1965, section 2.1 (the solution by Th. J.
// Dekker).
inline model::test_body dekker(std::memory_order store, std::memory_order load) {
  return [=] {
    std::array<model::atomic<std::uint32_t>, 2> wants;
    model::atomic<std::uint32_t> turn{0};
    model::plain<std::uint64_t> count{0U};
    const auto body = [&](std::uint32_t me) {
      wants[me].store(1, store);
      while (wants[1 - me].load(load) == 1) {
        if (turn.load(load) != me) {
          wants[me].store(0, store);
          model::await(
              turn, [&](std::uint32_t t) { return t == me; }, load);
          wants[me].store(1, store);
        } else {
          model::pause();
        }
      }
      count.write(count.read() + 1);
      turn.store(1 - me, store);
      wants[me].store(0, store);
    };
    {
      model::thread a([&] { body(0); });
      model::thread b([&] { body(1); });
    }
    model::require(count.read() == 2, "no lost addition");
  };
}

}  // namespace shmfifo::harness::tests
