// SPDX-License-Identifier: MIT
// Goal: pacer keeps to the rate, makes up for little after a stall, and progress tells rate and
// ETA. Method: both are given their times and figures, no clock is waited for.
#include "pacer.hpp"

#include <gtest/gtest.h>

#include "progress.hpp"

namespace shmfifo::apps {
namespace {

using std::chrono::milliseconds;

TEST(apps_pacer, no_rate_is_no_limit) {
  pacer pace(0);
  EXPECT_EQ(pace.allow(1000), 1000U);
  EXPECT_EQ(pace.pause().count(), 0);
}

TEST(apps_pacer, hands_out_what_is_due) {
  const pacer::clock::time_point start{};
  pacer pace(1000, start);
  EXPECT_EQ(pace.allow(100, start), 0U);
  EXPECT_EQ(pace.pause(), milliseconds(1));
  EXPECT_EQ(pace.allow(100, start + milliseconds(10)), 10U);
  pace.used(10);
  EXPECT_EQ(pace.allow(100, start + milliseconds(10)), 0U);
  EXPECT_EQ(pace.allow(3, start + milliseconds(20)), 3U);
  pace.used(3);
  EXPECT_EQ(pace.allow(100, start + milliseconds(20)), 7U);  // what was due and not used stays due
}

TEST(apps_pacer, a_stall_is_followed_by_no_flood) {
  const pacer::clock::time_point start{};
  pacer pace(1000, start);
  EXPECT_EQ(pace.allow(100000, start + std::chrono::hours(1)), 100U);
}

TEST(apps_pacer, a_slow_rate_still_comes_to_one_message) {
  const pacer::clock::time_point start{};
  pacer pace(0.5, start);
  EXPECT_EQ(pace.allow(5, start + std::chrono::seconds(1)), 0U);
  EXPECT_EQ(pace.allow(5, start + std::chrono::seconds(3)), 1U);
}

// Whoever sleeps for no time at all looks at the clock again and again.
TEST(apps_pacer, a_pause_is_never_nothing_while_nothing_is_due) {
  const pacer::clock::time_point start{};
  pacer pace(3, start);
  EXPECT_EQ(pace.allow(1, start + std::chrono::nanoseconds(333'333'333)), 0U);
  EXPECT_EQ(pace.pause().count(), 1);
  EXPECT_EQ(pace.allow(1, start + std::chrono::nanoseconds(333'333'334)), 1U);
  EXPECT_EQ(pace.pause().count(), 0);
}

// So that a signal and the progress are seen in between.
TEST(apps_pacer, a_pause_is_a_tenth_of_a_second_at_the_most) {
  const pacer::clock::time_point start{};
  EXPECT_EQ(pacer(0.5, start).pause(), milliseconds(100));
  EXPECT_EQ(pacer(10, start).pause(), milliseconds(100));
  EXPECT_EQ(pacer(20, start).pause(), milliseconds(50));
}

TEST(apps_progress, line_tells_rate_lag_and_eta) {
  const progress bounded("published", 10000);
  EXPECT_EQ(bounded.line(2500, 100.0, 42),
            "published 2500 of 10000 (25 %)  100 msg/s  lag 42  ETA 0:01:15");
  EXPECT_EQ(bounded.line(10000, 100.0, std::nullopt),
            "published 10000 of 10000 (100 %)  100 msg/s  lag -");
  EXPECT_EQ(progress("consumed", 0).line(7, 1.0, 0), "consumed 7  1 msg/s  lag 0");
}

}  // namespace
}  // namespace shmfifo::apps
