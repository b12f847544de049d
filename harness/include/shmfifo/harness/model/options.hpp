// SPDX-License-Identifier: MIT
#pragma once

// What a caller of check() can set: budgets, the fate of an exploration that exceeds them, and
// changes of memory orders by site. Every limit that is hit gives the verdict `unknown`; none makes
// a test pass.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace shmfifo::harness::model {

class execution;

// Names an atomic access of the tested code; an index into options::site_names.
using site_id = std::uint16_t;
inline constexpr site_id no_site = 0xFFFF;  // an access without a name

// A change of what one site does, made without recompiling: this is how orders are mutated.
struct site_override {
  std::optional<std::memory_order> order;  // instead of the one in the code
  bool drop_fence = false;                 // the fence is not there
  bool split_update = false;               // a read-modify-write becomes a load and a store
};

// The state of an exploration.
struct progress {
  std::uint64_t executions = 0;  // complete ones
  std::uint64_t blocked = 0;     // given up, see result
  double seconds = 0;            // since the start
  double share_done = 0;         // of the search tree, from 0 to 1; an estimate
  // So far.
  [[nodiscard]] double executions_per_second() const noexcept {
    return seconds > 0 ? static_cast<double>(executions) / seconds : 0;
  }
};

// The options of check().
struct options {
  std::uint64_t executions_max = 100'000'000;  // complete and blocked ones together
  double seconds_max = 600;                    // of the whole exploration
  std::uint32_t events_max = 20'000;           // in one execution; more means an unbounded loop,
                                               // and so do as many pauses that read nothing
  std::size_t stack_bytes = 256 * 1024;        // of each thread
  // compare_exchange_weak may also fail when the values are equal.
  bool weak_failures = false;
  // After a violation, look this many executions further for one with fewer events.
  std::uint64_t shorten_executions = 20'000;
  // Explores executions that differ only by an exchange of symmetric threads once
  // (thread_group::start_symmetric); without, such threads are like any others.
  bool symmetry = true;
  // Remembers every execution and counts the ones seen twice. Memory grows with the count.
  bool count_duplicates = false;
  // Processes that share the exploration; on_execution runs in them, not in the caller.
  std::uint32_t workers = 1;
  std::vector<std::string> site_names;        // indexed by site, for reports
  std::vector<site_override> site_overrides;  // indexed by site; may be shorter than the names
  // Called after each complete execution that broke nothing; may call model::require.
  std::function<void(const execution&)> on_execution;
  // Called about every `progress_seconds`.
  std::function<void(const progress&)> on_progress;
  double progress_seconds = 2;  // between two calls
};

}  // namespace shmfifo::harness::model
