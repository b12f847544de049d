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

namespace shmfifo::harness {
namespace {

void settle_in(pid_t parent) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before the line above
  // A terminal's interrupt is for the supervisor, which ends its children itself.
  std::signal(SIGINT, SIG_IGN);
}

}  // namespace

pid_t start_child(const std::function<int()>& body) {
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = testing::fork_counted();
  if (child < 0) {
    throw std::runtime_error(std::string("cannot start an actor: fork failed: ") +
                             std::strerror(errno));
  }
  if (child > 0) return child;
  settle_in(parent);
  testing::exit_child(body());
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
