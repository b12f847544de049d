// SPDX-License-Identifier: MIT
// The core as a queue under test: each mode and full policy, with the claims of one or of many
// producers, and with named (durable) or anonymous cursors.

#include <bit>
#include <stdexcept>

#include "core_receiver.hpp"
#include "shmfifo/harness/adapters/queue.hpp"
#include "shmfifo/shmfifo.hpp"

namespace shmfifo::harness {
namespace {

enum class claims : std::uint8_t { as_needed, one, many };  // which protocol the producers follow

struct variant {
  const char* name;
  const char* description;
  segment_mode mode;
  full_policy when_full;
  claims producers;
  bool named_cursors;
};

[[noreturn]] void fail(const error& failure) {
  throw std::runtime_error(std::string(failure.rule) + ": " + failure.text);
}
template <class T>
T need(result<T>&& got) {
  if (!got) fail(got.error());
  return std::move(got).value();
}

class core_sender final : public sender {
 public:
  explicit core_sender(shmfifo::producer&& from) : producer_(std::move(from)) {}
  sent send(std::span<const std::byte> content, deadline until) override {
    switch (producer_.publish(content, until)) {
      case status::ok:
        return {send_answer::sent, producer_.last_number()};
      case status::full:
        return {send_answer::full, -1};
      case status::timed_out:
      case status::peer_dead:  // a durable consumer is dead at this moment
        return {send_answer::timed_out, -1};
      default:
        return {send_answer::failed, -1};
    }
  }

 private:
  shmfifo::producer producer_;
};

class core_queue final : public queue {
 public:
  explicit core_queue(const variant& kind) : kind_(kind) {}

  [[nodiscard]] capabilities promises() const override {
    capabilities can;
    can.many_producers = kind_.producers != claims::one;
    can.broadcast = can.observers = can.recoverable = can.numbered = true;
    can.durable = kind_.named_cursors;
    can.lossy = kind_.when_full == full_policy::overwrite;
    can.rejects = kind_.when_full == full_policy::reject;
    can.waits = kind_.when_full == full_policy::wait;
    can.late_receivers = kind_.mode == segment_mode::log;
    can.exclusive = kind_.producers == claims::one;
    return can;
  }

  void create(const queue_shape& shape) override {
    geometry ours;
    ours.mode = kind_.mode;
    ours.when_full = kind_.when_full;
    const bool many = kind_.producers == claims::many || shape.producers > 1;
    ours.producers = many ? producer_role::many : producer_role::single;
    ours.slot_count = kind_.mode == segment_mode::ring ? std::bit_ceil(shape.slots) : shape.slots;
    ours.content_size = shape.content_size;
    name_ = shape.name;
    static_cast<void>(need(segment::create(name_, ours)));
  }

  void destroy() noexcept override {
    if (!name_.empty()) static_cast<void>(segment::remove(name_));
  }

  std::unique_ptr<sender> attach_sender(unsigned) override {
    return std::make_unique<core_sender>(need(need(segment::attach(name_)).attach_producer()));
  }

  std::unique_ptr<receiver> attach_receiver(unsigned id, bool observer) override {
    if (observer) {
      const segment home = need(segment::attach(name_, {.mode = access::read_only}));
      return std::make_unique<core_receiver>(need(home.attach_observer()));
    }
    consumer_options options;
    if (kind_.named_cursors) options.name = "consumer-" + std::to_string(id);
    const segment home = need(segment::attach(name_));
    return std::make_unique<core_receiver>(need(home.attach_consumer(options)));
  }

 private:
  const variant& kind_;
  std::string name_;
};

constexpr auto log = segment_mode::log;
constexpr auto ring = segment_mode::ring;
constexpr auto reject = full_policy::reject;
constexpr auto wait = full_policy::wait;
constexpr auto overwrite = full_policy::overwrite;
// clang-format off
constexpr variant variants[] = {
    {"core_log", "the core, a log", log, reject, claims::as_needed, true},
    {"core_ring_reject", "the core, a ring that rejects", ring, reject, claims::as_needed, true},
    {"core_ring_wait", "the core, a ring that waits", ring, wait, claims::as_needed, true},
    {"core_ring_overwrite", "the core, a ring that overwrites", ring, overwrite, claims::as_needed,
     true},
    {"core_log_many", "core_log, as for many producers", log, reject, claims::many, true},
    {"core_ring_reject_many", "core_ring_reject, as for many producers", ring, reject, claims::many,
     true},
    {"core_ring_wait_many", "core_ring_wait, as for many producers", ring, wait, claims::many,
     true},
    {"core_ring_overwrite_many", "core_ring_overwrite, as for many producers", ring, overwrite,
     claims::many, true},
    {"core_ring_wait_single", "core_ring_wait, one producer only", ring, wait, claims::one, true},
    {"core_ring_reject_anonymous", "core_ring_reject, cursors without names", ring, reject,
     claims::as_needed, false},
    {"core_ring_wait_anonymous", "core_ring_wait, cursors without names", ring, wait,
     claims::as_needed, false},
    {"core_ring_overwrite_anonymous", "core_ring_overwrite, cursors without names", ring, overwrite,
     claims::as_needed, false},
};
// clang-format on

const bool registered = [] {
  for (const variant& kind : variants) {
    const queue_registration entry(
        {kind.name, kind.description, [&kind] { return std::make_unique<core_queue>(kind); }});
  }
  return true;
}();

}  // namespace
}  // namespace shmfifo::harness
