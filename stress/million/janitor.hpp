// SPDX-License-Identifier: MIT
#pragma once
// Removes a run's names from /dev/shm when the last of its processes has ended, however it ended.
// The janitor is a process of its own, outside the run's session and process tree, that waits for
// the end of a pipe which all the others hold open: the kernel closes it even for a killed process.

#include <string>

namespace shmfifo::million {

// Removes every name in /dev/shm that begins with `prefix`.
void remove_names(const std::string& prefix) noexcept;

class janitor {
 public:
  explicit janitor(const std::string& prefix);  // throws std::system_error
  janitor(const janitor&) = delete;
  janitor& operator=(const janitor&) = delete;
  ~janitor();  // lets it do its work, and waits until it has gone

 private:
  int life_ = -1;  // write end, inherited by the run's processes
  int gone_ = -1;  // read end, ends with the janitor
};

}  // namespace shmfifo::million
