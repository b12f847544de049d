// SPDX-License-Identifier: MIT
#pragma once
// What failing every call came to: a line for each call of each operation, their total, and the
// same as JSON and as a table.

#include <string>
#include <vector>

#include "shmfifo/harness/fault/faults.hpp"

namespace shmfifo::harness::fault {

struct tally {
  unsigned made = 0;  // calls, where nothing failed
  unsigned cases = 0, refused = 0, tolerated = 0, wrong = 0;
  std::string codes;  // each of them was answered, once and for ever
};

class report {
 public:
  // How one of the things that were tried is called, and the two good ways in which it may end.
  report(const char* subject, const char* refused, const char* tolerated)
      : subject_(subject), refused_(refused), tolerated_(tolerated) {}

  void add(const std::string& name, call which, const tally& seen);  // prints its line, too
  void add_wrong() { ++total_.wrong; }
  // Prints the total and writes the files whose names are given; the program's exit code.
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
