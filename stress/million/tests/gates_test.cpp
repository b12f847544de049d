// SPDX-License-Identifier: MIT
// Goal: the gates fail for a slow core and for nothing else. Method: made-up results of a good
// machine, a slow core and a slow machine.
#include "gates.hpp"

#include <gtest/gtest.h>

namespace shmfifo::million {
namespace {

// Half a second for a million messages in every row, the core's and the others'.
results of_a_good_machine() {
  results all{.messages = 1'000'000, .executions = 1, .samples = {}, .latencies = {}};
  const auto add = [&](subject who, mode way, kind what) {
    for (const role part : {role::writer, role::reader})
      all.samples.push_back({{who, way, what, part}, 0, 500});
  };
  for (const kind what : {kind::text, kind::structured, kind::block_1024, kind::word_8}) {
    for (const mode way : {mode::log_phases, mode::ring_live, mode::ring_live_many})
      add(subject::core, way, what);
    add(subject::bare_ring, mode::ring_live, what);
    add(subject::copy_loop, mode::log_phases, what);
  }
  add(subject::original, mode::log_live, kind::text);
  for (sample& s : all.samples) {
    if (s.key.who == subject::original) s.ms = 5000;
  }
  for (const probe what : {probe::ping_pong, probe::round_trip_8, probe::round_trip_133})
    all.latencies.push_back({what, 0, 400, 500});
  return all;
}

void slow_down(results& all, subject who, mode way, kind what) {
  for (sample& s : all.samples) {
    if (s.key.who == who && s.key.way == way && s.key.what == what) s.ms *= 3;
  }
}

bool passes(const results& all, std::string_view name) {
  for (const gate& g : judge(all, false)) {
    if (g.name == name) return g.passed;
  }
  ADD_FAILURE() << "no gate " << name;
  return false;
}

TEST(gates, G14_a_good_machine_passes_them_all) {
  EXPECT_TRUE(all_passed(judge(of_a_good_machine(), false)));
}

TEST(gates, G14_a_ring_slower_than_a_million_a_second_fails) {
  for (const mode way : {mode::ring_live, mode::ring_live_many}) {
    results all = of_a_good_machine();
    slow_down(all, subject::core, way, kind::block_1024);
    EXPECT_FALSE(passes(all, "slowest_row"));
  }
}

TEST(gates, G14_the_slowest_row_is_named) {
  results all = of_a_good_machine();
  slow_down(all, subject::core, mode::ring_live_many, kind::block_1024);
  EXPECT_EQ(judge(all, false).front().row, "ring_live_many block_1024 writer");
  EXPECT_EQ(judge({}, false).front().row, "");
}

TEST(gates, G14_a_machine_that_cannot_carry_a_million_a_second_is_no_fault_of_the_core) {
  results all = of_a_good_machine();
  slow_down(all, subject::core, mode::ring_live, kind::block_1024);
  slow_down(all, subject::bare_ring, mode::ring_live, kind::block_1024);
  EXPECT_TRUE(all_passed(judge(all, false)));
  // Of another size it can.
  slow_down(all, subject::core, mode::ring_live, kind::text);
  EXPECT_FALSE(passes(all, "slowest_row"));
}

TEST(gates, G14_on_a_slow_machine_the_ratios_still_judge) {
  results all = of_a_good_machine();
  slow_down(all, subject::bare_ring, mode::ring_live, kind::block_1024);
  for (int i = 0; i < 3; ++i) slow_down(all, subject::core, mode::ring_live, kind::block_1024);
  EXPECT_TRUE(passes(all, "slowest_row"));
  EXPECT_FALSE(passes(all, "ring_1024_vs_bare_ring"));
}

TEST(gates, G14_a_slow_log_is_never_excused) {
  results all = of_a_good_machine();
  slow_down(all, subject::core, mode::log_phases, kind::text);
  slow_down(all, subject::bare_ring, mode::ring_live, kind::text);
  EXPECT_FALSE(passes(all, "slowest_row"));
}

}  // namespace
}  // namespace shmfifo::million
