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

struct wishes {
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
    const model::result r = model::check(s.body, s.wishes);
    executions += r.executions;
    seconds += r.seconds;
  }
  return static_cast<double>(executions) / seconds;
}

std::vector<scenario> chosen(const std::string& prefix) {
  std::vector<scenario> some;
  for (const scenario& s : shmfifo::harness::tests::scenarios()) {
    if (s.name.starts_with(prefix)) some.push_back(s);
  }
  std::sort(some.begin(), some.end(),
            [](const scenario& a, const scenario& b) { return a.name < b.name; });
  return some;
}

int show(const wishes& w) {
  const auto some = chosen(w.show);
  if (some.empty()) {
    fmt::print(stderr, "known_algorithms: no scenario begins with '{}' (try --list)\n", w.show);
    return 2;
  }
  const scenario& s = some.front();
  const model::result r =
      w.replay.empty() ? model::check(s.body, s.wishes) : model::replay(s.body, w.replay, s.wishes);
  fmt::print("{}: {}, {} executions, {} blocked\n{}\n{}", s.name, name_of(r.outcome), r.executions,
             r.blocked, r.reason, r.report);
  if (!w.dot.empty()) {
    std::ofstream file(w.dot);
    file << r.dot;
    if (!file.flush()) {
      fmt::print(stderr, "known_algorithms: cannot write {}\n", w.dot);
      return 2;
    }
  }
  return r.ok() ? 0 : 1;
}

int run_all(const wishes& w) {
  const auto some = chosen(w.only);
  if (some.empty()) {
    fmt::print(stderr, "known_algorithms: no scenario begins with '{}' (try --list)\n", w.only);
    return 2;
  }
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  nlohmann::json rows = nlohmann::json::array();
  for (scenario s : some) {
    if (w.timing && s.rule != model::broken::nothing) continue;
    const double rate = w.timing ? speed(s) : 0;
    s.wishes.count_duplicates = true;
    const model::result r = model::check(s.body, s.wishes);
    const std::string wrong = difference(s, r);
    wrong.empty() ? ++passed : ++failed;
    rows.push_back({{"name", s.name},
                    {"verdict", name_of(r.outcome)},
                    {"rule", name_of(r.rule)},
                    {"executions", r.executions},
                    {"blocked", r.blocked},
                    {"abandoned", r.abandoned},
                    {"difference", wrong}});
    if (w.timing) rows.back()["executions_per_second"] = rate;
    if (w.json) continue;
    fmt::print("{} {:<46} {:>9} {:>8} executions {:>7} blocked", wrong.empty() ? "ok  " : "FAIL",
               s.name, name_of(r.outcome), r.executions, r.blocked);
    fmt::print("{}{}\n", w.timing ? fmt::format(" {:>9.0f}/s", rate) : "",
               wrong.empty() ? "" : "  " + wrong);
  }
  if (w.json) {
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
      "Exit codes: 0 as expected, 1 not (--show: a violation), 2 wrong words."};
  wishes w;
  app.add_option("--only", w.only, "only scenarios whose name begins so");
  app.add_flag("--list", w.list, "names of the scenarios");
  app.add_flag("--timing", w.timing, "also executions a second, of the correct ones");
  app.add_flag("--json", w.json, "print the outcome as JSON");
  CLI::Option* shown = app.add_option("--show", w.show, "report of one scenario");
  app.add_option("--dot", w.dot, "with --show: write the execution for Graphviz")->needs(shown);
  app.add_option("--replay", w.replay, "with --show: the execution of a replay string")
      ->needs(shown);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (w.list) {
    for (const scenario& s : chosen("")) fmt::print("{}\n", s.name);
    return 0;
  }
  return w.show.empty() ? run_all(w) : show(w);
}
