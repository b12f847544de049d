// SPDX-License-Identifier: MIT
#pragma once
// Makes senders meet a full queue on purpose: a few times in a run the receivers hold still until a
// sender has been refused twice in a row, which is what `full_with_room` judges by. The first time
// is the beginning of the run, the others follow from the seed. Pacing only: nothing is asserted.

#include <vector>

#include "actor.hpp"

namespace shmfifo::harness {

// Of the supervisor.
class lull_schedule {
 public:
  explicit lull_schedule(const actor_context& run);
  // Once a tick: begins a lull that is due, ends one that has done its work or lasts too long.
  void tick();
  [[nodiscard]] bool active() const noexcept { return facts_.lull.load() != 0; }

 private:
  [[nodiscard]] bool done();

  const actor_context& run_;
  run_facts& facts_;
  std::vector<std::uint64_t> points_;  // messages logged by all senders, the next one last
  std::uint32_t count_ = 0;
  unsigned ticks_ = 0;          // of this lull
  bool alone_ = false;          // only one sender still tries,
  std::uint32_t refusals_ = 0;  // which had been refused so often when this was noticed
};

// The only sender that goes on trying in a lull: the message of each other one that was refused is
// known not to be in the queue, so this one can judge whether it is full.
[[nodiscard]] inline bool tries_in_lull(std::uint32_t lull, unsigned sender,
                                        unsigned senders) noexcept {
  return (lull - 1) % senders == sender;
}
// Deadlines during a lull, and before the receivers are there, are at most this long.
inline constexpr unsigned lull_wait_ms = 5;

// Receivers that are late on purpose, where the queue keeps what was sent before: then all
// consumers, or every second one if each of them gets everything.
[[nodiscard]] bool is_late(const run_facts& facts, unsigned receiver) noexcept;
// So many messages sender i sends before the late receivers attach, unless the queue is full.
[[nodiscard]] std::uint64_t early_messages(const actor_context& run, unsigned i) noexcept;

}  // namespace shmfifo::harness
