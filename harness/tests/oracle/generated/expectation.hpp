// SPDX-License-Identifier: MIT
#pragma once
// What a judge must say of a simulated run: it follows from what really happened and from what the
// harness promises to forgive, not from how the judge works.

#include <string_view>

#include "simulation.hpp"

namespace shmfifo::harness::generated {

enum class expected : std::uint8_t {
  ok,         // the queue is right, and all of its run was seen
  not_wrong,  // the queue is right; whether enough was seen is not certain
  unknown,    // the queue is right as far as it goes; the rest of its run is missing
  violation,  // its defect shows in the logs
  not_ok,     // its defect shows only in what is missing at the end, which a death may excuse
  anything    // its defect does not show, or could be what is forgiven
};

[[nodiscard]] expected expectation(const simulated_run& seen);

// The sentence of harness/README.md that says why no judge of these logs sees the defect, or
// nothing.
[[nodiscard]] std::string_view unseen(const simulated_run& seen);

}  // namespace shmfifo::harness::generated
