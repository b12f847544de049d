// SPDX-License-Identifier: MIT
#include "shmfifo/harness/support/child.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

namespace shmfifo::harness {
namespace {

void set_up(const child_options& options, pid_t parent) noexcept {
  if (options.death_signal != 0) {
    ::prctl(PR_SET_PDEATHSIG, options.death_signal);
    if (::getppid() != parent) ::_exit(exit_orphaned);  // it died before the line above
  }
  if (options.ignores_interrupt) ::signal(SIGINT, SIG_IGN);
}

// noexcept: an exception must not unwind the copies of the parent's frames.
[[noreturn]] void run(const std::function<int()>& body) noexcept {
  exit_child(body());
}

}  // namespace

pid_t start_child(const std::function<int()>& body, const child_options& options) {
  std::fflush(nullptr);  // or both processes would write what is buffered
  const pid_t parent = options.parent.value_or(::getpid());
  const pid_t started = testing::fork_counted();
  if (started < 0) {
    throw std::runtime_error(std::string("cannot start a process: fork failed: ") +
                             std::strerror(errno));
  }
  if (started > 0) return started;
  set_up(options, parent);
  run(body);
}

bool has_stopped(pid_t child) noexcept {
  siginfo_t state{};
  return ::waitid(P_PID, static_cast<id_t>(child), &state, WSTOPPED | WNOHANG) == 0 &&
         state.si_pid == child;
}

namespace {

std::optional<int> wait_status(pid_t child, int flags) noexcept {
  int status = 0;
  for (;;) {
    const pid_t ended = ::waitpid(child, &status, flags);
    if (ended == child) return status;
    if (ended < 0 && errno == EINTR) continue;
    if (ended < 0) return 0;  // not ours: there is nothing to wait for
    return std::nullopt;
  }
}

}  // namespace

int reap(pid_t child) noexcept {
  return wait_status(child, 0).value_or(0);
}
std::optional<int> try_reap(pid_t child) noexcept {
  return wait_status(child, WNOHANG);
}

child* child::current_ = nullptr;

child::child(const std::function<int()>& body) {
  if (::pipe(ready_) != 0) throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
  pid_ = start_child([this, &body] {
    current_ = this;
    return body();
  });
  ::close(ready_[1]);
}

child::~child() {
  if (pid_ > 0) kill_and_join();
  ::close(ready_[0]);
}

void child::ready() {
  if (::write(current_->ready_[1], "r", 1) != 1) ::_exit(98);
}

void child::close_descriptors() {
  const auto pipe = static_cast<unsigned>(current_->ready_[1]);
  ::close_range(3, pipe - 1, 0);
  ::close_range(pipe + 1, ~0U, 0);
}

bool child::wait_ready() const {
  char byte = 0;
  return ::read(ready_[0], &byte, 1) == 1;
}

int child::join() {
  const int status = reap(pid_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int child::kill_and_join() {
  kill_process(pid_);
  return join();
}

int sleep_for_ever() {
  for (;;) ::pause();
}

bool enter_private_mounts() noexcept {
  return ::unshare(CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER)) == 0 &&
         ::mount("none", "/", "none", MS_REC | MS_PRIVATE, nullptr) == 0;
}

}  // namespace shmfifo::harness
