// SPDX-License-Identifier: MIT
// Goal: every figure is measured as its row says, recorded under the name of this row, and next to
// what it is compared with. Method: the plan runs with streams and probes that only note how they
// were called; each takes another time.
#include "plan.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>

#include "latency.hpp"
#include "made_up.hpp"
#include "self_test.hpp"
#include "streams.hpp"

namespace shmfifo::million {
namespace {

std::vector<std::string> calls;
std::byte* ring_at = nullptr;

// Of the n-th stream: n, 2 n, 3 n and so on, and ten times as much by the chunks.
stream_times times_of_call(const std::string& text, bool creates, bool copies) {
  calls.push_back(text);
  const auto n = static_cast<double>(calls.size());
  const auto timed = [](double ms) { return timing{ms, 10 * ms}; };
  return {creates ? n : 0, creates ? 2 * n : 0, timed(3 * n), timed(4 * n),
          copies ? timed(5 * n) : timing{}};
}

struct fake_run {
  std::unique_ptr<shared_block> block = std::make_unique<shared_block>();
  std::byte memory[1] = {};

  explicit fake_run(const run_options& options, side who = side::writer) {
    calls.clear();
    actor self(*block, who, options, "plan-");
    run_plan(self, memory);
  }
  [[nodiscard]] const findings& found(side who = side::writer) const {
    return block->found[static_cast<unsigned>(who)];
  }
  // The figure of a row in one execution; it must be there once.
  [[nodiscard]] double figure(const row_key& key, std::uint32_t execution = 0) const {
    std::vector<double> values;
    std::for_each_n(found().samples, found().sample_count, [&](const sample& s) {
      if (s.key != key || s.execution != execution) return;
      values.push_back(s.ms);
      EXPECT_DOUBLE_EQ(s.chunk_ms, is_stream(key) ? 10 * s.ms : 0);
    });
    EXPECT_EQ(values.size(), 1U);
    return values.empty() ? -1 : values[0];
  }
};

run_options executions(std::uint32_t count, bool self_test = false) {
  run_options options;
  options.executions = count;
  options.self_test = self_test;
  return options;
}

// What goes through a ring with this kind of message, in the order of a pass.
std::vector<std::string_view> rings_of(kind what) {
  std::vector<std::string_view> rings{"core ring_live", "bare_ring"};
  if (what != kind::structured) rings.emplace_back("flag_lines");
  rings.emplace_back("core ring_live_many");
  if (what == kind::text || what == kind::word_8) rings.emplace_back("core ring_batch");
  if (what == kind::text || what == kind::block_1024) rings.emplace_back("core ring_claim");
  if (what == kind::text) rings.emplace_back("core ring_two_producers");
  if (what == kind::text) rings.emplace_back("core ring_two_consumers");
  return rings;
}

// Of the calls in one execution that is not the first.
std::vector<std::string> calls_of_an_execution(bool copy_first) {
  std::vector<std::string> all;
  const char* first = copy_first ? ", copy first" : "";
  for (const char* what : {"text", "structured"}) {
    all.push_back(fmt::format("core log_phases {}{}", what, first));
  }
  for (const char* what : {"text", "structured"})
    all.push_back(fmt::format("core log_live {}", what));
  all.emplace_back("original log_live text");
  all.emplace_back("ping_pong_at_rings");
  for (const kind what : every_kind) {
    for (int pass = 0; pass < 2; ++pass) {
      for (const std::string_view ring : rings_of(what)) {
        all.push_back(fmt::format("{} {}", ring, to_string(what)));
      }
    }
  }
  for (const char* probe : {"round_trip word_8", "ping_pong", "round_trip text", "wake_up",
                            "full ring", "publish_sleepers_1", "publish_sleepers_16",
                            "publish_sleepers_64", "publish_sleepers_200"}) {
    all.emplace_back(probe);
  }
  return all;
}

TEST(plan, G14_measures_in_turn_what_is_compared) {
  const fake_run run(executions(3));
  std::vector<std::string> expected = calls_of_an_execution(true);
  expected.insert(expected.begin() + 2, "original log_phases text");
  for (const bool copy_first : {false, true}) {
    const auto more = calls_of_an_execution(copy_first);
    expected.insert(expected.end(), more.begin(), more.end());
  }
  expected.emplace_back("1 idle");
  expected.emplace_back("200 idle");
  EXPECT_EQ(calls, expected);
  EXPECT_EQ(ring_at, run.memory);
  EXPECT_EQ(run.found().idle_cpu_percent, 1);
  EXPECT_EQ(run.found().idle_cpu_percent_200, 200);
}

TEST(plan, G14_records_each_stream_under_its_own_row) {
  const fake_run run(executions(1));
  const auto call = [](std::string_view text) {
    const auto found = std::find(calls.begin(), calls.end(), text);
    EXPECT_NE(found, calls.end()) << text;
    return static_cast<double>(found - calls.begin() + 1);
  };
  const auto expect_row = [&](subject who, mode way, kind what, double n, bool creates = true) {
    EXPECT_EQ(run.figure({who, way, what, role::writer}), 3 * n);
    EXPECT_EQ(run.figure({who, way, what, role::reader}), 4 * n);
    if (!creates) return;
    EXPECT_EQ(run.figure({who, way, what, role::create}), n);
    EXPECT_EQ(run.figure({who, way, what, role::attach}), 2 * n);
  };
  std::size_t rows = 0;
  for (const kind what : {kind::text, kind::structured}) {
    const auto name = to_string(what);
    const double phases = call(fmt::format("core log_phases {}, copy first", name));
    expect_row(subject::core, mode::log_phases, what, phases);
    EXPECT_EQ(run.figure({subject::copy_loop, mode::log_phases, what, role::writer}), 5 * phases);
    expect_row(subject::core, mode::log_live, what, call(fmt::format("core log_live {}", name)));
    rows += 9;
  }
  for (const mode way : {mode::log_phases, mode::log_live}) {
    const double n = call(fmt::format("original {} text", to_string(way)));
    expect_row(subject::original, way, kind::text, n, false);
    rows += 2;
  }
  // The mean of two passes, with the other streams in between.
  const std::map<std::string_view, std::pair<subject, mode>> ring_rows{
      {"core ring_live", {subject::core, mode::ring_live}},
      {"bare_ring", {subject::bare_ring, mode::ring_live}},
      {"flag_lines", {subject::flag_lines, mode::ring_live}},
      {"core ring_live_many", {subject::core, mode::ring_live_many}},
      {"core ring_batch", {subject::core, mode::ring_batch}},
      {"core ring_claim", {subject::core, mode::ring_claim}},
      {"core ring_two_producers", {subject::core, mode::ring_two_producers}},
      {"core ring_two_consumers", {subject::core, mode::ring_two_consumers}}};
  for (const kind what : every_kind) {
    const auto rings = rings_of(what);
    for (const std::string_view ring : rings) {
      const double n = call(fmt::format("{} {}", ring, to_string(what)));
      const auto [who, way] = ring_rows.at(ring);
      const bool creates = who == subject::core;
      expect_row(who, way, what, n + static_cast<double>(rings.size()) / 2, creates);
      rows += creates ? 4 : 2;
    }
  }
  EXPECT_EQ(run.found().sample_count, rows);
}

TEST(plan, G14_records_each_execution_by_its_number) {
  const fake_run run(executions(3));
  const row_key key{subject::core, mode::ring_live_many, kind::word_8, role::writer};
  EXPECT_LT(run.figure(key, 0), run.figure(key, 1));
  EXPECT_LT(run.figure(key, 1), run.figure(key, 2));
  std::map<probe, std::vector<std::uint32_t>> probed;
  std::for_each_n(run.found().latencies, run.found().latency_count,
                  [&](const latency& l) { probed[l.what].push_back(l.execution); });
  EXPECT_EQ(probed.size(), probe_names.size());
  for (const auto& entry : probed) {
    EXPECT_EQ(entry.second, (std::vector<std::uint32_t>{0, 1, 2})) << to_string(entry.first);
  }
}

TEST(plan, G14_slows_the_planned_part_in_its_execution_only) {
  const fake_run run(executions(slownesses.size(), true));
  std::vector<std::string> slow;
  std::copy_if(calls.begin(), calls.end(), std::back_inserter(slow),
               [](const std::string& call) { return call.ends_with(", slow"); });
  std::vector<std::string> expected{"core log_live structured, slow"};
  const auto twice = [&](const std::string& call) { expected.insert(expected.end(), 2, call); };
  twice("core ring_live text, slow");
  twice("core ring_live block_1024, slow");
  twice("core ring_live_many text, slow");
  twice("core ring_live_many block_1024, slow");
  twice("core ring_live text, slow");
  expected.emplace_back("core log_phases text, copy first, slow");
  expected.emplace_back("core log_phases structured, slow");
  expected.emplace_back("round_trip word_8, slow");
  expected.emplace_back("round_trip text, slow");
  for (const char* what : {"word_8", "block_64", "text", "block_1024"}) {
    twice(fmt::format("core ring_live {}, slow", what));
  }
  for (const char* what : {"word_8", "text", "block_1024"}) {
    twice(fmt::format("core ring_live_many {}, slow", what));
  }
  twice("core ring_batch word_8, slow");
  twice("core ring_batch text, slow");
  twice("core ring_claim text, slow");
  twice("core ring_two_producers text, slow");
  twice("core ring_two_consumers text, slow");
  expected.insert(expected.end(), {"publish_sleepers_200, slow", "full ring, slow", "1 idle, slow",
                                   "200 idle, slow"});
  EXPECT_EQ(slow, expected);
}

TEST(plan, announces_as_many_steps_as_it_takes) {
  for (const std::uint32_t count : {1U, 4U}) {
    const fake_run run(executions(count));
    EXPECT_EQ(run.block->steps_done.load(), steps_of(executions(count)));
    EXPECT_STREQ(run.block->step_name, "idle consumers");
  }
  const fake_run reading(executions(1), side::reader);
  EXPECT_EQ(reading.block->steps_done.load(), 0U);  // the writer announces for both
  EXPECT_EQ(reading.found().sample_count, 0U);
  EXPECT_EQ(reading.found(side::reader).sample_count, 104U);
}

}  // namespace

stream_times core_stream(actor&, mode way, kind what, bool copy_first, bool slow) {
  return times_of_call(fmt::format("core {} {}{}{}", to_string(way), to_string(what),
                                   copy_first ? ", copy first" : "", slow ? ", slow" : ""),
                       true, way == mode::log_phases);
}
stream_times ring_baseline(actor&, subject who, std::byte* memory, kind what) {
  ring_at = memory;
  return times_of_call(fmt::format("{} {}", to_string(who), to_string(what)), false, false);
}
stream_times original_stream(actor&, mode way, kind what) {
  return times_of_call(fmt::format("original {} {}", to_string(way), to_string(what)), false,
                       false);
}
void measure_ping_pong(actor& self, std::uint32_t execution, probe which) {
  calls.emplace_back(to_string(which));
  self.record({which, execution, 1, 2});
}
void measure_round_trip(actor& self, std::uint32_t execution, kind what, bool slow) {
  calls.push_back(fmt::format("round_trip {}{}", to_string(what), slow ? ", slow" : ""));
  self.record({what == kind::text ? probe::round_trip_133 : probe::round_trip_8, execution, 1, 2});
}
void measure_wake_up(actor& self, std::uint32_t execution) {
  calls.emplace_back("wake_up");
  self.record({probe::wake_up, execution, 1, 2});
}
void measure_full_ring(actor& self, std::uint32_t execution, bool slow) {
  calls.emplace_back(slow ? "full ring, slow" : "full ring");
  self.record({probe::plain_publish, execution, 1, 2});
  self.record({probe::full_ring_publish, execution, 1, 2});
}
void measure_publish_to_sleepers(actor& self, std::uint32_t execution, const sleepers& which,
                                 bool slow) {
  calls.push_back(fmt::format("{}{}", to_string(which.what), slow ? ", slow" : ""));
  self.record({which.what, execution, 1, 2});
}
double measure_idle_consumers(actor&, unsigned consumers, bool slow) {
  calls.push_back(fmt::format("{} idle{}", consumers, slow ? ", slow" : ""));
  return consumers;
}

}  // namespace shmfifo::million
