// SPDX-License-Identifier: MIT
#pragma once
// What the actors of a run log, in memory shared with their supervisor, which a kill cannot lose:
// each actor has one state and one log of its own. A sender writes its intent (`started`) before
// the call and the answer after it, so at most its last message is in doubt when it is killed. A
// receiver logs what it received before it releases it. The log is plain memory: entries below
// `logged` are complete. Nothing is allocated for entries that are never written.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "shmfifo/harness/adapters/queue.hpp"
#include "shmfifo/harness/oracle/content.hpp"
#include "shmfifo/harness/oracle/verdict.hpp"

namespace shmfifo::harness {

// A sender's log: the answer to each of its messages by sequence, a number or one of these.
namespace answer {
inline constexpr std::uint64_t sent_unnumbered = ~std::uint64_t{0};
inline constexpr std::uint64_t in_doubt = ~std::uint64_t{1};  // killed inside the call
inline constexpr std::uint64_t not_sent = ~std::uint64_t{2};  // refused, and never tried again
[[nodiscard]] constexpr bool is_number(std::uint64_t word) noexcept {
  return word < not_sent;
}
[[nodiscard]] constexpr bool is_sent(std::uint64_t word) noexcept {
  return is_number(word) || word == sent_unnumbered;
}
}  // namespace answer

// A receiver's log.
enum class event_kind : std::uint8_t { attached, message, aborted, lost, invalid };

struct event {
  event_kind kind = event_kind::attached;
  std::uint8_t sound = 0;   // message: length and bytes are those of some message of the run
  std::uint8_t killed = 0;  // attached: the last incarnation was killed; 2: inside receive
  std::uint8_t reserved = 0;
  std::int32_t length = 0;  // message: as the queue reported it
  // Message: see content_check; attached: `released` of the last incarnation; otherwise the count
  // of numbers that were skipped.
  std::uint64_t identity = 0;
  std::int64_t number = -1;  // as the queue reported it
};
static_assert(sizeof(event) == 24);

enum class stage : std::uint32_t { absent, attaching, ready, running, finished, dead };

// A broken rule that only the actor itself could see. The first one counts.
struct complaint {
  std::atomic<rule> broken;  // stored last
  std::uint64_t facts[3];
};

struct alignas(128) actor_state {
  // Written by the actor, read by the others.
  std::atomic<std::uint64_t> started;       // sender: messages begun
  std::atomic<std::uint64_t> logged;        // entries of the log
  std::atomic<std::uint64_t> position;      // receiver: next number, or messages received so far
  std::atomic<std::uint64_t> freed;         // receiver: `position` at the last completed release
  std::atomic<std::uint64_t> released;      // receiver: `logged` at the last completed release
  std::atomic<std::uint64_t> highest;       // sender: 1 + the highest number it got
  std::atomic<std::int64_t> call_deadline;  // of send or receive: steady clock, in nanoseconds
  // Sender: 1 inside send. Receiver: 1 outside, 2 inside receive.
  std::atomic<std::uint32_t> in_call;
  std::atomic<std::uint32_t> refusals;  // sender: of its message, in a row
  std::atomic<std::uint32_t> holds;     // sender: waits, with a refused message, outside the call
  std::atomic<stage> now;
  std::atomic<std::uint32_t> incarnation;
  std::uint64_t fulls, timeouts, nothings, churns;
  complaint complained;
  char text[160];  // of a failure
  // Written by the supervisor: a fault that the actor itself carries out at a point (faults.hpp).
  alignas(128) std::atomic<std::uint64_t> fault_at;
  std::atomic<std::uint32_t> fault_point;
  std::atomic<std::int32_t> fault_signal;
  std::uint32_t kills, stops, restarts;
  std::int32_t died_of;  // a signal that nobody sent, or 0
};

enum class run_end : std::uint32_t { completed, stalled, timed_out, log_full };

// Facts of the run that the judge needs besides the logs.
struct run_facts {
  std::uint64_t magic;
  std::uint64_t seed;
  std::uint64_t content_size;
  std::uint64_t shortest;  // message of the run, in bytes
  std::uint64_t slots;
  std::uint64_t capacity;  // messages that fit before `full` is true; 0: unknown
  std::uint64_t messages;
  std::uint32_t producers, consumers, observers;
  std::uint32_t reuses_slots;     // 0: a log, in which nothing ever gets free
  std::uint32_t second_producer;  // a sender was admitted beside the only one
  std::uint64_t meddler_kills;
  capabilities promises;
  run_end ended;
  std::int64_t ended_at;       // steady clock, nanoseconds
  std::uint64_t quiet_ms;      // before that, without progress of any actor
  std::uint32_t last_look_ms;  // how long receivers looked for more after the last message
  char queue[64];
  // During the run: how the supervisor steers the actors.
  std::atomic<std::uint32_t> go;    // senders may begin: 1 a few messages, 2 all
  std::atomic<std::uint32_t> lull;  // receivers hold still, so that the queue gets full; 0: no
  std::atomic<std::uint64_t> kills_begun;
  std::atomic<std::uint32_t> senders_done;
  std::atomic<std::uint64_t> final_position;  // valid with senders_done
  std::atomic<std::uint64_t> logged_most;     // by all senders: then they wait for faults
};

// The memory layout of a run follows from this.
struct history_shape {
  std::uint64_t seed = 1;
  queue_shape queue;
  capabilities promises;
  std::string queue_name;
  std::uint64_t shortest = 0;
  std::uint64_t capacity = 0;
  bool reuses_slots = true;
};

// All of one run. Actors of one kind are numbered from 0; receivers are consumers, then observers.
class histories {
 public:
  explicit histories(const history_shape& shape);  // shared with children that are forked later
  static histories load(const std::string& path);
  void save(const std::string& path) const;

