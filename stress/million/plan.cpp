// SPDX-License-Identifier: MIT
#include "plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>

#include "flag_lines.hpp"
#include "latency.hpp"
#include "self_test.hpp"
#include "streams.hpp"

namespace shmfifo::million {
namespace {

constexpr unsigned passes = 2;  // A B A B
constexpr std::uint32_t steps_per_execution = 12;

// What goes through a ring, in the order of a pass: each kind of message that the row lists.
constexpr kind all_kinds[] = {kind::text, kind::structured, kind::block_1024, kind::word_8,
                              kind::block_64};
constexpr kind flag_kinds[] = {kind::text, kind::block_1024, kind::word_8, kind::block_64};
constexpr kind batch_kinds[] = {kind::text, kind::word_8};
constexpr kind claim_kinds[] = {kind::text, kind::block_1024};
constexpr kind text_only[] = {kind::text};

struct ring_row {
  subject who;
  mode way;
  std::span<const kind> kinds;
};
constexpr ring_row ring_rows[] = {
    {subject::core, mode::ring_live, all_kinds},
    {subject::bare_ring, mode::ring_live, all_kinds},
    {subject::flag_lines, mode::ring_live, flag_kinds},
    {subject::core, mode::ring_live_many, all_kinds},
    {subject::core, mode::ring_batch, batch_kinds},
    {subject::core, mode::ring_claim, claim_kinds},
    {subject::core, mode::ring_two_producers, text_only},
    {subject::core, mode::ring_two_consumers, text_only},
};

stream_times stream_of_core(actor& self, mode way, kind what, std::uint32_t execution,
                            bool copy_first = false) {
  return core_stream(self, way, what, copy_first,
                     is_slow(self.options(), execution, slow_stream{way, what}));
}

void record(actor& self, subject who, mode way, kind what, std::uint32_t execution,
            const stream_times& times, unsigned count) {
  const auto keep = [&](subject whose, role part, const timing& t) {
    if (t.ms <= 0) return;
    self.record({whose, way, what, part}, execution, {t.ms / count, t.chunk_ms / count});
  };
  keep(who, role::create, {times.create});
  keep(who, role::attach, {times.attach});
  keep(who, role::writer, times.writer);
  keep(who, role::reader, times.reader);
  keep(subject::copy_loop, role::writer, times.copy_loop);
}

void log_phases(actor& self, kind what, std::uint32_t execution) {
  self.step(fmt::format("execution {}: log, phases, {}", execution + 1, to_string(what)));
  // They take turns in being first, because the second finds warmer page tables.
  const auto times = stream_of_core(self, mode::log_phases, what, execution, execution % 2 == 0);
  record(self, subject::core, mode::log_phases, what, execution, times, 1);
}

void original_design(actor& self, mode way, std::uint32_t execution) {
  // Its records have one size whatever they carry: the text stands for both kinds.
  self.step(fmt::format("execution {}: the original's design, {}", execution + 1, to_string(way)));
  record(self, subject::original, way, kind::text, execution,
         original_stream(self, way, kind::text), 1);
}

void log_live(actor& self, kind what, std::uint32_t execution) {
  self.step(fmt::format("execution {}: log, live, {}", execution + 1, to_string(what)));
  record(self, subject::core, mode::log_live, what, execution,
         stream_of_core(self, mode::log_live, what, execution), 1);
}

void rings(actor& self, std::byte* memory, kind what, std::uint32_t execution) {
  self.step(fmt::format("execution {}: rings, live, {}", execution + 1, to_string(what)));
  stream_times sums[std::size(ring_rows)];
  const auto for_each_row = [&](auto&& job) {
    for (std::size_t i = 0; i < std::size(ring_rows); ++i) {
      const ring_row& row = ring_rows[i];
      if (std::ranges::find(row.kinds, what) != row.kinds.end()) job(row, sums[i]);
    }
  };
  for (unsigned pass = 0; pass < passes; ++pass) {
    for_each_row([&](const ring_row& row, stream_times& sum) {
      sum += row.who == subject::core ? stream_of_core(self, row.way, what, execution)
                                      : ring_baseline(self, row.who, memory, what);
    });
  }
  for_each_row([&](const ring_row& row, const stream_times& sum) {
    record(self, row.who, row.way, what, execution, sum, passes);
  });
}

void latencies(actor& self, std::uint32_t execution) {
  self.step(fmt::format("execution {}: latency", execution + 1));
  const auto slow = [&](probe what) { return is_slow(self.options(), execution, what); };
  // The flags in the middle, next to both round trips that are compared with them.
  measure_round_trip(self, execution, kind::word_8, slow(probe::round_trip_8));
  measure_ping_pong(self, execution, probe::ping_pong);
  measure_round_trip(self, execution, kind::text, slow(probe::round_trip_133));
  measure_wake_up(self, execution);
  measure_full_ring(self, execution, slow(probe::full_ring_publish));
  self.step(fmt::format("execution {}: sleepers", execution + 1));
  for (const sleepers& which : sleeper_probes) {
    measure_publish_to_sleepers(self, execution, which, slow(which.what));
  }
}

}  // namespace

std::uint32_t steps_of(const run_options& options) noexcept {
  return options.executions * steps_per_execution + 2;
}

void run_plan(actor& self, std::byte* ring_memory) {
  for (std::uint32_t execution = 0; execution < self.options().executions; ++execution) {
    for (const kind what : {kind::text, kind::structured}) log_phases(self, what, execution);
    // Two seconds of page faults that no gate judges: once is enough for the table.
    if (execution == 0) original_design(self, mode::log_phases, execution);
    for (const kind what : {kind::text, kind::structured}) log_live(self, what, execution);
    original_design(self, mode::log_live, execution);
    measure_ping_pong(self, execution, probe::ping_pong_at_rings);
    for (const kind what : all_kinds) rings(self, ring_memory, what, execution);
    latencies(self, execution);
  }
  self.step("idle consumers");
  const bool slow = self.options().self_test;
  self.found().idle_cpu_percent = measure_idle_consumers(self, 1, slow);
  self.found().idle_cpu_percent_200 = measure_idle_consumers(self, many_sleepers, slow);
}

std::byte* map_ring_memory() {
  const std::size_t size =
      sizeof(flag_lines) + ring_slots * flag_lines::stride(size_of(kind::block_1024));
  return static_cast<std::byte*>(map_shared_memory(size));
}

}  // namespace shmfifo::million
