// SPDX-License-Identifier: MIT
// Goal: a seed gives the same schedule every time, another seed another one, and only the kinds of
// fault in the plan. Method: draw long schedules and compare.
#include <gtest/gtest.h>

#include <set>
#include <tuple>
#include <vector>

#include "shmfifo/harness/process/faults.hpp"

namespace shmfifo::harness {
namespace {

using drawn = std::tuple<std::uint64_t, role, unsigned, fault_action, fault_point, unsigned>;

std::vector<drawn> draw(std::uint64_t seed, const fault_plan& plan, int count = 2000) {
  fault_schedule schedule(seed, plan, 1000000, 3, 2, 1);
  std::vector<drawn> all;
  for (int i = 0; i < count && schedule.next(); ++i, schedule.advance()) {
    const fault& due = *schedule.next();
    all.emplace_back(due.at, due.victim, due.index, due.action, due.point, due.ms);
  }
  return all;
}

fault_plan everything() {
  fault_plan plan;
  plan.kill_senders = plan.kill_receivers = plan.kill_meddlers = plan.pause = true;
  return plan;
}

TEST(faults, follow_from_the_seed) {
  EXPECT_EQ(draw(1, everything()), draw(1, everything()));
  EXPECT_NE(draw(1, everything()), draw(2, everything()));
}

TEST(faults, come_in_order_and_as_often_as_asked) {
  fault_plan plan = everything();
  plan.every = 100;
  const auto all = draw(5, plan);
  for (std::size_t i = 1; i < all.size(); ++i)
    ASSERT_LT(std::get<0>(all[i - 1]), std::get<0>(all[i]));
  const double distance =
      static_cast<double>(std::get<0>(all.back())) / static_cast<double>(all.size());
  EXPECT_GT(distance, 90);
  EXPECT_LT(distance, 110);
}

TEST(faults, follow_from_the_messages_where_nothing_else_is_asked) {
  fault_plan plan = everything();
  EXPECT_EQ(plan.spacing(20000), 200U);
  EXPECT_EQ(plan.spacing(10), 1U);
  EXPECT_EQ(plan.spacing(1000000000), 20000U);
  const auto follow = draw(1, plan);
  plan.every = 10000;  // a hundredth of the messages of `draw`
  EXPECT_EQ(draw(1, plan), follow);
  EXPECT_EQ(plan.spacing(20000), 10000U);
}

TEST(faults, of_each_kind_come_before_any_comes_again) {
  const auto all = draw(3, everything(), 100);
  for (std::size_t i = 0; i < all.size(); i += 5) {
    std::set<std::pair<role, fault_action>> kinds;
    for (std::size_t j = i; j < i + 5; ++j) {
      const auto& [at, victim, index, action, point, ms] = all[j];
      kinds.emplace(victim, action);
    }
    ASSERT_EQ(kinds.size(), 5U);  // kills of three roles, pauses of two
  }
}

TEST(faults, strike_everybody_everywhere_but_nobody_who_is_spared) {
  std::set<std::tuple<role, unsigned, fault_action>> victims;
  std::set<std::pair<role, fault_point>> places;
  for (const auto& [at, victim, index, action, point, ms] : draw(9, everything())) {
    victims.emplace(victim, index, action);
    places.emplace(victim, point);
  }
  EXPECT_EQ(victims.size(), 3U + 2U + 1U + 5U);  // kills of each, pauses of all but the meddler
  EXPECT_EQ(places.size(), 3U + 4U + 1U);
  EXPECT_FALSE(places.contains({role::sender, fault_point::before_receive}));

  fault_plan kills;
  kills.kill_receivers = true;
  for (const auto& [at, victim, index, action, point, ms] : draw(9, kills)) {
    ASSERT_EQ(victim, role::receiver);
    ASSERT_EQ(action, fault_action::kill);
    ASSERT_LE(ms, kills.restart_ms_max);
  }
  EXPECT_TRUE(draw(9, fault_plan{}).empty());
}

// A run that failed is repeated with its seed, by a later version as well.
TEST(faults, are_the_same_in_every_version) {
  const drawn expected[] = {
      {64, role::sender, 2, fault_action::kill, fault_point::anywhere, 5},
      {190, role::sender, 0, fault_action::pause, fault_point::after_send, 4},
      {341, role::receiver, 1, fault_action::kill, fault_point::after_release, 8},
      {353, role::receiver, 0, fault_action::pause, fault_point::anywhere, 0},
      {438, role::meddler, 1, fault_action::kill, fault_point::anywhere, 6},
      {496, role::sender, 1, fault_action::pause, fault_point::before_send, 11},
      {502, role::receiver, 1, fault_action::pause, fault_point::anywhere, 20},
      {572, role::sender, 2, fault_action::kill, fault_point::anywhere, 8},
      {633, role::meddler, 2, fault_action::kill, fault_point::anywhere, 5},
      {774, role::receiver, 0, fault_action::kill, fault_point::anywhere, 1},
      {930, role::receiver, 0, fault_action::pause, fault_point::before_receive, 12},
      {974, role::receiver, 0, fault_action::kill, fault_point::anywhere, 7},
      {1110, role::meddler, 3, fault_action::kill, fault_point::anywhere, 5},
      {1242, role::sender, 2, fault_action::kill, fault_point::after_send, 3},
      {1400, role::sender, 1, fault_action::pause, fault_point::anywhere, 8},
      {1482, role::sender, 1, fault_action::pause, fault_point::anywhere, 20},
      {1509, role::receiver, 1, fault_action::pause, fault_point::anywhere, 0},
      {1619, role::receiver, 1, fault_action::kill, fault_point::anywhere, 5},
      {1737, role::sender, 0, fault_action::kill, fault_point::anywhere, 8},
      {1926, role::meddler, 3, fault_action::kill, fault_point::anywhere, 4},
      {2047, role::sender, 0, fault_action::kill, fault_point::before_send, 5},
      {2127, role::sender, 1, fault_action::pause, fault_point::before_send, 12},
      {2278, role::receiver, 1, fault_action::kill, fault_point::anywhere, 3},
      {2434, role::receiver, 0, fault_action::pause, fault_point::anywhere, 16},
      {2623, role::meddler, 3, fault_action::kill, fault_point::anywhere, 5},
  };
  fault_plan plan = everything();
  plan.every = 100;
  fault_schedule schedule(1, plan, 1000000, 3, 2, 4);
  for (const drawn& one : expected) {
    const fault& due = *schedule.next();
    EXPECT_EQ(drawn(due.at, due.victim, due.index, due.action, due.point, due.ms), one)
        << std::get<0>(one);
    schedule.advance();
  }
}

TEST(faults, are_of_no_kind_that_has_no_victim) {
  fault_schedule schedule(1, everything(), 1000, 0, 1, 0);
  for (int i = 0; i < 100; ++i, schedule.advance()) {
    ASSERT_EQ(schedule.next()->victim, role::receiver);
  }
  EXPECT_FALSE(fault_schedule(1, everything(), 1000, 0, 0, 0).next());
}

TEST(faults, happen_only_if_the_plan_says_so) {
  EXPECT_FALSE(fault_plan{}.any());
  for (bool fault_plan::*kind : {&fault_plan::kill_senders, &fault_plan::kill_receivers,
                                 &fault_plan::kill_meddlers, &fault_plan::pause}) {
    fault_plan plan;
    plan.*kind = true;
    EXPECT_TRUE(plan.any());
  }
  EXPECT_EQ(fault_plan{}.every, 0U);
  EXPECT_EQ(fault_plan{}.pause_ms_max, 20U);
  EXPECT_EQ(fault_plan{}.restart_ms_max, 8U);
  const fault first;
  EXPECT_EQ(first.at + first.index + first.ms, 0U);
  EXPECT_EQ(first.victim, role::sender);
  EXPECT_EQ(first.action, fault_action::kill);
  EXPECT_EQ(first.point, fault_point::anywhere);
}

TEST(faults, have_names) {
  const char* points[] = {"anywhere",      "before_send",   "after_send", "before_receive",
                          "after_receive", "after_release", "unknown",    "unknown"};
  for (std::uint32_t i = 0; i < 8; ++i) {
    EXPECT_EQ(to_string(static_cast<fault_point>(i)), points[i]);
  }
  const char* roles[] = {"producer", "consumer", "meddler"};
  for (std::uint8_t i = 0; i < 3; ++i) EXPECT_EQ(to_string(static_cast<role>(i)), roles[i]);
}

}  // namespace
}  // namespace shmfifo::harness
