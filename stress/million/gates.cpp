// SPDX-License-Identifier: MIT
#include "gates.hpp"

#include <algorithm>
#include <optional>

namespace shmfifo::million {
namespace {

constexpr double floor_per_second = 1'000'000;

bool is_a_ring(mode way) {
  return way == mode::ring_live || way == mode::ring_live_many;
}

// Whether this machine, in this run, can carry that many messages of the kind at all: the bare
// ring, which does nothing else, did.
bool machine_carries(const results& found, kind what) {
  const auto bare = found.row({subject::bare_ring, mode::ring_live, what, role::reader});
  return bare.empty() ||
         static_cast<double>(found.messages) / median(bare) * 1000 >= floor_per_second;
}

// The slowest row of the core except creation and attachment; nothing if there is none. As
// everywhere, the median of the executions decides: one that the host disturbed says nothing about
// the core. Nor does the row of a ring on a machine that cannot carry it: there only ratios judge.
std::optional<row_key> slowest_row(const results& found) {
  std::optional<row_key> slowest;
  double most_ms = 0;
  for (const sample& s : found.samples) {
    const bool counts = s.key.who == subject::core &&
                        (s.key.part == role::writer || s.key.part == role::reader) &&
                        (!is_a_ring(s.key.way) || machine_carries(found, s.key.what));
    if (!counts || median(found.row(s.key)) <= most_ms) continue;
    most_ms = median(found.row(s.key));
    slowest = s.key;
  }
  return slowest;
}

double messages_per_second(const results& found, const std::optional<row_key>& key) {
  return key ? static_cast<double>(found.messages) / median(found.row(*key)) * 1000 : 0;
}

std::string name_of(const std::optional<row_key>& key) {
  if (!key) return "";
  std::string name(to_string(key->way));
  for (const std::string_view part : {to_string(key->what), to_string(key->part)}) {
    name.append(" ").append(part);
  }
  return name;
}

// The speed of a stream of the core divided by that of another: the reader finishes last.
double speed_ratio(const results& found, mode core_mode, subject other, mode other_mode,
                   kind what) {
  return median_ratio(found.row({other, other_mode, what, role::reader}),
                      found.row({subject::core, core_mode, what, role::reader}));
}

double publish_to_copy(const results& found, kind what) {
  return median_ratio(found.row({subject::core, mode::log_phases, what, role::writer}),
                      found.row({subject::copy_loop, mode::log_phases, what, role::writer}));
}

double to_ping_pong(const results& found, probe what) {
  return median_ratio(found.p50s(what), found.p50s(probe::ping_pong));
}

}  // namespace

std::vector<gate> judge(const results& found, bool strict) {
  const auto vs_bare = [&](mode way, kind what) {
    return speed_ratio(found, way, subject::bare_ring, mode::ring_live, what);
  };
  const auto slowest = slowest_row(found);
  const auto least = sense::at_least;
  const auto most = sense::at_most;
  std::vector<gate> gates = {
      {"slowest_row",
       "messages a second in the slowest line of the core where a bare ring reaches a million",
       least, messages_per_second(found, slowest), floor_per_second, floor_per_second},
      {"ring_text_vs_bare_ring", "live ring, 133 bytes, speed against the bare ring", least,
       vs_bare(mode::ring_live, kind::text), 0.3, 0.9},
      {"ring_1024_vs_bare_ring", "live ring, 1,024 bytes, speed against the bare ring", least,
       vs_bare(mode::ring_live, kind::block_1024), 0.3, 0.9},
      {"many_text_vs_bare_ring", "many-producer mode, 133 bytes, against the bare ring", least,
       vs_bare(mode::ring_live_many, kind::text), 0.2, 0.6},
      {"many_1024_vs_bare_ring", "many-producer mode, 1,024 bytes, against the bare ring", least,
       vs_bare(mode::ring_live_many, kind::block_1024), 0.2, 0.6},
      {"ring_text_vs_original_live", "live ring, 133 bytes, speed against the original, live",
       least, speed_ratio(found, mode::ring_live, subject::original, mode::log_live, kind::text), 3,
       10},
      {"log_text_vs_copy_loop", "log, 133 bytes, time of publishing against a copy loop", most,
       publish_to_copy(found, kind::text), 2.5, 1.15},
      {"log_structured_vs_copy_loop", "log, 51 bytes, time of publishing against a copy loop", most,
       publish_to_copy(found, kind::structured), 2.5, 1.15},
      {"round_trip_8_vs_ping_pong", "round trip p50, 8 bytes, against the flag ping-pong", most,
       to_ping_pong(found, probe::round_trip_8), 4, 1.3},
      {"round_trip_133_vs_ping_pong", "round trip p50, 133 bytes, against the flag ping-pong", most,
       to_ping_pong(found, probe::round_trip_133), 6, 2.2},
      {"idle_consumer_cpu_percent", "processor time of a consumer that waits, in per cent", most,
       found.idle_cpu_percent, 10, 1},
  };
  gates.front().row = name_of(slowest);
  for (gate& g : gates) {
    const auto reaches = [&](double threshold) {
      return g.direction == least ? g.value >= threshold : g.value <= threshold;
    };
    g.threshold = strict ? g.target : g.default_threshold;
    g.target_reached = reaches(g.target);
    g.passed = reaches(g.threshold);
  }
  return gates;
}

bool all_passed(const std::vector<gate>& gates) noexcept {
  return std::all_of(gates.begin(), gates.end(), [](const gate& g) { return g.passed; });
}

}  // namespace shmfifo::million
