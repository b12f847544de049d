// SPDX-License-Identifier: MIT
#include "gates.hpp"

#include <algorithm>
#include <optional>
#include <variant>

namespace shmfifo::million {
namespace {

constexpr double floor_per_second = 1'000'000;
constexpr auto least = sense::at_least;
constexpr auto most = sense::at_most;

using figure = std::variant<row_key, probe>;

// The reader finishes last: its time is that of the stream.
constexpr row_key core(mode way, kind what) {
  return {subject::core, way, what, role::reader};
}
constexpr row_key ring(kind what) {
  return core(mode::ring_live, what);
}
constexpr row_key baseline(subject who, kind what) {
  return {who, mode::ring_live, what, role::reader};
}
constexpr row_key original_live{subject::original, mode::log_live, kind::text, role::reader};
constexpr row_key log_writer(subject who, kind what) {
  return {who, mode::log_phases, what, role::writer};
}

// A gate that judges the quotient of two times.
struct quotient {
  const char* name;
  const char* what;
  sense direction;
  double default_threshold;
  double target;
  figure upper;
  figure lower;
};

constexpr quotient quotients[] = {
    {"ring_text_vs_bare_ring", "live ring, 133 bytes, speed against the bare ring", least, 0.5, 0.9,
     baseline(subject::bare_ring, kind::text), ring(kind::text)},
    {"ring_1024_vs_bare_ring", "live ring, 1,024 bytes, speed against the bare ring", least, 0.4,
     0.9, baseline(subject::bare_ring, kind::block_1024), ring(kind::block_1024)},
    {"many_text_vs_bare_ring", "many-producer mode, 133 bytes, against the bare ring", least, 0.5,
     0.8, baseline(subject::bare_ring, kind::text), core(mode::ring_live_many, kind::text)},
    {"many_1024_vs_bare_ring", "many-producer mode, 1,024 bytes, against the bare ring", least,
     0.25, 0.6, baseline(subject::bare_ring, kind::block_1024),
     core(mode::ring_live_many, kind::block_1024)},
    {"ring_text_vs_original_live", "live ring, 133 bytes, speed against the original, live", least,
     5, 10, original_live, ring(kind::text)},
    {"log_text_vs_copy_loop", "log, 133 bytes, time of publishing against a copy loop", most, 2,
     1.15, log_writer(subject::core, kind::text), log_writer(subject::copy_loop, kind::text)},
    {"log_structured_vs_copy_loop", "log, 51 bytes, time of publishing against a copy loop", most,
     2, 1.15, log_writer(subject::core, kind::structured),
     log_writer(subject::copy_loop, kind::structured)},
    {"round_trip_8_vs_ping_pong", "round trip p50, 8 bytes, against the flag ping-pong", most, 3,
     1.3, probe::round_trip_8, probe::ping_pong},
    {"round_trip_133_vs_ping_pong", "round trip p50, 133 bytes, against the flag ping-pong", most,
     4, 2.2, probe::round_trip_133, probe::ping_pong},
    {"ring_8_vs_flag_lines", "live ring, 8 bytes, speed against the flag lines", least, 0.3, 0.95,
     baseline(subject::flag_lines, kind::word_8), ring(kind::word_8)},
    {"ring_64_vs_flag_lines", "live ring, 64 bytes, speed against the flag lines", least, 0.3, 0.95,
     baseline(subject::flag_lines, kind::block_64), ring(kind::block_64)},
    {"ring_text_vs_flag_lines", "live ring, 133 bytes, speed against the flag lines", least, 0.4,
     0.92, baseline(subject::flag_lines, kind::text), ring(kind::text)},
    {"ring_1024_vs_flag_lines", "live ring, 1,024 bytes, speed against the flag lines", least, 0.4,
     0.95, baseline(subject::flag_lines, kind::block_1024), ring(kind::block_1024)},
    {"many_8_vs_ring", "many-producer mode, 8 bytes, speed against one producer's", least, 0.25,
     0.8, ring(kind::word_8), core(mode::ring_live_many, kind::word_8)},
    {"many_text_vs_ring", "many-producer mode, 133 bytes, speed against one producer's", least,
     0.35, 0.8, ring(kind::text), core(mode::ring_live_many, kind::text)},
    {"many_1024_vs_ring", "many-producer mode, 1,024 bytes, speed against one producer's", least,
     0.25, 0.8, ring(kind::block_1024), core(mode::ring_live_many, kind::block_1024)},
    {"batch_8_vs_publish", "batches, 8 bytes, speed against single messages", least, 0.5, 1,
     ring(kind::word_8), core(mode::ring_batch, kind::word_8)},
    {"batch_text_vs_publish", "batches, 133 bytes, speed against single messages", least, 0.5, 1,
     ring(kind::text), core(mode::ring_batch, kind::text)},
    {"claim_text_vs_publish", "written in place, 133 bytes, speed against publish", least, 0.4, 0.8,
     ring(kind::text), core(mode::ring_claim, kind::text)},
    {"two_producers_text_vs_ring", "two producers, 133 bytes, speed against one", least, 0.1, 0.5,
     ring(kind::text), core(mode::ring_two_producers, kind::text)},
    {"two_consumers_text_vs_ring", "two consumers, 133 bytes, speed against one", least, 0.03, 0.2,
     ring(kind::text), core(mode::ring_two_consumers, kind::text)},
    {"publish_200_sleepers_vs_1", "publish p50 while 200 consumers sleep, against one", most, 50, 5,
     probe::publish_sleepers_200, probe::publish_sleepers_1},
    {"full_ring_publish_vs_plain", "publish p50 into a full ring, against one with room", most, 10,
     2, probe::full_ring_publish, probe::plain_publish},
};

// A figure by the whole of the messages, and by their median chunk. A probe has only the former.
struct two_ways {
  double whole = 0;
  double chunk = 0;
};

two_ways ratio(const results& found, const quotient& of) {
  if (const auto* upper = std::get_if<row_key>(&of.upper)) {
    const auto& lower = std::get<row_key>(of.lower);
    return {median_ratio(found.row(*upper), found.row(lower)),
            median_ratio(found.chunks(*upper), found.chunks(lower))};
  }
  const double value =
      median_ratio(found.p50s(std::get<probe>(of.upper)), found.p50s(std::get<probe>(of.lower)));
  return {value, value};
}

two_ways ms_of(const results& found, const row_key& key) {
  return {median(found.row(key)), median(found.chunks(key))};
}

// Whether the row's speed is the scheduler's: three actors take turns on two processors.
bool has_three_actors(mode way) {
  return way == mode::ring_two_producers || way == mode::ring_two_consumers;
}

// Whether this machine, in this run, can carry that many messages of the kind at all: the bare
// ring, which does nothing else, did.
bool machine_carries(const results& found, kind what) {
  const two_ways bare = ms_of(found, baseline(subject::bare_ring, what));
  return static_cast<double>(found.messages) >= floor_per_second * bare.chunk / 1000;
}

// The slowest row of the core except creation and attachment, by its median chunk; nothing if there
// is none. As everywhere, the median of the executions decides: one that the host disturbed says
// nothing about the core. Nor does the row of a ring on a machine that cannot carry it, or that
// of three actors: there only ratios judge.
std::optional<row_key> slowest_row(const results& found) {
  std::optional<row_key> slowest;
  double most_ms = 0;
  for (const sample& s : found.samples) {
    const bool counts = s.key.who == subject::core && is_stream(s.key) &&
                        !has_three_actors(s.key.way) &&
                        (!is_ring(s.key.way) || machine_carries(found, s.key.what));
    if (!counts || ms_of(found, s.key).chunk <= most_ms) continue;
    most_ms = ms_of(found, s.key).chunk;
    slowest = s.key;
  }
  return slowest;
}

two_ways messages_per_second(const results& found, const std::optional<row_key>& key) {
  if (!key) return {};
  const two_ways ms = ms_of(found, *key);
  const double messages = static_cast<double>(found.messages) * 1000;
  return {messages / ms.whole, messages / ms.chunk};
}

std::string name_of(const std::optional<row_key>& key) {
  if (!key) return "";
  std::string name(to_string(key->way));
  for (const std::string_view part : {to_string(key->what), to_string(key->part)}) {
    name.append(" ").append(part);
  }
  return name;
}

}  // namespace

std::vector<gate> judge(const results& found, bool strict) {
  std::vector<gate> gates;
  const auto add = [&](const char* name, const char* what, sense direction, two_ways value,
                       double default_threshold, double target) -> gate& {
    const double worse = direction == least ? std::min(value.whole, value.chunk)
                                            : std::max(value.whole, value.chunk);
    gate& g = gates.emplace_back();
    g.name = name;
    g.what = what;
    g.direction = direction;
    g.value = strict ? worse : value.chunk;
    g.whole = value.whole;
    g.default_threshold = default_threshold;
    g.target = target;
    g.threshold = strict ? target : default_threshold;
    const auto reaches = [&](double threshold) {
      return direction == least ? g.value >= threshold : g.value <= threshold;
    };
    g.target_reached = reaches(g.target);
    g.passed = reaches(g.threshold);
    return g;
  };
  const auto slowest = slowest_row(found);
  add("slowest_row",
      "messages a second in the slowest line of the core where a bare ring reaches a million",
      least, messages_per_second(found, slowest), floor_per_second, floor_per_second)
      .row = name_of(slowest);
  for (const quotient& q : quotients) {
    add(q.name, q.what, q.direction, ratio(found, q), q.default_threshold, q.target);
  }
  const auto idle = [](double percent) { return two_ways{percent, percent}; };
  add("idle_consumer_cpu_percent", "processor time of a consumer that waits, in per cent", most,
      idle(found.idle_cpu_percent), 5, 1);
  add("idle_200_cpu_percent", "processor time of each of 200 that wait, in per cent", most,
      idle(found.idle_cpu_percent_200), 5, 1);
  return gates;
}

bool all_passed(const std::vector<gate>& gates) noexcept {
  return std::all_of(gates.begin(), gates.end(), [](const gate& g) { return g.passed; });
}

}  // namespace shmfifo::million
