// SPDX-License-Identifier: MIT
// The shortest adapter: a ring in shared memory whose calls only try.
#include "plain_ring.hpp"
#include "shmfifo/harness/adapters/shared_memory.hpp"

namespace {
using namespace shmfifo::harness;
using message = fixed_message<256>;
using ring = plain_ring<message, 64>;

struct ring_end : sender, receiver {
  explicit ring_end(ring& shared) : in(shared) {}
  sent send(std::span<const std::byte> content, deadline until) override {
    message next;
    next.put(content);
    const bool done = retry_until(until, [&] { return in.try_push(next); });
    return {done ? send_answer::sent : send_answer::timed_out};
  }
  received receive(std::span<std::byte> buffer, deadline until) override {
    message next;
    const bool found = retry_until(until, [&] { return in.try_pop(next); });
    return found ? next.get(buffer) : received{receive_answer::nothing};
  }
  ring& in;
};

struct ring_queue : queue {
  capabilities promises() const override {
    return {.waits = true, .recoverable = true, .late_receivers = true};
  }
  void create(const queue_shape& shape) override {
    message::require_fit(shape);
    memory = std::make_unique<shared_object<ring>>();
  }
  void destroy() noexcept override { memory.reset(); }
  std::unique_ptr<sender> attach_sender(unsigned) override {
    return std::make_unique<ring_end>(**memory);
  }
  std::unique_ptr<receiver> attach_receiver(unsigned, bool) override {
    return std::make_unique<ring_end>(**memory);
  }
  std::unique_ptr<shared_object<ring>> memory;
};

const queue_registration registration{
    {"ring", "a plain ring of 64 slots", [] { return std::make_unique<ring_queue>(); }}};
}  // namespace
