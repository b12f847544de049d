// SPDX-License-Identifier: MIT
#pragma once
// Whether effects of kills can all have different causes: a matching of the two, by augmenting
// paths. Causes are as many as the kills of a run, not as its messages; the first effect too many
// ends the search.

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace shmfifo::harness {

template <class Explains>
class matching {
 public:
  // explains(effect, cause): can this cause have had this effect?
  matching(std::size_t effects, std::size_t causes, Explains explains)
      : cause_of_(effects, none), effect_of_(causes, none), explains_(std::move(explains)) {}

  // The first effect that has to stay without a cause of its own.
  [[nodiscard]] std::optional<std::size_t> first_unexplained() {
    for (std::size_t effect = 0; effect < cause_of_.size(); ++effect) {
      if (!find_cause(effect)) return effect;
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t none = ~std::size_t{0};

  // Breadth first: a long path needs no deep stack.
  bool find_cause(std::size_t effect) {
    std::vector<std::size_t> reached_from(effect_of_.size(),
                                          none);  // the effect next to each cause
    std::vector<std::size_t> waiting{effect};
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      for (std::size_t cause = 0; cause < effect_of_.size(); ++cause) {
        if (reached_from[cause] != none || !explains_(waiting[i], cause)) continue;
        reached_from[cause] = waiting[i];
        if (effect_of_[cause] == none) {
          exchange(cause, reached_from);
          return true;
        }
        waiting.push_back(effect_of_[cause]);
      }
    }
    return false;
  }
  // Each effect on the path gets the cause next to it, and leaves its own to the one before.
  void exchange(std::size_t cause, const std::vector<std::size_t>& reached_from) {
    while (cause != none) {
      const std::size_t effect = reached_from[cause];
      effect_of_[cause] = effect;
      cause = std::exchange(cause_of_[effect], cause);
    }
  }

  std::vector<std::size_t> cause_of_;   // of each effect
  std::vector<std::size_t> effect_of_;  // of each cause
  Explains explains_;
};

}  // namespace shmfifo::harness
