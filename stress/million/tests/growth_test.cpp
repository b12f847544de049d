// SPDX-License-Identifier: MIT
// Goal: the judgement of growth names a step above linear and no other. Method: curves that are
// made up.
#include <gtest/gtest.h>

#include <functional>

#include "curves.hpp"

namespace shmfifo::million {
namespace {

constexpr std::uint64_t parameters[] = {1, 2, 8, 64, 1024};

curve curve_of(const std::function<double(double)>& cost) {
  curve made_up;
  for (const std::uint64_t parameter : parameters) {
    made_up.points.push_back({parameter, {cost(static_cast<double>(parameter))}});
  }
  return made_up;
}

std::vector<std::uint64_t> named(const curve& measured) {
  std::vector<std::uint64_t> ends;
  for (const growth_step& step : growth_of(measured)) {
    if (step.faster_than_linear) ends.push_back(step.to);
  }
  return ends;
}

using ends = std::vector<std::uint64_t>;

TEST(million_growth, G14_a_step_has_the_factors_between_its_points) {
  const std::vector<growth_step> steps =
      growth_of({"", "", "", "", {{4, {10, 30, 20}}, {16, {50, 1, 70}}, {16, {25}}}});
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].from, 4U);
  EXPECT_EQ(steps[0].to, 16U);
  EXPECT_EQ(steps[0].parameter_factor, 4);
  EXPECT_EQ(steps[0].cost_factor, 2.5);  // of the medians
  EXPECT_EQ(steps[1].parameter_factor, 1);
  EXPECT_EQ(steps[1].cost_factor, 0.5);
}

TEST(million_growth, G14_a_curve_of_one_point_has_no_step) {
  EXPECT_TRUE(growth_of({"", "", "", "", {{4, {10}}}}).empty());
  EXPECT_TRUE(growth_of({}).empty());
}

TEST(million_growth, G14_constant_falling_and_linear_costs_are_not_named) {
  EXPECT_EQ(named(curve_of([](double) { return 70; })), ends());
  EXPECT_EQ(named(curve_of([](double n) { return 1000 / n; })), ends());
  EXPECT_EQ(named(curve_of([](double n) { return 3 * n; })), ends());
  EXPECT_EQ(named(curve_of([](double n) { return 50 + 3 * n; })), ends());
}

TEST(million_growth, G14_each_step_of_a_quadratic_cost_is_named) {
  EXPECT_EQ(named(curve_of([](double n) { return n * n; })), (ends{2, 8, 64, 1024}));
}

TEST(million_growth, G14_a_quadratic_part_is_named_where_it_outgrows_the_rest) {
  EXPECT_EQ(named(curve_of([](double n) { return 1000 + n * n; })), (ends{1024}));
}

TEST(million_growth, G14_a_cliff_is_named_at_its_step_only) {
  EXPECT_EQ(named(curve_of([](double n) { return n < 64 ? 70 : 70 * 13.0; })), (ends{64}));
  EXPECT_EQ(named(curve_of([](double n) { return n == 8 ? 70 * 7.0 : 70; })), (ends{8}));
}

TEST(million_growth, G14_the_tolerance_is_the_last_that_is_not_named) {
  EXPECT_EQ(named(curve_of([](double n) { return n < 2 ? 1 : 3; })), ends());
  EXPECT_EQ(named(curve_of([](double n) { return n < 2 ? 1 : 3.01; })), (ends{2}));
}

TEST(million_growth, G14_one_noisy_execution_does_not_name_a_step) {
  curve noisy = curve_of([](double n) { return 10 * n; });
  for (curve_point& point : noisy.points) {
    const double cost = point.costs[0];
    point.costs = {cost, 1.4 * cost, 100 * cost, 0.9 * cost, cost};
    if (point.parameter % 8 == 0) point.costs = {0.8 * cost, cost, 0.01 * cost, 1.1 * cost, cost};
  }
  EXPECT_EQ(named(noisy), ends());
}

}  // namespace
}  // namespace shmfifo::million
