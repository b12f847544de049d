// SPDX-License-Identifier: MIT
// The curves as text and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "curves.hpp"
#include "report.hpp"

namespace shmfifo::million {
namespace {

using nlohmann::json;

struct point_figures {
  double cost = 0;  // median and extremes over the executions
  double cost_min = 0;
  double cost_max = 0;
  double share = 0;
};

point_figures figures_of(const curve_point& point) {
  const double cost = median(point.costs);
  const auto [least, most] = std::minmax_element(point.costs.begin(), point.costs.end());
  return {cost, *least, *most, cost / static_cast<double>(point.parameter)};
}

void print_curve(const curve& one) {
  const bool shared = !one.share.empty();
  fmt::print("\n{}: {}{}{}\n", one.name, one.cost, shared ? "; share: " : "", one.share);
  fmt::print("  {:>16} {:>10} {:>10} {:>10}{} {:>12} {:>8}\n", one.parameter, "cost", "min", "max",
             shared ? fmt::format(" {:>10}", "share") : "", "x parameter", "x cost");
  const std::vector<growth_step> steps = growth_of(one);
  for (std::size_t i = 0; i < one.points.size(); ++i) {
    const point_figures figures = figures_of(one.points[i]);
    fmt::print("  {:>16} {:>10.2f} {:>10.2f} {:>10.2f}", one.points[i].parameter, figures.cost,
               figures.cost_min, figures.cost_max);
    if (shared) fmt::print(" {:>10.3f}", figures.share);
    if (i > 0) {
      const growth_step& step = steps[i - 1];
      fmt::print(" {:>12.2f} {:>8.2f}{}", step.parameter_factor, step.cost_factor,
                 step.faster_than_linear ? "  grows faster than linearly" : "");
    }
    fmt::print("\n");
  }
}

// Behind the curves, so that nobody has to look for them.
void print_steps(const std::vector<curve>& curves) {
  fmt::print("\n");
  bool any = false;
  for (const curve& one : curves) {
    for (const growth_step& step : growth_of(one)) {
      if (!step.faster_than_linear) continue;
      any = true;
      fmt::print("grows faster than linearly: {}, {} {} to {}: cost x {:.2f}, parameter x {:.2f}\n",
                 one.name, one.parameter, step.from, step.to, step.cost_factor,
                 step.parameter_factor);
    }
  }
  if (!any) fmt::print("no step grows faster than linearly\n");
}

json points_of(const curve& one) {
  json points = json::array();
  for (const curve_point& point : one.points) {
    const point_figures figures = figures_of(point);
    points.push_back({{"parameter", point.parameter},
                      {"cost", figures.cost},
                      {"cost_min", figures.cost_min},
                      {"cost_max", figures.cost_max}});
    if (!one.share.empty()) points.back()["share"] = figures.share;
  }
  return points;
}

json steps_of(const curve& one) {
  json steps = json::array();
  for (const growth_step& step : growth_of(one)) {
    steps.push_back({{"from", step.from},
                     {"to", step.to},
                     {"parameter_factor", step.parameter_factor},
                     {"cost_factor", step.cost_factor},
                     {"faster_than_linear", step.faster_than_linear}});
  }
  return steps;
}

}  // namespace

void print_curves(const std::vector<curve>& curves, const run_options& options) {
  fmt::print(
      "growth of the core's costs; median and extremes of {} executions; the factors are those to "
      "the line above\nfaster than linearly: the cost grew by more than {} times the factor of "
      "the parameter\n",
      options.executions, growth_tolerance);
  for (const curve& one : curves) print_curve(one);
  print_steps(curves);
}

std::string write_curves(const std::string& file, const std::vector<curve>& curves,
                         const run_options& options) {
  json out = {{"messages", options.messages},
              {"executions", options.executions},
              {"curves", json::object()}};
  for (const curve& one : curves) {
    json& entry = out["curves"][std::string(one.name)];
    entry = {{"parameter", one.parameter},
             {"unit", one.cost},
             {"points", points_of(one)},
             {"steps", steps_of(one)}};
    if (!one.share.empty()) entry["share_unit"] = one.share;
  }
  return write_file(file, out.dump(2));
}

}  // namespace shmfifo::million
