// SPDX-License-Identifier: MIT
#pragma once
// How the costs of the core grow with the slots, the participants and the content, so that a cliff
// or a growth above linear is seen. A report: nothing is judged but that every message comes as it
// was sent.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors.hpp"

namespace shmfifo::million {

struct curve_point {
  std::uint64_t parameter = 0;
  std::vector<double> costs;  // by execution
};

struct curve {
  std::string_view name;
  std::string_view parameter;
  std::string_view cost;   // its unit
  std::string_view share;  // the unit of cost / parameter, empty where that means nothing
  std::vector<curve_point> points;
};

// From one point to the next.
struct growth_step {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  double parameter_factor = 1;
  double cost_factor = 1;
  bool faster_than_linear = false;
};
// Tolerates what a step to the next level of cache or a busy machine adds.
inline constexpr double growth_tolerance = 1.5;

// Compares the medians of neighbouring points. A step grows faster than linearly if its cost grew
// by more than `growth_tolerance` times the factor of its parameter.
[[nodiscard]] std::vector<growth_step> growth_of(const curve& measured);

// Both processes call this. The one that measured returns the cost, the other one zero.
using point_measure = double (*)(actor& self, std::uint64_t parameter);

// Streams: nanoseconds a message.
[[nodiscard]] double stream_by_slots(actor& self, std::uint64_t slots);
[[nodiscard]] double stream_by_consumers(actor& self, std::uint64_t consumers);
[[nodiscard]] double stream_by_producers(actor& self, std::uint64_t producers);
[[nodiscard]] double stream_by_content(actor& self, std::uint64_t size);
// Calls: nanoseconds of a publish, microseconds of the others.
[[nodiscard]] double full_ring_publish(actor& self, std::uint64_t consumers);
[[nodiscard]] double attach_consumer_call(actor& self, std::uint64_t others);
[[nodiscard]] double recover_call(actor& self, std::uint64_t others);
[[nodiscard]] double stat_call(actor& self, std::uint64_t others);
[[nodiscard]] double attach_call(actor& self, std::uint64_t slots);

[[nodiscard]] run_outcome measure_curves(const run_options& options, std::vector<curve>& curves);

void print_curves(const std::vector<curve>& curves, const run_options& options);
// Returns an error text, empty if it succeeds.
[[nodiscard]] std::string write_curves(const std::string& file, const std::vector<curve>& curves,
                                       const run_options& options);

}  // namespace shmfifo::million
