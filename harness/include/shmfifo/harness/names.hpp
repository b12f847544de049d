// SPDX-License-Identifier: MIT
#pragma once
// The names of one run, under /dev/shm and wherever else queues keep some, and their end however
// the run ends. A guardian, a process outside the run's family and session, waits for the end of a
// pipe that all processes of the run hold open, which the kernel closes even for killed ones, and
// then removes what is left. Where the guardian was killed as well, the next run removes what bears
// the name of a process that is dead.

#include <string>

namespace shmfifo::harness {

// Removes every name that begins with this in /dev/shm, /dev/mqueue and /tmp; answers how many.
unsigned remove_names(const std::string& beginning) noexcept;

class run_names {
 public:
  // First removes what runs of this program left whose owners are dead. Throws std::runtime_error
  // if there can be no guardian.
  explicit run_names(const std::string& program);
  run_names(const run_names&) = delete;
  run_names& operator=(const run_names&) = delete;
  ~run_names();

  // shmfifo-<program>-<pid>-<start time of the process>-<count>-
  [[nodiscard]] const std::string& beginning() const noexcept { return beginning_; }
  // A new name each time, all of one length.
  [[nodiscard]] std::string next();

 private:
  std::string beginning_;
  unsigned count_ = 0;
  int guardian_ = -1;  // write end of the guardian's pipe
};

}  // namespace shmfifo::harness
