// SPDX-License-Identifier: MIT
#pragma once

// What check() found. `ok` means that every consistent execution was explored and none broke a
// rule; a budget that ran out, a program that is not deterministic, or one that the explorer cannot
// bound, gives `unknown`, with the reason in words.

#include <cstdint>
#include <string>

namespace shmfifo::harness::model {

// The verdict in one word.
enum class verdict : std::uint8_t { ok, violation, unknown };

// Its own name.
[[nodiscard]] constexpr const char* name_of(verdict v) noexcept {
  switch (v) {
    case verdict::ok:
      return "ok";
    case verdict::violation:
      return "violation";
    default:
      return "unknown";
  }
}

// The rule that was broken.
enum class broken : std::uint8_t {
  nothing,
  assertion,      // model::require, or an exception that left a thread
  data_race,      // RC11: a plain access unordered with another, one of them a write
  uninitialised,  // a read of something nobody wrote
  deadlock,       // nobody can go on, now or later
};

// Its name in words.
[[nodiscard]] constexpr const char* name_of(broken b) noexcept {
  switch (b) {
    case broken::assertion:
      return "assertion";
    case broken::data_race:
      return "data race";
    case broken::uninitialised:
      return "uninitialised read";
    case broken::deadlock:
      return "deadlock";
    default:
      return "nothing";
  }
}

// What check() found.
struct result {
  verdict outcome = verdict::unknown;  // ok, violation or unknown
  broken rule = broken::nothing;       // of violation
  std::uint64_t executions = 0;        // complete and consistent, each counted once
  std::uint64_t deaths = 0;            // of the complete ones: with a thread that was killed
  std::uint64_t blocked = 0;     // given up: a wait loop read a value that a newer write replaces
  std::uint64_t abandoned = 0;   // runs that ended in an inconsistent graph
  std::uint64_t duplicates = 0;  // with options::count_duplicates
  std::uint32_t events = 0;      // of the reported execution
  double seconds = 0;            // of the whole exploration
  std::string reason;            // of violation or unknown, one line
  std::string report;            // of violation: the execution as a table, edges, the broken rule
  std::string dot;               // of violation: the same as a Graphviz graph
  std::string replay;            // of violation: give it to replay()

  // All of it was explored and nothing was broken.
  [[nodiscard]] bool ok() const noexcept { return outcome == verdict::ok; }
};

}  // namespace shmfifo::harness::model
