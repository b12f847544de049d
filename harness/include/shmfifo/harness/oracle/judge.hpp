// SPDX-License-Identifier: MIT
#pragma once
// The oracle: a pure function from the histories of a run to a verdict. Its time is linear in the
// logs; only the kills of a run are matched with what they explain. Besides the histories it needs
// eight bytes a message (its number) or, for queues without numbers, 24 bytes a message, with
// durable receivers eight a message and 32 an event of one. What a kill makes ambiguous it
// tolerates, where it happened and once: a message whose sender was killed inside the call may
// exist or not, one that a receiver was about to get may be gone with it.

#include <cstdint>

#include "shmfifo/harness/oracle/history.hpp"
#include "shmfifo/harness/oracle/verdict.hpp"

namespace shmfifo::harness {

// What the oracle counted.
struct judge_figures {
  std::uint64_t sent = 0;         // messages reported as sent
  std::uint64_t in_doubt = 0;     // senders killed inside the call
  std::uint64_t delivered = 0;    // messages received, by all together
  std::uint64_t redelivered = 0;  // of these, again after a restart
  std::uint64_t aborted = 0;      // distinct numbers
  std::uint64_t lost = 0;         // reported to lossy receivers, to all together
  std::uint64_t kills = 0;        // of all actors
  std::uint64_t stops = 0;        // pauses
  std::uint64_t restarts = 0;     // after a kill
  std::uint64_t fulls = 0;        // answers `full`
  std::uint64_t timeouts = 0;     // answers `timed_out`
};

// Is such a queue judged by its numbers? Otherwise by what its messages name themselves.
[[nodiscard]] bool judged_by_number(const capabilities& promises) noexcept;

// Judges by the promises that the queue made. Fills in the figures if there are any.
[[nodiscard]] verdict judge(const histories& logs, judge_figures* figures = nullptr);

// The same with other promises and another geometry, for instance to hold a queue to a promise that
// it did not make.
[[nodiscard]] verdict judge(const histories& logs, const capabilities& promises,
                            const queue_shape& shape, judge_figures* figures = nullptr);

}  // namespace shmfifo::harness
