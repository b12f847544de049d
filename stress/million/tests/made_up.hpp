// SPDX-License-Identifier: MIT
#pragma once
// Results made up for tests: of a machine and a core that pass every gate, also strictly.

#include "results.hpp"

namespace shmfifo::million {

// The host moves the processors: whole executions are slower.
inline constexpr double factors[] = {1, 2, 1, 4, 1};  // by execution

inline constexpr kind every_kind[] = {kind::text, kind::structured, kind::block_1024, kind::word_8,
                                      kind::block_64};

struct ring_of_core {
  mode way;
  kind what;
};
inline constexpr ring_of_core rings_of_core[] = {
    {mode::ring_live, kind::text},          {mode::ring_live_many, kind::text},
    {mode::ring_live, kind::structured},    {mode::ring_live_many, kind::structured},
    {mode::ring_live, kind::block_1024},    {mode::ring_live_many, kind::block_1024},
    {mode::ring_live, kind::word_8},        {mode::ring_live_many, kind::word_8},
    {mode::ring_live, kind::block_64},      {mode::ring_live_many, kind::block_64},
    {mode::ring_batch, kind::text},         {mode::ring_batch, kind::word_8},
    {mode::ring_claim, kind::text},         {mode::ring_claim, kind::block_1024},
    {mode::ring_two_producers, kind::text}, {mode::ring_two_consumers, kind::text},
};

// A million messages in 64 ms, whoever carries them, and flags as slow as messages. The original
// takes 1,024 ms.
inline results good_results(std::uint32_t executions = 5) {
  results all{.messages = 1'000'000, .executions = executions, .samples = {}, .latencies = {}};
  const auto add = [&](const row_key& key, double ms) {
    for (std::uint32_t e = 0; e < executions; ++e) {
      const double time = ms * factors[e % std::size(factors)];
      all.samples.push_back({key, e, time, is_stream(key) ? time : 0});
    }
  };
  for (const role part : {role::create, role::attach, role::writer, role::reader}) {
    for (const kind what : {kind::text, kind::structured}) {
      for (const mode way : {mode::log_phases, mode::log_live}) {
        add({subject::core, way, what, part}, 64);
      }
    }
    for (const ring_of_core& ring : rings_of_core)
      add({subject::core, ring.way, ring.what, part}, 64);
  }
  for (const role part : {role::writer, role::reader}) {
    for (const kind what : every_kind) {
      add({subject::bare_ring, mode::ring_live, what, part}, 64);
      if (what != kind::structured) add({subject::flag_lines, mode::ring_live, what, part}, 64);
    }
    for (const mode way : {mode::log_phases, mode::log_live}) {
      add({subject::original, way, kind::text, part}, 1024);
    }
  }
  for (const kind what : {kind::text, kind::structured}) {
    add({subject::copy_loop, mode::log_phases, what, role::writer}, 64);
  }
  for (std::size_t i = 0; i < probe_names.size(); ++i) {
    for (std::uint32_t e = 0; e < executions; ++e) {
      const double factor = factors[e % std::size(factors)];
      all.latencies.push_back({static_cast<probe>(i), e, 64 * factor, 96 * factor});
    }
  }
  all.idle_cpu_percent = 0.5;
  all.idle_cpu_percent_200 = 0.25;
  return all;
}

// Multiplies a row of the table, the whole and the chunks, in one execution or in all.
inline constexpr std::uint32_t every_execution = ~0U;
inline void scale(results& all, const row_key& key, double factor,
                  std::uint32_t execution = every_execution) {
  for (sample& s : all.samples) {
    if (s.key != key || (execution != every_execution && s.execution != execution)) continue;
    s.ms *= factor;
    s.chunk_ms *= factor;
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
