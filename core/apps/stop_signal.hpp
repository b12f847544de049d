// SPDX-License-Identifier: MIT
#pragma once
// Ctrl-C and SIGTERM as a question that loops ask. The first signal asks a program to end in good
// order, with its summary; a second one ends it at once.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

namespace shmfifo::apps {

class stop_signal {
 public:
  static void install() noexcept {
    struct sigaction action {};
    action.sa_handler = [](int number) { received_ = number; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // no SA_RESTART: sleeps end early
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
  }

  [[nodiscard]] static bool requested() noexcept { return received_ != 0; }

  // Sleeps until the time is over or a stop is requested (looked at often: a signal may come to
  // another thread, or just before the sleep).
  template <class Duration>
  static void sleep(Duration time) {
    const auto end = std::chrono::steady_clock::now() +
                     std::chrono::duration_cast<std::chrono::nanoseconds>(time);
    while (!requested()) {
      const auto left = end - std::chrono::steady_clock::now();
      if (left <= left.zero()) return;
      std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, slice));
    }
  }

 private:
  static constexpr std::chrono::milliseconds slice{50};
  static inline std::atomic<int> received_{};
  static_assert(std::atomic<int>::is_always_lock_free, "the handler may only do lock-free things");
};

}  // namespace shmfifo::apps
