// SPDX-License-Identifier: MIT
#pragma once
// Child processes of tests and programs: started so that they die with their parent, killed so that
// coverage data survives, and reaped. Tests in C and Python have code of their own.

#include <signal.h>
#include <sys/types.h>

#include <functional>
#include <optional>

#include "shmfifo/harness/support/coverage.hpp"

namespace shmfifo::harness {

using testing::exit_child;
using testing::kill_process;
using testing::kill_self;

struct child_options {
  int death_signal = SIGKILL;        // sent to it when its parent dies; 0: it outlives its parent
  bool ignores_interrupt = false;    // a terminal's SIGINT is for the parent, which ends the child
  std::optional<pid_t> parent = {};  // as the child sees it: 0 across pid namespaces
};

// The exit code of a child whose parent died before the child had asked for the signal.
inline constexpr int exit_orphaned = 99;

// Forks; the child runs the body and exits with its result, without destructors or handlers of the
// parent. An exception that leaves the body ends the child by abort(). Throws std::runtime_error if
// there can be no process.
[[nodiscard]] pid_t start_child(const std::function<int()>& body,
                                const child_options& options = {});

// Has the child been stopped and not continued since? Reported once for each stop.
[[nodiscard]] bool has_stopped(pid_t child) noexcept;

// Waits for the end of a child; its status as of waitpid, or 0 if it is no child of this process.
int reap(pid_t child) noexcept;
// The same if the child has ended.
[[nodiscard]] std::optional<int> try_reap(pid_t child) noexcept;

// A child that is killed and reaped when this object is destroyed, unless it was before, and that
// can report that it has reached a point.
class child {
 public:
  explicit child(const std::function<int()>& body);
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child();

  // In the child: reports to the parent that the point is reached.
  static void ready();
  // In the child: closes what a daemon closes, all descriptors above 2; only ready() keeps its own.
  static void close_descriptors();

  // In the parent: waits for ready(); false if the child ended instead.
  [[nodiscard]] bool wait_ready() const;
  void signal(int number) const { ::kill(pid_, number); }
  // The exit code, or 128 plus the signal that ended it.
  int join();
  int kill_and_join();
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  static child* current_;
  int ready_[2] = {-1, -1};
  pid_t pid_ = -1;
};

// In a child: sleeps until it is killed.
[[noreturn]] int sleep_for_ever();

// In a child: from now on nobody else sees what it mounts, which ends with it. False where the
// kernel refuses.
[[nodiscard]] bool enter_private_mounts() noexcept;

}  // namespace shmfifo::harness
