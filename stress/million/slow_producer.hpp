// SPDX-License-Identifier: MIT
#pragma once
// A core that is slow on purpose: the real producer after a delay, for the self-test of the
// gates.

#include <chrono>

#include "shmfifo/shmfifo.hpp"

namespace shmfifo::million {

class slow_producer {
 public:
  static constexpr std::chrono::microseconds delay{5};

  explicit slow_producer(producer& real) noexcept : real_(real) {}
  status publish(byte_view content, deadline until) noexcept {
    const auto end = std::chrono::steady_clock::now() + delay;
    while (std::chrono::steady_clock::now() < end) {
    }
    return real_.publish(content, until);
  }

 private:
  producer& real_;
};

// Calls `job` with the real producer or with the slow one.
template <class Job>
auto with_producer(producer& real, bool slow_down, Job&& job) {
  if (!slow_down) return job(real);
  slow_producer slow(real);
  return job(slow);
}

}  // namespace shmfifo::million
