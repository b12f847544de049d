// SPDX-License-Identifier: MIT
// The model tests of the core, one by one or all, with figures; and the mutation of every memory
// order.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core_test.hpp"
#include "orders.hpp"

namespace shmfifo::model_tests {
namespace {

model::options wishes(double seconds) {
  model::options o;
  o.seconds_max = seconds;
  o.site_names = model::core_site_names();
  return o;
}

int run_tests(const std::string& only, bool slow, double seconds, const std::string& dot) {
  int failed = 0;
  for (const core_test& test : all_tests()) {
    if (!test.name.starts_with(only) || (test.slow && !slow && test.name != only)) continue;
    const model::result r = model::check(test.body, wishes(seconds));
    fmt::print("{:45} {:9} {:>9} executions {:>9} blocked {:7.2f} s  {}\n", test.name,
               model::name_of(r.outcome), r.executions, r.blocked, r.seconds, r.reason);
    std::fflush(stdout);
    if (!r.ok()) {
      ++failed;
      fmt::print("{}\nreplay: {}\n", r.report, r.replay);
      if (!dot.empty()) std::ofstream(dot) << r.dot;
    }
  }
  return failed == 0 ? 0 : 1;
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
  std::ofstream(path) << all.dump(2) << "\n";
}

// Runs every test once, so that every site is seen; then every mutant. The matrix is the answer.
int run_orders(double seconds, const std::string& only_site, const std::string& json) {
  std::stable_sort(all_tests().begin(), all_tests().end(),
                   [](const core_test& a, const core_test& b) { return a.slow < b.slow; });
  for (const core_test& test : all_tests()) {
    model::options o = wishes(seconds);
    o.executions_max = 20'000;
    static_cast<void>(model::check(test.body, o));
  }
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

}  // namespace
}  // namespace shmfifo::model_tests

int main(int argc, char** argv) {
  using namespace shmfifo::model_tests;
  CLI::App app{"Runs the core's protocol in every execution that RC11 allows"};
  std::string only;
  std::string dot;
  std::string site;
  std::string json;
  double seconds = 60;
  bool list = false;
  bool orders = false;
  bool slow = false;
  app.add_option("--test", only, "only this test, or those whose names begin so");
  app.add_flag("--slow", slow, "also those that take long");
  app.add_option("--seconds", seconds, "budget for each test");
  app.add_option("--dot", dot, "write the graph of a violation here");
  app.add_flag("--list", list, "name the tests");
  app.add_flag("--orders", orders, "weaken every memory order by one step and see who notices");
  app.add_option("--site", site, "with --orders: only this site's");
  app.add_option("--json", json, "with --orders: write the kill matrix here");
  CLI11_PARSE(app, argc, argv);
  if (list) {
    for (const core_test& test : all_tests()) fmt::print("{}\n", test.name);
    return 0;
  }
  if (orders) return run_orders(seconds, site, json);
  return run_tests(only, slow, seconds, dot);
}
