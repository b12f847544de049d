// SPDX-License-Identifier: MIT
#pragma once
// What else the machine did during the measurement. Figures of a busy machine say little about the
// core, so the verdict shows it; it decides nothing.

#include <cstdint>
#include <istream>

#include "results.hpp"

namespace shmfifo::million {

// Processor time since the start of the machine, of all processors, in clock ticks.
struct processor_ticks {
  std::uint64_t all = 0;
  std::uint64_t idle = 0;   // including waiting for a disk
  std::uint64_t steal = 0;  // what the host gave to others
};

// From the first line of /proc/stat; all zero if the text is not such a line.
[[nodiscard]] processor_ticks read_ticks(std::istream& proc_stat);

// `own_ticks`: processor time of this program and its processes in between.
void add_ticks(machine_state& state, const processor_ticks& before, const processor_ticks& after,
               double own_ticks) noexcept;

// From /proc/self/schedstat: milliseconds in which the process could have run and had no processor;
// zero if the text is not such a line, or where the kernel does not count them.
[[nodiscard]] double read_waited_ms(std::istream& proc_schedstat);

// Processor time in per cent of the time in which the process had a processor or did not want one.
// Of all time, a process that polls without pause would look idle on a busy machine.
[[nodiscard]] double percent_used(double used_ms, double elapsed_ms, double waited_ms) noexcept;

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
