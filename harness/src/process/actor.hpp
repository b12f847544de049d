// SPDX-License-Identifier: MIT
#pragma once
// The bodies of the actors: a sender sends its share, a receiver receives until everything has
// arrived. Both log as they go and can be killed anywhere; started again they continue from the
// log.

#include <chrono>
#include <functional>

#include "shmfifo/harness/process/runner.hpp"

namespace shmfifo::harness {

// How much before its deadline a call may end: queues count in milliseconds, some by the kernel's
// coarse clock, whose tick comes on top (4 ms at 250 Hz).
[[nodiscard]] std::chrono::microseconds deadline_slack() noexcept;

// This limit, and what a recoverable queue may need after a death.
[[nodiscard]] std::chrono::milliseconds patience(const run_facts& facts,
                                                 unsigned limit_ms) noexcept;

// Exit codes of actors.
inline constexpr int exit_finished = 0;
inline constexpr int exit_complained = 3;

struct actor_context {
  queue& tested;
  const histories& logs;
  const run_options& options;
};

[[nodiscard]] int run_sender(const actor_context& run, unsigned index);
[[nodiscard]] int run_receiver(const actor_context& run, unsigned index);
// Tries to attach as a second sender where only one is allowed; it must be refused.
[[nodiscard]] int run_intruder(const actor_context& run);

// The body of an actor's process. Whatever the queue throws, also where nothing may be thrown (a
// destructor, a thread of its library), becomes the actor's complaint, behind the prefix.
[[nodiscard]] int run_guarded(actor_state& self, const char* prefix,
                              const std::function<int()>& body);

// Carries out a planned fault that is due, if it is for this point.
void reach(run_facts& facts, actor_state& self, fault_point point, std::uint64_t at) noexcept;

// In a `fallible` queue calls may fail after a kill; then an actor attaches again, but not forever.
class second_chances {
 public:
  explicit second_chances(const run_facts& facts) noexcept : facts_(facts) {}
  // May it try again? Then a moment has passed.
  [[nodiscard]] bool take();
  // Failures were permitted, but there were too many after one kill.
  [[nodiscard]] bool used_up() const noexcept { return kills_ != 0 && used_ > most; }

 private:
  static constexpr unsigned most = 40;
  const run_facts& facts_;
  std::uint64_t kills_ = 0;
  unsigned used_ = 0;  // since the last kill
};

}  // namespace shmfifo::harness
