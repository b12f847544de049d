// SPDX-License-Identifier: MIT
#pragma once
// The options that shape a new segment, the same words for message_producer and `shmfifo create`.
// Impossible combinations are told as a slip on the command line, before anything is created.

#include <optional>

#include "cli.hpp"

namespace shmfifo::apps {

class geometry_options {
 public:
  // `slots_default` 0 means: the caller decides when resolve() is called.
  void add_to(CLI::App& app);

  // The geometry; a log has `log_slots` slots unless --slots was given.
  [[nodiscard]] geometry shape(std::uint64_t log_slots) const;
  // All the rest.
  [[nodiscard]] create_options options() const;

 private:
  geometry shape_{.slot_count = 0};
  create_options options_;
  std::optional<full_policy> when_full_;
  std::string permissions_ = "600";
};

[[nodiscard]] std::string describe(const geometry& shape);

}  // namespace shmfifo::apps
