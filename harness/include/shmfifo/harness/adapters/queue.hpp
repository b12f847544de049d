// SPDX-License-Identifier: MIT
#pragma once
// A queue under test, as the harness sees it: whatever can send bytes in one process and receive
// them in another. Implement `queue`, say honestly what it promises, register it by name, and every
// fitting check of the harness runs on it; a promise that is not made is never held against a
// queue. `shared_memory.hpp` has what most adapters of queues in shared memory need.

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

// Who attaches first when a run begins. Attaching may wait for the side that comes first, and for
// nobody else: with the wrong order the run is stuck before it begins.
enum class start_order : std::uint8_t {
  receivers,  // the receivers, then the senders: nothing is sent before all receivers are there
  senders,    // the senders, then the receivers
  together    // nobody waits for the others: attaching is a handshake of the two sides
};

// What a queue promises, and what it does not. The defaults are what a plain ring in shared memory
// for one producer and one consumer promises: what was sent arrives once and in order.
//
// A promise adds checks, and runs in which it is put to the test. Declare what the queue's
// documentation says, and judge again with fewer words if it fails: what it does not keep is then
// known by name.
struct capabilities {
  bool many_producers = false;  // any number of senders at once
  bool broadcast = false;       // each receiver gets every message; otherwise there is one receiver
  bool competing = false;       // several receivers share the messages, each message goes to one
  bool observers = false;    // receivers that nobody waits for; their losses are counted for them
  bool durable = false;      // a receiver attached again under its id resumes where it stopped
  bool lossy = false;        // a full queue overwrites; receivers learn exactly how many they lost
  bool rejects = false;      // a full queue returns `full` at once
  bool waits = false;        // a full queue makes the sender wait, up to its deadline
  bool recoverable = false;  // killed peers do not stop the others
  bool numbered = false;     // sender and receiver learn each message's number, dense from 0
  bool late_receivers = false;  // messages sent before a receiver attaches are still there for it
  bool exclusive = false;       // a second sender cannot attach while the only one is attached
  // Words that take a promise back. Each costs checks: declare it only if the queue needs it.
  // What is in a killed process's own memory is gone: the last messages of a sender, or those that
  // a receiver had fetched ahead. For libraries that send from a thread or cache what they read.
  // Cost: messages missing around a kill are not seen.
  bool buffered = false;
  // Once a peer was killed, calls may fail, or end before their deadline; then the actor attaches
  // again and goes on, at most 40 times after each kill. For queues that report a death, such as a
  // broken connection. Cost: failures after the first kill are not seen.
  bool fallible = false;
  // One producer's messages may arrive in any order. For priorities, several paths, or pools. Cost:
  // order; what is lost, comes twice or has wrong bytes is seen as before.
  bool unordered = false;
  // Two receivers may see the messages of different producers in different orders. For a broadcast
  // with a queue for each receiver. Cost: the common order; each producer's own order is checked.
  bool divergent = false;
  // A sender that left, or was killed, cannot attach again. Cost: a killed sender's remaining
  // messages are not sent, so runs with kills are short.
  bool permanent_senders = false;
  start_order start = start_order::receivers;  // who attaches first
  // With `recoverable`: the others may stand still for so long after a death, for queues that
  // notice it by a time limit of their own. Cost: a run that is stuck takes that much longer.
  std::uint32_t recovery_ms = 0;
};

// The geometry of a run. A queue takes from it what it can use.
struct queue_shape {
  // Unique in the system, begins with a slash. The runner removes what has this name in /dev/shm,
  // /dev/mqueue or /tmp, whatever stands before or behind it; for other names see `queue::names`.
  std::string name;
  std::uint64_t slots = 1024;        // messages that fit
  std::uint64_t content_size = 128;  // bytes of the longest message
  unsigned producers = 1;            // senders at once
  unsigned consumers = 1;            // receivers at once that are waited for
  unsigned observers = 0;            // receivers at once that are not
  std::uint64_t messages = 0;  // upper bound of the whole run, for queues that never reuse a slot
};

// What a send returned. `failed` ends the run; prefer to throw std::runtime_error with the cause,
// which the report then prints.
enum class send_answer : std::uint8_t { sent, full, timed_out, failed };
// The answer of one send.
struct sent {
  send_answer answer = send_answer::failed;  // the kind
  std::int64_t number = -1;                  // of the message, where the queue is `numbered`
};

// What a receive returned; `aborted`, `lost` and `invalid` are numbers that were skipped. `failed`
// as for a send.
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
  // `timed_out`. `until` may be past already: try once, and return without waiting.
  //
  // Lengths run from 0 to `content_size`. Messages shorter than 8 bytes cannot name themselves.
  // They are sent only if the queue is judged by its numbers (`numbered`, and none of `competing`,
  // `buffered`, `unordered` and `divergent`), or if it keeps all messages of one sender in order
  // for one receiver, and neither is killed.
  virtual sent send(std::span<const std::byte> content, deadline until) = 0;
};

// Used by one process and thread. The destructor leaves in good order.
class receiver {
 public:
  virtual ~receiver() = default;
  // Waits until `until`, which may be past already, for something to return; then looks once more
  // and returns `nothing`. Copies at most buffer.size() bytes, and reports the length as the queue
  // does.
  virtual received receive(std::span<std::byte> buffer, deadline until) = 0;
  // Returns the slots of what was received so far, where that is a separate step: with front() and
  // pop(), receive copies front(), advances past it without freeing it if it can, and release pops
  // all of them. Where front() always is the oldest message, pop in receive and leave this empty.
  // Called every `run_options::release_every` messages, and whenever there is nothing to receive.
  virtual void release() {}
};

// `create` and `destroy` run in the supervisor, `attach_*` in the actors' processes, which are its
// children. Errors throw std::runtime_error with a sentence: cause and cure.
//
// What `create` makes is inherited by every actor: descriptors and shared mappings by all, at the
// same address; plain memory as a copy. Threads are not inherited, and a library that started one
// before a fork is often broken after it: initialise such a library in `attach_*` only. A daemon
// that a library needs is started in `create` (`start_child` of child.hpp, so that it dies with the
// run) and ended in `destroy`.
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
  // In the process of sender `id`, which keeps its id when it is started again after a kill. Throws
  // where the queue refuses it.
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
// register; two of one name are an error that shmfifo_stress reports.
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
