// SPDX-License-Identifier: MIT
#include "system_call_trap.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>

#include "shmfifo/harness/support/child.hpp"

namespace hot_path {
namespace {

constexpr int exit_good = 0;
constexpr int exit_bad = 1;
constexpr int exit_no_seal = 2;

// SECCOMP_MODE_STRICT would let read and write through.
bool seal() noexcept {
  sock_filter only_exit[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const sock_fprog program{sizeof only_exit / sizeof *only_exit, only_exit};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

[[noreturn]] void run_job(const std::function<std::function<bool()>()>& set_up) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const std::function<bool()> job = set_up();
  if (!job) ::_exit(exit_bad);
  if (!seal()) ::_exit(exit_no_seal);
  ::_exit(job() ? exit_good : exit_bad);  // before the job is destroyed, which makes system calls
}

}  // namespace

ending run_sealed(const std::function<std::function<bool()>()>& set_up) {
  const int status =
      shmfifo::harness::reap(shmfifo::harness::start_child([&]() -> int { run_job(set_up); }));
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) return ending::system_call;
  return WIFEXITED(status) && WEXITSTATUS(status) == exit_good ? ending::quiet : ending::failed;
}

std::string to_string(ending how) {
  switch (how) {
    case ending::quiet:
      return "no system call";
    case ending::system_call:
      return "ended by a system call";
    case ending::failed:
      return "the job failed";
  }
  return "unknown";
}

}  // namespace hot_path
