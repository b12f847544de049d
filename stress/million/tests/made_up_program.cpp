// SPDX-License-Identifier: MIT
// million_messages with results that are made up instead of measured: SHMFIFO_MADE_UP says which.
// What it prints, writes and exits with follows from them alone.
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "curves.hpp"
#include "made_up.hpp"
#include "peers.hpp"
#include "plan.hpp"
#include "self_test.hpp"
#include "streams.hpp"

namespace shmfifo::million {
namespace {

constexpr double much = 1000;

// As slow as the default gates allow and the targets do not.
void miss_a_target(results& all) {
  scale(all, {subject::core, mode::ring_live_many, kind::block_1024, role::reader}, 2);
}

void slow_down_as_planned(results& all) {
  const run_options asked{.self_test = true};
  for (std::uint32_t e = 0; e < slownesses.size(); ++e) {
    for (sample& s : all.samples) {
      const bool planned = s.key.who == subject::core && s.execution == e &&
                           is_slow(asked, e, slow_stream{s.key.way, s.key.what});
      if (!planned) continue;
      s.ms *= much;
      s.chunk_ms *= much;
    }
    for (latency& l : all.latencies) {
      if (l.execution == e && is_slow(asked, e, l.what)) l.p50_ns *= much;
    }
  }
  all.idle_cpu_percent = 99;
  all.idle_cpu_percent_200 = 99;
}

// Every figure is another one.
void tell_apart(results& all) {
  double n = 0;
  for (sample& s : all.samples) {
    s.ms = 50 + ++n;
    if (is_stream(s.key)) s.chunk_ms = s.ms / 2 + 1;
  }
  for (latency& l : all.latencies) {
    l.p50_ns = 10 * ++n;
    l.p99_ns = 10 * n + 5;
  }
}

std::string_view made_up() {
  const char* variable = std::getenv("SHMFIFO_MADE_UP");
  return variable != nullptr ? variable : "";
}

}  // namespace

run_outcome run_in_two_processes(const run_options& options, std::uint32_t steps_in_all,
                                 const std::function<void(actor&)>&) {
  if (steps_in_all != steps_of(options)) throw std::logic_error("the steps are not the plan's");
  const std::string_view which = made_up();
  run_outcome outcome{.ok = true, .signal = 0, .failure = {}, .found = {}};
  outcome.found = good_results(options.executions);
  const double part = static_cast<double>(options.messages) / 1e6;
  for (sample& s : outcome.found.samples) {
    s.ms *= part;
    s.chunk_ms *= part;
  }
  outcome.found.messages = options.messages;
  outcome.found.original_short_reads = 17;
  outcome.found.machine = {2, 0.25, 1.5, 3.25, 40.5};
  if (which == "misses a target") miss_a_target(outcome.found);
  if (which == "misses a gate") outcome.found.idle_cpu_percent = 11;
  if (which == "slow as planned") slow_down_as_planned(outcome.found);
  if (which == "failed") outcome = {false, 0, "the machine is at fault", {}};
  if (which == "interrupted") outcome = {false, 15, "", {}};
  if (which == "all different") tell_apart(outcome.found);
  if (which == "options") {
    throw std::runtime_error(std::to_string(options.messages) + " messages, " +
                             std::to_string(options.executions) + " executions" +
                             (options.self_test ? ", a self-test" : "") +
                             (options.pin == pinning::yes ? ", pinned" : "") +
                             (options.pin == pinning::no ? ", not pinned" : ""));
  }
  if (which == "throws") throw std::runtime_error("no memory is left");
  return outcome;
}

std::uint32_t steps_of(const run_options& options) noexcept {
  return options.executions + 1;
}
void run_plan(actor&, std::byte*) {}
std::byte* map_ring_memory() {
  return nullptr;
}
std::uint64_t space_needed(std::int64_t messages) noexcept {
  return made_up() == "a byte a message" ? static_cast<std::uint64_t>(messages) : 0;
}

run_outcome measure_peers(const run_options& options, std::vector<peer_row>& rows) {
  rows.push_back({"a_peer", "1.2", kind::text, 10'000, {}});
  for (std::uint32_t e = 0; e < options.executions; ++e) {
    rows.back().rounds.push_back({{1e6 * (1 + e), 3e6}, {4e6, 5e6}});
  }
  return {.ok = made_up() != "failed", .signal = 0, .failure = "the peer is at fault", .found = {}};
}

run_outcome measure_curves(const run_options& options, std::vector<curve>& curves) {
  const auto point = [&](std::uint64_t parameter, double least) {
    curve_point made{parameter, {}};
    for (std::uint32_t e = 0; e < options.executions; ++e) made.costs.push_back(least * (1 + e));
    return made;
  };
  const double middle = made_up() == "linear" ? 40 : 80;
  curves.push_back({"a_curve",
                    "users",
                    "ns a call",
                    "ns a user",
                    {point(2, 10), point(8, middle), point(16, 1.5 * middle)}});
  curves.push_back({"a_point", "slots", "us a call", "", {{1, {5}}}});
  return {
      .ok = made_up() != "failed", .signal = 0, .failure = "the curve is at fault", .found = {}};
}

}  // namespace shmfifo::million
