// SPDX-License-Identifier: MIT
#pragma once
// How a property is run and how it reports. RapidCheck makes the inputs and shrinks them; this adds
// what its GoogleTest glue lacks: a seed that is fixed unless asked otherwise and always printed,
// counterexamples of the past that are tried first, a line to paste that replays a failure, and the
// distribution of the inputs as numbers a test can judge.
//
//   SHMFIFO_SEED=fresh | NUMBER   other inputs (default: 1)
//   SHMFIFO_RUNS=FACTOR           that many times as many inputs
//   SHMFIFO_REPLAY=TEXT           one input, as a failure printed it

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <functional>
#include <map>
#include <string>

namespace shmfifo::property_tests {

struct outcome {
  int runs = 0;
  std::map<std::string, int> tags;  // of RC_TAG and RC_CLASSIFY: in how many runs
};

// Fails the running test unless `property` holds for `runs` inputs.
outcome expect_holds(const std::function<void()>& property, int runs = 100, int size_max = 100);

// The folder with the counterexamples of the past.
std::string regressions_folder();

}  // namespace shmfifo::property_tests
