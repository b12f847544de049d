// SPDX-License-Identifier: MIT
#pragma once
// Deaths that a build with coverage still counts. SIGKILL and _exit leave no time to write the
// counters, so lines that only a killed child runs would seem never run. Here the dying process
// writes its counters first; in every other build this is plain SIGKILL and _exit. Header only, so
// that the tests of the coverage report need nothing else.

#include <signal.h>
#include <unistd.h>

#include <initializer_list>

// Present only in builds that count coverage (the preset tells the linker to keep the first).
extern "C" {
[[gnu::weak]] void __gcov_dump();
[[gnu::weak]] int __llvm_profile_write_file();
}

namespace shmfifo::testing {

inline bool counts_coverage() noexcept {
  return __gcov_dump != nullptr || __llvm_profile_write_file != nullptr;
}

// What SIGUSR2 was before it was blocked in this thread.
inline ::sigset_t hold_back_dump_signal() noexcept {
  ::sigset_t asked, before;
  ::sigemptyset(&asked);
  ::sigaddset(&asked, SIGUSR2);
  ::pthread_sigmask(SIG_BLOCK, &asked, &before);
  return before;
}

inline void write_coverage() noexcept {
  if (!counts_coverage()) return;
  // The handler below must not find the counters' lock held by the code it interrupted.
  const ::sigset_t before = hold_back_dump_signal();
  if (__gcov_dump != nullptr) __gcov_dump();
  if (__llvm_profile_write_file != nullptr) static_cast<void>(__llvm_profile_write_file());
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

// In a child: what `call` runs until it ends the child by abort().
template <class Call>
void ends(Call&& call) {
  if (counts_coverage()) ::signal(SIGABRT, [](int) { write_coverage(); });
  call();
}

// fork, after which kill_process may ask the child for its counters first.
inline pid_t fork_counted() noexcept {
  if (!counts_coverage()) return ::fork();
  const ::sigset_t before = hold_back_dump_signal();  // until the child has a handler for it
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGUSR2, [](int) {
      // The code interrupted may hold a lock that writing needs, or have left the allocator's lists
      // half changed: then the counters are lost, and the process still dies by SIGKILL.
      for (const int failed : {SIGALRM, SIGABRT, SIGSEGV})
        ::signal(failed, [](int) { ::kill(::getpid(), SIGKILL); });
      ::alarm(5);
      kill_self();
    });
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return child;
}

// Kills a child of fork_counted.
inline void kill_process(pid_t child) noexcept {
  ::kill(child, counts_coverage() ? SIGUSR2 : SIGKILL);
  ::kill(child, SIGCONT);  // a paused one would write nothing
}

}  // namespace shmfifo::testing
