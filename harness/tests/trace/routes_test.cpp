// SPDX-License-Identifier: MIT
// Goal: the route to each instruction is the cheapest, and arrives. Method: traces by hand, whose
// cheapest routes are counted by hand, and a search through all routes.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "shmfifo/harness/trace/tracer.hpp"

namespace shmfifo::harness::crash {
namespace {

using trace = std::vector<std::uintptr_t>;

// Where this route ends in the trace.
std::size_t end_of(const trace& steps, const route& way) {
  std::size_t at = 0;
  for (unsigned visit = way.visit; visit != 0; --visit) {
    while (steps.at(at) != way.address) ++at;
    if (visit != 1) ++at;
  }
  return at + way.steps;
}
// In steps; a visit costs four.
std::uint64_t cost_of(const route& way) {
  return 4U * way.visit + way.steps;
}

trace straight(std::size_t length) {
  trace steps(length);
  for (std::size_t i = 0; i < length; ++i) steps[i] = 1000 + i;
  return steps;
}

TEST(routes, are_none_of_an_empty_trace) {
  EXPECT_TRUE(plan_routes({}).empty());
}

TEST(routes, begin_with_steps_and_go_on_with_a_breakpoint_where_that_is_cheaper) {
  const std::vector<route> routes = plan_routes(straight(10));
  ASSERT_EQ(routes.size(), 10U);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(routes[i].visit, i < 5 ? 0U : 1U) << i;
    EXPECT_EQ(routes[i].address, i < 5 ? 0U : 1000 + i) << i;
    EXPECT_EQ(routes[i].steps, i < 5 ? i : 0U) << i;
  }
}

// A loop of three instructions, and then one that is passed once.
TEST(routes, prefer_an_instruction_that_is_passed_once_to_one_in_a_loop) {
  trace steps = straight(6);
  for (int i = 0; i < 5; ++i) steps.insert(steps.end(), {1, 2, 3});
  const std::vector<route> routes = plan_routes(steps);
  EXPECT_EQ(routes[5].address, 1005U);
  EXPECT_EQ(routes[20].address, 3U);
  EXPECT_EQ(routes[20].visit, 1U);
  EXPECT_EQ(routes[20].steps, 12U);
}

TEST(routes, are_the_cheapest) {
  trace steps;
  unsigned dice = 1;
  for (int i = 0; i < 300; ++i) {
    dice = dice * 1664525 + 1013904223;
    steps.push_back(dice >> 24 & 15);
  }
  const std::vector<route> routes = plan_routes(steps);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::uint64_t best = i;
    for (std::size_t from = i > 256 ? i - 256 : 1; from <= i; ++from) {
      const auto visits = static_cast<unsigned>(std::count(
          steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(from) + 1, steps[from]));
      if (from != 0) best = std::min(best, cost_of({steps[from], visits, i - from}));
    }
    EXPECT_EQ(end_of(steps, routes[i]), i);
    EXPECT_EQ(cost_of(routes[i]), best) << i;
  }
}

// Looking back further is not worth the time: a loop longer than that is left by steps.
TEST(routes, look_back_256_instructions) {
  for (const std::size_t behind : {256U, 257U}) {
    trace steps = straight(8);
    for (std::size_t i = 0; i < 300; ++i) steps.push_back(1);
    steps.push_back(2);
    steps.insert(steps.end(), behind, 1);
    const route last = plan_routes(steps).back();
    EXPECT_EQ(last.address, behind == 256 ? 2U : 0U);
    EXPECT_EQ(last.steps, behind == 256 ? 256U : steps.size() - 1);
  }
}

TEST(routes, without_a_breakpoint_have_no_address) {
  const route none;
  EXPECT_EQ(none.address + none.visit + none.steps, 0U);
}

}  // namespace
}  // namespace shmfifo::harness::crash
