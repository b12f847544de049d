// SPDX-License-Identifier: MIT
// shmfifo_stress: puts a queue under load in many processes, kills and pauses them, and has the
// oracle judge what they saw. Exit code 0 ok, 1 violation, 2 usage, 3 unknown.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <random>

#include "report.hpp"
#include "settings.hpp"
#include "soak.hpp"
#include "standard_output.hpp"

namespace {

using namespace shmfifo;
using stress::settings;

constexpr int usage_error = 2;
constexpr int unknown = 3;

struct outputs {
  std::string json;
  std::string junit;
  std::string save_history;
  std::string judge;
  bool list = false;
};

void list_queues() {
  for (const harness::queue_entry& entry : harness::queue_registration::all()) {
    fmt::print("{:30} {}\n", entry.name, entry.description);
  }
}

int judge_file(const outputs& out) {
  const harness::histories logs = harness::histories::load(out.judge);
  harness::judge_figures figures;
  const harness::verdict judged = harness::judge(logs, &figures);
  fmt::print("{}: queue {}, seed {}, {} sent, {} delivered, {} kills\n{}\n", out.judge,
             logs.facts().queue, logs.facts().seed, figures.sent, figures.delivered, figures.kills,
             judged.text());
  return stress::exit_code(judged.answer);
}

// Rounds until all messages were sent or the time is over, or until one is not ok.
int stress_queue(settings asked, const outputs& out) {
  if (!asked.seed_given) asked.seed = std::random_device{}();
  fmt::print("seed {}\n", asked.seed);
  std::fflush(stdout);
  stress::report all;
  all.asked = asked;
  all.queue = stress::queue_name(asked);
  const harness::queue_entry& entry = stress::find_queue(asked);
  const std::uint64_t most = stress::round_size(asked);
  std::uint64_t left = asked.messages;
  do {
    const std::uint64_t messages = asked.duration_s > 0 ? most : std::min(left, most);
    const std::uint64_t seed = asked.seed + all.sums.rounds;
    harness::run_options options = stress::options_for(asked, seed, messages);
    stress::progress_line line(messages);
    options.on_progress = [&](const harness::progress& now) { line.show(now); };
    const auto queue = entry.make();
    const harness::run_result round = harness::run(*queue, options);
    line.finish();
    all.sums.add(round);
    all.judged = round.judged;
    all.replay = stress::replay_command(asked, seed, messages);
    if (!out.save_history.empty()) round.logs->save(out.save_history);
    left -= std::min(left, messages);
  } while (all.judged.ok() &&
           (asked.duration_s > 0 ? all.sums.run_seconds < asked.duration_s : left > 0));
  stress::print(all);
  if (!out.json.empty()) stress::write_json(all, out.json);
  if (!out.junit.empty()) stress::write_junit(all, out.junit);
  return stress::exit_code(all.judged.answer);
}

void add_options(CLI::App& app, settings& asked, outputs& out) {
  app.add_option("--queue", asked.queue,
                 "a name of --list, or `core`, completed by --mode and --when-full");
  app.add_option("--producers", asked.producers)->check(CLI::Range(1, 64));
  app.add_option("--consumers", asked.consumers)->check(CLI::Range(0, 64));
  app.add_option("--observers", asked.observers)->check(CLI::Range(0, 64));
  auto* messages = app.add_option("--messages", asked.messages, "of all producers together");
  messages->check(CLI::PositiveNumber);
  app.add_option("--duration", asked.duration_s,
                 "seconds; rounds of --messages until they are over")
      ->check(CLI::PositiveNumber);
  app.add_option("--content-size", asked.content_size, "bytes of the longest message")
      ->check(CLI::Range(1, 1 << 24));
  app.add_option("--slots", asked.slots, "default: 1024 in a ring, enough in a log");
  app.add_option("--mode", asked.mode)->check(CLI::IsMember({"ring", "log"}));
  app.add_option("--when-full", asked.when_full)
      ->check(CLI::IsMember({"reject", "wait", "overwrite"}));
  app.add_option("--faults", asked.faults)
      ->check(CLI::IsMember({"none", "kill", "stop", "mixed", "kill-producers", "kill-consumers"}));
  app.add_option("--fault-every", asked.fault_every,
                 "messages between two faults, on average (default: a hundred faults, and one "
                 "every 20000 messages from two million on)")
      ->check(CLI::PositiveNumber);
  app.add_option("--scenario", asked.scenario, "what happens besides")
      ->check(
          CLI::IsMember({"plain", "churn", "slow-consumer", "intruder", "recoverer", "creator"}));
  app.add_flag(
      "--strict", asked.strict,
      "require room for exactly --slots messages, each visible when send returns (as in the core)");
  app.add_option("--seed", asked.seed, "replays the schedule of faults and all contents");
  app.add_option("--stall-ms", asked.stall_ms, "a run without progress for this long is stuck");
  app.add_option("--time-limit", asked.time_limit_s, "seconds; then the verdict is unknown");
  app.add_option("--json", out.json, "write the result to this file (- for standard output)");
  app.add_option("--junit", out.junit, "write the result for CI to this file");
  app.add_option("--save-history", out.save_history,
                 "keep the last round's histories in this file");
  app.add_option("--judge", out.judge, "only judge the histories in this file");
  app.add_flag("--list", out.list, "name the queues and end");
}

int run_program(int argc, char** argv) {
  CLI::App app{
      "Puts a queue under load in many processes, kills and pauses them, and judges what "
      "they saw.\nExit code: 0 ok, 1 violation, 2 usage, 3 unknown."};
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  settings asked;
  outputs out;
  add_options(app, asked, out);
  stress::soak_settings long_run;
  CLI::App* soak = app.add_subcommand("soak", "rounds of many shapes with mixed faults");
  soak->add_option("--hours", long_run.hours)->check(CLI::PositiveNumber);
  soak->add_option("--messages", long_run.messages, "also end after this many messages");
  soak->add_option("--round", long_run.round, "messages of a round")->check(CLI::PositiveNumber);
  soak->add_option("--seed", long_run.seed);
  soak->add_option("--state", long_run.state, "the sums are kept here; an old file is continued");
  soak->add_option("--save-history", long_run.save_history, "of a round that is not ok");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : usage_error;
  }
  asked.program = long_run.program = argv[0];
  asked.seed_given = app.count("--seed") != 0;
  if (*soak) return stress::soak(long_run);
  if (out.list) {
    list_queues();
    return 0;
  }
  return out.judge.empty() ? stress_queue(asked, out) : judge_file(out);
}

int report_problems(int argc, char** argv) {
  try {
    return run_program(argc, argv);
  } catch (const std::invalid_argument& wrong) {
    fmt::print(stderr, "{}: {}\n", argv[0], wrong.what());
    return usage_error;
  } catch (const std::exception& failed) {
    fmt::print(stderr, "{}: {}\n", argv[0], failed.what());
    return unknown;  // no verdict on the queue
  }
}

}  // namespace

int main(int argc, char** argv) {
  return shmfifo::apps::run_with_output_checked("shmfifo_stress", unknown,
                                                [&] { return report_problems(argc, argv); });
}
