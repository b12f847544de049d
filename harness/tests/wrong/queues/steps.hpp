// SPDX-License-Identifier: MIT
#pragma once
// The correct steps of a sender and a receiver. Each wrong queue replaces one step and leaves the
// rest alone, so that the harness catches the planted defect and nothing else.

#include "ring.hpp"

namespace shmfifo::harness::queues {

// A receiver's own memory.
struct reader {
  unsigned id = 0;
  bool observer = false;
  std::int64_t position = 0;  // the next number to look at
};

struct steps {
  capabilities promises{.many_producers = true,
                        .broadcast = true,
                        .observers = true,
                        .durable = true,
                        .waits = true,
                        .recoverable = true,
                        .numbered = true,
                        .late_receivers = true};
  // A kill or a stop has to meet the instants that matter: one message in so many stays half
  // written for a while. The right queue does the same in the same runs.
  unsigned linger_every = 0;
  unsigned messages_seen = 0;

  steps() = default;
  steps(const steps&) = delete;
  steps& operator=(const steps&) = delete;
  virtual ~steps() = default;

  // Sender.
  virtual void enter(ring& in, unsigned id) { in.begin_life(id); }  // throws: refused
  virtual sent send(ring& in, unsigned id, std::span<const std::byte> content, deadline until);
  virtual bool room_for(ring& in, std::int64_t number);
  virtual std::int64_t claim(ring& in, unsigned id);  // the number, or -1: no room
  virtual void fill(ring& in, std::int64_t number, std::span<const std::byte> content);
  virtual void publish(ring& in, unsigned id, std::int64_t number);
  virtual void ring_published(ring& in) { in.header().published.ring(); }

  // Receiver.
  virtual std::int64_t first_position(ring& in, const reader& self);
  virtual received receive(ring& in, reader& self, std::span<std::byte> buffer, deadline until);
  virtual received look(ring& in, reader& self, std::span<std::byte> buffer);
  virtual received pass_over(ring& in, reader& self);
  virtual void release(ring& in, reader& self);

 protected:
  void linger();
  // True once in so many calls; the counter belongs to the process.
  bool one_in(unsigned many) { return ++turns_ % many == 0; }

 private:
  unsigned turns_ = 0;
};

// A queue that takes these steps. The entry's `make` gives each run steps of its own.
std::unique_ptr<queue> make_queue(std::unique_ptr<steps> behaviour);

}  // namespace shmfifo::harness::queues
