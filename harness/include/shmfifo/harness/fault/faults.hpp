// SPDX-License-Identifier: MIT
#pragma once
// Makes system calls and requests for memory of the code under test fail on demand. The linker's
// --wrap leads each call through a wrapper here, and operator new is replaced. A wrapper only
// passes the call on unless a plan is armed for it. One exception: nanosleep is skipped while a
// permanent failure is armed. The code under test knows nothing of it.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shmfifo::harness::fault {

enum class call : std::uint8_t {
  open,
  fchmod,
  ftruncate,
  fallocate,
  mmap,
  linkat,
  unlink,
  fstat,
  lstat,
  pread,
  read,
  fcntl,
  madvise,
  opendir,
  readdir,
  syscall,
  nanosleep,
  getrandom,
  close,
  munmap,
  allocation,  // no system call: operator new
  count
};
inline constexpr std::size_t call_count = static_cast<std::size_t>(call::count);
std::string_view to_string(call which);
// The errno values of the call's manual page, by name.
struct failure_code {
  int code;
  const char* name;
};
const std::vector<failure_code>& codes_of(call which);

struct plan {
  call which = call::count;  // count: nothing fails
  unsigned nth = 1;          // of these calls, counted from 1
  bool forever = false;      // this one and all that follow
  int code = 0;              // 0: no failure but a short result (pread, getrandom)
};

// Arms the plan in this process and sets the counters to 0.
void arm(const plan& what);
// Disarms, and returns how often each call was made meanwhile.
std::array<unsigned, call_count> disarm();
[[nodiscard]] bool struck();  // the planned failure took place

// Blocks from operator new that are not given back; in a program of one thread.
[[nodiscard]] long live_blocks();

}  // namespace shmfifo::harness::fault
