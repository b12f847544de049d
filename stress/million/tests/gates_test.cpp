// SPDX-License-Identifier: MIT
// Goal: each gate fails for the slowness that it is for, and for nothing else. Method: made-up
// results of a good machine; each figure of them made a little or much worse, in one execution or
// in all.
#include "gates.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <variant>

#include "made_up.hpp"

namespace shmfifo::million {
namespace {

using figure = std::variant<row_key, probe>;

void scale(results& all, const figure& what, double factor,
           std::uint32_t execution = every_execution) {
  std::visit([&](const auto& key) { million::scale(all, key, factor, execution); }, what);
}

constexpr row_key core_row(mode way, kind what, role part = role::reader) {
  return {subject::core, way, what, part};
}
constexpr row_key bare_row(kind what) {
  return {subject::bare_ring, mode::ring_live, what, role::reader};
}
constexpr row_key flag_row(kind what) {
  return {subject::flag_lines, mode::ring_live, what, role::reader};
}
constexpr row_key ring_row(kind what) {
  return core_row(mode::ring_live, what);
}
constexpr row_key copy_row(kind what) {
  return {subject::copy_loop, mode::log_phases, what, role::writer};
}
constexpr row_key original_row{subject::original, mode::log_live, kind::text, role::reader};

// A gate that judges a quotient of two figures.
struct quotient_gate {
  const char* name;
  sense direction;
  double default_threshold, target;
  figure upper, lower;
  figure moved;  // the one that the tests make worse
  double good;   // the quotient of the good results
};

const auto least = sense::at_least;
const auto most = sense::at_most;
const quotient_gate quotient_gates[] = {
    {"ring_text_vs_bare_ring", least, 0.5, 0.9, bare_row(kind::text),
     core_row(mode::ring_live, kind::text), core_row(mode::ring_live, kind::text), 1},
    {"ring_1024_vs_bare_ring", least, 0.4, 0.9, bare_row(kind::block_1024),
     core_row(mode::ring_live, kind::block_1024), core_row(mode::ring_live, kind::block_1024), 1},
    {"many_text_vs_bare_ring", least, 0.5, 0.8, bare_row(kind::text),
     core_row(mode::ring_live_many, kind::text), core_row(mode::ring_live_many, kind::text), 1},
    {"many_1024_vs_bare_ring", least, 0.25, 0.6, bare_row(kind::block_1024),
     core_row(mode::ring_live_many, kind::block_1024),
     core_row(mode::ring_live_many, kind::block_1024), 1},
    {"ring_text_vs_original_live", least, 5, 10, original_row,
     core_row(mode::ring_live, kind::text), original_row, 16},
    {"log_text_vs_copy_loop", most, 2, 1.15, core_row(mode::log_phases, kind::text, role::writer),
     copy_row(kind::text), core_row(mode::log_phases, kind::text, role::writer), 1},
    {"log_structured_vs_copy_loop", most, 2, 1.15,
     core_row(mode::log_phases, kind::structured, role::writer), copy_row(kind::structured),
     core_row(mode::log_phases, kind::structured, role::writer), 1},
    {"round_trip_8_vs_ping_pong", most, 3, 1.3, probe::round_trip_8, probe::ping_pong,
     probe::round_trip_8, 1},
    {"round_trip_133_vs_ping_pong", most, 4, 2.2, probe::round_trip_133, probe::ping_pong,
     probe::round_trip_133, 1},
    {"ring_8_vs_flag_lines", least, 0.3, 0.95, flag_row(kind::word_8), ring_row(kind::word_8),
     flag_row(kind::word_8), 1},
    {"ring_64_vs_flag_lines", least, 0.3, 0.95, flag_row(kind::block_64), ring_row(kind::block_64),
     flag_row(kind::block_64), 1},
    {"ring_text_vs_flag_lines", least, 0.4, 0.92, flag_row(kind::text), ring_row(kind::text),
     flag_row(kind::text), 1},
    {"ring_1024_vs_flag_lines", least, 0.4, 0.95, flag_row(kind::block_1024),
     ring_row(kind::block_1024), flag_row(kind::block_1024), 1},
    {"many_8_vs_ring", least, 0.25, 0.8, ring_row(kind::word_8),
     core_row(mode::ring_live_many, kind::word_8), core_row(mode::ring_live_many, kind::word_8), 1},
    {"many_text_vs_ring", least, 0.35, 0.8, ring_row(kind::text),
     core_row(mode::ring_live_many, kind::text), core_row(mode::ring_live_many, kind::text), 1},
    {"many_1024_vs_ring", least, 0.25, 0.8, ring_row(kind::block_1024),
     core_row(mode::ring_live_many, kind::block_1024),
     core_row(mode::ring_live_many, kind::block_1024), 1},
    {"batch_8_vs_publish", least, 0.5, 1, ring_row(kind::word_8),
     core_row(mode::ring_batch, kind::word_8), core_row(mode::ring_batch, kind::word_8), 1},
    {"batch_text_vs_publish", least, 0.5, 1, ring_row(kind::text),
     core_row(mode::ring_batch, kind::text), core_row(mode::ring_batch, kind::text), 1},
    {"claim_text_vs_publish", least, 0.4, 0.8, ring_row(kind::text),
     core_row(mode::ring_claim, kind::text), core_row(mode::ring_claim, kind::text), 1},
    {"two_producers_text_vs_ring", least, 0.1, 0.5, ring_row(kind::text),
     core_row(mode::ring_two_producers, kind::text), core_row(mode::ring_two_producers, kind::text),
     1},
    {"two_consumers_text_vs_ring", least, 0.03, 0.2, ring_row(kind::text),
     core_row(mode::ring_two_consumers, kind::text), core_row(mode::ring_two_consumers, kind::text),
     1},
    {"publish_200_sleepers_vs_1", most, 50, 5, probe::publish_sleepers_200,
     probe::publish_sleepers_1, probe::publish_sleepers_200, 1},
    {"full_ring_publish_vs_plain", most, 10, 2, probe::full_ring_publish, probe::plain_publish,
     probe::full_ring_publish, 1},
};

// Gives the gate this value, in one execution or in all.
void set_value(results& all, const quotient_gate& of, double value,
               std::uint32_t execution = every_execution) {
  scale(all, of.moved, of.moved == of.upper ? value / of.good : of.good / value, execution);
}

gate find(const std::vector<gate>& gates, std::string_view name) {
  for (const gate& g : gates) {
    if (g.name == name) return g;
  }
  ADD_FAILURE() << "no gate " << name;
  return {};
}

std::vector<std::string> failing(const results& all, bool strict = false) {
  std::vector<std::string> names;
  for (const gate& g : judge(all, strict)) {
    if (!g.passed) names.push_back(g.name);
  }
  return names;
}
using names = std::vector<std::string>;

// The gates that do not judge this figure, and yet fail. The slowest row does if it is of the core.
names failing_without_cause(const results& all, const figure& moved, bool strict) {
  names failed = failing(all, strict);
  std::erase_if(failed, [&](const std::string& name) {
    const auto* row = std::get_if<row_key>(&moved);
    if (name == "slowest_row") return row != nullptr && row->who == subject::core;
    return std::any_of(std::begin(quotient_gates), std::end(quotient_gates), [&](const auto& of) {
      return of.name == name && (of.upper == moved || of.lower == moved);
    });
  });
  return failed;
}

TEST(gates, G14_a_good_machine_passes_them_all) {
  for (const bool strict : {false, true}) {
    const std::vector<gate> gates = judge(good_results(), strict);
    EXPECT_EQ(gates.size(), std::size(quotient_gates) + 3);
    EXPECT_TRUE(all_passed(gates)) << strict;
  }
}

TEST(gates, G14_one_that_fails_fails_the_run) {
  std::vector<gate> gates = judge(good_results(), false);
  for (gate& g : gates) {
    g.passed = false;
    EXPECT_FALSE(all_passed(gates)) << g.name;
    g.passed = true;
  }
}

TEST(gates, G14_each_quotient_is_judged_by_its_threshold_and_in_a_strict_run_by_its_target) {
  for (const quotient_gate& of : quotient_gates) {
    for (const bool strict : {false, true}) {
      const double threshold = strict ? of.target : of.default_threshold;
      for (const bool good : {true, false}) {
        SCOPED_TRACE(std::string(of.name) + (strict ? " strict" : "") + (good ? " good" : ""));
        const bool above = good == (of.direction == least);
        results all = good_results();
        set_value(all, of, threshold * (above ? 1.001 : 0.999));
        const gate judged = find(judge(all, strict), of.name);
        EXPECT_EQ(judged.direction, of.direction);
        EXPECT_EQ(judged.default_threshold, of.default_threshold);
        EXPECT_EQ(judged.target, of.target);
        EXPECT_EQ(judged.threshold, threshold);
        EXPECT_EQ(judged.passed, good);
        EXPECT_EQ(judged.target_reached, good && strict);
        EXPECT_NEAR(judged.value, threshold, threshold / 500);
        EXPECT_EQ(failing_without_cause(all, of.moved, strict), names{});
      }
    }
  }
}

TEST(gates, G14_a_value_at_the_threshold_passes) {
  results all = good_results();
  million::scale(all, core_row(mode::log_live, kind::text), 1000.0 / 64);
  all.idle_cpu_percent = 5;
  all.idle_cpu_percent_200 = 5;
  EXPECT_EQ(find(judge(all, false), "slowest_row").value, 1'000'000);
  EXPECT_EQ(failing(all), names{});
  all.idle_cpu_percent = 1;
  all.idle_cpu_percent_200 = 1;
  EXPECT_EQ(failing(all, true), names{});
}

TEST(gates, G14_a_consumer_that_waits_may_use_a_twentieth_and_in_a_strict_run_a_hundredth) {
  results all = good_results();
  all.idle_cpu_percent = 5.01;
  EXPECT_EQ(failing(all), names{"idle_consumer_cpu_percent"});
  all.idle_cpu_percent = 1.01;
  EXPECT_EQ(failing(all), names{});
  EXPECT_EQ(failing(all, true), names{"idle_consumer_cpu_percent"});
}

TEST(gates, G14_each_of_many_consumers_that_wait_may_use_as_much) {
  results all = good_results();
  all.idle_cpu_percent_200 = 5.01;
  EXPECT_EQ(failing(all), names{"idle_200_cpu_percent"});
  all.idle_cpu_percent_200 = 1.01;
  EXPECT_EQ(failing(all), names{});
  EXPECT_EQ(failing(all, true), names{"idle_200_cpu_percent"});
}

// -- the whole and the median chunk

void scale_whole(results& all, const row_key& key, double factor) {
  for (sample& s : all.samples) {
    if (s.key == key) s.ms *= factor;
  }
}

// A busy machine lengthens the whole. A core that stalls does so, too: a strict run sees it.
TEST(gates, G14_the_median_chunk_decides_and_in_a_strict_run_the_worse_of_both) {
  for (const quotient_gate& of : quotient_gates) {
    const auto* row = std::get_if<row_key>(&of.moved);
    if (row == nullptr) continue;
    const bool is_upper = of.moved == of.upper;
    const double worse = (of.direction == least) == is_upper ? 0.001 : 1000;
    for (const double factor : {worse, 1 / worse}) {
      SCOPED_TRACE(std::string(of.name) + (factor == worse ? " worse" : " better"));
      results all = good_results();
      scale_whole(all, *row, factor);
      const double whole = is_upper ? of.good * factor : of.good / factor;
      const gate usual = find(judge(all, false), of.name);
      EXPECT_TRUE(usual.passed);
      EXPECT_DOUBLE_EQ(usual.value, of.good);
      EXPECT_DOUBLE_EQ(usual.whole, whole);
      const gate strict = find(judge(all, true), of.name);
      EXPECT_EQ(strict.passed, factor != worse);
      EXPECT_DOUBLE_EQ(strict.value, factor == worse ? whole : of.good);
      EXPECT_DOUBLE_EQ(strict.whole, whole);
    }
  }
}

TEST(gates, G14_a_core_that_is_slow_in_every_chunk_is_slow_however_short_the_whole_is) {
  for (const quotient_gate& of : quotient_gates) {
    const auto* row = std::get_if<row_key>(&of.moved);
    if (row == nullptr) continue;
    results all = good_results();
    const double worse = (of.direction == least) == (of.moved == of.upper) ? 0.001 : 1000;
    million::scale(all, *row, worse);
    scale_whole(all, *row, 1 / worse);
    for (const bool strict : {false, true}) {
      EXPECT_FALSE(find(judge(all, strict), of.name).passed) << of.name << strict;
    }
  }
}

TEST(gates, G14_the_slowest_row_is_so_by_its_median_chunk) {
  results all = good_results();
  const row_key row = core_row(mode::log_live, kind::text);
  scale_whole(all, row, 2000.0 / 64);
  EXPECT_EQ(failing(all), names{});
  EXPECT_EQ(judge(all, false).front().value, 15'625'000);
  million::scale(all, row, 1100.0 / 64);
  const gate judged = judge(all, false).front();
  EXPECT_FALSE(judged.passed);
  EXPECT_EQ(judged.row, "log_live text reader");
  EXPECT_DOUBLE_EQ(judged.whole, judged.value * 64 / 2000);
}

// The value of each gate follows two figures, in opposite directions, and no other.
TEST(gates, G14_each_quotient_takes_its_own_two_figures) {
  std::vector<figure> figures;
  for (const sample& s : good_results(1).samples) figures.emplace_back(s.key);
  for (const latency& l : good_results(1).latencies) figures.emplace_back(l.what);
  for (const figure& changed : figures) {
    results all = good_results();
    scale(all, changed, 2);
    const std::vector<gate> gates = judge(all, false);
    for (const quotient_gate& of : quotient_gates) {
      const double expected = changed == of.upper ? 2 : changed == of.lower ? 0.5 : 1;
      EXPECT_DOUBLE_EQ(find(gates, of.name).value, of.good * expected) << of.name;
      EXPECT_DOUBLE_EQ(find(gates, of.name).whole, of.good * expected) << of.name;
    }
    EXPECT_EQ(find(gates, "idle_consumer_cpu_percent").value, 0.5);
    EXPECT_EQ(find(gates, "idle_200_cpu_percent").value, 0.25);
  }
}

// Neither the best, nor the worst, nor the mean, nor any one of them.
TEST(gates, G14_the_median_execution_decides) {
  constexpr double others[] = {0.01, 4, 0, 3, 0.02};
  for (const quotient_gate& of : quotient_gates) {
    for (const bool good : {true, false}) {
      const double middle = good == (of.direction == least) ? 1.01 : 0.99;
      results all = good_results();
      for (std::uint32_t e = 0; e < std::size(others); ++e) {
        const double value = of.default_threshold * (others[e] == 0 ? middle : others[e]);
        set_value(all, of, value, e);
      }
      EXPECT_EQ(find(judge(all, false), of.name).passed, good) << of.name;
    }
  }
  for (const double middle : {990.0, 1010.0}) {
    results all = good_results();
    const row_key row = core_row(mode::log_live, kind::structured, role::writer);
    for (std::uint32_t e = 0; e < std::size(others); ++e) {
      million::scale(all, row, (others[e] == 0 ? middle : 1000 * others[e]) / 64 / factors[e], e);
    }
    EXPECT_EQ(failing(all), middle < 1000 ? names{} : names{"slowest_row"});
  }
}

TEST(gates, G14_medians_are_of_the_sorted_figures_and_quotients_of_one_execution) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({7}), 7);
  EXPECT_EQ(median({9, 2}), 5.5);
  EXPECT_EQ(median({9, 1, 4}), 4);
  EXPECT_EQ(median({9, 1, 5, 2}), 3.5);
  EXPECT_EQ(median_ratio({1, 2, 9}, {1, 4, 3}), 1);  // of the medians 2 / 3
  EXPECT_EQ(median_ratio({8, 6, 5}, {2, 3}), 3);     // what has no partner does not count
  EXPECT_EQ(median_ratio({8, 6}, {2, 3, 5}), 3);
  EXPECT_EQ(median_ratio({}, {1}), 0);
}

