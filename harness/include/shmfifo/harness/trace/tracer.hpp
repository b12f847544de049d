// SPDX-License-Identifier: MIT
#pragma once
// A child process that is stopped at the beginning of an operation and can then be moved forward
// one machine instruction at a time, or straight to a chosen one, to be killed or paused exactly
// there. Linux on x86-64 (ptrace, int3); knows nothing of queues.

#include <sched.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace shmfifo::harness::crash {

// What the child and its tracer share outside the segment under test. The child writes, the tracer
// reads; it is a separate page, so it survives the child.
struct control_page {
  volatile std::uint32_t finished = 0;      // the operation's end was reached
  volatile std::uint32_t alone = 0;         // set by the tracer: no longer traced, run to the end
  volatile std::uint32_t stepped = 0;       // set by the tracer: the clock runs slowly (see wait)
  volatile std::uint32_t acknowledged = 0;  // publishes that returned ok ...
  volatile std::int64_t numbers[16] = {};   // ... and their numbers
  volatile std::uint32_t delivered = 0;     // messages that the operation delivered
  volatile std::int64_t first_delivered = -1;
  volatile std::int64_t answer = -1;
  char complaint[200] = {};  // from the child, if it saw something wrong
};

class shared_control {
 public:
  shared_control();
  ~shared_control();
  shared_control(const shared_control&) = delete;
  shared_control& operator=(const shared_control&) = delete;
  [[nodiscard]] control_page& page() const noexcept { return *page_; }

 private:
  control_page* page_;
};

// The two marks around the instructions of interest, called in the child.
inline void begin_mark() noexcept {
  __asm__ volatile("int3" ::: "memory");
}
inline void end_mark(control_page& control) noexcept {
  control.finished = 1;
  if (control.alone == 0) __asm__ volatile("int3" ::: "memory");
}

// How to get to an instruction: stop at `address` for the `visit`-th time, then take `steps` more.
struct route {
  std::uintptr_t address = 0;
  unsigned visit = 0;  // 0: no breakpoint, only steps
  std::uint64_t steps = 0;
};

// Cheapest route to each instruction of a recorded trace.
std::vector<route> plan_routes(const std::vector<std::uintptr_t>& trace);

// Keeps the calling thread, and the children that it forks meanwhile, on their present processor. A
// step is two switches between tracer and child, several times as fast on one processor as on two.
class one_processor {
 public:
  one_processor() noexcept;
  ~one_processor() { give_back(0); }
  one_processor(const one_processor&) = delete;
  one_processor& operator=(const one_processor&) = delete;
  // Restores the former processors of the process `who` (0: the calling thread).
  void give_back(pid_t who) const noexcept;

 private:
  ::cpu_set_t before_{};
};

class tracee {
 public:
  // Forks. The body must call begin_mark, do the operation, call end_mark, and return.
  // The constructor returns when the child stands at its begin mark.
  tracee(shared_control& control, const std::function<void()>& body);
  ~tracee();  // kills what is left
  tracee(const tracee&) = delete;
  tracee& operator=(const tracee&) = delete;

  // One instruction. False when the operation is finished (or the child ended by itself).
  bool step();
  bool go(const route& way);
  [[nodiscard]] std::uintptr_t address() const;  // of the next instruction
  // Addresses inside the open calls, innermost first, as far as frame pointers show them: all of
  // them in unoptimised code, perhaps none otherwise, where inlining shows as much.
  [[nodiscard]] std::vector<std::uintptr_t> callers() const;
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  // Wait status if the child ended without being killed, otherwise -1.
  [[nodiscard]] int ended_by_itself() const noexcept { return status_; }

  void kill();   // SIGKILL, and reaped: everything that the kernel does at death is done
  void pause();  // stopped by SIGSTOP, and no longer traced
  // Sends SIGCONT; true if the child then exits with 0 within the time.
  bool resume_to_end(unsigned milliseconds);

 private:
  bool wait_for_trap();
  [[nodiscard]] bool follows_a_call(std::uintptr_t address) const;

  control_page& control_;
  std::optional<one_processor> near_;  // until the child is dead or paused
  pid_t pid_ = -1;
  int status_ = -1;
};

}  // namespace shmfifo::harness::crash
