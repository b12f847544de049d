// SPDX-License-Identifier: MIT
#pragma once
// The latency of one message: a round trip through two rings, compared with two bare flags; from a
// publish until a sleeping consumer has the message; and the processor time of a waiting consumer.

#include <cstdint>

#include "actors.hpp"

namespace shmfifo::million {

void measure_ping_pong(actor& self, std::uint32_t execution, probe which);
// `what` is word_8 or text. `slow`, here and below: slowed on purpose (self_test.hpp).
void measure_round_trip(actor& self, std::uint32_t execution, kind what, bool slow);
void measure_wake_up(actor& self, std::uint32_t execution);
void measure_idle_consumer(actor& self, bool slow);

}  // namespace shmfifo::million