// -- the slowest row

TEST(gates, G14_any_stream_of_the_core_may_be_the_slowest_row) {
  for (const sample& s : good_results(1).samples) {
    results all = good_results();
    million::scale(all, s.key, 1001.0 / 64);
    const bool counts = s.key.who == subject::core && is_stream(s.key) &&
                        s.key.way != mode::ring_two_producers &&
                        s.key.way != mode::ring_two_consumers;
    const gate judged = find(judge(all, false), "slowest_row");
    EXPECT_EQ(judged.passed, !counts) << judged.row;
    if (!counts) continue;
    EXPECT_DOUBLE_EQ(judged.value, 1e9 / 1001);
    std::string name(to_string(s.key.way));
    name.append(" ").append(to_string(s.key.what)).append(" ").append(to_string(s.key.part));
    EXPECT_EQ(judged.row, name);
  }
  EXPECT_EQ(judge({}, false).front().row, "");
  EXPECT_EQ(judge({}, false).front().value, 0);
}

TEST(gates, G14_of_two_slow_rows_the_slower_is_named) {
  for (const double other : {1100.0, 1300.0}) {
    results all = good_results();
    million::scale(all, core_row(mode::log_live, kind::text), other / 64);
    million::scale(all, core_row(mode::ring_live_many, kind::word_8), 1200.0 / 64);
    EXPECT_EQ(judge(all, false).front().row,
              other < 1200 ? "ring_live_many word_8 reader" : "log_live text reader");
  }
}

