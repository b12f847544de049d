// SPDX-License-Identifier: MIT
// Wrong queues that go wrong where a process is killed or paused.
#include <algorithm>
#include <thread>

#include "wrong.hpp"

namespace shmfifo::harness::queues {
namespace {

// The number is taken in one store and the slot marked in the next; between them the owner is
// unknown.
struct stuck_after_kill : lingering {
  std::int64_t claim(ring& in, unsigned id) override {
    auto& next = in.header().next;
    std::int64_t number = next.load(std::memory_order_acquire);
    do {
      if (!room_for(in, number)) return -1;
    } while (!next.compare_exchange_weak(number, number + 1, std::memory_order_acq_rel,
                                         std::memory_order_acquire));
    linger();
    in.at(number).stamp_word.store(stamp{number, id, slot_state::claimed}.word(),
                                   std::memory_order_release);
    return number;
  }
  void fill(ring& in, std::int64_t number, std::span<const std::byte> content) override {
    in.put(in.at(number), content);
  }
};

// Takes a sender for dead that has been silent for a while. A paused sender is not dead: it
// continues and writes.
struct time_out_recovery : lingering {
  // Often: most pauses have to find a message half sent, also where the processors are busy.
  time_out_recovery() { linger_every = 4; }
  std::int64_t suspect = -1;
  deadline since;

  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    slot& here = in.at(self.position);
    const deadline now = std::chrono::steady_clock::now();
    if (!here.stamped().is(self.position, slot_state::claimed)) {
      suspect = -1;
    } else if (suspect != self.position) {
      suspect = self.position;
      since = now;
    } else if (now - since > std::chrono::milliseconds(2)) {
      here.stamp_word.store(stamp{self.position, 0, slot_state::aborted}.word(),
                            std::memory_order_release);
    }
    return steps::look(in, self, buffer);
  }

  // Never sleeps long enough to overlook a silence.
  received receive(ring& in, reader& self, std::span<std::byte> buffer, deadline until) override {
    for (;;) {
      const bool past = std::chrono::steady_clock::now() >= until;
      const received answer = look(in, self, buffer);
      if (answer.answer != receive_answer::nothing || past) return answer;
      std::this_thread::yield();
    }
  }
};

struct leaks_aborted_slot : lingering {
  std::int64_t claim(ring& in, unsigned id) override {
    const std::int64_t number = in.header().next.load(std::memory_order_acquire);
    const stamp before = in.at(number).stamped();
    if (before.is(number - in.slots(), slot_state::aborted)) return -1;  // never free again
    return steps::claim(in, id);
  }
};

// Recovery takes a dead sender's claim for a message.
struct half_message_of_the_killed : lingering {
  std::int64_t first_position(ring& in, const reader& self) override {
    in.dead_claim_becomes = slot_state::published;
    return steps::first_position(in, self);
  }
  std::int64_t claim(ring& in, unsigned id) override {
    in.dead_claim_becomes = slot_state::published;
    return steps::claim(in, id);
  }
  void fill(ring& in, std::int64_t number, std::span<const std::byte> content) override {
    in.put(in.at(number), content.first(content.size() / 2));
    linger();
    in.put(in.at(number), content);
  }
};

struct cursor_not_saved : steps {
  std::int64_t first_position(ring& in, const reader& self) override {
    // It does not distinguish a first start from a start after a death.
    auto& cursor = in.header().cursors[self.id];
    if (cursor.load(std::memory_order_acquire) == 0) return steps::first_position(in, self);
    const std::int64_t newest = in.header().next.load(std::memory_order_acquire);
    cursor.store(newest, std::memory_order_release);
    return newest;
  }
};

// Saves its cursor only now and then, so messages released long ago come again after a death.
struct cursor_saved_late : steps {
  static constexpr std::int64_t kept = 32;
  bool room_for(ring& in, std::int64_t number) override {
    return number - in.slots() + kept < in.slowest_cursor();
  }
  std::int64_t first_position(ring& in, const reader& self) override {
    return std::max<std::int64_t>(steps::first_position(in, self) - kept, 0);
  }
};

const queue_registration wrong_recovery[] = {
    queue_registration(entry<stuck_after_kill>("stuck_after_kill", "killed between two stores")),
    queue_registration(entry<time_out_recovery>("time_out_recovery", "silent for 2 ms is dead")),
    queue_registration(
        entry<leaks_aborted_slot>("leaks_aborted_slot", "aborted: never used again")),
    queue_registration(entry<half_message_of_the_killed>("half_message_of_the_killed",
                                                         "a dead sender's claim is a message")),
    queue_registration(entry<cursor_not_saved>("cursor_not_saved", "resumes at the newest")),
    queue_registration(entry<cursor_saved_late>("cursor_saved_late", "resumes 32 messages back")),
};

}  // namespace
}  // namespace shmfifo::harness::queues
