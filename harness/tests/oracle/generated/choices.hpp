// SPDX-License-Identifier: MIT
#pragma once
// The choices that make a history: numbers read one after the other. Where none are left each
// choice is 0, which is always the simplest one, so a shorter or smaller list of numbers makes a
// simpler history.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "shmfifo/harness/oracle/content.hpp"

namespace shmfifo::harness::generated {

using choice_list = std::vector<std::uint32_t>;

// The list of the history with this number.
inline choice_list numbered_choices(std::uint64_t number, std::size_t count = 6000) {
  const std::uint64_t seed = mix(number + 1);
  choice_list all(count);
  for (std::size_t i = 0; i < count; ++i) {
    all[i] = static_cast<std::uint32_t>(mix(seed + i * 0x9e3779b97f4a7c15) >> 32);
  }
  return all;
}

class choices {
 public:
  explicit choices(std::span<const std::uint32_t> list) noexcept : list_(list) {}

  // From 0 to count - 1.
  std::size_t below(std::size_t count) noexcept {
    if (count <= 1) return 0;
    return (used_ < list_.size() ? list_[used_++] : 0) % count;
  }
  std::size_t between(std::size_t first, std::size_t last) noexcept {
    return first + below(last - first + 1);
  }
  bool one_in(std::size_t count) noexcept { return count != 0 && below(count) == count - 1; }
  bool coin() noexcept { return one_in(2); }
  [[nodiscard]] std::size_t used() const noexcept { return used_; }

 private:
  std::span<const std::uint32_t> list_;
  std::size_t used_ = 0;
};

}  // namespace shmfifo::harness::generated
