// SPDX-License-Identifier: MIT
#pragma once
// A queue under test, as the harness sees it: whatever can send bytes in one process and receive
// them in another. Implement `queue`, say honestly what it promises, register it by name, and every
// fitting check of the harness runs on it; a promise that is not made is never held against a
// queue.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace shmfifo::harness {

using deadline = std::chrono::steady_clock::time_point;  // when a call returns at the latest

// Who attaches first when a run begins.
enum class start_order : std::uint8_t {
  receivers,  // the receivers, then the senders: nothing is sent before all receivers are there
  senders,    // the senders, then the receivers
  together    // nobody waits for the others: attaching is a handshake of the two sides
};

// What a queue promises, and what it does not. The defaults are what a plain ring in shared memory
// for one producer and one consumer promises: what was sent arrives once and in order.
struct capabilities {
  bool many_producers = false;  // any number of senders at once
  bool broadcast = false;       // each receiver gets every message; otherwise there is one receiver
  bool competing = false;       // several receivers share the messages, each message goes to one
  bool observers = false;    // receivers that nobody waits for; their losses are counted for them
  bool durable = false;      // a receiver attached again under its id resumes where it stopped
  bool lossy = false;        // a full queue overwrites; receivers learn exactly how many they lost
  bool rejects = false;      // a full queue returns `full` at once
  bool waits = false;        // a full queue makes the sender wait, up to its deadline
  bool recoverable = false;  // killed or paused peers do not stop the others
  bool numbered = false;     // sender and receiver learn each message's number, dense from 0
  bool late_receivers = false;  // messages sent before a receiver attaches are still there for it
  bool exclusive = false;       // a second sender cannot attach while the only one is attached
  // Words that take a promise back.
  bool buffered = false;   // what is in a killed process's own memory is gone: the last messages of
                           // a sender, or those that a receiver had fetched ahead
  bool fallible = false;   // once a peer was killed, calls may fail, or end before their deadline
  bool unordered = false;  // one producer's messages may arrive in any order
  bool divergent = false;  // two receivers may see the messages of different producers in different
                           // orders
  bool permanent_senders = false;  // a sender that left, or was killed, cannot attach again
  start_order start = start_order::receivers;  // who attaches first
  // With `recoverable`: the others may stand still for so long after a death.
  std::uint32_t recovery_ms = 0;
};

// The geometry of a run. A queue takes from it what it can use.
struct queue_shape {
  // Unique in the system; the runner also removes resources named after it.
  std::string name;
  std::uint64_t slots = 1024;        // messages that fit
  std::uint64_t content_size = 128;  // bytes of the longest message
  unsigned producers = 1;            // senders at once
  unsigned consumers = 1;            // receivers at once that are waited for
  unsigned observers = 0;            // receivers at once that are not
  std::uint64_t messages = 0;  // upper bound of the whole run, for queues that never reuse a slot
};

// What a send returned.
enum class send_answer : std::uint8_t { sent, full, timed_out, failed };
// The answer of one send.
struct sent {
  send_answer answer = send_answer::failed;  // the kind
  std::int64_t number = -1;                  // of the message, where the queue is `numbered`
};

// What a receive returned; `aborted`, `lost` and `invalid` are numbers that were skipped.
enum class receive_answer : std::uint8_t { message, nothing, aborted, lost, invalid, failed };
// The answer of one receive.
struct received {
  receive_answer answer = receive_answer::nothing;  // the kind
  std::int64_t number = -1;  // of the message, or the first number skipped; -1 if not numbered
  std::int64_t count = 0;    // numbers skipped (aborted, lost, invalid)
  // Bytes of the message, as the queue reports it; may exceed the buffer if broken.
  std::int64_t length = 0;
};

// Used by one process and thread. The destructor leaves in good order.
class sender {
 public:
  virtual ~sender() = default;
  // A full queue: `full` at once if it rejects, otherwise waits until `until` and returns
  // `timed_out`.
  virtual sent send(std::span<const std::byte> content, deadline until) = 0;
};

// Used by one process and thread. The destructor leaves in good order.
class receiver {
 public:
  virtual ~receiver() = default;
  // Waits until `until` for something to return, then returns `nothing`. Copies at most
  // buffer.size() bytes.
  virtual received receive(std::span<std::byte> buffer, deadline until) = 0;
  // Returns the slots of what was received so far, where that is a separate step.
  virtual void release() {}
};

// `create` and `destroy` run in the supervisor, `attach_*` in the actors' processes, which are its
// children. Errors throw std::runtime_error with a sentence: cause and cure.
class queue {
 public:
  virtual ~queue() = default;
  // What may be held against it.
  [[nodiscard]] virtual capabilities promises() const = 0;
  // Names in /dev/shm, /dev/mqueue and /tmp that the queue's library invents, for the runner to
  // remove after the run. Names with `shape.name` in them, whatever stands before, go without this.
  [[nodiscard]] virtual std::vector<std::string> names(const queue_shape& shape) const {
    static_cast<void>(shape);
    return {};
  }
  // Before the first actor is forked.
  virtual void create(const queue_shape& shape) = 0;
  // When all actors have ended.
  virtual void destroy() noexcept = 0;
  // In the process of sender `id`, which keeps its id when it is started again after a kill.
  virtual std::unique_ptr<sender> attach_sender(unsigned id) = 0;
  // Likewise; an observer is a receiver that nobody waits for.
  virtual std::unique_ptr<receiver> attach_receiver(unsigned id, bool observer) = 0;
};

// A queue by name.
struct queue_entry {
  std::string name;         // as on the command line: core_ring_wait, boost_message_queue, ...
  std::string description;  // one line
  std::function<std::unique_ptr<queue>()> make;  // a new one for each run
};

// The queues known to this program, in the order of registration. Static objects of this type
// register.
class queue_registration {
 public:
  // Adds a queue.
  explicit queue_registration(queue_entry entry) { all().push_back(std::move(entry)); }
  // All that were added.
  static std::vector<queue_entry>& all() {
    static std::vector<queue_entry> entries;
    return entries;
  }
};

}  // namespace shmfifo::harness
