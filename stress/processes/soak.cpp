// SPDX-License-Identifier: MIT
#include "soak.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "report.hpp"
#include "settings.hpp"

namespace shmfifo::stress {
namespace {

using nlohmann::json;

struct shape {
  const char* queue;
  unsigned producers;
  unsigned consumers;
  unsigned observers;
};

constexpr shape shapes[] = {
    {"core_ring_wait", 1, 1, 1},
    {"core_ring_wait", 4, 4, 0},
    {"core_ring_overwrite", 4, 1, 2},
    {"core_ring_reject", 4, 1, 0},
    {"core_log", 4, 4, 1},
    {"core_ring_wait_many", 1, 4, 1},
    {"core_ring_overwrite", 1, 4, 1},
    {"core_ring_reject", 1, 4, 1},
    {"core_log", 1, 1, 1},
    {"core_ring_wait", 4, 1, 1},
    {"core_ring_wait_anonymous", 4, 4, 0},
    {"core_ring_overwrite_many", 1, 1, 1},
};
constexpr std::uint64_t messages_per_slot = 10000;
constexpr const char* scenarios[] = {"plain", "churn", "recoverer", "creator", "slow-consumer"};

// The round with this index: its shape, faults and seed follow from the index and the soak's seed.
settings settings_of(const soak_settings& options, std::uint64_t round) {
  const shape& which = shapes[round % std::size(shapes)];
  settings command;
  command.program = options.program;
  command.queue = which.queue;
  command.producers = which.producers;
  command.consumers = which.consumers;
  command.observers = which.observers;
  command.mode = std::string(which.queue).starts_with("core_log") ? "log" : "ring";
  command.seed = harness::mix(options.seed + round);
  command.messages = options.round;
  command.faults = "mixed";
  command.content_size = 1 + harness::mix(command.seed) % 256;
  command.scenario = scenarios[round / std::size(shapes) % std::size(scenarios)];
  if (command.scenario == "slow-consumer") command.messages /= 8;
  if (command.mode == "ring") {
    command.slots = std::uint64_t{1} << (command.seed >> 32) % 13;
    // A small ring hands messages over only as fast as the scheduler switches.
    command.messages = std::min(command.messages, command.slots * messages_per_slot);
  }
  command.messages = round_size(command);
  command.fault_every = command.messages / (50 + command.seed % 400) + 1;
  return command;
}

json load(const soak_settings& options) {
  std::ifstream file(options.state);
  if (!file) {
    return {{"seed", options.seed}, {"rounds", 0},   {"sent", 0},     {"delivered", 0},
            {"kills", 0},           {"pauses", 0},   {"aborted", 0},  {"lost", 0},
            {"redelivered", 0},     {"in_doubt", 0}, {"seconds", 0.0}};
  }
  const json sums = json::parse(file, nullptr, false);
  if (sums.is_discarded() || !sums.contains("rounds") || !sums.contains("seed")) {
    throw std::runtime_error("'" + options.state + "' is not the state of a soak: remove it");
  }
  if (sums["seed"] != options.seed) {
    throw std::runtime_error(
        fmt::format("'{}' belongs to a soak with seed {}: give that seed, or another file",
                    options.state, sums["seed"].get<std::uint64_t>()));
  }
  return sums;
}

void store(const json& sums, const std::string& path) {
  const std::string next = path + ".next";
  std::ofstream file(next);
  file << sums.dump(2) << '\n';
  file.close();
  if (!file) throw std::runtime_error("cannot write '" + next + "'");
  std::filesystem::rename(next, path);  // a kill leaves either the old sums or the new ones
}

void add(json& sums, const harness::run_result& round) {
  const auto plus = [&](const char* key, std::uint64_t more) {
    sums[key] = sums[key].get<std::uint64_t>() + more;
  };
  plus("rounds", 1);
  plus("sent", round.figures.sent);
  plus("delivered", round.figures.delivered);
  plus("kills", round.figures.kills);
  plus("pauses", round.figures.stops);
  plus("aborted", round.figures.aborted);
  plus("lost", round.figures.lost);
  plus("redelivered", round.figures.redelivered);
  plus("in_doubt", round.figures.in_doubt);
  sums["seconds"] = sums["seconds"].get<double>() + round.end.seconds + round.judge_seconds;
}

void report_round(const soak_settings& options, std::uint64_t index, const settings& command,
                  const harness::run_result& round) {
  fmt::print("round {}: {} {}x{}+{} {} slots {} content {}: {} sent, {} kills, {:.1f} s: {}\n",
             index, command.queue, command.producers, command.consumers, command.observers,
             command.scenario, round.logs->facts().slots, command.content_size, round.figures.sent,
             round.figures.kills, round.end.seconds, harness::to_string(round.judged.answer));
  if (!round.judged.ok()) {
    fmt::print("{}\nreplay: {}\n", round.judged.text(),
               replay_command(command, command.seed, command.messages));
    if (!options.save_history.empty()) round.logs->save(options.save_history);
  }
  std::fflush(stdout);
}

void summary(const json& sums) {
  fmt::print("soak: {} rounds, {:.2f} hours\n", sums["rounds"].get<std::uint64_t>(),
             sums["seconds"].get<double>() / 3600);
  for (const char* key :
       {"sent", "delivered", "redelivered", "lost", "aborted", "in_doubt", "kills", "pauses"}) {
    fmt::print("  {:12} {:>16}\n", key, sums[key].get<std::uint64_t>());
  }
}

}  // namespace

int soak(const soak_settings& options) {
  json sums = load(options);
  fmt::print("soak: seed {}, state in {}, {} rounds done\n", options.seed, options.state,
             sums["rounds"].get<std::uint64_t>());
  harness::outcome worst = harness::outcome::ok;
  while (worst == harness::outcome::ok && sums["seconds"].get<double>() < options.hours * 3600 &&
         (options.messages == 0 || sums["sent"].get<std::uint64_t>() < options.messages)) {
    const auto index = sums["rounds"].get<std::uint64_t>();
    const settings command = settings_of(options, index);
    harness::run_options run = options_for(command, command.seed, command.messages);
    run.on_judged = [&](const harness::run_result& round) {
      worst = round.judged.answer;
      add(sums, round);
      store(sums, options.state);
      report_round(options, index, command, round);
    };
    const auto queue = find_queue(command).make();
    static_cast<void>(harness::run(*queue, run));
  }
  summary(sums);
  return exit_code(worst);
}

}  // namespace shmfifo::stress
