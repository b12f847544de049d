// SPDX-License-Identifier: MIT
// The model tests of the core, one by one or all, with figures; and the mutation of every memory
// order.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core_test.hpp"
#include "orders.hpp"
#include "standard_output.hpp"

namespace shmfifo::model_tests {
namespace {

model::options wishes(double seconds) {
  model::options o;
  o.seconds_max = seconds;
  o.site_names = model::core_site_names();
  return o;
}

struct test_choice {
  std::string only;
  bool slow = false;
  [[nodiscard]] bool takes(const core_test& test) const {
    return test.name.starts_with(only) && (!test.slow || slow || test.name == only);
  }
};

std::vector<core_test> chosen_tests(const test_choice& choice) {
  std::vector<core_test> chosen;
  std::ranges::copy_if(all_tests(), std::back_inserter(chosen),
                       [&](const core_test& test) { return choice.takes(test); });
  if (chosen.empty()) throw std::runtime_error(fmt::format("there is no test '{}'", choice.only));
  return chosen;
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  if (!file) throw std::runtime_error(fmt::format("cannot write {}", path));
}

void print_violation(const model::result& r, const std::string& dot) {
  fmt::print("{}\n", r.report);
  if (!dot.empty()) write_file(dot, r.dot);
}

int run_tests(const test_choice& choice, double seconds, const std::string& dot) {
  int failed = 0;
  for (const core_test& test : chosen_tests(choice)) {
    const model::result r = model::check(test.body, wishes(seconds));
    fmt::print("{:45} {:9} {:>9} executions {:>9} blocked {:7.2f} s  {}\n", test.name,
               model::name_of(r.outcome), r.executions, r.blocked, r.seconds, r.reason);
    std::fflush(stdout);
    if (!r.ok()) {
      ++failed;
      print_violation(r, dot);
    }
  }
  return failed == 0 ? 0 : 1;
}

// The table of property_tests/README.md.
int print_table(const test_choice& choice, double seconds) {
  fmt::print("| test | bounds | executions | with a death | blocked | seconds |\n");
  fmt::print("|---|---|---|---|---|---|\n");
  bool good = true;
  for (const core_test& test : chosen_tests(choice)) {
    const model::result r = model::check(test.body, wishes(seconds));
    good = good && r.ok();
    fmt::print("| `{}` | {} | {}{} | {} | {} | {:.2f} |\n", test.name, test.bounds, r.executions,
               r.ok() ? "" : " (" + r.reason + ")", r.deaths, r.blocked, r.seconds);
    std::fflush(stdout);
  }
  return good ? 0 : 1;
}

// Runs every test for a while, so that every site is seen. One that fails already would notice
// every change.
void see_sites(double seconds) {
  for (const core_test& test : all_tests()) {
    model::options o = wishes(seconds);
    o.executions_max = 20'000;
    const model::result r = model::check(test.body, o);
    if (r.outcome == model::verdict::violation)
      throw std::runtime_error(fmt::format("{} fails without a change: {}", test.name, r.reason));
  }
}

// Runs the tests on a core in which this one site is weaker, and prints the first violation.
int run_weakened(const std::string& name, double seconds, const std::string& dot) {
  see_sites(seconds);
  for (const mutant& m : make_mutants()) {
    if (to_string(m.where) != name) continue;
    model::options o = wishes(seconds);
    o.site_overrides.resize(static_cast<std::size_t>(site::count));
    o.site_overrides[static_cast<std::size_t>(m.where)] = m.how;
    for (const core_test& test : all_tests()) {
      const model::result r = model::check(test.body, o);
      if (r.outcome != model::verdict::violation) continue;
      fmt::print("{} with {}: {}\nfound by {} ({})\n\n", name, m.change, r.reason, test.name,
                 test.bounds);
      print_violation(r, dot);
      return 1;
    }
  }
  fmt::print(stderr, "core_model: no order of a site '{}' can be weakened so that a test notices\n",
             name);
  return 2;
}

void write_json(const std::vector<mutant>& mutants, const std::string& path) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const mutant& m : mutants) {
    all.push_back({{"site", to_string(m.where)},
                   {"change", m.change},
                   {"killed", !m.killed_by.empty()},
                   {"killed_by", m.killed_by},
                   {"by_what", m.by_what},
                   {"seconds", m.seconds}});
  }
  write_file(path, all.dump(2) + "\n");
}

// Runs the tests on every mutant. Prints the matrix.
int run_orders(double seconds, const std::string& only_site, const std::string& json) {
  std::vector<core_test> fast_first;
  for (const bool slow : {false, true})
    std::ranges::copy_if(all_tests(), std::back_inserter(fast_first),
                         [slow](const core_test& test) { return test.slow == slow; });
  all_tests() = std::move(fast_first);
  see_sites(seconds);
  std::vector<mutant> mutants = make_mutants();
  std::erase_if(mutants, [&](const mutant& m) {
    return !only_site.empty() && to_string(m.where) != only_site;
  });
  run_mutants(mutants, seconds, true);
  std::size_t survivors = 0;
  for (const mutant& m : mutants) {
    const bool killed = !m.killed_by.empty();
    if (!killed) ++survivors;
    fmt::print("{:22} {:20} {:8} {:45} {}\n", to_string(m.where), m.change,
               killed ? "killed" : "SURVIVES", m.killed_by, m.by_what);
  }
  fmt::print("{} mutants, {} killed, {} survive\n", mutants.size(), mutants.size() - survivors,
             survivors);
  if (!json.empty()) write_json(mutants, json);
  return survivors == 0 && !mutants.empty() ? 0 : 1;
}

int run_program(int argc, char** argv) {
  CLI::App app{"Runs the core's protocol in every execution that RC11 allows"};
  test_choice choice;
  std::string dot;
  std::string weaken;
  std::string site;
  std::string json;
  double seconds = 60;
  bool list = false;
  bool orders = false;
  bool table = false;
  app.add_option("--test", choice.only, "only this test, or those whose names begin so");
  app.add_flag("--slow", choice.slow, "also those that take long");
  app.add_option("--seconds", seconds, "budget for each test");
  app.add_option("--dot", dot, "write the graph of a violation here");
  app.add_flag("--list", list, "name the tests");
  app.add_flag("--orders", orders, "weaken every memory order by one step and see who notices");
  app.add_flag("--table", table, "print the figures as a table for the documents");
  app.add_option("--weaken", weaken,
                 "report what goes wrong when this site's order is one step weaker (publish_stamp, "
                 "...); with --dot also as a graph");
  app.add_option("--site", site, "with --orders: only this site's");
  app.add_option("--json", json, "with --orders: write the kill matrix here");
  CLI11_PARSE(app, argc, argv);
  if (list) {
    for (const core_test& test : all_tests()) fmt::print("{}\n", test.name);
    return 0;
  }
  if (orders) return run_orders(seconds, site, json);
  if (!weaken.empty()) return run_weakened(weaken, seconds, dot);
  return table ? print_table(choice, seconds) : run_tests(choice, seconds, dot);
}

}  // namespace
}  // namespace shmfifo::model_tests

int main(int argc, char** argv) {
  try {
    return shmfifo::apps::run_with_output_checked(
        "core_model", 1, [&] { return shmfifo::model_tests::run_program(argc, argv); });
  } catch (const std::exception& problem) {
    fmt::print(stderr, "core_model: {}\n", problem.what());
    return 1;
  }
}
