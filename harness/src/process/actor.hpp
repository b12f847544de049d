// SPDX-License-Identifier: MIT
#pragma once
// The bodies of the actors: a sender sends its share, a receiver receives until everything has
// arrived. Both log as they go and can be killed anywhere; started again they continue from the
// log.

#include <chrono>
#include <functional>

#include "shmfifo/harness/process/runner.hpp"

namespace shmfifo::harness {

// Polls of queues that count in milliseconds may end that much early.
constexpr auto deadline_slack = std::chrono::milliseconds(2);

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
void reach(actor_state& self, fault_point point, std::uint64_t at) noexcept;

}  // namespace shmfifo::harness
