// SPDX-License-Identifier: MIT
#pragma once
// The two processes between which everything is measured: one writes, one reads, from the first row
// to the last, so that all figures of a run belong to the same two processes on the same two
// processors. They also keep /dev/shm clean however the run ends.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "results.hpp"

namespace shmfifo::million {

enum class pinning : std::uint8_t {
  automatic,  // if there are two processors
  yes,        // or fail
  no          // the scheduler decides
};

struct run_options {
  std::int64_t messages = 1'000'000;
  std::uint32_t executions = 5;
  pinning pin = pinning::automatic;
  bool self_test = false;  // slow one part of the core in each execution: the gates' own test
};

enum class side : std::uint8_t { writer, reader };

// Zeroed memory that this process and its children to come share; anonymous, so it needs no name
// and ends with them.
[[nodiscard]] void* map_shared_memory(std::size_t size);

// Shared by the parent and both actors.
struct shared_block {
  alignas(128) std::atomic<std::uint32_t> arrived[2][32];  // [side][0]; a line pair each
  alignas(128) std::atomic<std::uint32_t> started[2][32];
  alignas(128) std::atomic<std::uint64_t> ping;
  alignas(128) std::atomic<std::uint64_t> pong;
  alignas(128) std::atomic<std::uint32_t> steps_done;
  char step_name[64];
  std::atomic<bool> failed;
  char failure[1024];
  findings found[2];
};

class actor {
 public:
  actor(shared_block& block, side who, const run_options& options, std::string prefix);

  [[nodiscard]] bool writes() const noexcept { return side_ == side::writer; }
  [[nodiscard]] const run_options& options() const noexcept { return options_; }
  [[nodiscard]] shared_block& shared() noexcept { return block_; }
  [[nodiscard]] findings& found() noexcept { return block_.found[static_cast<unsigned>(side_)]; }

  // Pins the calling thread to the processor with this number among those that the process may use:
  // 0 is the writer's and 1 the reader's. It stays where it is if there are not as many, or if the
  // options ask for it.
  void take_processor(unsigned index) noexcept;

  // Both sides must arrive before either goes on. `meet` may sleep; `start_line` spins, so that
  // both leave it within some hundred nanoseconds: call `meet` first.
  void meet() noexcept;
  void start_line() noexcept;

  // The same new name on both sides, if both ask for the same number of names.
  [[nodiscard]] std::string next_name() { return prefix_ + std::to_string(names_++); }

  void step(std::string_view name) noexcept;  // for the progress display
  void record(const row_key& key, std::uint32_t execution, const timing& times);
  void record(const latency& measured);

  // Ends the whole run: the machine or the measured system is at fault.
  [[noreturn]] void fail(const std::string& sentence) noexcept;

 private:
  shared_block& block_;
  side side_;
  run_options options_;
  std::string prefix_;
  std::vector<unsigned> processors_;  // that the process may use
  unsigned names_ = 0;
  std::uint32_t meetings_ = 0;
  std::uint32_t starts_ = 0;
};

// Of a process's second thread. Where there are only two processors, the thread stays on that of
// its own process: both wait for the same other process. Beside the other process it would wait for
// a processor on which its partner spins. Measured with two processors, 133 bytes, by
// `--executions 1`, million messages a second: a second producer beside the reader 3 to 4, beside
// the writer 14; a second consumer beside the writer 1.6, beside the reader 3.9.
inline constexpr unsigned third_processor = 2;

using clock = std::chrono::steady_clock;
[[nodiscard]] inline double ms_since(clock::time_point start) noexcept {
  return std::chrono::duration<double, std::milli>(clock::now() - start).count();
}

struct run_outcome {
  bool ok = false;
  int signal = 0;       // SIGINT or SIGTERM, after everything was cleaned up
  std::string failure;  // why it is not ok
  results found;
};

// Runs `script` in two new processes and waits. However the run ends (also by SIGKILL of this
// process or of all three), it leaves no name with its prefix in /dev/shm and no process.
[[nodiscard]] run_outcome run_in_two_processes(const run_options& options,
                                               std::uint32_t steps_in_all,
                                               const std::function<void(actor&)>& script);

}  // namespace shmfifo::million
