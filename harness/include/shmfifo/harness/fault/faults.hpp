// SPDX-License-Identifier: MIT
#pragma once
// Makes the system calls of the core fail on demand, and its requests for memory. The linker's
// --wrap leads each call through a wrapper here, and operator new is replaced; outside of an armed
// stretch, and for calls that are not the chosen one, the wrapper only passes it on. One exception:
// nobody naps while a failure lasts for ever, since it would be there after the nap, too. Nothing
// in the core knows about it.

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
  unsigned nth = 1;          // counted from 1
  bool forever = false;      // this one and all that follow
  int code = 0;              // 0: no failure but a short result (pread, getrandom)
};

// From now on, in this process. Counters start at 0.
void arm(const plan& what);
// Ends it; how often each call was made meanwhile.
std::array<unsigned, call_count> disarm();
[[nodiscard]] bool struck();  // the planned failure took place

// Blocks from operator new that are not given back; in a program of one thread.
[[nodiscard]] long live_blocks();

}  // namespace shmfifo::harness::fault
