// SPDX-License-Identifier: MIT
#pragma once
// One line on the terminal that is rewritten twice a second: how much is done, how fast, how far
// the readers are behind, how long it will take. Silent when standard error is no terminal, so that
// pipes and logs get the summary only.

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace shmfifo::apps {

class progress {
 public:
  using clock = std::chrono::steady_clock;

  // A total of 0 means that there is no end to wait for.
  progress(std::string verb, std::uint64_t total)
      : verb_(std::move(verb)),
        total_(total),
        terminal_(::isatty(STDERR_FILENO) == 1),
        shown_at_(clock::now()) {}
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress() { clear(); }

  // Takes the line away, so that what is printed next does not stand behind it.
  void clear() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
    shown_ = false;
  }

  // Whether it is time to show something; the caller then looks up the lag, which costs more.
  [[nodiscard]] bool due() const { return terminal_ && clock::now() - shown_at_ >= interval; }

  void show(std::uint64_t done, std::optional<std::int64_t> lag) {
    const auto now = clock::now();
    const double seconds = std::chrono::duration<double>(now - shown_at_).count();
    const double rate = static_cast<double>(done - shown_done_) / seconds;
    std::fputs(fmt::format("\r{}\x1b[K", line(done, rate, lag)).c_str(), stderr);
    shown_ = true;
    shown_at_ = now;
    shown_done_ = done;
  }

  [[nodiscard]] std::string line(std::uint64_t done, double rate,
                                 std::optional<std::int64_t> lag) const {
    std::string text = fmt::format("{} {}", verb_, done);
    if (total_ != 0) {
      text += fmt::format(" of {} ({:.0f} %)", total_,
                          100.0 * static_cast<double>(done) / static_cast<double>(total_));
    }
    text += fmt::format("  {:.0f} msg/s  lag {}", rate, lag ? std::to_string(*lag) : "-");
    if (total_ > done && rate > 0) {
      const auto left = static_cast<std::uint64_t>(static_cast<double>(total_ - done) / rate);
      text += fmt::format("  ETA {}:{:02}:{:02}", left / 3600, left / 60 % 60, left % 60);
    }
    return text;
  }

 private:
  static constexpr std::chrono::milliseconds interval{500};

  std::string verb_;
  std::uint64_t total_;
  bool terminal_;
  bool shown_ = false;
  clock::time_point shown_at_;
  std::uint64_t shown_done_ = 0;
};

}  // namespace shmfifo::apps
