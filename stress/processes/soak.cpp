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
settings settings_of(const soak_settings& wanted, std::uint64_t round) {
  const shape& which = shapes[round % std::size(shapes)];
  settings of;
  of.program = wanted.program;
  of.queue = which.queue;
  of.producers = which.producers;
  of.consumers = which.consumers;
  of.observers = which.observers;
  of.mode = std::string(which.queue).starts_with("core_log") ? "log" : "ring";
  of.seed = harness::mix(wanted.seed + round);
  of.messages = wanted.round;
  of.faults = "mixed";
  of.content_size = 1 + harness::mix(of.seed) % 256;
  of.scenario = scenarios[round / std::size(shapes) % std::size(scenarios)];
  if (of.scenario == "slow-consumer") of.messages /= 8;
  if (of.mode == "ring") {
    of.slots = std::uint64_t{1} << (of.seed >> 32) % 13;
    // A small ring hands messages over only as fast as the scheduler switches.
    of.messages = std::min(of.messages, of.slots * messages_per_slot);
  }
  of.messages = round_size(of);
  of.fault_every = of.messages / (50 + of.seed % 400) + 1;
  return of;
}

json load(const soak_settings& wanted) {
  std::ifstream file(wanted.state);
  if (!file) {
    return {{"seed", wanted.seed}, {"rounds", 0},   {"sent", 0},     {"delivered", 0},
            {"kills", 0},          {"pauses", 0},   {"aborted", 0},  {"lost", 0},
            {"redelivered", 0},    {"in_doubt", 0}, {"seconds", 0.0}};
  }
  const json sums = json::parse(file, nullptr, false);
  if (sums.is_discarded() || !sums.contains("rounds") || !sums.contains("seed")) {
    throw std::runtime_error("'" + wanted.state + "' is not the state of a soak: remove it");
  }
  if (sums["seed"] != wanted.seed) {
    throw std::runtime_error(
        fmt::format("'{}' belongs to a soak with seed {}: give that seed, or another file",
                    wanted.state, sums["seed"].get<std::uint64_t>()));
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

void summary(const json& sums) {
  fmt::print("soak: {} rounds, {:.2f} hours\n", sums["rounds"].get<std::uint64_t>(),
             sums["seconds"].get<double>() / 3600);
  for (const char* key :
       {"sent", "delivered", "redelivered", "lost", "aborted", "in_doubt", "kills", "pauses"}) {
    fmt::print("  {:12} {:>16}\n", key, sums[key].get<std::uint64_t>());
  }
}

}  // namespace

int soak(const soak_settings& wanted) {
  json sums = load(wanted);
  fmt::print("soak: seed {}, state in {}, {} rounds done\n", wanted.seed, wanted.state,
             sums["rounds"].get<std::uint64_t>());
  harness::outcome worst = harness::outcome::ok;
  while (sums["seconds"].get<double>() < wanted.hours * 3600 &&
         (wanted.messages == 0 || sums["sent"].get<std::uint64_t>() < wanted.messages)) {
    const auto index = sums["rounds"].get<std::uint64_t>();
    const settings of = settings_of(wanted, index);
    const harness::run_options options = options_for(of, of.seed, of.messages);
    const auto queue = find_queue(of).make();
    const harness::run_result round = harness::run(*queue, options);
    add(sums, round);
    fmt::print("round {}: {} {}x{}+{} {} slots {} content {}: {} sent, {} kills, {:.1f} s: {}\n",
               index, of.queue, of.producers, of.consumers, of.observers, of.scenario,
               options.slots, of.content_size, round.figures.sent, round.figures.kills,
               round.end.seconds, harness::to_string(round.judged.answer));
    std::fflush(stdout);
    store(sums, wanted.state);
    if (round.judged.ok()) continue;
    worst = round.judged.answer;
    fmt::print("{}\nreplay: {}\n", round.judged.text(), replay_command(of, of.seed, of.messages));
    if (!wanted.save_history.empty()) round.logs->save(wanted.save_history);
    break;
  }
  summary(sums);
  return exit_code(worst);
}

}  // namespace shmfifo::stress
