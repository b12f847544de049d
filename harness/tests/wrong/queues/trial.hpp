// SPDX-License-Identifier: MIT
#pragma once
// A small run of a queue in real processes, and a judge of what they saw. It is independent of the
// harness's runner and oracle on purpose: that the defects of the wrong queues are there, and that
// the right queue has none, is known before anything large is asked whether it sees them too.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shmfifo/harness/adapters/queue.hpp"

namespace shmfifo::harness::queues {

enum class faults : std::uint8_t { none, kill_producers, kill_consumers, stop_producers };

struct trial {
  unsigned producers = 2, consumers = 2, observers = 0;
  std::int64_t messages = 20'000;  // of all producers
  std::uint64_t slots = 64, content_size = 128, seed = 1;
  queues::faults faults = faults::none;
  bool exact_room = false;  // the queue holds `slots` messages, neither more nor fewer
};

// One call of an actor and its answer, or what the supervisor did to it. Times: steady clock, ns.
struct event {
  enum class what : std::uint8_t {
    sent,      // number
    refused,   // full or timed out
    unknown,   // killed inside a send: the message may be there
    gave_up,   // a producer that was refused for seconds on end
    message,   // number, producer, sequence, defect
    nothing,   // asked until `until`
    aborted,   // number, count
    lost,      // number, count
    failed,    // the queue says so itself, or throws
    released,  // position: the next number
    restarted,
    late,  // still in a call seconds after its deadline
  };
  enum class defect : std::uint8_t { none, content, length, bounds };
  what is = what::failed;
  defect wrong = defect::none;
  std::uint16_t producer = 0;
  std::int64_t number = -1, count = 0, sequence = -1, length = -1;
  int signal = 0;  // that ended the process, for failed
  std::int64_t began = 0, until = 0, ended = 0;
};

struct actor_history {
  enum class role : std::uint8_t { producer, consumer, observer } is = role::producer;
  unsigned id = 0;
  std::vector<event> events;
};

struct record_of_trial {
  trial asked;
  capabilities promises;
  std::vector<actor_history> actors;
  unsigned kills = 0, stops = 0;
};

record_of_trial carry_out(queue& under_test, const trial& asked);

enum class judgement : std::uint8_t { ok, violation };
struct verdict {
  judgement is = judgement::ok;
  std::string rule;     // empty if ok
  std::string excerpt;  // the calls that show it
};
verdict judge(const record_of_trial& record);

}  // namespace shmfifo::harness::queues
