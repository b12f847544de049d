// SPDX-License-Identifier: MIT
#pragma once
// The output of shmfifo_stress: progress as one rewritten line on a terminal and as occasional
// lines elsewhere, and the result as text, JSON and JUnit.

#include <chrono>
#include <string>

#include "settings.hpp"
#include "shmfifo/harness/process/runner.hpp"

namespace shmfifo::stress {

// Progress goes to standard error, so that standard output holds only results.
class progress_line {
 public:
  explicit progress_line(std::uint64_t messages);
  void show(const harness::progress& now);
  void finish();

 private:
  std::uint64_t messages_;
  bool terminal_;
  double shown_at_ = 0;
  double rate_at_ = 0;
  std::uint64_t rate_sent_ = 0;
  double rate_ = 0;
};

// Sums over the rounds of one call.
struct totals {
  std::uint64_t rounds = 0;
  harness::judge_figures figures;
  double run_seconds = 0;
  double judge_seconds = 0;
  std::uint64_t history_bytes_max = 0;

  void add(const harness::run_result& round);
  [[nodiscard]] double rate() const;  // messages per second, without judging
};

struct report {
  settings command;
  std::string queue;
  harness::verdict judged;
  std::string replay;  // of the last round
  totals sums;
};

void print(const report& all);
void write_json(const report& all, const std::string& path);  // "-": standard output
void write_junit(const report& all, const std::string& path);

// 0 ok, 1 violation, 3 unknown.
[[nodiscard]] int exit_code(harness::outcome answer) noexcept;

}  // namespace shmfifo::stress
