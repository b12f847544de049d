// SPDX-License-Identifier: MIT
#pragma once
// What the library says of each call that fails: the whole table, to be reviewed and kept.

#include <set>
#include <string>

#include "shmfifo/harness/fault/faults.hpp"

namespace shmfifo::harness::fault {

class sentences {
 public:
  // Names of runs and numbers are written as NAME and N: the same in each run.
  void add(call which, const char* code, const std::string& text);
  // One a line, sorted.
  [[nodiscard]] std::string text() const;
  // Prints how they differ from those in the file; how many lines do.
  [[nodiscard]] unsigned differences(const std::string& file) const;

 private:
  std::set<std::string> lines_;
};

}  // namespace shmfifo::harness::fault
