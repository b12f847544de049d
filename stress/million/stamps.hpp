// SPDX-License-Identifier: MIT
#pragma once
// Messages of any size and of many producers: the first and the last word name the producer and the
// number among its messages, so that a lost, repeated, torn or old message is noticed.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace shmfifo::million {

struct stamp {
  std::uint32_t producer = 0;  // 0, 1, 2, ...
  std::uint32_t number = 0;    // of the producer's messages
  friend bool operator==(const stamp&, const stamp&) = default;
};

inline constexpr std::size_t stamp_size = sizeof(stamp);  // of the shortest message

inline void write_stamp(std::span<std::byte> content, stamp mark) noexcept {
  std::memcpy(content.data(), &mark, stamp_size);
  std::memcpy(content.last(stamp_size).data(), &mark, stamp_size);
}

// Copies each message out, inside the timed part, and checks its number, size and stamps.
class stamp_checker {
 public:
  stamp_checker(std::size_t size, std::size_t producers) : copy_(size), next_(producers) {}

  [[nodiscard]] bool take(std::int64_t number, std::span<const std::byte> content) noexcept {
    if (number != count_++ || content.size() != copy_.size()) return false;
    std::memcpy(copy_.data(), content.data(), copy_.size());
    // The copy is part of the job: without this the compiler might copy the two words only.
    asm volatile("" : : "r"(copy_.data()) : "memory");
    stamp first;
    stamp last;
    std::memcpy(&first, copy_.data(), stamp_size);
    std::memcpy(&last, copy_.data() + copy_.size() - stamp_size, stamp_size);
    return first == last && first.producer < next_.size() &&
           first.number == next_[first.producer]++;
  }
  [[nodiscard]] std::int64_t count() const noexcept { return count_; }

 private:
  std::vector<std::byte> copy_;
  std::vector<std::uint32_t> next_;  // of each producer
  std::int64_t count_ = 0;
};

}  // namespace shmfifo::million
