// SPDX-License-Identifier: MIT
#include "lulls.hpp"

#include <algorithm>

#include "shmfifo/harness/oracle/content.hpp"

namespace shmfifo::harness {
namespace {
constexpr std::uint64_t lulls_in_a_run = 4;
constexpr unsigned ticks_most = 500;
}  // namespace

lull_schedule::lull_schedule(const actor_context& run) : run_(run), facts_(run.logs.facts()) {
  const capabilities& can = facts_.promises;
  const bool gets_full = (can.waits || can.rejects) && !can.lossy && facts_.reuses_slots != 0 &&
                         facts_.consumers != 0 && facts_.messages >= 2 * facts_.slots;
  if (!gets_full) return;
  const std::uint64_t part = facts_.messages / lulls_in_a_run;
  for (std::uint64_t i = lulls_in_a_run; i-- > 1;) {
    points_.push_back(i * part + mix(facts_.seed ^ i) % std::max<std::uint64_t>(part, 1));
  }
  points_.push_back(0);
}

void lull_schedule::tick() {
  if (active()) {
    if (done()) facts_.lull.store(0, std::memory_order_release);
    return;
  }
  if (points_.empty() || run_.logs.logged() < points_.back()) return;
  points_.pop_back();
  ticks_ = 0;
  alone_ = false;
  facts_.lull.store(++count_, std::memory_order_release);
}

bool lull_schedule::done() {
  if (++ticks_ > ticks_most) return true;
  const unsigned senders = run_.logs.senders();
  const unsigned tries = (count_ - 1) % senders;
  const auto over = [](const actor_state& who) {
    return who.now.load(std::memory_order_acquire) >= stage::finished;
  };
  for (unsigned i = 0; i < senders; ++i) {
    const actor_state& who = run_.logs.sender(i);
    if (i == tries && over(who)) return true;
    if (i != tries && !over(who) && who.holds.load(std::memory_order_acquire) == 0) return false;
  }
  const std::uint32_t refusals = run_.logs.sender(tries).refusals.load(std::memory_order_acquire);
  if (!alone_) refusals_ = refusals;
  alone_ = true;
  return refusals >= refusals_ + 2;
}

bool is_late(const run_facts& facts, unsigned receiver) noexcept {
  const capabilities& can = facts.promises;
  return can.late_receivers && can.start != start_order::together && receiver < facts.consumers &&
         (!can.broadcast || receiver % 2 == 0);
}

std::uint64_t early_messages(const actor_context& run, unsigned i) noexcept {
  const run_facts& facts = run.logs.facts();
  std::uint64_t all = std::min(facts.slots / 2, facts.messages / 4);
  // No fault comes before the receivers are there.
  if (run.options.faults.any()) {
    all = std::min(all, run.options.faults.spacing(run.options.messages));
  }
  all = std::max<std::uint64_t>(all, 1);
  return all / facts.producers + (i < all % facts.producers ? 1 : 0);
}

}  // namespace shmfifo::harness
