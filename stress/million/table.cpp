// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>

#include "report.hpp"

namespace shmfifo::million {
namespace {

std::string label(const row_key& key) {
  return fmt::format("  {:<11} {}", to_string(key.what), to_string(key.part));
}

std::string_view heading(const row_key& key) {
  switch (key.who) {
    case subject::core:
      switch (key.way) {
        case mode::log_phases:
          return "core, log, phases: write all, then read all (records of 1,024 bytes)";
        case mode::log_live:
          return "core, log, live: both at once (records of the payload's size)";
        case mode::ring_live:
          return "core, ring, live, one producer (1,024 slots of the payload's size)";
        case mode::ring_live_many:
          return "core, ring, live, many-producer mode";
        case mode::ring_batch:
          return "core, ring, live, batches of 16 messages";
        case mode::ring_claim:
          return "core, ring, live, written in place";
        case mode::ring_two_producers:
          return "core, ring, live, two producers";
        case mode::ring_two_consumers:
          return "core, ring, live, two consumers";
      }
      break;
    case subject::bare_ring:
      return "baseline: bare ring, live";
    case subject::flag_lines:
      return "baseline: flag lines, live: a ring with a flag in each slot";
    case subject::original:
      return key.way == mode::log_phases
                 ? "baseline: the original's design, phases (first touch of the pages included)"
                 : "baseline: the original's design, live (likewise)";
    case subject::copy_loop:
      return "baseline: plain copy loop over the log's touched memory";
  }
  return "";
}

void print_row(const results& found, const row_key& key) {
  const auto values = found.row(key);
  std::string line = fmt::format("{:<22}", label(key));
  for (std::size_t i = 0; i < std::min<std::size_t>(values.size(), 10); ++i) {
    line += fmt::format(" {:>7.1f}", values[i]);
  }
  const double middle = median(values);
  line += fmt::format("  | {:>7.1f}", middle);
  if (is_stream(key) && middle > 0) {
    const double messages = static_cast<double>(found.messages) / 1000;
    line +=
        fmt::format(" {:>8.2f} {:>8.2f}", messages / middle, messages / median(found.chunks(key)));
  }
  fmt::print("{}\n", line);
}

void print_latency(const results& found, probe what, std::string_view name) {
  std::string line = fmt::format("{:<22}", fmt::format("  {}", name));
  const auto p50s = found.p50s(what);
  for (std::size_t i = 0; i < std::min<std::size_t>(p50s.size(), 10); ++i) {
    line += fmt::format(" {:>7.0f}", p50s[i]);
  }
  fmt::print("{}  | {:>7.0f} {:>8.0f}\n", line, median(p50s), median(found.p99s(what)));
}

void print_gate(const gate& g, bool strict) {
  const char* sign = g.direction == sense::at_least ? ">=" : "<=";
  const int digits = g.value >= 1000 ? 0 : 2;
  const std::string target = g.target == g.default_threshold
                                 ? ""
                                 : fmt::format("; target {} {:.{}f} {}", sign, g.target, digits,
                                               g.target_reached ? "reached" : "missed");
  const std::string whole =
      g.whole == g.value ? "" : fmt::format("; whole {:.{}f}", g.whole, digits);
  fmt::print("{} {}: {:.{}f} (gate {} {:.{}f}{}{}) {}{}\n", g.passed ? "PASS" : "FAIL", g.name,
             g.value, digits, sign, g.threshold, digits, strict ? "" : target, whole, g.what,
             g.row.empty() ? "" : ": " + g.row);
}

// Judges nothing: it tells a reader of a failure whether to measure again on a quiet machine.
void print_machine(const results& found) {
  const machine_state& machine = found.machine;
  fmt::print(
      "machine: {} processors; load average {:.2f} before, {:.2f} after (two are ours); others "
      "used "
      "{:.1f} % of the processors, the host took {:.1f} % (steal); flag ping-pong {:.0f} ns\n",
      machine.processors, machine.load_average_before, machine.load_average_after,
      machine.others_percent, machine.steal_percent, median(found.p50s(probe::ping_pong)));
}

}  // namespace

std::vector<row_key> rows_of(const results& found) {
  std::vector<row_key> keys;
  for (const sample& s : found.samples) {
    if (std::find(keys.begin(), keys.end(), s.key) == keys.end()) keys.push_back(s.key);
  }
  const auto rank = [](const row_key& k) {
    return std::tuple(k.who, k.way, size_of(k.what) == 133 ? 0 : 1, k.what, k.part);
  };
  std::sort(keys.begin(), keys.end(),
            [&](const row_key& a, const row_key& b) { return rank(a) < rank(b); });
  return keys;
}

void print_table(const results& found) {
  fmt::print(
      "{} messages; milliseconds by execution | median, million messages a second, by "
      "the median chunk\n",
      found.messages);
  std::string_view last;
  for (const row_key& key : rows_of(found)) {
    if (heading(key) != last) fmt::print("{}\n", last = heading(key));
    print_row(found, key);
  }
  fmt::print("latency, nanoseconds: p50 by execution | median of p50, of p99\n");
  print_latency(found, probe::ping_pong_at_rings, "ping-pong, at rings");
  print_latency(found, probe::ping_pong, "flag ping-pong");
  print_latency(found, probe::round_trip_8, "round trip, 8 B");
  print_latency(found, probe::round_trip_133, "round trip, 133 B");
  print_latency(found, probe::wake_up, "wake-up of a sleeper");
  print_latency(found, probe::plain_publish, "publish");
  print_latency(found, probe::full_ring_publish, "publish, full ring");
  for (const sleepers& which : sleeper_probes) {
    print_latency(found, which.what, fmt::format("publish, {} asleep", which.count));
  }
  fmt::print(
      "an idle consumer uses {:.2f} % of a processor, each of {} uses {:.2f} %; short reads of the "
      "original's reader: {}\n",
      found.idle_cpu_percent, many_sleepers, found.idle_cpu_percent_200,
      found.original_short_reads);
}

void print_verdict(const std::vector<gate>& gates, const results& found, bool strict) {
  fmt::print("\n");
  std::string failed;
  for (const gate& g : gates) {
    if (g.passed) print_gate(g, strict);
    if (!g.passed) failed += (failed.empty() ? "" : ", ") + g.name;
  }
  print_machine(found);
  for (const gate& g : gates) {
    if (!g.passed) print_gate(g, strict);
  }
  fmt::print("{}: {} of {} gates passed{}{}\n", failed.empty() ? "PASS" : "FAIL",
             std::count_if(gates.begin(), gates.end(), [](const gate& g) { return g.passed; }),
             gates.size(), strict ? ", against the targets (--strict)" : "",
             failed.empty() ? "" : "; failed: " + failed);
}

}  // namespace shmfifo::million
