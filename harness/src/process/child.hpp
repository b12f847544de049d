// SPDX-License-Identifier: MIT
#pragma once
// Processes of a run: started so that they die with their supervisor, killed so that coverage data
// survives, and reaped.

#include <sys/types.h>

#include <functional>
#include <optional>

#include "shmfifo/harness/support/coverage.hpp"

namespace shmfifo::harness {

using testing::kill_process;
using testing::kill_self;

// Exit codes of actors.
inline constexpr int exit_finished = 0;
inline constexpr int exit_complained = 3;

// Forks; the child runs the body and ends with its answer, without destructors or handlers of the
// parent. It is killed when the parent ends. Throws std::runtime_error if there can be no process.
[[nodiscard]] pid_t start_child(const std::function<int()>& body);

// Has the child been stopped and not continued since? Told once for each stop.
[[nodiscard]] bool has_stopped(pid_t child) noexcept;

// The status as of waitpid if the child has ended.
[[nodiscard]] std::optional<int> reap(pid_t child, bool wait) noexcept;

}  // namespace shmfifo::harness
