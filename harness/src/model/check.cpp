// SPDX-License-Identifier: MIT

// The loop around the explorer: run, count, keep budgets, and turn a violation into a report.

#include "shmfifo/harness/model/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <unordered_set>

#include "report.hpp"
#include "runtime.hpp"
#include "workers.hpp"

namespace shmfifo::harness::model {
namespace detail {
namespace {

using steady = std::chrono::steady_clock;

class search {
 public:
  search(const test_body& body, const model::options& options, share mine)
      : options_(options), runtime_(body, options) {
    if (mine.of > 1) runtime_.explored().divide(split_depth, mine.number, mine.of);
  }

  result explore();
  result follow(const std::vector<std::uint32_t>& path);

 private:
  // Deep enough for shares of like size, shallow enough for the part that every process repeats.
  static constexpr std::uint32_t split_depth = 8;

  void count(outcome o);
  [[nodiscard]] bool advance();
  void keep_violation();
  [[nodiscard]] bool within_budget();
  void report_progress();
  void finish(result& r);
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(steady::now() - start_).count();
  }

  const model::options& options_;
  runtime runtime_;
  result result_;
  steady::time_point start_ = steady::now();
  double next_progress_ = 0;
  std::uint64_t runs_ = 0;
  std::uint64_t shorten_left_ = 0;
  bool found_ = false;
  bool refused_ = false;
  std::vector<std::uint32_t> best_path_;
  std::unordered_set<std::uint64_t> seen_;
};

void search::count(outcome o) {
  if (!runtime_.explored().counts_here()) return;
  switch (o) {
    case outcome::complete:
      ++result_.executions;
      result_.deaths += runtime_.killed_a_thread() ? 1U : 0U;
      if (options_.count_duplicates && !seen_.insert(execution(&runtime_).signature()).second) {
        ++result_.duplicates;
      }
      break;
    case outcome::blocked:
      ++result_.blocked;
      break;
    case outcome::abandoned:
      ++result_.abandoned;
      break;
    default:
      break;
  }
}

void search::keep_violation() {
  found_ = true;
  result_.rule = runtime_.rule();
  result_.reason = fmt::format("{}: {}", name_of(runtime_.rule()), runtime_.message());
  best_path_ = runtime_.explored().path();
  result_.events = runtime_.explored().current().size();
  runtime_.keep_below(result_.events);
}

bool search::within_budget() {
  ++runs_;
  if (found_) return shorten_left_-- > 0;
  const std::uint64_t spent = result_.executions + result_.blocked;
  if (spent > options_.executions_max) {
    result_.reason = fmt::format("budget of {} executions exceeded", options_.executions_max);
    return false;
  }
  if (runs_ % 256 != 0) return true;
  const double now = seconds();
  if (now > options_.seconds_max) {
    result_.reason = fmt::format("budget of {} seconds exceeded", options_.seconds_max);
    return false;
  }
  if (options_.on_progress && now >= next_progress_) report_progress();
  return true;
}

void search::report_progress() {
  const double now = seconds();
  next_progress_ = now + options_.progress_seconds;
  options_.on_progress(
      {result_.executions, result_.blocked, now, runtime_.explored().share_done()});
}

// To the next graph to run; false when there is none.
bool search::advance() {
  while (true) {
    const step s = runtime_.explored().backtrack();
    if (s == step::reject) return false;
    if (s != step::fault) return true;
    if (!found_) shorten_left_ = options_.shorten_executions;
    if (!found_ || runtime_.explored().current().size() < result_.events) {
      runtime_.set_fault();
      keep_violation();
    }
    if (shorten_left_ == 0) return false;
  }
}

result search::explore() {
  next_progress_ = options_.progress_seconds;
  bool more = true;
  bool complete = false;
  while (more) {
    const outcome o = runtime_.run();
    count(o);
    if (o == outcome::violation) {
      if (!found_) shorten_left_ = options_.shorten_executions;
      keep_violation();
    }
    if (o == outcome::refused) {
      refused_ = true;
      result_.reason = runtime_.message();
      break;
    }
    if (!within_budget()) break;
    if (o == outcome::restart) continue;
    more = advance();
    complete = !more;
  }
  finish(result_);
  if (!found_ && !refused_ && complete) result_.outcome = verdict::ok;
  return result_;
}

void search::finish(result& r) {
  if (refused_) {
    r.outcome = verdict::unknown;
  } else if (found_) {
    r.outcome = verdict::violation;
    r.replay = text_of(best_path_);
  }
  r.seconds = seconds();
}

// Runs the one execution that the path leads to, keeping where each event came from.
result search::follow(const std::vector<std::uint32_t>& path) {
  explorer& e = runtime_.explored();
  e.follow(path);
  runtime_.record_origins(true);
  outcome o = runtime_.run();
  bool arrived = false;
  // Each restart takes the path's next revisit; an inconsistent graph cannot be on the path.
  for (std::size_t turns = 0; o == outcome::restart && turns <= path.size(); ++turns) {
    o = runtime_.run();
  }
  arrived = o != outcome::restart && o != outcome::refused && e.path().size() >= path.size() &&
            std::equal(path.begin(), path.end(), e.path().begin());
  if (!arrived) {
    result_.reason = o == outcome::refused
                         ? runtime_.message()
                         : "the replay string does not belong to this test and these options";
    result_.seconds = seconds();
    return result_;
  }
  count(o);
  if (o == outcome::violation) keep_violation();
  if (o != outcome::violation) result_.reason = "the execution breaks no rule";
  result_.events = e.current().size();
  result_.report = table_of(runtime_, result_.reason);
  result_.dot = dot_of(runtime_, result_.reason);
  finish(result_);
  if (!found_) result_.outcome = o == outcome::complete ? verdict::ok : verdict::unknown;
  return result_;
}

}  // namespace

result explore_share(const test_body& body, const model::options& options, share mine) {
  return search(body, options, mine).explore();
}

std::string text_of(const std::vector<std::uint32_t>& path) {
  return fmt::format("m1:{}", fmt::join(path, "."));
}

bool parse(std::string_view text, std::vector<std::uint32_t>& path) {
  if (text.substr(0, 3) != "m1:") return false;
  text.remove_prefix(3);
  while (!text.empty()) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return false;
    path.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.empty() && text.front() != '.') return false;
    if (!text.empty()) text.remove_prefix(1);
  }
  return true;
}

}  // namespace detail

result replay(const test_body& body, std::string_view path, const model::options& options) {
  std::vector<std::uint32_t> alternatives;
  result r;
  if (!detail::parse(path, alternatives)) {
    r.reason = "this is not a replay string: it is m1: and numbers with dots between";
    return r;
  }
  return detail::search(body, options, {}).follow(alternatives);
}

result check(const test_body& body, const model::options& options) {
  result r = options.workers > 1 ? detail::explore_in_processes(body, options)
                                 : detail::explore_share(body, options, {});
  if (r.outcome != verdict::violation) return r;
  const result again = replay(body, r.replay, options);
  if (again.outcome != verdict::violation || again.rule != r.rule) {
    r.outcome = verdict::unknown;
    r.reason = fmt::format("not deterministic: a violation ({}) did not come again: {}", r.reason,
                           again.reason);
    return r;
  }
  r.report = again.report;
  r.dot = again.dot;
  r.report += fmt::format("replay: {}\n", r.replay);
  return r;
}

}  // namespace shmfifo::harness::model
