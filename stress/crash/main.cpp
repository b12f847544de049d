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

void describe_options(CLI::App& app, arguments& options) {
  app.add_option("--operation", options.operations, "only these (see --list); default: all");
  app.add_option("--queue", options.queues, "only these queues, for example ring-reject-many");
  app.add_option("--position", options.positions, "only these positions of the queue");
  app.add_flag("--snapshot", options.snapshot, "judge a copy of every distinct state");
  app.add_flag("--kill", options.kill,
               "send a real SIGKILL at every instruction, with living peers");
  app.add_flag("--stop", options.stop,
               "SIGSTOP at every instruction, let the others continue, SIGCONT");
  app.add_flag("--depth-two", options.depth_two, "also kill the recoverer of every state (copies)");
  app.add_flag("--depth-two-kill", options.depth_two_kill, "the same with real kills");
  app.add_option("--every", options.every,
                 "visit every N-th instruction between two changes of the segment")
      ->check(CLI::PositiveNumber);
  app.add_option("--stop-every", options.stop_every, "the same for --stop")
      ->check(CLI::PositiveNumber);
  app.add_option("--at", options.at, "only this instruction (from a replay line)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--messages-after", options.messages_after,
                 "messages that must pass in the end, after each snapshot");
  app.add_option("--json", options.json, "write the report to FILE (- for standard output)");
  app.add_option("--markdown", options.markdown, "write the table to FILE");
  app.add_flag("--list", options.list, "name the scenarios and stop");
  app.add_flag("--quiet", options.quiet, "only the totals and the violations");
#ifdef SHMFIFO_PLANTED_BUGS
  app.add_option("--bug", options.bug, "the planted bug that this core has");
#endif
}

bool is_selected(const std::vector<std::string>& list, const std::string& word) {
  return list.empty() || std::find(list.begin(), list.end(), word) != list.end();
}

exploration_options options_of(const arguments& options) {
  exploration_options exploration;
  std::vector<manner> manners;
  if (options.snapshot) manners.push_back(manner::snapshot);
  if (options.kill) manners.push_back(manner::kill);
  if (options.stop) manners.push_back(manner::stop);
  if (options.depth_two) manners.push_back(manner::depth_two);
  if (options.depth_two_kill) manners.push_back(manner::depth_two_kill);
  if (!manners.empty()) exploration.manners = manners;
  exploration.every = options.every;
  exploration.stop_every = options.stop_every;
  exploration.messages_after = options.messages_after;
  if (options.at >= 0) exploration.at = static_cast<std::uint64_t>(options.at);
  return exploration;
}

void write(const std::string& path, const std::string& text) {
  if (path == "-") {
    std::fputs(text.c_str(), stdout);
  } else {
    std::ofstream file(path);
    if (!(file << text).flush()) throw std::runtime_error("cannot write " + path);
  }
}

int run(const arguments& options) {
  // A dying victim must not leave a core file for every instruction.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  shmfifo::harness::run_names names("crash");
  std::vector<row> rows;
  std::size_t violations = 0;
  for (const scenario& what : all_scenarios()) {
    if (!is_selected(options.operations, what.operation) ||
        !is_selected(options.queues, what.mode()) ||
        !is_selected(options.positions, what.position)) {
      continue;
    }
    if (options.list) {
      fmt::print("{} {} {}\n", what.operation, what.mode(), what.position);
      rows.push_back({&what, {}});
      continue;
    }
    rows.push_back({&what, explore(what, names, options_of(options))});
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
  if (options.list) return 0;
  const std::string text = table(rows, false);
  if (options.json != "-") {
    fmt::print("{}", options.quiet ? text.substr(text.rfind('\n', text.size() - 2) + 1) : text);
  }
  const std::string build = SHMFIFO_CRASH_BUILD;
  if (!options.json.empty()) write(options.json, to_json(rows, build));
  if (!options.markdown.empty()) {
    write(options.markdown, "Build: " + build + "\n\n" + table(rows, true));
  }
  return violations == 0 ? 0 : 1;
}

int run_program(int count, char** words) {
  CLI::App app("Interrupts an operation of shmfifo at every machine instruction.");
  app.footer(
      "Exit status: 0 all survived, 1 a violation was found, 2 the call or the set-up is wrong.");
  arguments options;
  describe_options(app, options);
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
    if (!shmfifo::planted::choose(options.bug)) {
      throw std::runtime_error("there is no planted bug '" + options.bug + "'");
    }
#endif
    return run(options);
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
