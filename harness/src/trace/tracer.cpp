// SPDX-License-Identifier: MIT
#include "shmfifo/harness/trace/tracer.hpp"

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <fstream>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include "shmfifo/harness/support/child.hpp"

namespace shmfifo::harness::crash {
namespace {

[[noreturn]] void fail(const char* call) {
  throw std::runtime_error(std::string(call) + " failed: " + std::strerror(errno));
}

// The value of a line such as "TracerPid:	0" of this process; 0 where there is none.
long status_value(const std::string& field) {
  std::ifstream file("/proc/self/status");
  std::string key;
  long value = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    if (words >> key && key == field && words >> value) return value;
  }
  return 0;
}

std::string why_ptrace_is_refused() {
  if (const long tracer = status_value("TracerPid:"); tracer != 0) {
    return "Process " + std::to_string(tracer) + " traces this program: run it without a debugger";
  }
  int scope = 0;
  if (std::ifstream("/proc/sys/kernel/yama/ptrace_scope") >> scope && scope > 1) {
    return "kernel.yama.ptrace_scope is " + std::to_string(scope) + ": set it to 1";
  }
  if (status_value("Seccomp:") != 0) {
    return "A seccomp filter forbids it: give the container --cap-add=SYS_PTRACE, or "
           "--security-opt seccomp=unconfined";
  }
  return "Run it where ptrace is allowed, on the machine itself";
}

[[noreturn]] void refuse_without_ptrace(int code) {
  throw std::runtime_error(std::string("ptrace(TRACEME) failed: ") + std::strerror(code) + ". " +
                           why_ptrace_is_refused());
}

constexpr std::size_t register_rip = offsetof(struct user_regs_struct, rip);

// What a breakpoint costs (continue, trap, step over it, put it back) in single steps.
constexpr std::uint64_t steps_per_visit = 4;
constexpr std::size_t look_back = 256;

constexpr std::size_t callers_most = 8;

}  // namespace

shared_control::shared_control() {
  void* page = ::mmap(nullptr, sizeof(control_page), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) fail("mmap");
  page_ = new (page) control_page;
}
shared_control::~shared_control() {
  ::munmap(page_, sizeof(control_page));
}

// If a call fails, everything still works, only slower.
one_processor::one_processor() noexcept {
  CPU_ZERO(&before_);
  if (::sched_getaffinity(0, sizeof before_, &before_) != 0) return;
  const int here = ::sched_getcpu();
  if (here < 0) return;
  ::cpu_set_t alone;
  CPU_ZERO(&alone);
  CPU_SET(static_cast<unsigned>(here), &alone);
  static_cast<void>(::sched_setaffinity(0, sizeof alone, &alone));
}

void one_processor::give_back(pid_t who) const noexcept {
  static_cast<void>(::sched_setaffinity(who, sizeof before_, &before_));
}

std::vector<route> plan_routes(const std::vector<std::uintptr_t>& trace) {
  std::unordered_map<std::uintptr_t, unsigned> visits;
  std::vector<unsigned> visit(trace.size());
  for (std::size_t i = 0; i < trace.size(); ++i) visit[i] = ++visits[trace[i]];
  std::vector<route> routes(trace.size());
  for (std::size_t i = 0; i < trace.size(); ++i) {
    routes[i] = {0, 0, i};
    std::uint64_t best = i;
    const std::size_t first = i > look_back ? i - look_back : 1;
    for (std::size_t j = i; j >= first; --j) {
      const std::uint64_t cost = steps_per_visit * visit[j] + (i - j);
      if (cost < best) {
        best = cost;
        routes[i] = {trace[j], visit[j], i - j};
      }
    }
  }
  return routes;
}

tracee::tracee(shared_control& control, const std::function<void()>& body)
    : control_(control.page()) {
  new (&control_) control_page;
  near_.emplace();
  pid_ = start_child([&] {
    try {
      if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) refuse_without_ptrace(errno);
      body();
      return 0;
    } catch (const std::exception& problem) {
      std::strncpy(control_.complaint, problem.what(), sizeof control_.complaint - 1);
      return 102;
    }
  });
  if (!wait_for_trap()) {
    throw std::runtime_error(std::string("the child did not reach its operation: ") +
                             control_.complaint);
  }
  ::ptrace(PTRACE_SETOPTIONS, pid_, nullptr, PTRACE_O_EXITKILL);
}

tracee::~tracee() {
  if (pid_ > 0) kill();
}

bool tracee::wait_for_trap() {
  for (;;) {
    int status = 0;
    if (::waitpid(pid_, &status, __WALL) != pid_) fail("waitpid");
    if (!WIFSTOPPED(status)) {
      status_ = status;
      pid_ = -1;
      return false;
    }
    if (WSTOPSIG(status) == SIGTRAP) return true;
    // Any other signal is the child's own (an abort, a fault): pass it on.
    if (::ptrace(PTRACE_CONT, pid_, nullptr, WSTOPSIG(status)) != 0) fail("ptrace(CONT)");
  }
}

