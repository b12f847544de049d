// SPDX-License-Identifier: MIT
// Wrong queues that answer wrongly about room, nothing and time.
#include <algorithm>
#include <limits>

#include "wrong.hpp"

namespace shmfifo::harness::queues {
namespace {

// The gate is open one slot too far, so a lap ends by overwriting an unread message.
struct off_by_one_at_wrap : steps {
  bool room_for(ring& in, std::int64_t number) override {
    return number - in.slots() <= in.slowest_cursor();
  }
};

struct silent_drop_when_full : rejecting {
  silent_drop_when_full() { promises.numbered = false; }
  sent send(ring& in, unsigned id, std::span<const std::byte> content, deadline until) override {
    const sent answer = steps::send(in, id, content, until);
    if (answer.answer != send_answer::full) return answer;
    return {send_answer::sent};
  }
};

struct full_when_room : rejecting {
  bool room_for(ring& in, std::int64_t number) override {
    return number - in.slots() / 2 < in.slowest_cursor();
  }
};

struct timed_out_when_room : steps {
  sent send(ring& in, unsigned id, std::span<const std::byte> content, deadline until) override {
    if (one_in(200)) return {send_answer::timed_out};
    return steps::send(in, id, content, until);
  }
};

struct nothing_when_there : steps {
  received receive(ring& in, reader& self, std::span<std::byte> buffer, deadline until) override {
    if (one_in(200)) return {};
    return steps::receive(in, self, buffer, until);
  }
};

// In a run of a second, half a minute late is the same as never.
struct ignores_deadline : steps {
  received receive(ring& in, reader& self, std::span<std::byte> buffer, deadline until) override {
    return steps::receive(in, self, buffer, until + std::chrono::seconds(30));
  }
};

// Looks first and announces itself as a sleeper afterwards: misses a bell rung in between.
struct lost_wake_up : steps {
  received receive(ring& in, reader& self, std::span<std::byte> buffer, deadline until) override {
    bell& published = in.header().published;
    const received answer = look(in, self, buffer);
    if (answer.answer != receive_answer::nothing) return answer;
    published.sleepers.fetch_add(1, std::memory_order_seq_cst);
    const std::uint32_t seen = published.rings.load(std::memory_order_seq_cst);
    while (std::chrono::steady_clock::now() < until &&
           published.rings.load(std::memory_order_seq_cst) == seen) {
      published.sleep(seen, until);
    }
    const bool rung = published.rings.load(std::memory_order_seq_cst) != seen;
    published.sleepers.fetch_sub(1, std::memory_order_seq_cst);
    return rung ? steps::receive(in, self, buffer, until) : received{};
  }
  // Rings only for sleepers that were there before the message.
  void ring_published(ring& in) override {
    if (!one_in(20)) steps::ring_published(in);
  }
};

const queue_registration wrong_answers[] = {
    queue_registration(entry<off_by_one_at_wrap>("off_by_one_at_wrap", "a gate open one too far")),
    queue_registration(
        entry<silent_drop_when_full>("silent_drop_when_full", "full, and says sent")),
    queue_registration(entry<full_when_room>("full_when_room", "full at half of its slots")),
    queue_registration(entry<timed_out_when_room>("timed_out_when_room", "does not even try")),
    queue_registration(entry<nothing_when_there>("nothing_when_there", "does not even look")),
    queue_registration(entry<ignores_deadline>("ignores_deadline", "waits on after its deadline")),
    queue_registration(entry<lost_wake_up>("lost_wake_up", "looks first and listens then")),
};

}  // namespace
}  // namespace shmfifo::harness::queues
