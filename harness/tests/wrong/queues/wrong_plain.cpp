// SPDX-License-Identifier: MIT
// Queues for one producer and one consumer, with all that makes it hard to be just: no numbers,
// messages too short to name themselves, deaths, and losses. Right ones that look suspicious, and
// wrong ones that look innocent.
#include <algorithm>
#include <thread>

#include "wrong.hpp"

namespace shmfifo::harness::queues {
namespace {

struct plain_rejecting : plain {
  plain_rejecting() {
    promises.rejects = true;
    promises.waits = false;
  }
};

constexpr std::int64_t lead = 16;  // messages before the defect of some queues begins to matter

// A claim whose owner died stays: nothing behind it ever arrives. Not promised otherwise.
struct dead_claims_block : plain {
  dead_claims_block() { promises.recoverable = false; }
  void enter(ring& in, unsigned id) override {
    in.dead_claim_becomes = slot_state::claimed;
    plain::enter(in, id);
  }
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    const stamp seen = in.at(self.position).stamped();
    if (seen.is(self.position, slot_state::claimed)) return {};
    return plain::look(in, self, buffer);
  }
  bool room_for(ring& in, std::int64_t number) override {
    return in.at(number).stamped().state != slot_state::claimed && plain::room_for(in, number);
  }
  void fill(ring& in, std::int64_t number, std::span<const std::byte> content) override {
    in.put(in.at(number), content);
    if (number >= lead) std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
};

// The same, and every fourth message is lost although nobody died for it.
struct dead_claims_block_and_loses : dead_claims_block {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    const std::int64_t number = self.position;
    const received answer = dead_claims_block::look(in, self, buffer);
    const bool drop = answer.answer == receive_answer::message && number % 4 == 1;
    return drop ? dead_claims_block::look(in, self, buffer) : answer;
  }
};

// At each attachment but the first, one message is passed over.
struct loses_one_at_attach : plain {
  std::int64_t first_position(ring& in, const reader& self) override {
    const std::int64_t resumed = plain::first_position(in, self);
    return resumed == 0 ? 0 : resumed + 1;
  }
};

// One to one, and the consumer resumes where it stopped.
struct durable_plain : unnumbered {
  durable_plain() { promises.many_producers = promises.broadcast = promises.observers = false; }
};

// Resumes behind the message after the last one received.
struct resumes_one_too_far : durable_plain {
  std::int64_t first_position(ring& in, const reader& self) override {
    const std::int64_t reached = in.header().spare[0].load(std::memory_order_acquire);
    return reached == 0 ? durable_plain::first_position(in, self) : reached + 1;
  }
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    const received answer = durable_plain::look(in, self, buffer);
    in.header().spare[0].store(self.position, std::memory_order_release);
    return answer;
  }
};

// The first receiver begins with what comes after it.
struct forgets_early_messages : plain {
  std::int64_t first_position(ring& in, const reader& self) override {
    const std::int64_t resumed = plain::first_position(in, self);
    return resumed != 0 ? resumed : in.header().next.load(std::memory_order_acquire);
  }
};

// Promises to wait, and does not look whether there is room; what is overwritten is skipped as if
// it had been given up.
struct overwrites_in_silence : plain {
  bool room_for(ring&, std::int64_t) override { return true; }
  received pass_over(ring& in, reader& self) override {
    plain::pass_over(in, self);
    return {receive_answer::aborted};
  }
};

// After a silence of its sender nobody does anything any more.
struct stands_still_after_pause : plain {
  stands_still_after_pause() { promises.recoverable = false; }
  std::int64_t claim(ring& in, unsigned id) override {
    const deadline now = std::chrono::steady_clock::now();
    if (before != deadline{} && now - before > std::chrono::milliseconds(4)) broken(in) = 1;
    before = now;
    return broken(in) != 0 ? -1 : plain::claim(in, id);
  }
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    return broken(in) != 0 ? received{} : plain::look(in, self, buffer);
  }
  static std::atomic<std::int64_t>& broken(ring& in) { return in.header().spare[0]; }
  deadline before;
};

// The last message of a run comes again a while after it.
template <unsigned Milliseconds>
struct repeats_the_last : plain {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    const received answer = plain::look(in, self, buffer);
    const deadline now = std::chrono::steady_clock::now();
    if (answer.answer == receive_answer::message) last = now;
    const bool over = self.position == static_cast<std::int64_t>(in.shape().messages);
    if (!over || repeated || now - last < std::chrono::milliseconds(Milliseconds)) return answer;
    repeated = true;
    --self.position;
    return plain::look(in, self, buffer);
  }
  deadline last;
  bool repeated = false;
};

struct one_slot_short : plain {
  bool room_for(ring& in, std::int64_t number) override {
    return number - in.slots() + 1 < in.slowest_cursor();
  }
};

struct swaps_neighbours : fetching_ahead {
  swaps_neighbours() { reversed_every = 25; }
};

// Returns from one receive only an hour after its deadline.
struct hangs_in_receive : plain {
  received receive(ring& in, reader& self, std::span<std::byte> buffer, deadline until) override {
    if (self.position < 500) return plain::receive(in, self, buffer, until);
    std::this_thread::sleep_until(until + std::chrono::hours(1));
    return {};
  }
};

const queue_registration wrong_plain[] = {
    queue_registration(entry<plain>("right_plain", "one to one, no numbers")),
    queue_registration(entry<plain_rejecting>("right_plain_rejecting", "the same, answers full")),
    queue_registration(entry<durable_plain>("right_durable_plain", "right_plain, and resumes")),
    queue_registration(
        entry<dead_claims_block>("right_blocked", "a dead sender's claim blocks; not recoverable")),
    queue_registration(entry<dead_claims_block_and_loses>("blocked_and_loses",
                                                          "right_blocked, and loses one in four")),
    queue_registration(entry<fetching_ahead>("fetches_ahead", "has fetched more when it dies")),
    queue_registration(
        entry<loses_one_at_attach>("loses_one_at_attach", "loses one at each restart")),
    queue_registration(
        entry<resumes_one_too_far>("resumes_one_too_far", "resumes behind one unread")),
    queue_registration(
        entry<forgets_early_messages>("forgets_early_messages", "no message before it attached")),
    queue_registration(
        entry<overwrites_in_silence>("overwrites_in_silence", "promises to wait when full")),
    queue_registration(entry<stands_still_after_pause>("stands_still_after_pause",
                                                       "nobody goes on after a pause")),
    queue_registration(
        entry<repeats_the_last<150>>("repeats_the_last_soon", "the last message twice in 150 ms")),
    queue_registration(
        entry<repeats_the_last<60000>>("repeats_the_last_late", "the last one after a minute")),
    queue_registration(entry<one_slot_short>("one_slot_short", "waits although one slot is free")),
    queue_registration(entry<swaps_neighbours>("swaps_neighbours", "the second one first")),
    queue_registration(entry<hangs_in_receive>("hangs_in_receive", "receive never returns")),
};

}  // namespace
}  // namespace shmfifo::harness::queues
