// SPDX-License-Identifier: MIT
#pragma once
// The results of the two processes, as plain records in memory shared with their parent, which
// judges and reports after both have ended.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "payload.hpp"

namespace shmfifo::million {

enum class subject : std::uint8_t { core, bare_ring, flag_lines, original, copy_loop };
enum class mode : std::uint8_t {
  log_phases,
  log_live,
  ring_live,
  ring_live_many,
  ring_batch,          // one producer, batches of messages
  ring_claim,          // one producer, messages written in place
  ring_two_producers,  // many-producer mode
  ring_two_consumers   // one producer
};
enum class role : std::uint8_t { create, attach, writer, reader };

inline constexpr std::array<std::string_view, 5> subject_names{"core", "bare_ring", "flag_lines",
                                                               "original_design", "copy_loop"};
inline constexpr std::array<std::string_view, 8> mode_names{
    "log_phases", "log_live",   "ring_live",          "ring_live_many",
    "ring_batch", "ring_claim", "ring_two_producers", "ring_two_consumers"};
inline constexpr std::array<std::string_view, 4> role_names{"create", "attach", "writer", "reader"};

[[nodiscard]] constexpr std::string_view to_string(subject s) noexcept {
  return subject_names[static_cast<std::size_t>(s)];
}
[[nodiscard]] constexpr std::string_view to_string(mode m) noexcept {
  return mode_names[static_cast<std::size_t>(m)];
}
[[nodiscard]] constexpr std::string_view to_string(role r) noexcept {
  return role_names[static_cast<std::size_t>(r)];
}

[[nodiscard]] constexpr bool is_ring(mode m) noexcept {
  return m != mode::log_phases && m != mode::log_live;
}

// The line of the table: all but the execution.
struct row_key {
  subject who = subject::core;
  mode way = mode::log_phases;
  kind what = kind::text;
  role part = role::writer;
  friend bool operator==(const row_key&, const row_key&) = default;
};

// Whether the row moves messages: none move while a segment is created or attached.
[[nodiscard]] constexpr bool is_stream(const row_key& key) noexcept {
  return key.part == role::writer || key.part == role::reader;
}

// Of one side of a stream: all its messages, and as many at the speed of the median chunk.
struct timing {
  double ms = 0;
  double chunk_ms = 0;

  timing& operator+=(const timing& other) noexcept {
    ms += other.ms;
    chunk_ms += other.chunk_ms;
    return *this;
  }
};

struct sample {
  row_key key;
  std::uint32_t execution = 0;  // from 0
  double ms = 0;
  double chunk_ms = 0;  // of a stream
};

// The flags are timed twice in an execution: beside the rings, and between the two round trips.
enum class probe : std::uint8_t {
  ping_pong,
  round_trip_8,
  round_trip_133,
  wake_up,
  ping_pong_at_rings,
  plain_publish,      // where there is room
  full_ring_publish,  // where each message has the one slot that was released for it
  publish_sleepers_1,
  publish_sleepers_16,
  publish_sleepers_64,
  publish_sleepers_200
};
inline constexpr std::array<std::string_view, 11> probe_names{
    "ping_pong",           "round_trip_8",        "round_trip_133",      "wake_up",
    "ping_pong_at_rings",  "plain_publish",       "full_ring_publish",   "publish_sleepers_1",
    "publish_sleepers_16", "publish_sleepers_64", "publish_sleepers_200"};
[[nodiscard]] constexpr std::string_view to_string(probe p) noexcept {
  return probe_names[static_cast<std::size_t>(p)];
}

// How many consumers sleep while a message is published.
struct sleepers {
  probe what;
  unsigned count;
};
inline constexpr std::array<sleepers, 4> sleeper_probes{{{probe::publish_sleepers_1, 1},
                                                         {probe::publish_sleepers_16, 16},
                                                         {probe::publish_sleepers_64, 64},
                                                         {probe::publish_sleepers_200, 200}}};
inline constexpr unsigned many_sleepers = sleeper_probes.back().count;

struct latency {
  probe what = probe::ping_pong;
  std::uint32_t execution = 0;
  double p50_ns = 0;
  double p99_ns = 0;
};

inline constexpr std::uint32_t executions_max = 100;
inline constexpr std::size_t samples_max = 128 * executions_max;
inline constexpr std::size_t latencies_max = 16 * executions_max;

// The results of one process. Only that process writes them; the parent reads them after its end.
struct findings {
  std::size_t sample_count = 0;
  std::size_t latency_count = 0;
  std::uint64_t original_short_reads = 0;  // of the original's reader, live, over all executions
  double idle_cpu_percent = -1;            // below zero, also below: not measured by this process
  double idle_cpu_percent_200 = -1;
  sample samples[samples_max];
  latency latencies[latencies_max];
};

// What else the machine did during the run.
struct machine_state {
  unsigned processors = 0;
  double load_average_before = 0;  // of the last minute, as in uptime(1); our own processes count
  double load_average_after = 0;
  double steal_percent = 0;   // of all processor time: the host gave it to others
  double others_percent = 0;  // of all processor time: processes that are not ours
};

// The results of both, which the parent judges.
struct results {
  std::int64_t messages = 0;
  std::uint32_t executions = 0;
  std::vector<sample> samples;
  std::vector<latency> latencies;
  std::uint64_t original_short_reads = 0;
  double idle_cpu_percent = 0;      // of one consumer that waits
  double idle_cpu_percent_200 = 0;  // of each of many_sleepers
  machine_state machine = {};

  // The milliseconds of a row by execution; empty if there is no such row.
  [[nodiscard]] std::vector<double> row(const row_key& key) const;
  [[nodiscard]] std::vector<double> chunks(const row_key& key) const;  // of the median chunks
  [[nodiscard]] std::vector<double> p50s(probe what) const;            // by execution
  [[nodiscard]] std::vector<double> p99s(probe what) const;
  // The same with the rows and latencies of this execution only.
  [[nodiscard]] results of_execution(std::uint32_t execution) const;
};

[[nodiscard]] double median(std::vector<double> values);  // 0 if there are none

// The median of the quotients a[i] / b[i], execution by execution. The host moves the two virtual
// cores during a run, which changes every figure: quotients of figures close in time stay right,
// and the median drops the few executions in which a move fell between the two. The quotient of two
// medians would compare figures of different placements.
[[nodiscard]] double median_ratio(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace shmfifo::million
