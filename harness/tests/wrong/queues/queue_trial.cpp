// SPDX-License-Identifier: MIT
// One small run of one queue from the command line: the program behind each line of the table of
// wrong queues, and the way to look at one of them by hand.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "trial.hpp"

using namespace shmfifo::harness;
using namespace shmfifo::harness::queues;

int main(int argc, char** argv) {
  CLI::App app("One small run of one queue, judged. Exit 0 ok, 1 violation, 2 usage.");
  trial run;
  std::string name, hurt = "none";
  bool list = false;
  app.add_option("--queue", name, "which queue (--list names them)");
  app.add_option("--producers", run.producers)->check(CLI::Range(1, 16))->capture_default_str();
  app.add_option("--consumers", run.consumers)->check(CLI::Range(1, 16))->capture_default_str();
  app.add_option("--observers", run.observers)->check(CLI::Range(0, 16))->capture_default_str();
  app.add_option("--messages", run.messages)
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  app.add_option("--slots", run.slots)->check(CLI::Range(1, 1 << 20))->capture_default_str();
  app.add_option("--content-size", run.content_size)
      ->check(CLI::Range(24, 1 << 20))
      ->capture_default_str();
  app.add_option("--seed", run.seed)->capture_default_str();
  app.add_option("--faults", hurt, "what happens to them meanwhile")
      ->check(CLI::IsMember({"none", "kill_producers", "kill_consumers", "stop_producers"}))
      ->capture_default_str();
  app.add_flag("--exact-room", run.exact_room, "judge full against --slots");
  app.add_flag("--list", list, "name the queues");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (hurt == "kill_producers") run.faults = faults::kill_producers;
  if (hurt == "kill_consumers") run.faults = faults::kill_consumers;
  if (hurt == "stop_producers") run.faults = faults::stop_producers;
  for (const queue_entry& entry : queue_registration::all()) {
    if (list) fmt::print("{:<28} {}\n", entry.name, entry.description);
    if (list || entry.name != name) continue;
    try {
      const auto under_test = entry.make();
      const record_of_trial record = carry_out(*under_test, run);
      const verdict found = judge(record);
      fmt::print("queue {} seed {} kills {} stops {}\n", name, run.seed, record.kills,
                 record.stops);
      if (found.is == judgement::ok) {
        fmt::print("verdict ok\n");
        return 0;
      }
      fmt::print("verdict violation, rule {}\n{}\n", found.rule, found.excerpt);
      return 1;
    } catch (const std::exception& error) {
      fmt::print(stderr, "queue_trial: {}\n", error.what());
      return 2;
    }
  }
  if (list) return 0;
  fmt::print(stderr, "queue_trial: no queue '{}' (--list names them)\n", name);
  return 2;
}
