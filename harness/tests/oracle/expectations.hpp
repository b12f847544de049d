// SPDX-License-Identifier: MIT
#pragma once
// What a test expects of the judge of a history made by hand.

#include <gtest/gtest.h>

#include "hand_made.hpp"

namespace shmfifo::harness {

inline void expect_broken(const hand_made& run, rule expected) {
  const verdict found = run.judged();
  EXPECT_EQ(found.answer, outcome::violation);
  EXPECT_EQ(to_string(found.broken), to_string(expected)) << found.text();
  EXPECT_FALSE(found.excerpt.empty());
}

inline void expect_ok(const hand_made& run) {
  const verdict found = run.judged();
  EXPECT_TRUE(found.ok()) << found.text();
}

// rule::none: it must pass.
inline void expect(const hand_made& run, rule expected) {
  expected == rule::none ? expect_ok(run) : expect_broken(run, expected);
}

}  // namespace shmfifo::harness
