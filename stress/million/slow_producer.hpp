// SPDX-License-Identifier: MIT
#pragma once
// A core that is slow on purpose: the real producer after a delay for each message, for the
// self-test of the gates.

#include <chrono>

#include "shmfifo/shmfifo.hpp"

namespace shmfifo::million {

class slow_producer {
 public:
  static constexpr std::chrono::microseconds delay{5};

  explicit slow_producer(producer& real, std::chrono::microseconds each = delay) noexcept
      : real_(real), each_(each) {}
  status publish(byte_view content, deadline until) noexcept {
    hesitate(1);
    return real_.publish(content, until);
  }
  batch_result publish(std::span<const byte_view> batch, deadline until) noexcept {
    hesitate(static_cast<int>(batch.size()));
    return real_.publish(batch, until);
  }
  claim take(deadline until) noexcept {
    hesitate(1);
    return real_.take(until);
  }

 private:
  void hesitate(int messages) const noexcept {
    const auto end = std::chrono::steady_clock::now() + messages * each_;
    while (std::chrono::steady_clock::now() < end) {
    }
  }

  producer& real_;
  std::chrono::microseconds each_;
};

// Calls `job` with the real producer or with the slow one.
template <class Job>
auto with_producer(producer& real, bool slow_down, Job&& job,
                   std::chrono::microseconds each = slow_producer::delay) {
  if (!slow_down) return job(real);
  slow_producer slow(real, each);
  return job(slow);
}

}  // namespace shmfifo::million
