// SPDX-License-Identifier: MIT
// The model tests of the core, one by one or all, with figures; and the mutation of every memory order.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "core_test.hpp"

namespace shmfifo::model_tests {
namespace {

model::options wishes(double seconds) {
  model::options o;
  o.seconds_max = seconds;
  o.site_names = model::core_site_names();
  return o;
}

int run_tests(const std::string& only, double seconds, const std::string& dot) {
  int failed = 0;
  for (const core_test& test : all_tests()) {
    if (!only.empty() && test.name != only) continue;
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

}  // namespace
}  // namespace shmfifo::model_tests

int main(int argc, char** argv) {
  using namespace shmfifo::model_tests;
  CLI::App app{"Runs the core's protocol in every execution that RC11 allows"};
  std::string only;
  std::string dot;
  double seconds = 60;
  bool list = false;
  app.add_option("--test", only, "only this test");
  app.add_option("--seconds", seconds, "budget for each test");
  app.add_option("--dot", dot, "write the graph of a violation here");
  app.add_flag("--list", list, "name the tests");
  CLI11_PARSE(app, argc, argv);
  if (list) {
    for (const core_test& test : all_tests()) fmt::print("{}\n", test.name);
    return 0;
  }
  return run_tests(only, seconds, dot);
}
