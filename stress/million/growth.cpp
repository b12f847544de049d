// SPDX-License-Identifier: MIT
#include "curves.hpp"

namespace shmfifo::million {

std::vector<growth_step> growth_of(const curve& measured) {
  std::vector<growth_step> steps;
  for (std::size_t i = 1; i < measured.points.size(); ++i) {
    const curve_point& from = measured.points[i - 1];
    const curve_point& to = measured.points[i];
    growth_step step{.from = from.parameter, .to = to.parameter};
    step.parameter_factor = static_cast<double>(to.parameter) / static_cast<double>(from.parameter);
    step.cost_factor = median(to.costs) / median(from.costs);
    step.faster_than_linear = step.cost_factor > growth_tolerance * step.parameter_factor;
    steps.push_back(step);
  }
  return steps;
}

}  // namespace shmfifo::million
