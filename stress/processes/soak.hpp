// SPDX-License-Identifier: MIT
#pragma once
// Rounds of many shapes with mixed faults, for hours. The sums are saved after each round, so that
// an interrupted soak continues where it stopped, even after a kill.

#include <cstdint>
#include <string>

namespace shmfifo::stress {

struct soak_settings {
  std::string program;  // its path
  double hours = 1;
  std::uint64_t messages = 0;  // also stop after this many; 0: by time alone
  std::uint64_t round = 4000000;
  std::uint64_t seed = 1;
  std::string state = "soak_state.json";
  std::string save_history;  // of a round that is not ok
};

// Returns the exit code.
[[nodiscard]] int soak(const soak_settings& options);

}  // namespace shmfifo::stress
