// SPDX-License-Identifier: MIT
#pragma once
// Deaths that a build with coverage still counts. SIGKILL and _exit leave no time to write the
// counters, so the lines run only in a child that dies would seem never run. Here the counters are
// written first, by the dying process itself; in every other build this is plain SIGKILL and _exit.

#include <signal.h>
#include <unistd.h>

// Present only in builds that count coverage (the preset tells the linker to keep it).
extern "C" [[gnu::weak]] void __gcov_dump();

namespace shmfifo::testing {

inline bool counts_coverage() noexcept {
  return __gcov_dump != nullptr;
}

inline void write_coverage() noexcept {
  if (!counts_coverage()) return;
  // The handler below must not find the counters' lock held by the code it interrupted.
  ::sigset_t asked, before;
  ::sigemptyset(&asked);
  ::sigaddset(&asked, SIGUSR2);
  ::pthread_sigmask(SIG_BLOCK, &asked, &before);
  __gcov_dump();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

[[noreturn]] inline void kill_self() noexcept {
  write_coverage();
  for (;;) ::kill(::getpid(), SIGKILL);
}

[[noreturn]] inline void exit_child(int code) noexcept {
  write_coverage();
  ::_exit(code);
}

// In a child: lets kill_process ask for the counters first.
inline void settle_coverage() noexcept {
  if (counts_coverage()) ::signal(SIGUSR2, [](int) { kill_self(); });
}

// Of a child that settled.
inline void kill_process(pid_t child) noexcept {
  ::kill(child, counts_coverage() ? SIGUSR2 : SIGKILL);
  ::kill(child, SIGCONT);  // a paused one would write nothing
}

}  // namespace shmfifo::testing
