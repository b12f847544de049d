// SPDX-License-Identifier: MIT
#pragma once
// What the adapters of kernel queues share: an owned descriptor, an error as a sentence, and "wait
// until this descriptor is ready or the deadline has passed". Small on purpose: an adapter must not
// hide or repair what the queue under test does.

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "shmfifo/harness/adapters/queue.hpp"

namespace shmfifo::harness::foreign {

[[noreturn]] inline void throw_errno(const std::string& what, const std::string& cure) {
  const std::string why = std::generic_category().message(errno);
  throw std::runtime_error(what + ": " + why + "; " + cure);
}

// The promises of a queue whose messages the kernel keeps: receivers share them, and the death of a
// process does not stop the others.
inline constexpr capabilities kept_by_the_kernel{.many_producers = true,
                                                 .competing = true,
                                                 .waits = true,
                                                 .recoverable = true,
                                                 .late_receivers = true};

class descriptor {
 public:
  descriptor() = default;
  explicit descriptor(int number) : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { reset(); }

  void reset() noexcept {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_ = -1;
};

// True when one of `events` occurs, false when `until` passes first.
inline bool wait_ready(int number, short events, deadline until) {
  for (;;) {
    const auto left = until - std::chrono::steady_clock::now();
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    pollfd watched{number, events, 0};
    const int found =
        ::poll(&watched, 1, static_cast<int>(std::clamp<long long>(whole, 0, 60'000)));
    if (found > 0) return true;
    if (found < 0 && errno != EINTR) throw_errno("poll failed", "check the descriptor limit");
    if (found == 0 && std::chrono::steady_clock::now() >= until) return false;
  }
}

// The same moment for calls that count on CLOCK_REALTIME.
inline timespec realtime(deadline until) {
  const auto left = std::max(until - std::chrono::steady_clock::now(), deadline::duration::zero());
  const auto at = std::chrono::system_clock::now() + left;
  const auto all =
      std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
  return {static_cast<time_t>(all / 1'000'000'000), static_cast<long>(all % 1'000'000'000)};
}

}  // namespace shmfifo::harness::foreign
