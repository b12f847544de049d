// SPDX-License-Identifier: MIT
#include "bursts.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "shmfifo/harness/oracle/content.hpp"

namespace shmfifo::harness {
namespace {
constexpr std::uint64_t sent_per_event_most = 2;  // while a receiver logs less, senders pause
constexpr auto pause_most = std::chrono::milliseconds(20);
constexpr auto still_for = std::chrono::milliseconds(3);  // then nothing more comes
constexpr unsigned yields_first = 20;
}  // namespace

burst_pacer::burst_pacer(const actor_context& run, unsigned sender)
    : run_(run),
      facts_(run.logs.facts()),
      share_(std::max<std::uint64_t>(facts_.slots / facts_.producers, 1)),
      dice_(mix(facts_.seed ^ mix(sender ^ 0x6275727374))),
      left_(draw()),
      paces_(facts_.reuses_slots != 0 && (facts_.promises.lossy || facts_.observers != 0)) {}

// Up to the ring's size, or two to four times as much, divided among the senders.
std::uint64_t burst_pacer::draw() noexcept {
  dice_ = mix(dice_ + 1);
  const std::uint64_t length = (dice_ >> 8) % share_;
  return (dice_ & 1) != 0 ? length : 2 * share_ + 2 * length;
}

template <class Predicate>
bool burst_pacer::all_that_lose(Predicate&& holds) const {
  for (unsigned i = facts_.promises.lossy ? 0 : facts_.consumers; i < run_.logs.receivers(); ++i) {
    if (!holds(run_.logs.receiver(i))) return false;
  }
  return true;
}

void burst_pacer::let_receivers_catch_up() const {
  const std::uint64_t sent = run_.logs.logged();
  if (all_that_lose([sent](const actor_state& who) {
        return who.logged.load(std::memory_order_acquire) * sent_per_event_most >= sent;
      })) {
    return;
  }
  const auto events = [this] {
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < run_.logs.receivers(); ++i) {
      sum += run_.logs.receiver(i).logged.load(std::memory_order_acquire);
    }
    return sum;
  };
  const auto begun = std::chrono::steady_clock::now();
  auto moved = begun;
  std::uint64_t before = events();
  for (unsigned turns = 0;; ++turns) {
    if (all_that_lose([sent](const actor_state& who) {
          return who.position.load(std::memory_order_acquire) >= sent;
        })) {
      return;
    }
    turns < yields_first ? static_cast<void>(::sched_yield()) : static_cast<void>(::usleep(50));
    const auto now = std::chrono::steady_clock::now();
    const std::uint64_t after = events();
    if (after != before) moved = now;
    before = after;
    if (now - moved > still_for || now - begun > pause_most) return;
  }
}

}  // namespace shmfifo::harness
