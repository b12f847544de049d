// SPDX-License-Identifier: MIT
#include "plan.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <system_error>

#include "bare_ring.hpp"
#include "latency.hpp"
#include "self_test.hpp"
#include "streams.hpp"

namespace shmfifo::million {
namespace {

constexpr unsigned passes = 2;  // A B A B
constexpr std::uint32_t steps_per_execution = 10;

stream_times stream_of_core(actor& self, mode way, kind what, std::uint32_t execution,
                            bool copy_first = false) {
  return core_stream(self, way, what, copy_first,
                     slow_stream(self.options(), execution, way, what));
}

void record(actor& self, subject who, mode way, kind what, std::uint32_t execution,
            const stream_times& times, unsigned count) {
  const auto keep = [&](role part, double ms) {
    if (ms > 0) self.record({who, way, what, part}, execution, ms / count);
  };
  keep(role::create, times.create);
  keep(role::attach, times.attach);
  keep(role::writer, times.writer);
  keep(role::reader, times.reader);
  if (times.copy_loop > 0) {
    self.record({subject::copy_loop, way, what, role::writer}, execution, times.copy_loop / count);
  }
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
  stream_times single;
  stream_times many;
  stream_times bare;
  for (unsigned pass = 0; pass < passes; ++pass) {
    single += stream_of_core(self, mode::ring_live, what, execution);
    bare += bare_ring_stream(self, memory, what);
    many += stream_of_core(self, mode::ring_live_many, what, execution);
  }
  record(self, subject::core, mode::ring_live, what, execution, single, passes);
  record(self, subject::core, mode::ring_live_many, what, execution, many, passes);
  record(self, subject::bare_ring, mode::ring_live, what, execution, bare, passes);
}

void latencies(actor& self, std::uint32_t execution) {
  self.step(fmt::format("execution {}: latency", execution + 1));
  const auto round_trip = [&](kind what) {
    measure_round_trip(self, execution, what, slow_round_trip(self.options(), execution, what));
  };
  // The flags in the middle, next to both round trips that are compared with them.
  round_trip(kind::word_8);
  measure_ping_pong(self, execution, probe::ping_pong);
  round_trip(kind::text);
  measure_wake_up(self, execution);
}

}  // namespace

std::uint32_t steps_of(const run_options& options) noexcept {
  return options.executions * steps_per_execution + 2;
}

void run_plan(actor& self, std::byte* bare_ring_memory) {
  for (std::uint32_t execution = 0; execution < self.options().executions; ++execution) {
    for (const kind what : {kind::text, kind::structured}) log_phases(self, what, execution);
    // Two seconds of page faults that no gate judges: once is enough for the table.
    if (execution == 0) original_design(self, mode::log_phases, execution);
    for (const kind what : {kind::text, kind::structured}) log_live(self, what, execution);
    original_design(self, mode::log_live, execution);
    measure_ping_pong(self, execution, probe::ping_pong_at_rings);
    for (const kind what : {kind::text, kind::structured, kind::block_1024, kind::word_8}) {
      rings(self, bare_ring_memory, what, execution);
    }
    latencies(self, execution);
  }
  self.step("idle consumer");
  measure_idle_consumer(self, self.options().self_test);
}

std::byte* map_bare_ring_memory() {
  const std::size_t size = sizeof(bare_ring) + ring_slots * size_of(kind::block_1024);
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  return static_cast<std::byte*>(memory);
}

}  // namespace shmfifo::million
