// SPDX-License-Identifier: MIT
#pragma once
// The order of the measurements. Figures that are compared are measured in turn, A B A B, close
// together in time.

#include <cstdint>

#include "actors.hpp"

namespace shmfifo::million {

[[nodiscard]] std::uint32_t steps_of(const run_options& options) noexcept;
void run_plan(actor& self, std::byte* ring_memory);

// Enough for a baseline's ring with the largest payload. Anonymous and shared by the children to
// come.
[[nodiscard]] std::byte* map_ring_memory();

}  // namespace shmfifo::million
