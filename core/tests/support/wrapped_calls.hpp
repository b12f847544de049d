// SPDX-License-Identifier: MIT
#pragma once
// The system calls of the library, and its requests for memory, as a test program sees and fails
// them. The linker leads each through a wrapper (--wrap in CMakeLists.txt). A call that succeeds
// leaves garbage in errno, as it may by its manual page.

#include <sys/types.h>

#include <functional>
#include <string>

namespace shmfifo::testing {

// The call that is to fail next, and how.
struct planned_failure {
  // Its name, or a finer one: advice, dontfork, open_of_limits; long_pread and long_getrandom do
  // not fail but give less.
  std::string call;
  int code = 0;       // errno; 0: nothing fails
  int successes = 0;  // before the failure
  bool met = false;
  bool for_ever = false;
};
extern planned_failure planned;

// Longer reservations are undone by a signal; 0: none is.
extern off_t longest_uninterrupted;

// Sees each call that concerns a segment before it is made, as text: "fcntl /dev/shm/x(rw)
// F_OFD_SETLK F_WRLCK 1+1". What it calls itself is not seen.
extern std::function<void(const std::string& call)> on_call;

// In the environment of a process that is to get no page for forks.
inline constexpr const char* without_page = "SHMFIFO_TEST_WITHOUT_PAGE";

}  // namespace shmfifo::testing