bool tracee::step() {
  if (pid_ < 0 || control_.finished != 0) return false;
  if (::ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr) != 0) fail("ptrace(SINGLESTEP)");
  return wait_for_trap() && control_.finished == 0;
}

std::uintptr_t tracee::address() const {
  return static_cast<std::uintptr_t>(
      ::ptrace(PTRACE_PEEKUSER, pid_, reinterpret_cast<void*>(register_rip), nullptr));
}

// A direct call is five bytes long; an indirect one two to seven, the first of them 0xff.
bool tracee::follows_a_call(std::uintptr_t address) const {
  errno = 0;
  const auto before = static_cast<std::uint64_t>(
      ::ptrace(PTRACE_PEEKTEXT, pid_, reinterpret_cast<void*>(address - 8), nullptr));
  if (errno != 0) return false;
  const auto byte = [&](unsigned back) { return before >> 8 * (8 - back) & 0xff; };
  return byte(5) == 0xe8 || byte(2) == 0xff || byte(3) == 0xff || byte(6) == 0xff ||
         byte(7) == 0xff;
}

std::vector<std::uintptr_t> tracee::callers() const {
  std::vector<std::uintptr_t> found;
  struct user_regs_struct now {};
  if (::ptrace(PTRACE_GETREGS, pid_, nullptr, &now) != 0) return found;
  std::uintptr_t below = now.rsp;
  std::uintptr_t frame = now.rbp;
  while (found.size() < callers_most && frame >= below && frame % sizeof frame == 0) {
    const auto peek = [&](std::uintptr_t where) {
      return static_cast<std::uintptr_t>(
          ::ptrace(PTRACE_PEEKDATA, pid_, reinterpret_cast<void*>(where), nullptr));
    };
    errno = 0;
    const std::uintptr_t next = peek(frame);
    const std::uintptr_t back = peek(frame + sizeof frame);
    // Without frame pointers the register can hold anything.
    if (errno != 0 || !follows_a_call(back)) break;
    found.push_back(back - 1);
    below = frame + 1;
    frame = next;
  }
  return found;
}

bool tracee::go(const route& way) {
  if (way.visit > 0) {
    void* const where = reinterpret_cast<void*>(way.address);
    errno = 0;
    const long word = ::ptrace(PTRACE_PEEKTEXT, pid_, where, nullptr);
    if (errno != 0) fail("ptrace(PEEKTEXT)");
    const long broken = (word & ~0xffL) | 0xcc;
    for (unsigned visit = 1;; ++visit) {
      if (::ptrace(PTRACE_POKETEXT, pid_, where, broken) != 0) fail("ptrace(POKETEXT)");
      if (::ptrace(PTRACE_CONT, pid_, nullptr, nullptr) != 0) fail("ptrace(CONT)");
      const bool stopped = wait_for_trap() && control_.finished == 0;
      if (pid_ < 0) return false;
      if (::ptrace(PTRACE_POKETEXT, pid_, where, word) != 0) fail("ptrace(POKETEXT)");
      if (!stopped) return false;
      ::ptrace(PTRACE_POKEUSER, pid_, reinterpret_cast<void*>(register_rip), where);
      if (visit == way.visit) break;
      if (!step()) return false;
    }
  }
  for (std::uint64_t i = 0; i < way.steps; ++i) {
    if (!step()) return false;
  }
  return true;
}

void tracee::kill() {
  if (pid_ < 0) return;
  // A finished process that is still traced may write its coverage counters first.
  const bool counted = control_.finished != 0 && shmfifo::testing::counts_coverage() &&
                       ::ptrace(PTRACE_DETACH, pid_, nullptr, SIGUSR2) == 0;
  if (!counted) ::kill(pid_, SIGKILL);
  int status = 0;
  do {
    if (::waitpid(pid_, &status, __WALL) != pid_) break;
  } while (!WIFEXITED(status) && !WIFSIGNALED(status));
  pid_ = -1;
  near_.reset();
}

void tracee::pause() {
  control_.alone = 1;
  if (::ptrace(PTRACE_DETACH, pid_, nullptr, SIGSTOP) != 0) fail("ptrace(DETACH)");
  int status = 0;
  if (::waitpid(pid_, &status, WUNTRACED) != pid_ || !WIFSTOPPED(status)) {
    throw std::runtime_error("the child did not stop at SIGSTOP");
  }
  near_->give_back(pid_);
  near_.reset();
}

bool tracee::resume_to_end(unsigned milliseconds) {
  ::kill(pid_, SIGCONT);
  const timespec slice{0, 50'000};
  for (unsigned i = 0; i < milliseconds * 20; ++i) {
    if (const std::optional<int> status = try_reap(pid_)) {
      pid_ = -1;
      status_ = *status;
      return WIFEXITED(*status) && WEXITSTATUS(*status) == 0;
    }
    ::nanosleep(&slice, nullptr);
  }
  return false;
}

}  // namespace shmfifo::harness::crash
