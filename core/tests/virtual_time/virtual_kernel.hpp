// SPDX-License-Identifier: MIT
#pragma once
// A clock that only sleeps move on, and a journal of what the library asks of the kernel about
// time: "futex 20000000" and "nap 1000000" with nanoseconds, "wake 2" with how many, "membarrier"
// with its command. The linker puts the wrappers before the calls (--wrap in CMakeLists.txt). A
// test of an hour takes no time, and says of every wait how long it was.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace virtual_time {

// Stands for the kernel as long as it lives; one at a time, in a process of one thread.
class kernel {
 public:
  kernel();
  ~kernel();
  kernel(const kernel&) = delete;
  kernel& operator=(const kernel&) = delete;

  std::chrono::steady_clock::time_point now;
  std::string journal = {};
  unsigned clock_reads = 0;
  const void* slept_on = nullptr;  // the futex of the last sleep
  bool membarrier_works = true;
  // Called in each sleep, with the number of sleeps so far, from 1: what others do meanwhile.
  std::function<void(unsigned)> at_sleep = [](unsigned) {};
  // How much of a sleep passes before a signal ends it, if it does.
  std::function<std::chrono::nanoseconds(std::chrono::nanoseconds)> interrupt = {};
  unsigned sleeps = 0;

  void note(const std::string& words);
  // The calls and their answers.
  int sleep(const std::string& call, const timespec& time);
  int futex(const std::uint32_t* bell, int operation, std::uint32_t value, const timespec* time);
  int membarrier(long command, long flags);
  // What the calls were since the last question, the same ones in a row once: "3 x nap 1000000".
  [[nodiscard]] std::string asked();
};

}  // namespace virtual_time
