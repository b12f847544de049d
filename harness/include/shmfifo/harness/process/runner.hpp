// SPDX-License-Identifier: MIT
#pragma once
// One run of a queue under test: `run` forks the actors, lets them send and receive, kills and
// pauses them by the plan, collects their histories and has them judged. It starts no thread, reaps
// every child, and removes everything named after the run, also if this process is killed
// meanwhile.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shmfifo/harness/adapters/queue.hpp"
#include "shmfifo/harness/oracle/history.hpp"
#include "shmfifo/harness/oracle/judge.hpp"
#include "shmfifo/harness/process/faults.hpp"

namespace shmfifo::harness {

// The state of a run, for a display.
struct progress {
  std::uint64_t sent = 0;    // messages reported as sent
  std::uint64_t told = 0;    // events that all receivers logged
  std::uint64_t lag = 0;     // messages between the senders and the receiver furthest behind
  std::uint64_t kills = 0;   // so far
  std::uint64_t pauses = 0;  // so far
  double seconds = 0;        // since the start
};

// The outcome of a run.
struct run_result {
  verdict judged;                   // ok, violation or unknown
  judge_figures figures;            // what was counted
  progress end;                     // the state at the end
  double judge_seconds = 0;         // time the oracle took
  std::shared_ptr<histories> logs;  // everything every actor saw
};

// The options of a run.
struct run_options {
  std::uint64_t seed = 1;            // of lengths, bytes and faults
  std::string queue_name = "queue";  // for reports
  unsigned producers = 1;            // processes that send
  unsigned consumers = 1;            // processes that receive
  unsigned observers = 0;            // receivers that nobody waits for
  std::uint64_t messages = 100000;   // of all producers together
  std::uint64_t content_size = 128;  // bytes of the longest message
  std::uint64_t slots = 1024;        // messages that fit
  bool reuses_slots = true;  // false: a log, which has room only once (`full` ends a sender)
  // Messages that must fit before `full` is true. 0: unknown, and `full` is never wrong.
  std::uint64_t capacity = 0;
  // A message reported as sent is there for every receiver at once: `nothing` would be wrong.
  bool immediate = false;
  fault_plan faults;                 // none unless asked for
  std::uint64_t churn_every = 0;     // messages after which an actor detaches and attaches again
  unsigned slow_consumer_us = 0;     // consumer 0 sleeps so long every 64 messages
  bool intruder = false;             // a second sender must be refused
  std::uint64_t release_every = 16;  // messages a receiver keeps before it releases them
  unsigned wait_ms = 50;             // deadline of each send and receive
  unsigned stall_ms = 10000;         // without progress for so long the run is stuck
  unsigned drain_ms = 3000;          // receivers wait so long for what is missing at the end
  unsigned last_look_ms = 20;        // and so long for what should not come any more
  unsigned time_limit_s = 600;       // then the verdict is unknown
  // Extra processes beside the actors, for example to recover or create segments. Each runs one of
  // these functions, and is started again when it returns or is killed.
  std::vector<std::function<void(const std::string& name)>> meddlers;
  std::function<void(const progress&)> on_progress;  // about every 100 ms
  // The outcome, before the queue's `destroy`, which may end this process.
  std::function<void(const run_result&)> on_judged;
};

// Throws std::invalid_argument if the queue does not promise what the options ask for, and
// std::runtime_error if the run cannot begin. The calling process should have no other threads.
[[nodiscard]] run_result run(queue& tested, const run_options& options);

}  // namespace shmfifo::harness
