// SPDX-License-Identifier: MIT
#pragma once
// Sleeping and waking without a lost wake-up and without cost while nobody sleeps. A bell is one
// futex word: bit 0 says that somebody sleeps (or is about to), the bits above count the rings. The
// waker clears the bit, so a sleeper that was killed costs one needless system call and no more. A
// ring wakes only a few sleepers, and each of them as many more, so that its cost does not grow
// with their number.
// Pattern: the store-buffering handshake with an asymmetric fence pair (WG21 P1202).

#include "shmfifo/protocol/memory_model.hpp"

namespace shmfifo::protocol {

inline constexpr std::uint32_t bell_sleeper = 1;  // the bit that says: wake me

template <memory_model M>
[[gnu::noinline, gnu::cold]] void wake_sleepers(const M& memory, std::uint32_t& bell,
                                                std::uint32_t seen) noexcept {
  // Odd plus one: the carry clears the sleeper bit and counts the ring in one step. Relaxed:
  // the bell carries no data; sleepers look at the stamps or cursors themselves. Only the
  // winner wakes.
  if (memory.compare_exchange(bell, seen, seen + 1, relaxed, relaxed, bell_ring)) {
    memory.wake(bell);
  }
}

// Call after the store that sleepers wait for. Wait-free; a system call only if somebody sleeps.
template <memory_model M>
inline void ring_bell(const M& memory, std::uint32_t& bell) noexcept {
  // SYNC bell: orders the news before the look at the sleeper bit; see announce in sleep_until.
  memory.light_fence(bell_light_fence);
  const std::uint32_t seen = memory.load(bell, relaxed, bell_check);
  if ((seen & bell_sleeper) != 0) [[unlikely]]
    wake_sleepers(memory, bell, seen);
}

// Looks again and again before a sleep, with `pause` spin hints in between. True once ready() is.
template <memory_model M, class Ready>
[[nodiscard]] bool spin(const M& memory, unsigned rounds, unsigned pause, Ready&& ready) noexcept {
  for (unsigned i = 0; i < rounds && memory.pause(pause); ++i) {
    if (ready()) return true;
  }
  return false;
}

// The spin before a sleep, which pays where news comes soon. Elsewhere it only takes the processor
// from others, perhaps from those that would bring the news; so it is then tried now and then.
class patient_spin {
 public:
  // True once ready() is.
  template <memory_model M, class Ready>
  [[nodiscard]] bool operator()(const M& memory, Ready&& ready) noexcept {
    if (!pays_ && ++waits_ % try_every != 0) return false;
    pays_ = spin(memory, rounds, hints, ready);
    return pays_;
  }

 private:
  // As long as a sleep and its wake-up would take.
  static constexpr unsigned rounds = 64, hints = 32, try_every = 8;
  bool pays_ = true;
  unsigned waits_ = 0;
};

// Sleeps until ready() answers true (true) or the deadline passes (false). `before_sleep` is the
// chance to ask the kernel about deaths: a process that is killed can ring no bell, so sleeps are
// also bounded.
template <memory_model M, class Ready, class BeforeSleep>
[[nodiscard]] bool sleep_until(const M& memory, std::uint32_t& bell, deadline until, Ready&& ready,
                               BeforeSleep&& before_sleep) noexcept {
  for (;;) {
    const std::uint32_t value =
        memory.fetch_or(bell, bell_sleeper, relaxed, bell_announce) | bell_sleeper;
    // SYNC bell: orders the announcement before the look for news; see ring_bell. One of the two
    // sides must see the other.
    memory.heavy_fence(bell_heavy_fence);
    if (ready()) return true;
    // The announcement stands until the bell is rung, however many sleeps that takes.
    for (bool rung = false; !rung;) {
      before_sleep();
      if (ready()) return true;
      if (memory.expired(until)) return false;
      memory.sleep(bell, value, until);
      // Relaxed: the word carries no data, and the kernel compared it before the sleep.
      rung = memory.load(bell, relaxed, bell_rung) != value;
      if (rung) memory.relay(bell);
      if (ready()) return true;
    }
  }
}

// One handle's wake-up: a word of the handle's own, which sleep_until's ready() looks at. It is
// 1 from the wake to the wait that takes it. None is lost: the bell is rung after it, as after
// a store.
class wake_word {
 public:
  // Any thread, and signal handlers; lock-free. The bell is the caller's to ring.
  template <memory_model M>
  void request(const M& memory) noexcept {
    // SYNC wake: release, whoever is woken sees what the waker did before; added to the word, so
    // that this holds for each of several wakers.
    static_cast<void>(memory.fetch_or(word_, 1, release, wake_request));
  }
  // Whether there is one to take.
  template <memory_model M>
  [[nodiscard]] bool requested(const M& memory) const noexcept {
    return memory.load(word_, relaxed, wake_look) != 0;
  }
  // Takes it, if there is one. The waiting thread.
  template <memory_model M>
  [[nodiscard]] bool take(const M& memory) noexcept {
    if (!requested(memory)) return false;
    std::uint32_t seen = 1;
    // SYNC wake: acquire, see request. It takes place, since nobody else takes the word.
    static_cast<void>(memory.compare_exchange(word_, seen, 0, acquire, relaxed, wake_take));
    return true;
  }

 private:
  std::uint32_t word_ = 0;
};

}  // namespace shmfifo::protocol
