// SPDX-License-Identifier: MIT
#include "child.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

// Present only in builds that count coverage.
extern "C" {
[[gnu::weak]] void __gcov_dump();
[[gnu::weak]] int __llvm_profile_write_file();
}

namespace shmfifo::harness {
namespace {

bool counts_coverage() noexcept {
  return __gcov_dump != nullptr || __llvm_profile_write_file != nullptr;
}

void write_coverage() noexcept {
  if (__gcov_dump != nullptr) __gcov_dump();
  if (__llvm_profile_write_file != nullptr) static_cast<void>(__llvm_profile_write_file());
}

// The signal by which kill_child asks for the data first.
void on_dump_signal(int) {
  write_coverage();
  ::kill(::getpid(), SIGKILL);
}

void settle_in(pid_t parent) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before the line above
  // A terminal's interrupt is for the supervisor, which ends its children itself.
  std::signal(SIGINT, SIG_IGN);
  if (counts_coverage()) std::signal(SIGUSR2, on_dump_signal);
}

}  // namespace

pid_t start_child(const std::function<int()>& body) {
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  // Held back until the child has a handler for it.
  sigset_t dump_signal;
  sigset_t before;
  sigemptyset(&dump_signal);
  sigaddset(&dump_signal, SIGUSR2);
  ::sigprocmask(SIG_BLOCK, &dump_signal, &before);
  const pid_t child = ::fork();
  if (child == 0) settle_in(parent);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (child < 0) {
    throw std::runtime_error(std::string("cannot start an actor: fork failed: ") +
                             std::strerror(errno));
  }
  if (child > 0) return child;
  const int code = body();
  write_coverage();
  ::_exit(code);
}

void kill_self() noexcept {
  write_coverage();
  for (;;) ::kill(::getpid(), SIGKILL);
}

void kill_child(pid_t child) noexcept {
  ::kill(child, counts_coverage() ? SIGUSR2 : SIGKILL);
  ::kill(child, SIGCONT);  // a paused one would write nothing
}

bool has_stopped(pid_t child) noexcept {
  siginfo_t what{};
  return ::waitid(P_PID, static_cast<id_t>(child), &what, WSTOPPED | WNOHANG) == 0 &&
         what.si_pid == child;
}

std::optional<int> reap(pid_t child, bool wait) noexcept {
  int status = 0;
  for (;;) {
    const pid_t got = ::waitpid(child, &status, wait ? 0 : WNOHANG);
    if (got == child) return status;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return 0;  // not ours: there is nothing to wait for
    return std::nullopt;
  }
}

}  // namespace shmfifo::harness
