// SPDX-License-Identifier: MIT
#pragma once
// The latency of one message: a round trip through two rings, compared with two bare flags; from a
// publish until a sleeping consumer has the message; of a publish into a full ring and to sleepers;
// and the processor time of waiting consumers.

#include <cstdint>

#include "actors.hpp"

namespace shmfifo::million {

void measure_ping_pong(actor& self, std::uint32_t execution, probe which);
// `what` is word_8 or text. `slow`, here and below: slowed on purpose (self_test.hpp).
void measure_round_trip(actor& self, std::uint32_t execution, kind what, bool slow);
void measure_wake_up(actor& self, std::uint32_t execution);
// One publish into a ring with room, and into a full one of which one slot was released.
void measure_full_ring(actor& self, std::uint32_t execution, bool slow);
// One publish while so many consumers sleep.
void measure_publish_to_sleepers(actor& self, std::uint32_t execution, const sleepers& which,
                                 bool slow);
// The processor time of each of so many consumers that wait, in per cent of the time in which it
// had a processor or did not want one; below zero in the writer's process, which does not measure.
[[nodiscard]] double measure_idle_consumers(actor& self, unsigned consumers, bool slow);

}  // namespace shmfifo::million
