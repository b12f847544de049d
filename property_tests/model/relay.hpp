// SPDX-License-Identifier: MIT
#pragma once
// A ring that wakes one sleeper, as a kernel does it: its queue is behind a lock, under which the
// bell is compared. Who is woken wakes the next, or does not, and then the rest sleeps for ever.

#include "core_test.hpp"
#include "shmfifo/protocol/bell.hpp"

namespace shmfifo::model_tests {

struct kernel_queue {
  std::uint32_t held = 0;
  std::uint32_t asleep[2] = {};
  std::uint32_t woken[2] = {};

  void lock() {
    std::uint32_t expected = 0;
    while (!model::compare_exchange(held, expected, 1U, std::memory_order_acquire,
                                    std::memory_order_relaxed)) {
      expected = 0;
      model::pause();
    }
  }
  void unlock() { model::store(held, 0U, std::memory_order_release); }
};

class relay_memory : public core_memory {
 public:
  relay_memory(kernel_queue& queue, unsigned self, bool relays)
      : queue_(&queue), self_(self), relays_(relays) {}

  void sleep(const std::uint32_t& bell, std::uint32_t value, deadline) const {
    queue_->lock();
    const bool sleeps = model::load(bell, std::memory_order_relaxed) == value;
    if (sleeps) model::store(queue_->asleep[self_], 1U, std::memory_order_relaxed);
    queue_->unlock();
    if (!sleeps) return;
    // A kernel's wake-up carries what the waker did before.
    while (model::load(queue_->woken[self_], std::memory_order_acquire) == 0) {
      model::futex_wait(queue_->woken[self_], 0);
    }
    model::store(queue_->woken[self_], 0U, std::memory_order_relaxed);
  }
  void wake(const std::uint32_t&) const {
    queue_->lock();
    for (unsigned i = 0; i < 2; ++i) {
      if (model::load(queue_->asleep[i], std::memory_order_relaxed) == 0) continue;
      model::store(queue_->asleep[i], 0U, std::memory_order_relaxed);
      model::store(queue_->woken[i], 1U, std::memory_order_release);
      model::futex_wake_all(queue_->woken[i]);
      break;
    }
    queue_->unlock();
  }
  void relay(const std::uint32_t& bell) const {
    if (relays_) wake(bell);
  }

 private:
  kernel_queue* queue_;
  unsigned self_;
  bool relays_;
};

struct relay_scene {
  kernel_queue queue;
  std::uint32_t bell = 0;
  std::uint32_t news = 0;
};

inline void one_ring_for_two_sleepers(bool relays) {
  auto* scene = model::make<relay_scene>();
  const auto sleep = [=](unsigned self) {
    const relay_memory memory(scene->queue, self, relays);
    const auto ready = [&] { return model::load(scene->news, std::memory_order_relaxed) != 0; };
    model::require(protocol::sleep_until(memory, scene->bell, no_deadline, ready, [] {}), "G11");
  };
  model::thread first([=] { sleep(0); });
  model::thread second([=] { sleep(1); });
  const relay_memory memory(scene->queue, 0, relays);
  model::store(scene->news, 1U, std::memory_order_relaxed);
  protocol::ring_bell(memory, scene->bell);
}

}  // namespace shmfifo::model_tests
