// SPDX-License-Identifier: MIT
// shmfifo_crash: kills or pauses an operation of the core at every instruction and judges the rest.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "report.hpp"
#include "standard_output.hpp"

#ifdef SHMFIFO_PLANTED_BUGS
#include "planted.hpp"
#endif

namespace {

using namespace shmfifo::harness::crash;

struct arguments {
  std::vector<std::string> operations;
  std::vector<std::string> queues;
  std::vector<std::string> positions;
  bool snapshot = false, kill = false, stop = false, depth_two = false, depth_two_kill = false;
  std::uint64_t every = 1, stop_every = 1, messages_after = 0;
  std::int64_t at = -1;
  std::string json, markdown;
  std::string bug = "none";
  bool list = false, quiet = false;
};

void describe_options(CLI::App& app, arguments& given) {
  app.add_option("--operation", given.operations, "only these (see --list); default: all");
  app.add_option("--queue", given.queues, "only these queues, for example ring-reject-many");
  app.add_option("--position", given.positions, "only these positions of the queue");
  app.add_flag("--snapshot", given.snapshot, "judge a copy of every distinct state");
  app.add_flag("--kill", given.kill, "send a real SIGKILL at every instruction, with living peers");
  app.add_flag("--stop", given.stop,
               "SIGSTOP at every instruction, let the others continue, SIGCONT");
  app.add_flag("--depth-two", given.depth_two, "also kill the recoverer of every state (copies)");
  app.add_flag("--depth-two-kill", given.depth_two_kill, "the same with real kills");
  app.add_option("--every", given.every,
                 "visit every N-th instruction between two changes of the segment")
      ->check(CLI::PositiveNumber);
  app.add_option("--stop-every", given.stop_every, "the same for --stop")
      ->check(CLI::PositiveNumber);
  app.add_option("--at", given.at, "only this instruction (from a replay line)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--messages-after", given.messages_after,
                 "messages that must pass in the end, after each snapshot");
  app.add_option("--json", given.json, "write the report to FILE (- for standard output)");
  app.add_option("--markdown", given.markdown, "write the table to FILE");
  app.add_flag("--list", given.list, "name the scenarios and stop");
  app.add_flag("--quiet", given.quiet, "only the totals and the violations");
#ifdef SHMFIFO_PLANTED_BUGS
  app.add_option("--bug", given.bug, "the planted bug that this core has");
#endif
}

bool wanted(const std::vector<std::string>& list, const std::string& word) {
  return list.empty() || std::find(list.begin(), list.end(), word) != list.end();
}

exploration_options options_of(const arguments& given) {
  exploration_options options;
  std::vector<manner> manners;
  if (given.snapshot) manners.push_back(manner::snapshot);
  if (given.kill) manners.push_back(manner::kill);
  if (given.stop) manners.push_back(manner::stop);
  if (given.depth_two) manners.push_back(manner::depth_two);
  if (given.depth_two_kill) manners.push_back(manner::depth_two_kill);
  if (!manners.empty()) options.manners = manners;
  options.every = given.every;
  options.stop_every = given.stop_every;
  options.messages_after = given.messages_after;
  if (given.at >= 0) options.at = static_cast<std::uint64_t>(given.at);
  return options;
}

void write(const std::string& path, const std::string& text) {
  if (path == "-") {
    std::fputs(text.c_str(), stdout);
  } else {
    std::ofstream file(path);
    if (!(file << text).flush()) throw std::runtime_error("cannot write " + path);
  }
}

int run(const arguments& given) {
  // A dying victim must not leave a core file for every instruction.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  shmfifo::harness::run_names names("crash");
  std::vector<row> rows;
  std::size_t violations = 0;
  for (const scenario& what : all_scenarios()) {
    if (!wanted(given.operations, what.operation) || !wanted(given.queues, what.mode()) ||
        !wanted(given.positions, what.position)) {
      continue;
    }
    if (given.list) {
      fmt::print("{} {} {}\n", what.operation, what.mode(), what.position);
      rows.push_back({&what, {}});
      continue;
    }
    rows.push_back({&what, explore(what, names, options_of(given))});
    violations += rows.back().found.failures.size();
    for (const failure& seen : rows.back().found.failures) {
      fmt::print("{}", describe_failure(what, seen));
    }
    std::fflush(stdout);
  }
  if (rows.empty()) {
    fmt::print(stderr, "no scenario fits: see --list\n");
    return 2;
  }
  if (given.list) return 0;
  const std::string text = table(rows, false);
  if (given.json != "-") {
    fmt::print("{}", given.quiet ? text.substr(text.rfind('\n', text.size() - 2) + 1) : text);
  }
  const std::string build = SHMFIFO_CRASH_BUILD;
  if (!given.json.empty()) write(given.json, to_json(rows, build));
  if (!given.markdown.empty()) {
    write(given.markdown, "Build: " + build + "\n\n" + table(rows, true));
  }
  return violations == 0 ? 0 : 1;
}

int run_program(int count, char** words) {
  CLI::App app("Interrupts an operation of shmfifo at every machine instruction.");
  app.footer(
      "Exit status: 0 all survived, 1 a violation was found, 2 the call or the set-up is wrong.");
  arguments given;
  describe_options(app, given);
  try {
    app.parse(count, words);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& wrong) {
    app.exit(wrong);
    return 2;
  }
  try {
#ifdef SHMFIFO_PLANTED_BUGS
    if (!shmfifo::planted::choose(given.bug)) {
      throw std::runtime_error("there is no planted bug '" + given.bug + "'");
    }
#endif
    return run(given);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "shmfifo_crash: {}\n", problem.what());
    return 2;
  }
}

}  // namespace

int main(int count, char** words) {
  return shmfifo::apps::run_with_output_checked("shmfifo_crash", 2,
                                                [&] { return run_program(count, words); });
}
