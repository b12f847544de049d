// SPDX-License-Identifier: MIT
#pragma once
// Results made up for tests: of a machine and a core that pass every gate, also strictly.

#include "results.hpp"

namespace shmfifo::million {

// The host moves the processors: whole executions are slower.
inline constexpr double factors[] = {1, 2, 1, 4, 1};  // by execution

// A million messages in 64 ms, whoever carries them, and flags as slow as messages. The original
// takes 1,024 ms.
inline results good_results(std::uint32_t executions = 5) {
  results all{.messages = 1'000'000, .executions = executions, .samples = {}, .latencies = {}};
  const auto add = [&](const row_key& key, double ms) {
    for (std::uint32_t e = 0; e < executions; ++e) {
      all.samples.push_back({key, e, ms * factors[e % std::size(factors)]});
    }
  };
  for (const role part : {role::create, role::attach, role::writer, role::reader}) {
    for (const kind what : {kind::text, kind::structured}) {
      for (const mode way : {mode::log_phases, mode::log_live}) {
        add({subject::core, way, what, part}, 64);
      }
    }
    for (const kind what : {kind::text, kind::structured, kind::block_1024, kind::word_8}) {
      for (const mode way : {mode::ring_live, mode::ring_live_many}) {
        add({subject::core, way, what, part}, 64);
      }
    }
  }
  for (const role part : {role::writer, role::reader}) {
    for (const kind what : {kind::text, kind::structured, kind::block_1024, kind::word_8}) {
      add({subject::bare_ring, mode::ring_live, what, part}, 64);
    }
    for (const mode way : {mode::log_phases, mode::log_live}) {
      add({subject::original, way, kind::text, part}, 1024);
    }
  }
  for (const kind what : {kind::text, kind::structured}) {
    add({subject::copy_loop, mode::log_phases, what, role::writer}, 64);
  }
  for (const probe what : {probe::ping_pong, probe::round_trip_8, probe::round_trip_133,
                           probe::wake_up, probe::ping_pong_at_rings}) {
    for (std::uint32_t e = 0; e < executions; ++e) {
      const double factor = factors[e % std::size(factors)];
      all.latencies.push_back({what, e, 64 * factor, 96 * factor});
    }
  }
  all.idle_cpu_percent = 0.5;
  return all;
}

// Multiplies a row of the table, in one execution or in all.
inline constexpr std::uint32_t every_execution = ~0U;
inline void scale(results& all, const row_key& key, double factor,
                  std::uint32_t execution = every_execution) {
  for (sample& s : all.samples) {
    if (s.key == key && (execution == every_execution || s.execution == execution)) s.ms *= factor;
  }
}
inline void scale(results& all, probe what, double factor,
                  std::uint32_t execution = every_execution) {
  for (latency& l : all.latencies) {
    const bool fits = execution == every_execution || l.execution == execution;
    if (l.what == what && fits) l.p50_ns *= factor;
  }
}

}  // namespace shmfifo::million
