// SPDX-License-Identifier: MIT
#include "shmfifo/harness/process/runner.hpp"

#include <fmt/format.h>

#include <csignal>
#include <stdexcept>

#include "shmfifo/harness/support/names.hpp"
#include "shmfifo/harness/support/thrown.hpp"
#include "supervisor.hpp"

namespace shmfifo::harness {
namespace {

void refuse(bool wrong, const char* sentence) {
  if (wrong) throw std::invalid_argument(sentence);
}

void check(const capabilities& can, const run_options& options) {
  refuse(options.producers == 0, "a run needs a producer");
  refuse(options.producers > 1 && !can.many_producers,
         "this queue promises one producer only: use --producers 1");
  refuse(options.consumers > 1 && !can.broadcast && !can.competing,
         "this queue promises one consumer only: use --consumers 1");
  refuse(options.observers > 0 && !can.observers,
         "this queue promises no observers: use --observers 0");
  refuse(options.intruder && !can.exclusive,
         "an intruder is a second producer: this queue does not promise to refuse it (exclusive)");
  refuse(options.churn_every != 0 && can.permanent_senders,
         "a producer that leaves this queue cannot come back (permanent_senders): no churn");
  refuse(options.messages > sequence_mask, "too many messages for one run");
  refuse(options.content_size == 0, "the content size is at least one byte");
}

// Must each message name itself? Where no number says which one it is, a short one is known only by
// its place among all others, and a kill makes that doubtful.
bool needs_names(const capabilities& can, const run_options& options) {
  if (judged_by_number(can)) return false;
  const fault_plan& faults = options.faults;
  return can.competing || can.broadcast || can.lossy || can.durable || can.unordered ||
         options.producers > 1 || faults.kill_senders || faults.kill_receivers;
}

history_shape shape_of(queue& tested, const run_options& options, const std::string& name) {
  const capabilities can = tested.promises();
  check(can, options);
  history_shape shape;
  shape.seed = options.seed;
  shape.queue.name = "/" + name;
  shape.queue.slots = options.slots;
  shape.queue.content_size = options.content_size;
  shape.queue.producers = options.producers;
  shape.queue.consumers = options.consumers;
  shape.queue.observers = options.observers;
  shape.queue.messages = options.messages;
  shape.promises = can;
  shape.queue_name = options.queue_name;
  const bool names = needs_names(can, options);
  refuse(names && options.content_size < content_source::self_naming,
         "this queue needs a content size of at least 8 here, so that each message names itself");
  shape.shortest = names ? content_source::self_naming : 0;
  shape.capacity = options.capacity;
  shape.reuses_slots = options.reuses_slots;
  return shape;
}

// Destroys the queue on every way out; run_names removes everything else named after the run.
struct cleanup {
  queue& tested;
  ~cleanup() { tested.destroy(); }
};

struct asked_fault {
  bool planned;
  std::uint64_t happened;
  const char* otherwise;
};

// The faults that were asked for and did not happen; empty if all did.
std::string missing_faults(const fault_plan& plan, const histories& logs) {
  std::uint64_t sender_kills = 0, receiver_kills = 0, pauses = 0;
  const auto count = [&pauses](const actor_state& who, std::uint64_t& kills) {
    kills += who.kills;
    pauses += who.stops;
  };
  for (unsigned i = 0; i < logs.senders(); ++i) count(logs.sender(i), sender_kills);
  for (unsigned i = 0; i < logs.receivers(); ++i) count(logs.receiver(i), receiver_kills);
  std::string missing;
  for (const auto& [planned, happened, otherwise] :
       {asked_fault{plan.kill_senders, sender_kills, "no producer was killed"},
        asked_fault{plan.kill_receivers, receiver_kills, "no consumer was killed"},
        asked_fault{plan.kill_meddlers, logs.facts().meddler_kills, "no meddler was killed"},
        asked_fault{plan.pause, pauses, "nobody was paused"}}) {
    if (planned && happened == 0) missing += (missing.empty() ? "" : ", ") + std::string(otherwise);
  }
  return missing;
}

// A run without the faults that its options ask for shows nothing about them.
void doubt_without_faults(const run_options& options, run_result& result) {
  const std::string missing = missing_faults(options.faults, *result.logs);
  if (!result.judged.ok() || missing.empty()) return;
  result.judged = {
      outcome::unknown, rule::none,
      fmt::format("faults that were asked for did not happen: {}, with a fault every "
                  "{} of {} messages on average. Ask for more messages, or for faults "
                  "more often (--fault-every, fault_plan::every)",
                  missing, options.faults.spacing(options.messages), options.messages)};
}

void create(queue& tested, const queue_shape& shape) {
  try {
    tested.create(shape);
  } catch (const std::exception&) {
    throw;
  } catch (...) {
    throw std::runtime_error("create " + thrown_text());
  }
}

void judge_run(const run_options& options, run_result& result) {
  const auto begun = std::chrono::steady_clock::now();
  result.judged = judge(*result.logs, &result.figures);
  doubt_without_faults(options, result);
  result.judge_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

}  // namespace

run_result run(queue& tested, const run_options& options) {
  run_names names("run");
  const std::string& name = names.beginning();
  const history_shape shape = shape_of(tested, options, name);
  run_result result;
  result.logs = std::make_shared<histories>(shape);
  result.logs->facts().last_look_ms = options.last_look_ms;
  names.add(tested.names(shape.queue));
  const cleanup at_end{tested};
  create(tested, shape.queue);
  {
    const actor_context context{tested, *result.logs, options};
    supervisor all(context, "/" + name);
    all.run();
    result.end = all.now();
  }
  judge_run(options, result);
  if (options.on_judged) options.on_judged(result);
  return result;
}

}  // namespace shmfifo::harness
