// SPDX-License-Identifier: MIT
#include "steps.hpp"

#include <algorithm>
#include <thread>

namespace shmfifo::harness::queues {

void steps::linger() {
  if (linger_every != 0 && ++messages_seen % linger_every == 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
}

sent steps::send(ring& in, unsigned id, std::span<const std::byte> content, deadline until) {
  bell& room = in.header().room;
  for (;;) {
    // Asked before trying: "no room" has to be true at the deadline.
    const bool late = std::chrono::steady_clock::now() >= until;
    std::int64_t number = claim(in, id);
    if (number < 0 && promises.rejects) return {send_answer::full};
    if (number < 0 && late) return {send_answer::timed_out};
    if (number < 0) {
      room.sleepers.fetch_add(1, std::memory_order_seq_cst);
      const std::uint32_t seen = room.rings.load(std::memory_order_seq_cst);
      number = claim(in, id);
      if (number < 0) room.sleep(seen, until);
      room.sleepers.fetch_sub(1, std::memory_order_seq_cst);
    }
    if (number < 0) continue;
    fill(in, number, content);
    publish(in, id, number);
    ring_published(in);
    return {send_answer::sent, promises.numbered ? number : -1};
  }
}

bool steps::room_for(ring& in, std::int64_t number) {
  return promises.lossy || number - in.slots() < in.slowest_cursor();
}

std::int64_t steps::claim(ring& in, unsigned id) {
  auto& next = in.header().next;
  for (;;) {
    std::int64_t number = next.load(std::memory_order_acquire);
    slot& here = in.at(number);
    const stamp seen = here.stamped();
    if (seen.number == number && seen.state != slot_state::free) {
      next.compare_exchange_strong(number, number + 1, std::memory_order_acq_rel,
                                   std::memory_order_relaxed);  // its owner has not come to it yet
      continue;
    }
    if (seen.number > number) continue;  // our view of `next` is old
    if (!room_for(in, number)) return -1;
    if (seen.state == slot_state::claimed && !in.abort_if_dead(here, seen)) return -1;
    std::uint64_t expected = seen.word();
    if (here.stamp_word.compare_exchange_strong(
            expected, stamp{number, id, slot_state::claimed}.word(), std::memory_order_acq_rel,
            std::memory_order_relaxed)) {
      std::int64_t old = number;
      next.compare_exchange_strong(old, number + 1, std::memory_order_acq_rel,
                                   std::memory_order_relaxed);
      // A reader that sees a word of this lap must also see that the slot was claimed for it.
      std::atomic_thread_fence(std::memory_order_release);
      return number;
    }
  }
}

void steps::fill(ring& in, std::int64_t number, std::span<const std::byte> content) {
  in.put(in.at(number), content);
  linger();
}

void steps::publish(ring& in, unsigned id, std::int64_t number) {
  in.at(number).stamp_word.store(stamp{number, id, slot_state::published}.word(),
                                 std::memory_order_release);
}

std::int64_t steps::first_position(ring& in, const reader& self) {
  if (!self.observer) return in.header().cursors[self.id].load(std::memory_order_acquire);
  return std::max<std::int64_t>(in.header().next.load(std::memory_order_acquire) - in.slots(), 0);
}

received steps::receive(ring& in, reader& self, std::span<std::byte> buffer, deadline until) {
  bell& published = in.header().published;
  for (;;) {
    // Asked before looking: "nothing" has to be true at the deadline.
    const bool late = std::chrono::steady_clock::now() >= until;
    received answer = look(in, self, buffer);
    if (answer.answer == receive_answer::nothing && !late) {
      published.sleepers.fetch_add(1, std::memory_order_seq_cst);
      const std::uint32_t seen = published.rings.load(std::memory_order_seq_cst);
      answer = look(in, self, buffer);
      if (answer.answer == receive_answer::nothing) published.sleep(seen, until);
      published.sleepers.fetch_sub(1, std::memory_order_seq_cst);
    }
    if (answer.answer == receive_answer::nothing && !late) continue;
    if (!promises.numbered) answer.number = -1;
    return answer;
  }
}

received steps::look(ring& in, reader& self, std::span<std::byte> buffer) {
  for (;;) {
    const std::int64_t number = self.position;
    slot& here = in.at(number);
    const stamp seen = here.stamped();
    if (seen.is(number, slot_state::published)) {
      const std::int64_t length = here.length.load(std::memory_order_relaxed);
      const auto bytes = std::clamp<std::int64_t>(length, 0, std::ssize(buffer));
      ring::get(here, buffer.first(static_cast<std::size_t>(bytes)));
      std::atomic_thread_fence(std::memory_order_acquire);
      if (here.stamped().word() != seen.word()) continue;  // overwritten meanwhile
      ++self.position;
      return {receive_answer::message, number, 0, length};
    }
    if (seen.is(number, slot_state::aborted)) {
      ++self.position;
      return {receive_answer::aborted, number, 1};
    }
    if (seen.is(number, slot_state::claimed)) {
      if (in.abort_if_dead(here, seen)) continue;
      return {};
    }
    if (seen.number > number) return pass_over(in, self);
    return {};
  }
}

received steps::pass_over(ring& in, reader& self) {
  const std::int64_t first = self.position;
  const std::int64_t oldest = in.header().next.load(std::memory_order_acquire) - in.slots();
  self.position = std::max(first + 1, oldest);
  return {receive_answer::lost, first, self.position - first};
}

void steps::release(ring& in, reader& self) {
  if (self.observer) return;
  in.header().cursors[self.id].store(self.position, std::memory_order_release);
  in.header().room.ring();
}

namespace {

class simple_sender final : public sender {
 public:
  simple_sender(ring& in, steps& behaviour, unsigned id) : in_(in), behaviour_(behaviour), id_(id) {
    behaviour_.enter(in_, id_);
  }
  simple_sender(const simple_sender&) = delete;
  simple_sender& operator=(const simple_sender&) = delete;
  ~simple_sender() override { in_.end_life(id_); }
  sent send(std::span<const std::byte> content, deadline until) override {
    return behaviour_.send(in_, id_, content, until);
  }

 private:
  ring& in_;
  steps& behaviour_;
  unsigned id_;
};

class simple_receiver final : public receiver {
 public:
  simple_receiver(ring& in, steps& behaviour, unsigned id, bool observer)
      : in_(in), behaviour_(behaviour), self_{id, observer} {
    self_.position = behaviour_.first_position(in_, self_);
  }
  received receive(std::span<std::byte> buffer, deadline until) override {
    return behaviour_.receive(in_, self_, buffer, until);
  }
  void release() override { behaviour_.release(in_, self_); }

 private:
  ring& in_;
  steps& behaviour_;
  reader self_;
};

class simple_queue final : public queue {
 public:
  explicit simple_queue(std::unique_ptr<steps> behaviour) : behaviour_(std::move(behaviour)) {}
  [[nodiscard]] capabilities promises() const override { return behaviour_->promises; }
  void create(const queue_shape& shape) override { ring_ = std::make_unique<ring>(shape); }
  void destroy() noexcept override { ring_.reset(); }
  std::unique_ptr<sender> attach_sender(unsigned id) override {
    return std::make_unique<simple_sender>(*ring_, *behaviour_, id);
  }
  std::unique_ptr<receiver> attach_receiver(unsigned id, bool observer) override {
    return std::make_unique<simple_receiver>(*ring_, *behaviour_, id, observer);
  }

 private:
  std::unique_ptr<steps> behaviour_;
  std::unique_ptr<ring> ring_;
};

}  // namespace

std::unique_ptr<queue> make_queue(std::unique_ptr<steps> behaviour) {
  return std::make_unique<simple_queue>(std::move(behaviour));
}

}  // namespace shmfifo::harness::queues
