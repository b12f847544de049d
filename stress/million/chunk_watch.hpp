// SPDX-License-Identifier: MIT
#pragma once
// Times a stream as a whole and by chunks. Whatever takes the processor away for some milliseconds
// lengthens the whole, but few of the chunks, so the median chunk has the speed of the code also on
// a busy machine.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "actors.hpp"
#include "bare_ring.hpp"

namespace shmfifo::million {

// The tests have a clock of their own.
template <class Clock = clock>
class chunk_watch {
 public:
  static constexpr std::int64_t chunks = 100;
  // A chunk of a ring is several laps: within a lap a reader may catch up with a writer that is
  // slower, and such a chunk would have the speed of the reader alone.
  static constexpr std::int64_t chunk_messages_min = 4 * ring_slots;

  explicit chunk_watch(std::int64_t messages)
      : messages_(messages),
        chunk_(std::clamp(messages / chunks, std::min(chunk_messages_min, messages), messages)),
        next_(chunk_) {
    ms_.reserve(chunks);
    start_ = last_ = Clock::now();
  }

  [[nodiscard]] auto start() const noexcept { return start_; }

  // After each message, with the number of messages so far.
  void note(std::int64_t count) noexcept {
    if (count >= next_) [[unlikely]]
      end_chunk();
  }
  // After the last message.
  [[nodiscard]] timing finish() const {
    const double scale = static_cast<double>(messages_) / static_cast<double>(chunk_);
    return {ms_between(start_, Clock::now()), median(ms_) * scale};
  }

 private:
  using time_point = typename Clock::time_point;
  [[nodiscard]] static double ms_between(time_point from, time_point to) noexcept {
    return std::chrono::duration<double, std::milli>(to - from).count();
  }
  [[gnu::noinline]] void end_chunk() noexcept {
    const auto now = Clock::now();
    ms_.push_back(ms_between(last_, now));
    last_ = now;
    next_ += chunk_;
  }

  std::int64_t messages_;
  std::int64_t chunk_;
  std::int64_t next_;
  std::vector<double> ms_;  // the memory is reserved
  time_point start_;
  time_point last_;
};

}  // namespace shmfifo::million
