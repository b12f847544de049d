// SPDX-License-Identifier: MIT
#pragma once

// Single-producer single-consumer ring: Lamport, "Specifying concurrent program modules", TOPLAS
// 5(2), 1983, section 4 (the bounded queue), with release and acquire in the place of sequential
// consistency.

#include <array>

#include "scenario.hpp"

namespace shmfifo::harness::tests {

struct spsc_ring_orders {
  std::memory_order publish = release, poll = acquire, free = release, gate = acquire;
};

inline model::test_body spsc_ring(std::uint64_t messages, spsc_ring_orders o = {}) {
  return [=] {
    std::array<model::plain<std::uint64_t>, 2> slots;
    model::atomic<std::uint64_t> published{0};
    model::atomic<std::uint64_t> consumed{0};
    model::thread producer([&] {
      for (std::uint64_t n = 0; n < messages; ++n) {
        if (n >= 2)
          model::await(
              consumed, [&](std::uint64_t c) { return n - c < 2; }, o.gate);
        slots[n % 2].write(100 + n);
        published.store(n + 1, o.publish);
      }
    });
    model::thread consumer([&] {
      for (std::uint64_t n = 0; n < messages; ++n) {
        model::await(
            published, [&](std::uint64_t p) { return p > n; }, o.poll);
        model::require(slots[n % 2].read() == 100 + n, "the message that was published");
        consumed.store(n + 1, o.free);
      }
    });
  };
}

}  // namespace shmfifo::harness::tests
