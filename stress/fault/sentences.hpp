// SPDX-License-Identifier: MIT
#pragma once
// The library's text for each call that fails: the whole table, kept in a file and reviewed.

#include <set>
#include <string>

#include "shmfifo/harness/fault/faults.hpp"

namespace shmfifo::harness::fault {

class sentences {
 public:
  // Names of runs and numbers become NAME and N, so that all runs give the same text.
  void add(call which, const char* code, const std::string& text);
  // The calls that an operation makes, each with a space before it. Whether the limits of a control
  // group are read, and whether a wait comes to a nap, differs from machine to machine.
  void add_calls(const std::string& operation, const std::string& calls);
  // One per line, sorted.
  [[nodiscard]] std::string text() const;
  // Prints the differences from the file; returns their number.
  [[nodiscard]] unsigned differences(const std::string& file) const;

 private:
  std::set<std::string> lines_;
};

}  // namespace shmfifo::harness::fault
