// SPDX-License-Identifier: MIT
#pragma once
// Counts the corners of the FIFO that a program reaches. A stateful test that never fills its queue
// proves little, however many programs it runs; so a test fails when one of these is rare.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "stateful/reference_fifo.hpp"

namespace shmfifo::property_tests {

inline constexpr const char* corner_names[] = {"full", "wrap", "lost", "aborted", "resumed"};
inline constexpr int percent_min = 5;

class corners {
 public:
  explicit corners(const harness::reference::fifo& start) : model_(start) {}

  void note(const harness::reference::operation& o) {
    using harness::reference::op;
    const bool kept = o.what == op::attach_consumer && resumes(o);
    const harness::reference::answer a = model_.step(o);
    if (a.code == status::full || a.code == status::timed_out) seen_.insert("full");
    if (a.code == status::lost && o.what != op::mark) seen_.insert("lost");
    if (a.code == status::aborted && o.what != op::mark) seen_.insert("aborted");
    if (kept && a.errno_value == 0) seen_.insert("resumed");
    if (model_.shape().mode == segment_mode::ring &&
        model_.cursor() > static_cast<std::int64_t>(model_.shape().slot_count)) {
      seen_.insert("wrap");
    }
    if (o.what == op::kill) seen_.insert("killed");
  }
  [[nodiscard]] const std::set<std::string>& names() const { return seen_; }

 private:
  [[nodiscard]] bool resumes(const harness::reference::operation& o) const {
    const std::string name = harness::reference::name_of(o.name);
    for (const auto& line : model_.look().lines) {
      if (line.kind == participant_kind::durable && line.name == name && line.cursor > 0)
        return true;
    }
    return false;
  }

  harness::reference::fifo model_;
  std::set<std::string> seen_;
};

// The corners that were come to in less than percent_min of the runs.
inline std::vector<std::string> rare_corners(const std::map<std::string, int>& tags, int runs) {
  std::vector<std::string> rare;
  for (const char* name : corner_names) {
    const auto found = tags.find(name);
    if (found == tags.end() || found->second * 100 < runs * percent_min) rare.emplace_back(name);
  }
  return rare;
}

}  // namespace shmfifo::property_tests
