// SPDX-License-Identifier: MIT
#pragma once
// What the probes have in common.

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "actors.hpp"
#include "shmfifo/harness/support/value_or_stop.hpp"
#include "shmfifo/shmfifo.hpp"

namespace shmfifo::million {

inline constexpr std::chrono::seconds patience{120};  // far beyond any honest run

class stop_watch {
 public:
  static constexpr std::uint64_t rounds = 20'000;
  static constexpr std::uint64_t warm_up_rounds = 1'000;

  stop_watch() { ns_.reserve(rounds); }
  // One clock reading per round: from the end of one round to the end of the next.
  void lap(std::uint64_t round) {
    const auto now = clock::now();
    if (round >= warm_up_rounds) add(now - last_);
    last_ = now;
  }
  void add(clock::duration time) {
    ns_.push_back(std::chrono::duration<double, std::nano>(time).count());
  }
  // The time of one call, with one reading of the clock in it.
  template <class Call>
  void time(Call&& call) {
    const auto start = clock::now();
    call();
    add(clock::now() - start);
  }
  [[nodiscard]] double median_ns() const { return median(ns_); }
  [[nodiscard]] latency summary(probe what, std::uint32_t execution) {
    std::sort(ns_.begin(), ns_.end());
    const std::size_t count = ns_.size();
    return {what, execution, ns_[count / 2], ns_[count * 99 / 100]};
  }

 private:
  clock::time_point last_ = clock::now();
  std::vector<double> ns_;
};

[[nodiscard]] inline geometry probe_ring(kind what) {
  geometry shape;
  shape.when_full = full_policy::wait;
  shape.slot_count = 64;
  shape.content_size = size_of(what);
  return shape;
}

// The writer makes the segment and the reader attaches it; its name is gone again.
inline segment open_segment(actor& self, const geometry& shape) {
  const std::string name = self.next_name();
  if (!self.writes()) {
    self.meet();
    segment found = harness::must(segment::attach(name, {.pretouch = true}));
    self.meet();
    return found;
  }
  segment made = harness::must(segment::create(name, shape, {.pretouch = true}));
  self.meet();
  self.meet();
  harness::must(segment::remove(name));
  return made;
}

inline void await(const std::atomic<std::uint64_t>& flag, std::uint64_t value) noexcept {
  for (unsigned i = 1; flag.load(std::memory_order_acquire) != value; ++i) {
    if (i % 65536 == 0) ::sched_yield();
    spin_hint();
  }
}

// Waits for at least one message, and takes up to `limit`.
template <class Take>
void receive(actor& self, consumer& in, deadline until, Take&& take, std::int64_t limit = 1) {
  for (;;) {
    const poll_result got = in.poll(take, limit);
    if (got.answer == status::ok) return;
    if (got.answer != status::empty) {
      self.fail(fmt::format("poll answered {}", to_string(got.answer)));
    }
    if (in.wait(until) != status::ok) self.fail("an answer did not come within its deadline");
  }
}

inline void receive_checked(actor& self, consumer& in, deadline until, checker& check) {
  receive(self, in, until, [&](const record_view& got) {
    if (!check.take(got.message_number, got.value_length, got.content)) {
      self.fail("a message of a probe is broken");
    }
  });
}

template <class Producer>
void publish_one(actor& self, Producer& out, byte_view content, deadline until) {
  if (out.publish(content, until) != status::ok) self.fail("publish failed");
}

// Returns a while after a consumer has announced its sleep: time to enter the kernel.
inline void await_sleeper(const segment& home, std::chrono::microseconds a_while) {
  const std_memory_model memory;
  std::uint32_t& bell = home.view().control().data_bell;
  while ((memory.load(bell, std::memory_order_relaxed, site::bell_check) &
          protocol::bell_sleeper) == 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  std::this_thread::sleep_for(a_while);
}

}  // namespace shmfifo::million
