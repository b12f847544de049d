// SPDX-License-Identifier: MIT
#pragma once
// How a wrong queue is registered: one line each.

#include <algorithm>
#include <deque>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "steps.hpp"

namespace shmfifo::harness::queues {

template <class Steps>
queue_entry entry(const char* name, const char* description) {
  return {name, description, [] { return make_queue(std::make_unique<Steps>()); }};
}

// The variants of the right steps that wrong queues start from.
struct rejecting : steps {
  rejecting() {
    promises.rejects = true;
    promises.waits = false;
  }
};
struct overwriting : steps {
  overwriting() {
    promises.lossy = true;
    promises.waits = false;
  }
};
// One message in so many stays half sent for a while, so that a kill, a stop or the next producer
// meets it.
struct lingering : steps {
  lingering() { linger_every = 32; }
};
struct unnumbered : lingering {
  unnumbered() { promises.numbered = false; }
};
// For one producer and one consumer, without numbers: what was received is free at once.
struct plain : lingering {
  plain() { promises = {.waits = true, .recoverable = true, .late_receivers = true}; }
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    for (;;) {
      const received answer = steps::look(in, self, buffer);
      if (answer.answer == receive_answer::nothing) return answer;
      steps::release(in, self);
      if (answer.answer != receive_answer::aborted) return answer;
    }
  }
  void release(ring&, reader&) override {}
};
// The same, with up to three messages fetched ahead into the process's own memory, where a kill
// finds them.
struct fetching_ahead : plain {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    if (ahead.empty()) return fetch(in, self, buffer);
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    const std::vector<std::byte> message = std::move(ahead.front());
    ahead.pop_front();
    std::copy(message.begin(), message.end(), buffer.begin());
    return {receive_answer::message, -1, 0, std::ssize(message)};
  }

  received fetch(ring& in, reader& self, std::span<std::byte> buffer) {
    received first = plain::look(in, self, buffer);
    if (first.answer != receive_answer::message) return first;
    while (ahead.size() < 3) {
      std::vector<std::byte> next(buffer.size());
      const received another = plain::look(in, self, next);
      if (another.answer != receive_answer::message) break;
      next.resize(static_cast<std::size_t>(another.length));
      ahead.push_back(std::move(next));
    }
    if (ahead.empty() || reversed_every == 0 || !one_in(reversed_every)) return first;
    const std::vector<std::byte> later = std::exchange(
        ahead.front(), std::vector<std::byte>(buffer.begin(), buffer.begin() + first.length));
    std::copy(later.begin(), later.end(), buffer.begin());
    first.length = std::ssize(later);
    return first;
  }

  unsigned reversed_every = 0;  // once in so many, the second one is delivered before the first
  std::deque<std::vector<std::byte>> ahead;
};

// Delivers a pair of neighbours in reverse. `fits` says which pairs and to which receiver.
template <class Base>
struct swaps : Base {
  virtual bool fits(const reader& self, stamp first, stamp second) = 0;

  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    const std::int64_t first = self.position & ~std::int64_t{1};
    const stamp one = in.at(first).stamped();
    const stamp two = in.at(first + 1).stamped();
    const bool swap = in.slots() > 1 && first % 4 == 0 && one.is(first, slot_state::published) &&
                      two.is(first + 1, slot_state::published) && fits(self, one, two);
    if (self.position == first) swapping_ = swap;
    if (!swapping_) return steps::look(in, self, buffer);
    const std::int64_t number = self.position++;
    slot& other = in.at(number ^ 1);
    const std::int64_t length = other.length.load(std::memory_order_relaxed);
    ring::get(other, buffer.first(static_cast<std::size_t>(length)));
    return {receive_answer::message, this->promises.numbered ? number : -1, 0, length};
  }
  // The first of a pair must stay in the ring until the second is delivered, too.
  void release(ring& in, reader& self) override {
    if (self.position % 2 == 0 || !swapping_) steps::release(in, self);
  }

 private:
  bool swapping_ = false;
};

struct different_orders : swaps<unnumbered> {
  different_orders() { linger_every = 7; }  // so that neighbours are of two producers
  bool fits(const reader& self, stamp first, stamp second) override {
    return self.id == 1 && first.sender != second.sender;
  }
};

}  // namespace shmfifo::harness::queues
