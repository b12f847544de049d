// SPDX-License-Identifier: MIT
#pragma once
// The results of failing every call: a line for each call of each operation, their total, and the
// same as JSON and as a table.

#include <string>
#include <vector>

#include "shmfifo/harness/fault/faults.hpp"

namespace shmfifo::harness::fault {

struct tally {
  unsigned made = 0;  // calls of a run in which nothing failed
  unsigned cases = 0, refused = 0, tolerated = 0, wrong = 0;
  std::string codes;  // each was tried once and permanently
};

// Which of the calls, counted from 1, are made to fail: all, or the first three, every `spread`-th,
// and the last.
std::vector<unsigned> occurrences(unsigned made, bool all, unsigned spread = ~0U);

class report {
 public:
  // The name of what was tried, and of the two good results.
  report(const char* subject, const char* refused, const char* tolerated)
      : subject_(subject), refused_(refused), tolerated_(tolerated) {}

  void add(const std::string& name, call which, const tally& seen);  // prints its line, too
  void add_wrong() { ++total_.wrong; }
  // Prints the total, writes the files whose names are not empty, and returns the exit code.
  [[nodiscard]] int finish(const std::string& json, const std::string& markdown) const;

 private:
  struct row {
    std::string name;
    call which{};
    tally seen;
  };
  const char* subject_;
  const char* refused_;
  const char* tolerated_;
  std::vector<row> rows_;
  tally total_;
};

}  // namespace shmfifo::harness::fault
