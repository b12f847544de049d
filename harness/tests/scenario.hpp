// SPDX-License-Identifier: MIT
#pragma once

// A known algorithm, correct or broken, with what the model checker must say about it: the verdict,
// the broken rule, and for correct ones the number of executions, so that an explorer that looks at
// less than everything fails. Files under correct/ and wrong/ enlist theirs; known_algorithms runs
// them.

#include <string>
#include <vector>

#include "shmfifo/harness/model/model.hpp"

namespace shmfifo::harness::tests {

struct scenario {
  std::string name;  // folder/algorithm.case
  model::test_body body;
  model::broken rule = model::broken::nothing;  // nothing: must be ok
  std::uint64_t executions = 0;                 // of a correct one
  model::options options = {};
};

[[nodiscard]] inline std::vector<scenario>& scenarios() {
  static std::vector<scenario> all;
  return all;
}

struct enlist {
  explicit enlist(scenario s) { scenarios().push_back(std::move(s)); }
};

inline constexpr auto relaxed = std::memory_order_relaxed;
inline constexpr auto acquire = std::memory_order_acquire;
inline constexpr auto release = std::memory_order_release;
inline constexpr auto acq_rel = std::memory_order_acq_rel;
inline constexpr auto seq_cst = std::memory_order_seq_cst;

}  // namespace shmfifo::harness::tests
