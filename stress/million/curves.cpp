// SPDX-License-Identifier: MIT
#include "curves.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <span>

namespace shmfifo::million {
namespace {

constexpr std::uint64_t slot_counts[] = {1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20};
constexpr std::uint64_t consumer_counts[] = {1, 2, 4, 16, 64, 200};
constexpr std::uint64_t gating_counts[] = {1, 4, 16, 64, 200};
constexpr std::uint64_t producer_counts[] = {1, 2, 4, 8, 16, 32};
constexpr std::uint64_t content_sizes[] = {8, 64, 1 << 10, 16 << 10, 256 << 10, 1 << 20};
constexpr std::uint64_t other_counts[] = {1, 4, 16, 64, 255};
constexpr std::size_t points_max = 6;

struct curve_plan {
  std::string_view name;
  std::string_view parameter;
  std::string_view cost;
  std::string_view share;
  std::span<const std::uint64_t> parameters;
  point_measure measure;
};
constexpr std::array<curve_plan, 9> plans{{
    {"stream_slots", "slots", "ns a message", "", slot_counts, stream_by_slots},
    {"stream_consumers", "consumers", "ns a message", "ns a message and consumer", consumer_counts,
     stream_by_consumers},
    {"stream_producers", "producers", "ns a message", "", producer_counts, stream_by_producers},
    {"stream_content", "bytes", "ns a message", "ns a byte", content_sizes, stream_by_content},
    {"full_ring_publish", "consumers", "ns a publish", "", gating_counts, full_ring_publish},
    {"attach_consumer", "others attached", "us a call", "", other_counts, attach_consumer_call},
    {"recover", "others attached", "us a call", "", other_counts, recover_call},
    {"stat", "others attached", "us a call", "", other_counts, stat_call},
    {"attach", "slots", "us a call", "", slot_counts, attach_call},
}};

// Shared by the two processes and their parent.
struct curve_findings {
  double costs[executions_max][plans.size()][points_max];
};

// All points in each execution: what the machine does meanwhile changes no point alone.
void measure_all(actor& self, curve_findings& found) {
  for (std::uint32_t execution = 0; execution < self.options().executions; ++execution) {
    for (std::size_t c = 0; c < plans.size(); ++c) {
      const curve_plan& plan = plans[c];
      self.step(fmt::format("execution {}: {}", execution + 1, plan.name));
      for (std::size_t p = 0; p < plan.parameters.size(); ++p) {
        const double cost = plan.measure(self, plan.parameters[p]);
        if (cost > 0) found.costs[execution][c][p] = cost;
      }
    }
  }
}

std::vector<curve> collect(const curve_findings& found, const run_options& options) {
  std::vector<curve> curves;
  for (std::size_t c = 0; c < plans.size(); ++c) {
    const curve_plan& plan = plans[c];
    curve measured{plan.name, plan.parameter, plan.cost, plan.share, {}};
    for (std::size_t p = 0; p < plan.parameters.size(); ++p) {
      curve_point point{plan.parameters[p], {}};
      for (std::uint32_t execution = 0; execution < options.executions; ++execution) {
        point.costs.push_back(found.costs[execution][c][p]);
      }
      measured.points.push_back(std::move(point));
    }
    curves.push_back(std::move(measured));
  }
  return curves;
}

}  // namespace

run_outcome measure_curves(const run_options& options, std::vector<curve>& curves) {
  static_assert(std::ranges::all_of(
      plans, [](const curve_plan& plan) { return plan.parameters.size() <= points_max; }));
  auto& found = *new (map_shared_memory(sizeof(curve_findings))) curve_findings();
  run_outcome outcome =
      run_in_two_processes(options, options.executions * static_cast<std::uint32_t>(plans.size()),
                           [&](actor& self) { measure_all(self, found); });
  if (outcome.ok) curves = collect(found, options);
  ::munmap(&found, sizeof found);
  return outcome;
}

}  // namespace shmfifo::million
