// SPDX-License-Identifier: MIT
#pragma once
// Keeps a loop to a number of messages a second. It hands out what has become due since the start;
// after a pause (the other side was slow) at most a tenth of a second's worth is made up for, so
// that a stall is not followed by a flood.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace shmfifo::apps {

class pacer {
 public:
  using clock = std::chrono::steady_clock;

  // A rate of 0 is no limit.
  explicit pacer(double rate, clock::time_point now = clock::now()) : rate_(rate), last_(now) {}

  // How many of `wanted` messages may go now.
  [[nodiscard]] std::uint64_t allow(std::uint64_t wanted, clock::time_point now = clock::now()) {
    if (rate_ <= 0) return wanted;
    const double more = std::chrono::duration<double>(now - last_).count() * rate_;
    due_ = std::min(due_ + more, std::max(1.0, rate_ * make_up_seconds));
    last_ = now;
    return std::min(wanted, static_cast<std::uint64_t>(due_));
  }
  void used(std::uint64_t messages) { due_ -= static_cast<double>(messages); }

  // How long to sleep when nothing is due; rounded up, or a rest of it would not be slept at all.
  [[nodiscard]] std::chrono::nanoseconds pause() const {
    const double seconds = rate_ > 0 ? std::max(0.0, 1.0 - due_) / rate_ : 0.0;
    return std::chrono::nanoseconds(
        static_cast<std::int64_t>(std::ceil(std::min(seconds, 0.1) * 1e9)));
  }

 private:
  static constexpr double make_up_seconds = 0.1;

  double rate_;
  double due_ = 0;
  clock::time_point last_;
};

}  // namespace shmfifo::apps
