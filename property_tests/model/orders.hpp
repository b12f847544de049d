// SPDX-License-Identifier: MIT
#pragma once
// Mutation of memory orders: each order of the core is weakened by one step, at run time, and the
// model tests must notice. A mutant that none of them kills means an order that is stronger than it
// need be, or a test that is missing.

#include <cstdint>
#include <string>
#include <vector>

#include "core_test.hpp"

namespace shmfifo::model_tests {

struct mutant {
  site where = site::count;
  std::string change;  // "acquire -> relaxed", "no fence", ...
  model::site_override how;
  std::string killed_by;  // a test's name; empty if it survives
  std::string by_what;    // the violation's sentence
  double seconds = 0;     // until it was killed, or given up
};

// One step weaker, for each order that the sites use when the tests run.
std::vector<mutant> make_mutants();
// Runs the tests on each mutant, the cheapest first, until one kills it.
void run_mutants(std::vector<mutant>& mutants, double seconds_each, bool progress);

}  // namespace shmfifo::model_tests
