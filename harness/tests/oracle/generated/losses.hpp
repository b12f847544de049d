// SPDX-License-Identifier: MIT
#pragma once
// Does it show that a message, a number or a count is missing?

#include "expectation.hpp"
#include "witness.hpp"

namespace shmfifo::harness::generated {

[[nodiscard]] expected missing_number(const witness& all, const scar& one);
[[nodiscard]] expected missing_message(const witness& all, const scar& one);
// A lossy receiver of a queue without numbers: what it was told and what it did not get differ.
[[nodiscard]] expected wrong_counts(const witness& all, unsigned r);
// Is a message that was reported as sent missing although some receiver must have it?
[[nodiscard]] bool is_owed(const witness& all);

}  // namespace shmfifo::harness::generated
