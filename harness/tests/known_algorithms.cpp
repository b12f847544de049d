// SPDX-License-Identifier: MIT

// Runs the known algorithms, correct and broken, and compares verdicts, broken rules and execution
// counts with what each scenario expects. Also the way to look at one of them: its report, its
// graph, its speed.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "scenario.hpp"

namespace {

namespace model = shmfifo::harness::model;
using shmfifo::harness::tests::scenario;

struct command_line {
  std::string only;
  std::string show;
  std::string dot;
  std::string replay;
  bool list = false;
  bool timing = false;
  bool json = false;
};

std::string difference(const scenario& s, const model::result& r) {
  const bool should_hold = s.rule == model::broken::nothing;
  const auto expected = should_hold ? model::verdict::ok : model::verdict::violation;
  if (r.outcome != expected) {
    return fmt::format("verdict {} instead of {} ({})", name_of(r.outcome), name_of(expected),
                       r.reason);
  }
  if (r.rule != s.rule) {
    return fmt::format("breaks '{}' instead of '{}'", name_of(r.rule), name_of(s.rule));
  }
  if (should_hold && r.executions != s.executions) {
    return fmt::format("{} executions instead of {}", r.executions, s.executions);
  }
  if (r.duplicates != 0) return fmt::format("{} executions were visited twice", r.duplicates);
  return {};
}

// Repeats a scenario until the clock can tell, and gives executions a second.
double speed(const scenario& s) {
  std::uint64_t executions = 0;
  double seconds = 0;
  while (seconds < 0.2) {
    const model::result r = model::check(s.body, s.options);
    executions += r.executions;
    seconds += r.seconds;
  }
  return static_cast<double>(executions) / seconds;
}

std::vector<scenario> scenarios_named(const std::string& prefix) {
  std::vector<scenario> some;
  for (const scenario& s : shmfifo::harness::tests::scenarios()) {
    if (s.name.starts_with(prefix)) some.push_back(s);
  }
  std::sort(some.begin(), some.end(),
            [](const scenario& a, const scenario& b) { return a.name < b.name; });
  return some;
}

int show(const command_line& options) {
  const auto some = scenarios_named(options.show);
  if (some.empty()) {
    fmt::print(stderr, "known_algorithms: no scenario begins with '{}' (try --list)\n",
               options.show);
    return 2;
  }
  const scenario& s = some.front();
  const model::result r = options.replay.empty() ? model::check(s.body, s.options)
                                                 : model::replay(s.body, options.replay, s.options);
  fmt::print("{}: {}, {} executions, {} blocked\n{}\n{}", s.name, name_of(r.outcome), r.executions,
             r.blocked, r.reason, r.report);
  if (!options.dot.empty()) {
    std::ofstream file(options.dot);
    file << r.dot;
    if (!file.flush()) {
      fmt::print(stderr, "known_algorithms: cannot write {}\n", options.dot);
      return 2;
    }
  }
  return r.ok() ? 0 : 1;
}

int run_all(const command_line& options) {
  const auto some = scenarios_named(options.only);
  if (some.empty()) {
    fmt::print(stderr, "known_algorithms: no scenario begins with '{}' (try --list)\n",
               options.only);
    return 2;
  }
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  nlohmann::json rows = nlohmann::json::array();
  for (scenario s : some) {
    if (options.timing && s.rule != model::broken::nothing) continue;
    const double rate = options.timing ? speed(s) : 0;
    s.options.count_duplicates = true;
    const model::result r = model::check(s.body, s.options);
    const std::string wrong = difference(s, r);
    wrong.empty() ? ++passed : ++failed;
    rows.push_back({{"name", s.name},
                    {"verdict", name_of(r.outcome)},
                    {"rule", name_of(r.rule)},
                    {"executions", r.executions},
                    {"blocked", r.blocked},
                    {"abandoned", r.abandoned},
                    {"difference", wrong}});
    if (options.timing) rows.back()["executions_per_second"] = rate;
    if (options.json) continue;
    fmt::print("{} {:<46} {:>9} {:>8} executions {:>7} blocked", wrong.empty() ? "ok  " : "FAIL",
               s.name, name_of(r.outcome), r.executions, r.blocked);
    fmt::print("{}{}\n", options.timing ? fmt::format(" {:>9.0f}/s", rate) : "",
               wrong.empty() ? "" : "  " + wrong);
  }
  if (options.json) {
    fmt::print("{}\n",
               nlohmann::json{{"passed", passed}, {"failed", failed}, {"rows", rows}}.dump(2));
  } else {
    fmt::print("{} passed, {} failed\n", passed, failed);
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Known algorithms in the model checker.\n"
      "Exit codes: 0 as expected, 1 not (--show: a violation), 2 a wrong command line."};
  command_line options;
  app.add_option("--only", options.only, "only scenarios whose name begins so");
  app.add_flag("--list", options.list, "names of the scenarios");
  app.add_flag("--timing", options.timing, "also executions a second, of the correct ones");
  app.add_flag("--json", options.json, "print the outcome as JSON");
  CLI::Option* shown = app.add_option("--show", options.show, "report of one scenario");
  app.add_option("--dot", options.dot, "with --show: write the execution for Graphviz")
      ->needs(shown);
  app.add_option("--replay", options.replay, "with --show: the execution of a replay string")
      ->needs(shown);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (options.list) {
    for (const scenario& s : scenarios_named("")) fmt::print("{}\n", s.name);
    return 0;
  }
  return options.show.empty() ? run_all(options) : show(options);
}
