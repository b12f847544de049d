// SPDX-License-Identifier: MIT
#pragma once
// One stream of all messages from the writer's process to the reader's, through the core or through
// a baseline. Both actors call the same function; each fills in what it measured. Every message is
// copied out and checked (number, length, bytes) inside the timed part.

#include <cstdint>

#include "actors.hpp"

namespace shmfifo::million {

// Milliseconds; zero for what a side did not measure.
struct stream_times {
  double create = 0;  // reserve and touch every page
  double attach = 0;  // fill the reader's page table
  timing writer;
  timing reader;
  timing copy_loop;

  stream_times& operator+=(const stream_times& other) noexcept {
    create += other.create;
    attach += other.attach;
    writer += other.writer;
    reader += other.reader;
    copy_loop += other.copy_loop;
    return *this;
  }
};

// The core. In `log_phases` the writer also times a plain copy of the same bytes to the same places
// of the same log, before or after publishing. `slow`: slowed on purpose (self_test.hpp).
[[nodiscard]] stream_times core_stream(actor& self, mode way, kind what, bool copy_first,
                                       bool slow);

// The bare ring or the flag lines, in memory that both actors share and that holds a ring
// of the payload's size (plan.hpp).
[[nodiscard]] stream_times ring_baseline(actor& self, subject who, std::byte* memory, kind what);

// The original program, rewritten: fixed records written with write(2) and read with read(2).
[[nodiscard]] stream_times original_stream(actor& self, mode way, kind what);

// Bytes in /dev/shm that the largest stream needs.
[[nodiscard]] std::uint64_t space_needed(std::int64_t messages) noexcept;

}  // namespace shmfifo::million
