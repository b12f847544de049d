// SPDX-License-Identifier: MIT
#include "settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>
#include <stdexcept>
#include <string_view>

#include "meddlers.hpp"

namespace shmfifo::stress {
namespace {

constexpr std::uint64_t ring_slots = 1024;
constexpr std::uint64_t events_per_round = 40000000;
constexpr std::uint64_t log_reserve = 65536;  // numbers that may be aborted

bool is_core(const std::string& name) {
  return name.starts_with("core_");
}
bool is_log(const settings& command) {
  return command.mode == "log" || queue_name(command).starts_with("core_log");
}

harness::fault_plan faults_for(const settings& command) {
  harness::fault_plan plan;
  plan.every = command.fault_every;
  const std::string& faults = command.faults;
  plan.kill_senders = faults == "kill" || faults == "mixed" || faults == "kill-producers";
  plan.kill_receivers = faults == "kill" || faults == "mixed" || faults == "kill-consumers";
  plan.pause = faults == "stop" || faults == "mixed";
  return plan;
}

void add_scenario(const settings& command, harness::run_options& options) {
  if (command.scenario == "churn") options.churn_every = 500;
  if (command.scenario == "slow-consumer") options.slow_consumer_us = 200;
  if (command.scenario == "intruder") options.intruder = true;
  const bool needs_segment = command.scenario == "recoverer" || command.scenario == "creator";
  if (needs_segment && !is_core(queue_name(command))) {
    throw std::invalid_argument("the scenario '" + command.scenario +
                                "' works on a segment of the core: use a queue core_*");
  }
  if (command.scenario == "recoverer") options.meddlers = {recover_for_ever, recover_for_ever};
  if (command.scenario == "creator") options.meddlers = {create_for_ever, attach_for_ever};
  options.faults.kill_meddlers = !options.meddlers.empty();
}

}  // namespace

std::string queue_name(const settings& command) {
  if (command.queue != "core") return command.queue;
  return command.mode == "log" ? "core_log" : "core_ring_" + command.when_full;
}

void check_names() {
  std::set<std::string_view> names;
  for (const harness::queue_entry& entry : harness::queue_registration::all()) {
    if (!names.insert(entry.name).second) {
      throw std::invalid_argument("two queues are registered as '" + entry.name +
                                  "': each needs a name of its own");
    }
  }
}

const harness::queue_entry& find_queue(const settings& command) {
  const std::string name = queue_name(command);
  auto& all = harness::queue_registration::all();
  const auto it = std::find_if(all.begin(), all.end(), [&](const harness::queue_entry& entry) {
    return entry.name == name;
  });
  if (it != all.end()) return *it;
  throw std::invalid_argument("there is no queue '" + name +
                              "': name one of those of --list with --queue");
}

std::uint64_t rounds_of(const settings& command) {
  const unsigned receivers = std::max(1U, command.consumers + command.observers);
  const std::uint64_t most = events_per_round / receivers;
  return (command.messages + most - 1) / most;
}

std::uint64_t round_size(const settings& command) {
  const std::uint64_t rounds = rounds_of(command);
  return (command.messages + rounds - 1) / rounds;
}

harness::run_options options_for(const settings& command, std::uint64_t seed,
                                 std::uint64_t messages) {
  if (command.consumers + command.observers == 0) {
    throw std::invalid_argument("nobody receives: use --consumers or --observers");
  }
  const bool core = is_core(queue_name(command));
  const bool log = is_log(command);
  harness::run_options options;
  options.seed = seed;
  options.queue_name = queue_name(command);
  options.producers = command.producers;
  options.consumers = command.consumers;
  options.observers = command.observers;
  options.messages = messages;
  options.content_size = command.content_size;
  options.slots = command.slots;
  if (options.slots == 0) options.slots = log ? messages + log_reserve : ring_slots;
  options.reuses_slots = !log;
  if (core && !log) options.slots = std::bit_ceil(options.slots);
  options.immediate = core || command.strict;
  options.capacity = options.immediate ? options.slots : 0;
  options.faults = faults_for(command);
  options.stall_ms = command.stall_ms;
  options.last_look_ms = command.last_look_ms;
  options.time_limit_s = command.time_limit_s;
  add_scenario(command, options);
  return options;
}

std::string replay_command(const settings& command, std::uint64_t seed, std::uint64_t messages) {
  std::string line = fmt::format(
      "{} --queue {} --producers {} --consumers {} --observers {} --messages {} "
      "--content-size {} --mode {} --when-full {} --faults {} --seed {}",
      command.program, command.queue, command.producers, command.consumers, command.observers,
      messages, command.content_size, command.mode, command.when_full, command.faults, seed);
  if (command.fault_every != 0) line += fmt::format(" --fault-every {}", command.fault_every);
  if (command.slots != 0) line += fmt::format(" --slots {}", command.slots);
  if (command.last_look_ms != settings{}.last_look_ms) {
    line += fmt::format(" --last-look-ms {}", command.last_look_ms);
  }
  if (command.stall_ms != settings{}.stall_ms) {
    line += fmt::format(" --stall-ms {}", command.stall_ms);
  }
  if (command.time_limit_s != settings{}.time_limit_s) {
    line += fmt::format(" --time-limit {}", command.time_limit_s);
  }
  if (command.strict) line += " --strict";
  if (command.scenario != "plain") line += " --scenario " + command.scenario;
  return line;
}

}  // namespace shmfifo::stress
