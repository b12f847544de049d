// SPDX-License-Identifier: MIT
#pragma once
// What else the machine did while we measured. Figures of a busy machine say little of the core, so
// whoever reads a verdict sees it there; it decides nothing.

#include <cstdint>
#include <istream>

#include "results.hpp"

namespace shmfifo::million {

// Processor time since the start of the machine, of all processors, in clock ticks.
struct processor_ticks {
  std::uint64_t all = 0;
  std::uint64_t idle = 0;   // also while waiting for a disk
  std::uint64_t steal = 0;  // what the host gave to others
};

// From the first line of /proc/stat; all zero if it is no such text.
[[nodiscard]] processor_ticks read_ticks(std::istream& proc_stat);

// `own_ticks`: what this program and its processes used in between.
void add_ticks(machine_state& state, const processor_ticks& before, const processor_ticks& after,
               double own_ticks) noexcept;

// Made before the run; `finish` is called after the measuring processes were waited for.
class machine_watch {
 public:
  machine_watch();
  [[nodiscard]] machine_state finish();

 private:
  machine_state state_;
  processor_ticks before_;
};

}  // namespace shmfifo::million
