// SPDX-License-Identifier: MIT
// Goal: --self-test reports every gate that overlooks the slowness that is planted for it. Method:
// made-up results of the self-test, in which one planted slowness after the other is missing or in
// another row; and what is slow in each execution.
#include "self_test.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "made_up.hpp"

namespace shmfifo::million {
namespace {

using names = std::vector<std::string>;
constexpr double much = 1000;

void slow_down(results& all, const slowness& of, std::uint32_t execution) {
  if (const auto* stream = std::get_if<slow_stream>(&of.part)) {
    for (const role part : {role::writer, role::reader}) {
      scale(all, {subject::core, stream->way, stream->what, part}, much, execution);
    }
  } else if (const auto* slow_probe = std::get_if<probe>(&of.part)) {
    scale(all, *slow_probe, much, execution);
  } else if (of.gate == "idle_consumer_cpu_percent") {
    all.idle_cpu_percent = 99;
  } else {
    all.idle_cpu_percent_200 = 99;
  }
}

results slowed_results(std::uint32_t spared = every_execution) {
  results all = good_results(slownesses.size());
  for (std::uint32_t i = 0; i < slownesses.size(); ++i) {
    if (i != spared) slow_down(all, slownesses[i], i);
  }
  return all;
}

TEST(self_test, G14_every_gate_has_its_own_slowness_and_notices_it) {
  EXPECT_EQ(unnoticed(slowed_results()), names{});
  const std::vector<gate> gates = judge({}, false);
  ASSERT_EQ(gates.size(), slownesses.size());
  for (std::size_t i = 0; i < gates.size(); ++i) EXPECT_EQ(gates[i].name, slownesses[i].gate);
}

TEST(self_test, G14_a_gate_that_overlooks_its_slowness_is_named) {
  for (std::uint32_t i = 0; i < slownesses.size(); ++i) {
    EXPECT_EQ(unnoticed(slowed_results(i)), names{std::string(slownesses[i].gate)});
  }
  EXPECT_EQ(unnoticed(good_results(slownesses.size())).size(), slownesses.size());
}

// A gate that is slow in every other execution proves nothing about its own.
TEST(self_test, G14_only_the_execution_of_the_slowness_counts) {
  for (std::uint32_t i = 0; i < slownesses.size(); ++i) {
    if (std::holds_alternative<slow_idling>(slownesses[i].part)) continue;
    results all = slowed_results(i);
    for (std::uint32_t e = 0; e < slownesses.size(); ++e) {
      if (e != i) slow_down(all, slownesses[i], e);
    }
    // Gates that compare with the slow part miss their own slowness, too.
    const names missed = unnoticed(all);
    EXPECT_EQ(std::count(missed.begin(), missed.end(), slownesses[i].gate), 1);
  }
}

TEST(self_test, G14_shows_each_gate_as_its_execution_has_it) {
  const std::vector<gate> judged = judge_self_test(slowed_results(3));
  ASSERT_EQ(judged.size(), slownesses.size());
  for (std::size_t i = 0; i < judged.size(); ++i) {
    EXPECT_EQ(judged[i].name, slownesses[i].gate);
    EXPECT_EQ(judged[i].passed, i == 3);
    EXPECT_EQ(judged[i].threshold, judged[i].default_threshold);
  }
}

TEST(self_test, G14_slows_one_part_in_each_execution_and_nothing_in_other_runs) {
  run_options asked;
  asked.self_test = true;
  for (std::uint32_t e = 0; e < slownesses.size() + 2; ++e) {
    const auto* stream =
        e < slownesses.size() ? std::get_if<slow_stream>(&slownesses[e].part) : nullptr;
    const auto* slow_probe =
        e < slownesses.size() ? std::get_if<probe>(&slownesses[e].part) : nullptr;
    for (const sample& s : good_results(1).samples) {
      const slow_stream of{s.key.way, s.key.what};
      EXPECT_EQ(is_slow(asked, e, of), stream != nullptr && *stream == of);
      EXPECT_FALSE(is_slow({}, e, of));
    }
    for (std::size_t i = 0; i < probe_names.size(); ++i) {
      const auto of = static_cast<probe>(i);
      EXPECT_EQ(is_slow(asked, e, of), slow_probe != nullptr && *slow_probe == of);
      EXPECT_FALSE(is_slow({}, e, of));
    }
  }
}

TEST(self_test, G14_an_execution_has_its_own_figures_and_all_that_is_measured_once) {
  const results all = slowed_results();
  const results one = all.of_execution(2);
  EXPECT_EQ(one.samples.size() * slownesses.size(), all.samples.size());
  EXPECT_EQ(one.latencies.size() * slownesses.size(), all.latencies.size());
  for (const sample& s : one.samples) EXPECT_EQ(s.execution, 2U);
  for (const latency& l : one.latencies) EXPECT_EQ(l.execution, 2U);
  EXPECT_EQ(one.messages, all.messages);
  EXPECT_EQ(one.idle_cpu_percent, all.idle_cpu_percent);
  EXPECT_EQ(one.idle_cpu_percent_200, all.idle_cpu_percent_200);
}

TEST(self_test, G14_a_row_of_results_is_in_the_order_of_executions) {
  results all;
  all.latencies = {
      {probe::wake_up, 0, 1, 2}, {probe::ping_pong, 0, 3, 4}, {probe::wake_up, 1, 5, 6}};
  EXPECT_EQ(all.p50s(probe::wake_up), (std::vector<double>{1, 5}));
  EXPECT_EQ(all.p99s(probe::wake_up), (std::vector<double>{2, 6}));
  const row_key key{subject::core, mode::log_live, kind::text, role::reader};
  all.samples = {{key, 0, 7, 70}, {{}, 0, 8, 80}, {key, 1, 9, 90}};
  EXPECT_EQ(all.row(key), (std::vector<double>{7, 9}));
  EXPECT_EQ(all.chunks(key), (std::vector<double>{70, 90}));
}

}  // namespace
}  // namespace shmfifo::million
