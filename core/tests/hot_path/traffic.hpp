// SPDX-License-Identifier: MIT
#pragma once
// What a hot path is: a segment with its producer and consumer, and thousands of messages through
// every call that a program makes per message. Set-up is apart, so that a test can watch the
// traffic alone.

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "shmfifo/shmfifo.hpp"

namespace hot_path {

struct shape {
  std::string name;  // of the case
  shmfifo::segment_mode mode;
  shmfifo::full_policy when_full;
  shmfifo::producer_role producers;
  bool observer;  // the reader is one

  // Or GoogleTest prints the bytes of it.
  friend std::ostream& operator<<(std::ostream& out, const shape& s) { return out << s.name; }
};

// Every mode, policy and kind of reader that can be had.
[[nodiscard]] const std::vector<shape>& all_shapes();

class traffic {
 public:
  static constexpr std::int64_t messages = 8'192;

  // Makes the segment and takes both roles; its name is gone again at once. Nothing on failure.
  [[nodiscard]] static std::unique_ptr<traffic> open(const shape& wanted);

  // All messages through publish, batch, claim/commit/abort, poll, read and wait. False if one is
  // missing or wrong.
  [[nodiscard]] bool run();

  [[nodiscard]] const shmfifo::segment& segment() const noexcept { return *segment_; }
  [[nodiscard]] shmfifo::producer& producer() noexcept { return *producer_; }

 private:
  traffic() = default;
  [[nodiscard]] bool publish_some();
  [[nodiscard]] bool read_some();

  std::optional<shmfifo::segment> segment_;
  std::optional<shmfifo::producer> producer_;
  std::optional<shmfifo::consumer> consumer_;
  std::int64_t sent_ = 0;
  std::int64_t seen_ = 0;
};

}  // namespace hot_path