  [[nodiscard]] run_facts& facts() const noexcept {
    return *reinterpret_cast<run_facts*>(memory_.get());
  }
  [[nodiscard]] unsigned senders() const noexcept { return facts().producers; }
  [[nodiscard]] unsigned receivers() const noexcept {
    return facts().consumers + facts().observers;
  }
  [[nodiscard]] bool is_observer(unsigned receiver) const noexcept {
    return receiver >= facts().consumers;
  }
  [[nodiscard]] actor_state& sender(unsigned i) const noexcept { return states()[i]; }
  [[nodiscard]] actor_state& receiver(unsigned i) const noexcept { return states()[senders() + i]; }
  // Messages that sender i sends, and room in its log.
  [[nodiscard]] std::uint64_t quota(unsigned i) const noexcept {
    return facts().messages / senders() + (i < facts().messages % senders() ? 1 : 0);
  }
  [[nodiscard]] std::uint64_t events_max() const noexcept;  // room in a receiver's log
  [[nodiscard]] std::uint64_t* answers(unsigned i) const noexcept;
  [[nodiscard]] event* events(unsigned i) const noexcept;

  // Messages that all senders together have finished.
  [[nodiscard]] std::uint64_t logged() const noexcept {
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < senders(); ++i)
      sum += sender(i).logged.load(std::memory_order_acquire);
    return sum;
  }
  // Where a receiver stands that got everything that was reported as sent: behind its highest
  // number, or, where receivers do not go by numbers, at its count.
  [[nodiscard]] std::uint64_t sent_position() const noexcept;
  // The complete part of the logs.
  [[nodiscard]] std::span<const std::uint64_t> answered(unsigned i) const noexcept {
    return {answers(i), sender(i).logged.load(std::memory_order_acquire)};
  }
  [[nodiscard]] std::span<const event> told(unsigned i) const noexcept {
    return {events(i), receiver(i).logged.load(std::memory_order_acquire)};
  }
  [[nodiscard]] content_source content() const noexcept {
    return {facts().seed, facts().content_size, facts().shortest};
  }
  [[nodiscard]] std::uint64_t bytes_used() const noexcept;

 private:
  struct unmap {
    std::uint64_t size;
    void operator()(std::byte* base) const noexcept;
  };
  // Of so many bytes, all zero: so begin the facts and all actors.
  explicit histories(std::uint64_t size);
  [[nodiscard]] actor_state* states() const noexcept;

  std::unique_ptr<std::byte, unmap> memory_;
};

// The first complaint of an actor stays.
void complain(actor_state& who, rule broken, std::uint64_t a = 0, std::uint64_t b = 0,
              std::uint64_t c = 0) noexcept;
void complain(actor_state& who, rule broken, const std::string& text) noexcept;

}  // namespace shmfifo::harness
