// SPDX-License-Identifier: MIT
#pragma once
// How fast a sender may be where receivers lose what is overwritten: it sends in bursts, half of
// them shorter than the ring and half of them longer, and lets the receivers catch up in between
// while they have seen too little of the run to judge it by. Pacing only: it never waits for long.

#include "actor.hpp"

namespace shmfifo::harness {

// Of one sender.
class burst_pacer {
 public:
  burst_pacer(const actor_context& run, unsigned sender);
  // Before each message.
  void pace() {
    if (!paces_ || left_-- != 0) return;
    let_receivers_catch_up();
    left_ = draw();
  }

 private:
  [[nodiscard]] std::uint64_t draw() noexcept;
  void let_receivers_catch_up() const;
  template <class Predicate>
  [[nodiscard]] bool all_that_lose(Predicate&& holds) const;

  const actor_context& run_;
  const run_facts& facts_;
  std::uint64_t share_;  // of the slots
  std::uint64_t dice_;
  std::uint64_t left_;  // of this burst
  bool paces_;
};

}  // namespace shmfifo::harness
