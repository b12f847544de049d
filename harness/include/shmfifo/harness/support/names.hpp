// SPDX-License-Identifier: MIT
#pragma once
// The names of one run, in /dev/shm and wherever else queues keep some, which are removed however
// the run ends. All tests follow one scheme; those in C and Python have their own code
// (core/c/tests/support.c, core/tests/apps/support.py):
//
// - Names begin with shmfifo-<program>-<64 random bits>-. A pid would recur: in another pid
//   namespace on the same /dev/shm, or after a restart.
// - The file of the beginning and "lock" is locked (flock, shared) as long as any process of the
//   run lives. The lock belongs to the open file, which every child inherits and which the kernel
//   closes for killed processes, too.
// - A library may put its own prefix before a name, so what contains the beginning is removed, too.
//   Names without it are listed in the lock's file, for whoever removes them.
// - Only the exclusive holder of that lock removes names: the guardian, a process outside the run's
//   family and session that waits for the lock, or, if the guardian was killed as well, the next
//   run. The lock's file is removed last.

#include <string>
#include <vector>

namespace shmfifo::harness {

// Removes every name in /dev/shm, /dev/mqueue and /tmp that contains this beginning or is one of
// the others, except the lock's; returns how many.
unsigned remove_names(const std::string& beginning,
                      const std::vector<std::string>& others = {}) noexcept;

// 64 random bits as hexadecimal digits. Throws std::runtime_error if the kernel gives none.
std::string random_digits();

class run_names {
 public:
  // First removes what earlier runs of this program left. Throws std::runtime_error if there can be
  // no lock or no guardian.
  explicit run_names(const std::string& program);
  run_names(const run_names&) = delete;
  run_names& operator=(const run_names&) = delete;
  ~run_names();  // in the process that made it; a child's copy leaves everything as it is

  // shmfifo-<program>-<16 hexadecimal digits>-
  [[nodiscard]] const std::string& beginning() const noexcept { return beginning_; }
  // A new name each time, all of one length.
  [[nodiscard]] std::string next();
  // These names, which do not contain the beginning, belong to the run as well. Throws
  // std::invalid_argument if one is no file name of such a folder (a slash may begin it).
  void add(const std::vector<std::string>& others);
  // In a child that is about to exec: the program that it becomes belongs to the run.
  void keep_across_exec() const noexcept;

 private:
  unsigned forks_;  // of this process when it made the run; a child has more
  std::string beginning_;
  unsigned count_ = 0;
  void* lock_ = nullptr;  // a mapping of the lock's file, which keeps it open without a descriptor
};

// For tests: a name in /dev/shm that nobody else uses, removed when this object is destroyed.
class unique_name {
 public:
  unique_name();
  unique_name(const unique_name&) = delete;
  unique_name& operator=(const unique_name&) = delete;
  ~unique_name();
  [[nodiscard]] const std::string& get() const noexcept { return text_; }
  [[nodiscard]] std::string path() const { return "/dev/shm/" + text_; }
  [[nodiscard]] bool exists() const;

 private:
  std::string text_;
};

}  // namespace shmfifo::harness