TEST(gates, G14_a_machine_that_cannot_carry_a_million_a_second_is_no_fault_of_the_core) {
  for (const mode way : {mode::ring_live, mode::ring_live_many}) {
    for (const double bare : {1000.0, 1001.0}) {
      results all = good_results();
      million::scale(all, core_row(way, kind::block_1024), 1500.0 / 64);
      million::scale(all, bare_row(kind::block_1024), bare / 64);
      EXPECT_EQ(find(judge(all, false), "slowest_row").passed, bare > 1000);
    }
  }
  results all = good_results();
  million::scale(all, bare_row(kind::block_1024), 1500.0 / 64);
  million::scale(all, core_row(mode::ring_live, kind::text), 1500.0 / 64);  // of this size it can
  EXPECT_FALSE(find(judge(all, false), "slowest_row").passed);
}

TEST(gates, G14_a_ring_without_a_bare_one_beside_it_is_judged) {
  results all = good_results();
  std::erase_if(all.samples, [](const sample& s) { return s.key.who == subject::bare_ring; });
  million::scale(all, core_row(mode::ring_live, kind::word_8), 1500.0 / 64);
  EXPECT_FALSE(find(judge(all, false), "slowest_row").passed);
}

TEST(gates, G14_on_a_slow_machine_the_ratios_still_judge) {
  results all = good_results();
  million::scale(all, bare_row(kind::block_1024), 1500.0 / 64);
  million::scale(all, core_row(mode::ring_live, kind::block_1024), 6000.0 / 64);
  EXPECT_TRUE(find(judge(all, false), "slowest_row").passed);
  EXPECT_FALSE(find(judge(all, false), "ring_1024_vs_bare_ring").passed);
}

TEST(gates, G14_a_slow_log_is_never_excused) {
  for (const mode way : {mode::log_phases, mode::log_live}) {
    results all = good_results();
    million::scale(all, core_row(way, kind::text), 1500.0 / 64);
    million::scale(all, bare_row(kind::text), 1500.0 / 64);
    EXPECT_EQ(failing(all), names{"slowest_row"});
  }
}

}  // namespace
}  // namespace shmfifo::million
