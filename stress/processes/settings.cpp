// SPDX-License-Identifier: MIT
#include "settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "meddlers.hpp"

namespace shmfifo::stress {
namespace {

constexpr std::uint64_t ring_slots = 1024;
constexpr std::uint64_t events_per_round = 40000000;
constexpr std::uint64_t log_reserve = 65536;  // numbers that may be aborted

bool is_core(const std::string& name) {
  return name.starts_with("core_");
}
bool is_log(const settings& wanted) {
  return wanted.mode == "log" || queue_name(wanted).starts_with("core_log");
}

harness::fault_plan faults_for(const settings& wanted) {
  harness::fault_plan plan;
  plan.every = wanted.fault_every;
  const std::string& which = wanted.faults;
  plan.kill_senders = which == "kill" || which == "mixed" || which == "kill-producers";
  plan.kill_receivers = which == "kill" || which == "mixed" || which == "kill-consumers";
  plan.pause = which == "stop" || which == "mixed";
  return plan;
}

void add_scenario(const settings& wanted, harness::run_options& options) {
  if (wanted.scenario == "churn") options.churn_every = 500;
  if (wanted.scenario == "slow-consumer") options.slow_consumer_us = 200;
  if (wanted.scenario == "intruder") options.intruder = true;
  if (wanted.scenario == "recoverer") options.meddlers = {recover_for_ever, recover_for_ever};
  if (wanted.scenario == "creator") options.meddlers = {create_for_ever, attach_for_ever};
  options.faults.kill_meddlers = !options.meddlers.empty();
}

}  // namespace

std::string queue_name(const settings& wanted) {
  if (wanted.queue != "core") return wanted.queue;
  return wanted.mode == "log" ? "core_log" : "core_ring_" + wanted.when_full;
}

const harness::queue_entry& find_queue(const settings& wanted) {
  const std::string name = queue_name(wanted);
  auto& all = harness::queue_registration::all();
  const auto it = std::find_if(all.begin(), all.end(), [&](const harness::queue_entry& entry) {
    return entry.name == name;
  });
  if (it != all.end()) return *it;
  throw std::invalid_argument("there is no queue '" + name + "': see --list");
}

std::uint64_t round_size(const settings& wanted) {
  const unsigned receivers = std::max(1U, wanted.consumers + wanted.observers);
  return std::min(wanted.messages, events_per_round / receivers);
}

harness::run_options options_for(const settings& wanted, std::uint64_t seed,
                                 std::uint64_t messages) {
  const bool core = is_core(queue_name(wanted));
  const bool log = is_log(wanted);
  harness::run_options options;
  options.seed = seed;
  options.queue_name = queue_name(wanted);
  options.producers = wanted.producers;
  options.consumers = wanted.consumers;
  options.observers = wanted.observers;
  options.messages = messages;
  options.content_size = wanted.content_size;
  options.slots = wanted.slots;
  if (options.slots == 0) options.slots = log ? messages + log_reserve : ring_slots;
  options.reuses_slots = !log;
  if (core && !log) options.slots = std::bit_ceil(options.slots);
  options.immediate = core || wanted.strict;
  options.capacity = options.immediate ? options.slots : 0;
  options.faults = faults_for(wanted);
  options.stall_ms = wanted.stall_ms;
  options.time_limit_s = wanted.time_limit_s;
  add_scenario(wanted, options);
  return options;
}

std::string replay_command(const settings& wanted, std::uint64_t seed, std::uint64_t messages) {
  std::string line = fmt::format(
      "{} --queue {} --producers {} --consumers {} --observers {} --messages {} "
      "--content-size {} --mode {} --when-full {} --faults {} --seed {}",
      wanted.program, wanted.queue, wanted.producers, wanted.consumers, wanted.observers, messages,
      wanted.content_size, wanted.mode, wanted.when_full, wanted.faults, seed);
  if (wanted.fault_every != 0) line += fmt::format(" --fault-every {}", wanted.fault_every);
  if (wanted.slots != 0) line += fmt::format(" --slots {}", wanted.slots);
  if (wanted.strict) line += " --strict";
  if (wanted.scenario != "plain") line += " --scenario " + wanted.scenario;
  return line;
}

}  // namespace shmfifo::stress
