// SPDX-License-Identifier: MIT
#pragma once

// A second opinion on RC11, as simple as it can be: every assignment of a writer to each read and
// every modification order, judged by the axioms written out over relations between events. It
// shares nothing with the explorer but the programs, so that where both give the same count, both
// would have to be wrong in the same way. Exponential; for programs of up to about eight
// instructions.

#include "litmus_program.hpp"

namespace shmfifo::harness::litmus {

[[nodiscard]] tally run_reference(const program& p, const assignment& orders);

}  // namespace shmfifo::harness::litmus
