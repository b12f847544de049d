// SPDX-License-Identifier: MIT
// shmfifo_stress: puts a queue under load in many processes, kills and pauses them, and has the
// oracle judge what they saw. Exit code 0 ok, 1 violation, 2 usage, 3 unknown.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <random>

#include "report.hpp"
#include "settings.hpp"
#include "shmfifo/harness/support/thrown.hpp"
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
class rounds {
 public:
  rounds(const settings& command, const outputs& out) : out_(out) {
    all_.command = command;
    all_.queue = stress::queue_name(command);
    left_ = stress::rounds_of(command);
  }

  int run() {
    const harness::queue_entry& entry = stress::find_queue(all_.command);
    while (left_ > 0) run_one(entry);
    return stress::exit_code(all_.judged.answer);
  }

 private:
  void run_one(const harness::queue_entry& entry) {
    const settings& command = all_.command;
    const std::uint64_t messages = stress::round_size(command);
    const std::uint64_t seed = command.seed + all_.sums.rounds;
    harness::run_options options = stress::options_for(command, seed, messages);
    stress::progress_line line(messages);
    options.on_progress = [&line](const harness::progress& now) { line.show(now); };
    // Written before the queue is destroyed, which may end this program.
    options.on_judged = [&](const harness::run_result& round) {
      line.finish();
      all_.replay = stress::replay_command(command, seed, messages);
      add(round);
    };
    const auto queue = entry.make();
    static_cast<void>(harness::run(*queue, options));
  }

  void add(const harness::run_result& round) {
    all_.sums.add(round);
    all_.judged = round.judged;
    if (!out_.save_history.empty()) round.logs->save(out_.save_history);
    --left_;
    const double duration_s = all_.command.duration_s;
    if (duration_s > 0) left_ = all_.sums.run_seconds < duration_s ? 1 : 0;
    if (!all_.judged.ok()) left_ = 0;
    if (left_ > 0) return;
    stress::print(all_);
    if (!out_.json.empty()) stress::write_json(all_, out_.json);
    if (!out_.junit.empty()) stress::write_junit(all_, out_.junit);
    std::fflush(stdout);
  }

  const outputs& out_;
  stress::report all_;
  std::uint64_t left_ = 0;
};

int stress_queue(settings command, const outputs& out) {
  if (!command.seed_given) command.seed = std::random_device{}();
  fmt::print("seed {}\n", command.seed);
  std::fflush(stdout);
  return rounds(command, out).run();
}

void add_options(CLI::App& app, settings& command, outputs& out) {
  app.add_option("--queue", command.queue,
                 "a name of --list, or `core`, completed by --mode and --when-full");
  app.add_option("--producers", command.producers, "processes that send")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--consumers", command.consumers, "processes that receive")
      ->capture_default_str()
      ->check(CLI::Range(0, 64));
  app.add_option("--observers", command.observers, "receivers that nobody waits for")
      ->capture_default_str()
      ->check(CLI::Range(0, 64));
  auto* messages = app.add_option("--messages", command.messages, "of all producers together")
                       ->capture_default_str();
  messages->check(CLI::Range(std::uint64_t{1}, harness::sequence_mask));
  app.add_option("--duration", command.duration_s,
                 "seconds; rounds of --messages until they are over")
      ->check(CLI::PositiveNumber);
  app.add_option("--content-size", command.content_size, "bytes of the longest message")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 24));
  app.add_option("--slots", command.slots, "default: 1024 in a ring, enough in a log")
      ->check(CLI::PositiveNumber);
  app.add_option("--mode", command.mode)->check(CLI::IsMember({"ring", "log"}));
  app.add_option("--when-full", command.when_full)
      ->check(CLI::IsMember({"reject", "wait", "overwrite"}));
  app.add_option("--faults", command.faults)
      ->check(CLI::IsMember({"none", "kill", "stop", "mixed", "kill-producers", "kill-consumers"}));
  app.add_option("--fault-every", command.fault_every,
                 "messages between two faults, on average (default: a hundred faults, and one "
                 "every 20000 messages from two million on)")
      ->check(CLI::PositiveNumber);
  app.add_option("--scenario", command.scenario, "what happens besides")
      ->check(
          CLI::IsMember({"plain", "churn", "slow-consumer", "intruder", "recoverer", "creator"}));
  app.add_flag(
      "--strict", command.strict,
      "require room for --slots messages or more, each visible when send returns (as in the core)");
  app.add_option("--seed", command.seed, "replays the schedule of faults and all contents");
  // Less than a busy machine may take to let a process run would accuse right queues.
  app.add_option("--stall-ms", command.stall_ms, "a run without progress for this long is stuck")
      ->capture_default_str()
      ->check(CLI::Range(1000U, 3600000U));
  app.add_option("--last-look-ms", command.last_look_ms,
                 "how long receivers look for what should not come any more")
      ->capture_default_str();
  app.add_option("--time-limit", command.time_limit_s, "seconds; then the verdict is unknown")
      ->capture_default_str();
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
  settings command;
  outputs out;
  add_options(app, command, out);
  stress::soak_settings soak_options;
  CLI::App* soak = app.add_subcommand("soak", "rounds of many shapes with mixed faults");
  soak->add_option("--hours", soak_options.hours)->check(CLI::PositiveNumber);
  soak->add_option("--messages", soak_options.messages, "also end after this many messages");
  soak->add_option("--round", soak_options.round, "messages of a round")
      ->check(CLI::PositiveNumber);
  soak->add_option("--seed", soak_options.seed);
  soak->add_option("--state", soak_options.state,
                   "the sums are kept here; an old file is continued");
  soak->add_option("--save-history", soak_options.save_history, "of a round that is not ok");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : usage_error;
  }
  command.program = soak_options.program = argv[0];
  command.seed_given = app.count("--seed") != 0;
  stress::check_names();
  if (*soak) return stress::soak(soak_options);
  if (out.list) {
    list_queues();
    return 0;
  }
  return out.judge.empty() ? stress_queue(command, out) : judge_file(out);
}

int report_problems(int argc, char** argv) {
  try {
    return run_program(argc, argv);
  } catch (const std::invalid_argument& wrong) {
    fmt::print(stderr, "{}: {}\n", argv[0], wrong.what());
    return usage_error;
  } catch (...) {
    fmt::print(stderr, "{}: {}\n", argv[0], harness::thrown_text());
    return unknown;  // no verdict on the queue
  }
}

}  // namespace

int main(int argc, char** argv) {
  return shmfifo::apps::run_with_output_checked("shmfifo_stress", unknown,
                                                [&] { return report_problems(argc, argv); });
}
