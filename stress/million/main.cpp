// SPDX-License-Identifier: MIT
// million_messages: measures one million messages between two processes, five times, against the
// machine's limit and the original program's design, and judges.
#include <fmt/format.h>
#include <signal.h>
#include <sys/statvfs.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fstream>

#include "plan.hpp"
#include "report.hpp"
#include "standard_output.hpp"
#include "streams.hpp"

namespace shmfifo::million {
namespace {

constexpr int exit_passed = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

struct command_line {
  options run;
  bool strict = false;
  bool self_test = false;
  std::string json;
  std::string chart;
};

void declare(CLI::App& app, command_line& chosen) {
  app.add_option("--messages", chosen.run.messages, "messages in each row")
      ->check(CLI::Range(std::int64_t{10'000}, std::int64_t{1'000'000'000}))
      ->capture_default_str();
  app.add_option("--executions", chosen.run.executions, "executions of every row")
      ->check(CLI::Range(1U, executions_max))
      ->capture_default_str();
  app.add_flag("--strict", chosen.strict, "judge by the targets, not by the wide default gates");
  app.add_option("--json", chosen.json, "write rows, baselines, gates and the verdict to FILE")
      ->type_name("FILE");
  app.add_option("--chart", chosen.chart, "draw the table, FILE.svg or FILE.png (needs gnuplot)")
      ->type_name("FILE")
      ->check([](const std::string& file) {
        const bool known = file.ends_with(".svg") || file.ends_with(".png");
        return known ? std::string() : "the name must end in .svg or .png: " + file;
      });
  app.add_flag("--self-test", chosen.self_test,
               "slow the core on purpose; exit 0 if every gate then fails, 1 if one does not");
  app.footer("Exit status: 0 all gates passed, 1 not (or nothing could be measured), 2 usage.");
}

// Checked first: a run takes a minute.
std::string check_space(std::int64_t messages) {
  struct statvfs shm {};
  if (::statvfs("/dev/shm", &shm) != 0) return "there is no /dev/shm to measure in";
  const std::uint64_t free = std::uint64_t{shm.f_bavail} * shm.f_frsize;
  const std::uint64_t needed = space_needed(messages) + (std::uint64_t{16} << 20);
  if (free >= needed) return "";
  return fmt::format(
      "/dev/shm is too small: {} messages need {} MiB, {} MiB are free. Free it, make it larger "
      "(Docker: --shm-size), or ask for fewer --messages",
      messages, needed >> 20, free >> 20);
}

run_outcome measure(const options& chosen) {
  std::byte* bare_ring = map_bare_ring_memory();
  return run_in_two_processes(chosen, steps_of(chosen),
                              [bare_ring](actor& self) { run_plan(self, bare_ring); });
}

int report(const command_line& chosen, const results& found) {
  const std::vector<gate> gates = judge(found, chosen.strict);
  print_table(found);
  print_verdict(gates, found, chosen.strict);
  std::string broken;
  if (!chosen.json.empty()) broken = write_json(chosen.json, found, gates, chosen.strict);
  if (broken.empty() && !chosen.chart.empty()) broken = write_chart(chosen.chart, found);
  if (!broken.empty()) {
    fmt::print(stderr, "million_messages: {}\n", broken);
    return exit_failed;
  }
  return all_passed(gates) ? exit_passed : exit_failed;
}

// Each default gate must catch a core that is slow.
int report_self_test(const results& found) {
  const std::vector<gate> gates = judge(found, false);
  print_verdict(gates, found, false);
  bool caught = true;
  for (const gate& g : gates) {
    if (!g.passed) continue;
    caught = false;
    fmt::print("self-test: {} did not notice the slow core\n", g.name);
  }
  fmt::print("self-test: {}\n", caught ? "every gate caught the slow core" : "FAILED");
  return caught ? exit_passed : exit_failed;
}

int run(command_line chosen) {
  if (chosen.self_test) {
    chosen.run.sabotage = true;
    chosen.run.messages = std::min<std::int64_t>(chosen.run.messages, 50'000);
    chosen.run.executions = 1;
  }
#if !defined(__OPTIMIZE__)
  fmt::print(stderr, "million_messages: built without optimisation: its figures mean nothing\n");
#endif
  if (const std::string broken = check_space(chosen.run.messages); !broken.empty()) {
    fmt::print(stderr, "million_messages: {}\n", broken);
    return exit_failed;
  }
  if (!chosen.json.empty() && !std::ofstream(chosen.json, std::ios::app)) {
    fmt::print(stderr, "million_messages: cannot write {}: {}\n", chosen.json,
               std::strerror(errno));
    return exit_failed;
  }
  const run_outcome outcome = measure(chosen.run);
  if (outcome.signal != 0) {
    fmt::print(stderr, "million_messages: interrupted; nothing is left in /dev/shm\n");
    ::signal(outcome.signal, SIG_DFL);
    ::raise(outcome.signal);
  }
  if (!outcome.ok) {
    fmt::print(stderr, "million_messages: {}\n", outcome.failure);
    return exit_failed;
  }
  return chosen.self_test ? report_self_test(outcome.found) : report(chosen, outcome.found);
}

int run_program(int argc, char** argv) {
  CLI::App app{
      "One million messages between two processes: measures the core in the rows of the original's "
      "table, in turn with a bare ring, the original's design, a copy loop and a flag ping-pong, "
      "and judges."};
  command_line chosen;
  declare(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& broken) {
    return app.exit(broken) == 0 ? exit_passed : exit_usage;
  }
  try {
    return run(std::move(chosen));
  } catch (const std::exception& broken) {
    fmt::print(stderr, "million_messages: {}\n", broken.what());
    return exit_failed;
  }
}

}  // namespace
}  // namespace shmfifo::million

int main(int argc, char** argv) {
  using namespace shmfifo::million;
  return shmfifo::apps::run_with_output_checked("million_messages", exit_failed,
                                                [&] { return run_program(argc, argv); });
}
