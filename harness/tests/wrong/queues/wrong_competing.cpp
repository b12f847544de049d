// SPDX-License-Identifier: MIT
// The right queue for consumers that share the messages, and its wrong relatives. A consumer marks
// a slot as its own, copies, and frees the slot; promises nothing about consumers killed in
// between.
#include <algorithm>

#include "wrong.hpp"

namespace shmfifo::harness::queues {
namespace {

constexpr unsigned taken = 63;  // the owner of a slot that a consumer is reading; no sender has it

struct competing : steps {
  competing() {
    promises.broadcast = promises.observers = promises.durable = promises.recoverable = false;
    promises.competing = true;
  }

  bool room_for(ring& in, std::int64_t number) override {
    const slot_state state = in.at(number).stamped().state;
    return state == slot_state::free || state == slot_state::aborted;  // aborted: read and done
  }

  virtual bool take(slot& here, stamp seen) {
    std::uint64_t expected = seen.word();
    return here.stamp_word.compare_exchange_strong(
        expected, stamp{seen.number, taken, slot_state::claimed}.word(), std::memory_order_acq_rel,
        std::memory_order_relaxed);
  }

  received look(ring& in, reader&, std::span<std::byte> buffer) override {
    auto& next = in.header().spare[0];  // the next to take, perhaps a little behind the stamps
    for (;;) {
      std::int64_t number = next.load(std::memory_order_acquire);
      slot& here = in.at(number);
      const stamp seen = here.stamped();
      const bool mine = seen.is(number, slot_state::published) && take(here, seen);
      const bool gone = seen.number > number || seen.is(number, slot_state::aborted) ||
                        (seen.is(number, slot_state::claimed) && seen.sender == taken);
      if (mine || gone) {
        std::int64_t old = number;
        next.compare_exchange_strong(old, number + 1, std::memory_order_acq_rel,
                                     std::memory_order_relaxed);
      }
      if (mine) return finish(in, here, number, buffer);
      if (!gone && !seen.is(number, slot_state::published)) return {};
    }
  }

  void release(ring&, reader&) override {}

 private:
  static received finish(ring& in, slot& here, std::int64_t number, std::span<std::byte> buffer) {
    const std::int64_t length = here.length.load(std::memory_order_relaxed);
    ring::get(here, buffer.first(static_cast<std::size_t>(length)));
    here.stamp_word.store(stamp{number, 0, slot_state::aborted}.word(), std::memory_order_release);
    in.header().room.ring();
    return {receive_answer::message, number, 0, length};
  }
};

struct both_get_it : competing {
  // Looks whether the slot is free to take, and takes it in a second step.
  bool take(slot& here, stamp seen) override {
    linger();
    if (here.stamped().number != seen.number) return false;
    here.stamp_word.store(stamp{seen.number, taken, slot_state::claimed}.word(),
                          std::memory_order_release);
    return true;
  }
  both_get_it() { linger_every = 16; }
};

struct nobody_gets_it : competing {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    const received answer = competing::look(in, self, buffer);
    const bool drop = answer.answer == receive_answer::message && one_in(199);
    return drop ? competing::look(in, self, buffer) : answer;
  }
};

const queue_registration wrong_competing[] = {
    queue_registration(entry<competing>("right_competing", "consumers share the messages")),
    queue_registration(entry<both_get_it>("both_get_it", "two consumers take one message")),
    queue_registration(entry<nobody_gets_it>("nobody_gets_it", "a taken message is forgotten")),
};

}  // namespace
}  // namespace shmfifo::harness::queues
