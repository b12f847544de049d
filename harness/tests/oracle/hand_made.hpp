// SPDX-License-Identifier: MIT
#pragma once
// Histories written by hand, as actors would write them: a line of code per call of a sender or
// receiver. Everything not said is in good order, so that a test shows only the one thing that is
// wrong.

#include <cstdint>
#include <initializer_list>

#include "shmfifo/harness/oracle/history.hpp"
#include "shmfifo/harness/oracle/judge.hpp"

namespace shmfifo::harness {

struct hand_made_shape {
  unsigned producers = 1;
  unsigned consumers = 1;
  unsigned observers = 0;
  std::uint64_t messages = 64;
  std::uint64_t slots = 8;
  capabilities promises;
};

// A queue like the core: numbers, many producers, broadcast, durable, survives kills.
inline capabilities numbered_promises() {
  capabilities can;
  can.many_producers = can.broadcast = can.observers = can.durable = true;
  can.recoverable = can.numbered = can.waits = true;
  return can;
}

class hand_made {
 public:
  static constexpr std::uint64_t content_size = 64;

  explicit hand_made(const hand_made_shape& shape) : logs(laid_out(shape)) {
    logs.facts().ended = run_end::completed;
    for (unsigned i = 0; i < logs.senders(); ++i) logs.sender(i).now = stage::finished;
    for (unsigned i = 0; i < logs.receivers(); ++i) {
      logs.receiver(i).now = stage::finished;
      attach(i);
    }
  }

  // -- senders: each call is the producer's next message
  void sends(unsigned p, std::uint64_t number) {
    answer(p, number);
    actor_state& who = logs.sender(p);
    if (who.highest < number + 1) who.highest = number + 1;
    if (logs.facts().final_position < number + 1) logs.facts().final_position = number + 1;
  }
  void sends(unsigned p) {
    answer(p, answer::sent_unnumbered);
    ++logs.facts().final_position;
  }
  void is_killed_sending(unsigned p) {
    answer(p, answer::in_doubt);
    ++logs.sender(p).kills;
  }
  void is_refused(unsigned p) { answer(p, answer::not_sent); }

  // -- receivers
  event& gets(unsigned r, message_id id, std::int64_t number = -1) {
    event entry;
    entry.kind = event_kind::message;
    entry.sound = 1;
    entry.length = static_cast<std::int32_t>(logs.content().length(id));
    entry.identity = logs.content().identity(id);
    entry.number = number;
    return append(r, entry);
  }
  event& is_told(unsigned r, event_kind kind, std::int64_t number, std::uint64_t count = 1) {
    event entry;
    entry.kind = kind;
    entry.number = number;
    entry.identity = count;
    return append(r, entry);
  }
  void releases(unsigned r) { logs.receiver(r).released = logs.receiver(r).logged.load(); }
  void attach(unsigned r, std::uint8_t killed = 0) {
    actor_state& who = logs.receiver(r);
    event entry;
    entry.number = who.incarnation++;
    entry.killed = killed;
    entry.identity = who.released;
    append(r, entry);
  }
  void is_killed_and_comes_back(unsigned r, bool in_call = true) {
    ++logs.receiver(r).kills;
    attach(r, in_call ? 2 : 1);
  }

  [[nodiscard]] verdict judged() const { return judge(logs); }

  histories logs;

 private:
  static histories laid_out(const hand_made_shape& shape) {
    history_shape all;
    all.seed = 7;
    all.queue.producers = shape.producers;
    all.queue.consumers = shape.consumers;
    all.queue.observers = shape.observers;
    all.queue.messages = shape.messages;
    all.queue.slots = shape.slots;
    all.queue.content_size = content_size;
    all.promises = shape.promises;
    all.capacity = shape.slots;
    all.shortest = shape.promises.numbered ? 0 : content_source::self_naming;
    return histories(all);
  }
  void answer(unsigned p, std::uint64_t word) {
    actor_state& who = logs.sender(p);
    logs.answers(p)[who.logged] = word;
    ++who.logged;
    who.started = who.logged.load();
  }
  event& append(unsigned r, const event& entry) {
    event& place = logs.events(r)[logs.receiver(r).logged];
    place = entry;
    ++logs.receiver(r).logged;
    return place;
  }
};

// A run of a queue with numbers.
inline hand_made numbered(unsigned producers = 1, unsigned consumers = 1, unsigned observers = 0,
                          bool lossy = false, bool durable = true) {
  hand_made_shape shape;
  shape.producers = producers;
  shape.consumers = consumers;
  shape.observers = observers;
  shape.messages = 8192;
  shape.promises = numbered_promises();
  shape.promises.lossy = lossy;
  shape.promises.durable = durable;
  return hand_made(shape);
}

// A run of a queue without, of one of these kinds.
enum class kind : std::uint8_t { single, broadcast, competing, durable, lossy };

inline hand_made unnumbered(kind which, unsigned producers = 1, unsigned consumers = 1,
                            unsigned observers = 0) {
  hand_made_shape shape;
  shape.producers = producers;
  shape.consumers = consumers;
  shape.observers = observers;
  shape.promises.many_producers = shape.promises.recoverable = true;
  shape.promises.observers = observers != 0;
  shape.promises.broadcast = which == kind::broadcast;
  shape.promises.competing = which == kind::competing;
  shape.promises.durable = which == kind::durable;
  shape.promises.lossy = which == kind::lossy;
  return hand_made(shape);
}

// Without numbers: a producer's next messages, and those that a receiver gets.
inline void sends(hand_made& run, unsigned p, int count) {
  for (int i = 0; i < count; ++i) run.sends(p);
}
inline void gets(hand_made& run, unsigned r, unsigned p,
                 std::initializer_list<std::uint64_t> sequences) {
  for (const std::uint64_t s : sequences) run.gets(r, {p, s});
}

// The first of a producer's messages from here on that names itself.
inline std::uint64_t long_one(const hand_made& run, unsigned producer, std::uint64_t from = 0) {
  while (run.logs.content().length({producer, from}) < content_source::self_naming) ++from;
  return from;
}
// The first that does not, and has bytes.
inline std::uint64_t short_one(const hand_made& run, unsigned producer, std::uint64_t from = 0) {
  const auto length = [&] { return run.logs.content().length({producer, from}); };
  while (length() >= content_source::self_naming || length() == 0) ++from;
  return from;
}

}  // namespace shmfifo::harness
