// SPDX-License-Identifier: MIT
#include "child.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
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
  const pid_t child = ::fork();
  if (child < 0) {
    throw std::runtime_error(std::string("cannot start an actor: fork failed: ") +
                             std::strerror(errno));
  }
  if (child > 0) return child;
  settle_in(parent);
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

unsigned remove_names(const char* beginning) noexcept {
  unsigned removed = 0;
  for (const char* folder : {"/dev/shm", "/dev/mqueue", "/tmp"}) {
    std::error_code failed;
    for (std::filesystem::directory_iterator it(folder, failed), end; !failed && it != end;
         it.increment(failed)) {
      const std::string name = it->path().filename().string();
      // POSIX named semaphores put a prefix before their name.
      const std::string_view bare =
          name.starts_with("sem.") ? std::string_view(name).substr(4) : std::string_view(name);
      std::error_code refused;
      if (bare.starts_with(beginning) && std::filesystem::remove_all(it->path(), refused) != 0) {
        ++removed;
      }
    }
  }
  return removed;
}

namespace {

// The guardian's whole life. It ends when the last copy of the pipe's other end is closed.
[[noreturn]] void stand_guard(int read_end, const char* beginning) noexcept {
  ::prctl(PR_SET_NAME, "shmfifo-guard");
  char told = 0;
  ssize_t got = 0;
  do {
    got = ::read(read_end, &told, 1);
  } while (got < 0 && errno == EINTR);
  // The actors die with the supervisor, but a moment later they may still be creating.
  for (int i = 0; i < 5 && got == 0; ++i) {
    remove_names(beginning);
    ::usleep(20000);
  }
  ::_exit(0);
}

}  // namespace

guardian::guardian(const char* beginning) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for the guardian");
  std::fflush(nullptr);
  const pid_t between = ::fork();
  if (between == 0) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);  // the guardian is nobody's child
    ::close(ends[1]);
    for (int standard = 0; standard < 3; ++standard) {
      // It must not keep the supervisor's output open for those who read it to the end.
      const int nowhere = ::open("/dev/null", O_RDWR);
      if (nowhere >= 0) ::dup2(nowhere, standard);
      if (nowhere > 2) ::close(nowhere);
    }
    stand_guard(ends[0], beginning);
  }
  ::close(ends[0]);
  pipe_ = ends[1];
  if (between < 0) throw std::runtime_error("no process for the guardian");
  static_cast<void>(reap(between, true));
}

guardian::~guardian() {
  const char all_is_well = 1;
  while (::write(pipe_, &all_is_well, 1) < 0 && errno == EINTR) {
  }
  ::close(pipe_);
}

}  // namespace shmfifo::harness
