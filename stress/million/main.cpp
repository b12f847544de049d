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

#include "curves.hpp"
#include "peers.hpp"
#include "plan.hpp"
#include "report.hpp"
#include "self_test.hpp"
#include "standard_output.hpp"
#include "streams.hpp"

namespace shmfifo::million {
namespace {

constexpr int exit_passed = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

struct command_line {
  run_options run;
  std::string pin = "auto";
  bool strict = false;
  bool self_test = false;
  bool peers = false;
  bool curves = false;
  std::string json;
  std::string chart;
};

void declare(CLI::App& app, command_line& command) {
  app.add_option("--messages", command.run.messages, "messages in each row")
      ->check(CLI::Range(std::int64_t{10'000}, std::int64_t{1'000'000'000}))
      ->capture_default_str();
  app.add_option("--executions", command.run.executions, "executions of every row")
      ->check(CLI::Range(1U, executions_max))
      ->capture_default_str();
  app.add_option("--pin", command.pin,
                 "pin the two processes to a processor each: yes fails where there are not two, no "
                 "leaves it to the scheduler")
      ->check(CLI::IsMember({"yes", "no", "auto"}))
      ->capture_default_str();
  app.add_flag("--strict", command.strict,
               "judge by the targets, not by the wide default gates, and streams also as a whole");
  app.add_option("--json", command.json, "write rows, baselines, gates and the verdict to FILE")
      ->type_name("FILE");
  app.add_option("--chart", command.chart, "draw the table, FILE.svg or FILE.png (needs gnuplot)")
      ->type_name("FILE")
      ->check([](const std::string& file) {
        const bool known = file.ends_with(".svg") || file.ends_with(".png");
        return known ? std::string() : "the name must end in .svg or .png: " + file;
      });
  app.add_flag("--self-test", command.self_test,
               "slow one part of the core after the other on purpose; exit 0 if the gate of each "
               "part then fails, 1 if one does not");
  app.add_flag(
         "--peers", command.peers,
         "compare installed queues of others with the core's ring; exit 0 unless one loses or "
         "changes a message")
      ->excludes("--strict")
      ->excludes("--chart")
      ->excludes("--self-test");
  app.add_flag("--curves", command.curves,
               "measure how the core's costs grow with slots, participants and content, and name "
               "the steps above linear; a report, not a gate: exit 0 if it could be measured")
      ->excludes("--strict")
      ->excludes("--chart")
      ->excludes("--self-test")
      ->excludes("--peers");
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

run_outcome measure(const run_options& options) {
  std::byte* memory = map_ring_memory();
  return run_in_two_processes(options, steps_of(options),
                              [memory](actor& self) { run_plan(self, memory); });
}

int report(const command_line& command, const results& found) {
  const std::vector<gate> gates = judge(found, command.strict);
  print_table(found);
  print_verdict(gates, found, command.strict);
  std::string broken;
  if (!command.json.empty()) broken = write_json(command.json, found, gates, command.strict);
  if (broken.empty() && !command.chart.empty()) broken = write_chart(command.chart, found);
  if (!broken.empty()) {
    fmt::print(stderr, "million_messages: {}\n", broken);
    return exit_failed;
  }
  return all_passed(gates) ? exit_passed : exit_failed;
}

int report_self_test(const results& found) {
  print_verdict(judge_self_test(found), found, false);
  const std::vector<std::string> missed = unnoticed(found);
  for (const std::string& name : missed) {
    fmt::print("self-test: {} did not notice the slow core\n", name);
  }
  fmt::print("self-test: {}\n", missed.empty() ? "every gate caught the slow core" : "FAILED");
  return missed.empty() ? exit_passed : exit_failed;
}

// `broken` is the error text of the last file.
int exit_after(const std::string& broken) {
  if (!broken.empty()) fmt::print(stderr, "million_messages: {}\n", broken);
  return broken.empty() ? exit_passed : exit_failed;
}

int report_peers(const command_line& command, const std::vector<peer_row>& rows) {
  print_peers(rows, command.run);
  if (command.json.empty()) return exit_passed;
  return exit_after(write_peers(command.json, rows, command.run));
}

int report_curves(const command_line& command, const std::vector<curve>& curves) {
  print_curves(curves, command.run);
  if (command.json.empty()) return exit_passed;
  return exit_after(write_curves(command.json, curves, command.run));
}

int run(command_line command) {
  if (command.pin == "yes") command.run.pin = pinning::yes;
  if (command.pin == "no") command.run.pin = pinning::no;
  if (command.self_test) {
    command.run.self_test = true;
    command.run.messages = std::min<std::int64_t>(command.run.messages, 50'000);
    command.run.executions = slownesses.size();
  }
#if !defined(__OPTIMIZE__)
  fmt::print(stderr, "million_messages: built without optimisation: its figures mean nothing\n");
#endif
  // Peers and curves have rings only, whose memory does not depend on the number of messages.
  const std::int64_t in_a_log = command.peers || command.curves ? 0 : command.run.messages;
  if (const std::string broken = check_space(in_a_log); !broken.empty()) {
    fmt::print(stderr, "million_messages: {}\n", broken);
    return exit_failed;
  }
  if (!command.json.empty() && !std::ofstream(command.json, std::ios::app)) {
    fmt::print(stderr, "million_messages: cannot write {}: {}\n", command.json,
               std::strerror(errno));
    return exit_failed;
  }
  std::vector<peer_row> peers;
  std::vector<curve> curves;
  const run_outcome outcome = command.peers    ? measure_peers(command.run, peers)
                              : command.curves ? measure_curves(command.run, curves)
                                               : measure(command.run);
  if (outcome.signal != 0) {
    fmt::print(stderr, "million_messages: interrupted; nothing is left in /dev/shm\n");
    ::signal(outcome.signal, SIG_DFL);
    ::raise(outcome.signal);
  }
  if (!outcome.ok) {
    fmt::print(stderr, "million_messages: {}\n", outcome.failure);
    return exit_failed;
  }
  if (command.peers) return report_peers(command, peers);
  if (command.curves) return report_curves(command, curves);
  return command.self_test ? report_self_test(outcome.found) : report(command, outcome.found);
}

int run_program(int argc, char** argv) {
  CLI::App app{
      "One million messages between two processes: measures the core in the rows of the original's "
      "table, in batches, written in place, and with two producers or consumers, in turn with a "
      "bare ring, a ring with one flag a slot, the original's design, a copy loop and a flag "
      "ping-pong; the latency and the cost of sleepers; and judges."};
  command_line command;
  declare(app, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& broken) {
    return app.exit(broken) == 0 ? exit_passed : exit_usage;
  }
  try {
    return run(std::move(command));
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
