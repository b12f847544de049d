// SPDX-License-Identifier: MIT
#pragma once
// Rounds of many shapes with mixed faults, hour after hour. The sums are kept in a file after each
// round, so that a soak that was interrupted goes on where it stopped, even after a kill.

#include <cstdint>
#include <string>

namespace shmfifo::stress {

struct soak_settings {
  std::string program;  // as it was called
  double hours = 1;
  std::uint64_t messages = 0;  // also stop when so many were sent; 0: time alone
  std::uint64_t round = 4000000;
  std::uint64_t seed = 1;
  std::string state = "soak_state.json";
  std::string save_history;  // of a round that is not ok
};

// Answers the exit code.
[[nodiscard]] int soak(const soak_settings& wanted);

}  // namespace shmfifo::stress
