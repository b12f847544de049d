// SPDX-License-Identifier: MIT
#pragma once
// The command line of shmfifo_stress and the run that it asks for: the queue, its behaviour when
// full, the faults, and the command that repeats the run.

#include <cstdint>
#include <string>
#include <vector>

#include "shmfifo/harness/process/runner.hpp"

namespace shmfifo::stress {

struct settings {
  std::string program;  // its path, for the replay line: it may be a program with a user's queues
  std::string queue = "core";
  unsigned producers = 1;
  unsigned consumers = 1;
  unsigned observers = 0;
  std::uint64_t messages = 1000000;
  double duration_s = 0;  // if not 0: rounds of `messages` for this long
  std::uint64_t content_size = 128;
  std::uint64_t slots = 0;  // 0: 1024 in a ring, enough for all messages in a log
  std::string mode = "ring";
  std::string when_full = "wait";
  std::string faults = "none";
  std::uint64_t fault_every = 0;  // 0: depends on the messages of a round
  std::uint64_t seed = 0;
  bool seed_given = false;
  std::string scenario = "plain";  // plain, churn, slow-consumer, intruder, recoverer, creator
  bool strict = false;             // `slots` messages fit, each visible when send returns
  unsigned stall_ms = 10000;
  unsigned last_look_ms = 20;
  unsigned time_limit_s = 600;
};

// Throws std::invalid_argument if two queues are registered under one name.
void check_names();

// Throws std::invalid_argument if there is no such queue.
[[nodiscard]] const harness::queue_entry& find_queue(const settings& command);
// The full name of the queue: `core` is completed by mode and full policy.
[[nodiscard]] std::string queue_name(const settings& command);

// The run is divided so that a round's histories stay below about a gigabyte: into so many rounds
[[nodiscard]] std::uint64_t rounds_of(const settings& command);
// of so many messages, all of one size, so that the last one has its faults, too.
[[nodiscard]] std::uint64_t round_size(const settings& command);

[[nodiscard]] harness::run_options options_for(const settings& command, std::uint64_t seed,
                                               std::uint64_t messages);

// The command line that repeats one round.
[[nodiscard]] std::string replay_command(const settings& command, std::uint64_t seed,
                                         std::uint64_t messages);

}  // namespace shmfifo::stress
