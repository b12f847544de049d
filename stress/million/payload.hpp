// SPDX-License-Identifier: MIT
#pragma once
// The content of the million messages: the original's text, its CheckImeiReq, a full kilobyte, one
// word and one cache line. Each kind has a few variants, used in turn, whose number is coprime to
// the number of slots: a slot never holds the same bytes in two consecutive laps, so torn or old
// bytes are noticed at full speed.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace shmfifo::million {

enum class kind : std::uint8_t { text, structured, block_1024, word_8, block_64 };
inline constexpr std::array<std::string_view, 5> kind_names{"text", "structured", "block_1024",
                                                            "word_8", "block_64"};
inline constexpr std::array<std::size_t, 5> kind_sizes{133, 51, 1024, 8, 64};

[[nodiscard]] constexpr std::string_view to_string(kind which) noexcept {
  return kind_names[static_cast<std::size_t>(which)];
}
[[nodiscard]] constexpr std::size_t size_of(kind which) noexcept {
  return kind_sizes[static_cast<std::size_t>(which)];
}

inline constexpr char first_letter = 'a';
inline constexpr char second_letter = 'A';  // of a second producer's messages

class payloads {
 public:
  static constexpr unsigned variants = 17;
  static constexpr std::size_t letter_at = 3;  // of each word of eight bytes
  // The first variant has this letter in each word, the next variant the next letter.
  explicit payloads(kind which, char letter = first_letter);

  [[nodiscard]] kind which() const noexcept { return which_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const std::byte* variant(unsigned index) const noexcept {
    return bytes_.data() + index * stride_;
  }

 private:
  kind which_;
  std::size_t size_;
  std::size_t
      stride_;  // whole cache lines, so that sources are aligned like a program's own buffers
  std::vector<std::byte> bytes_;
};

// The bytes of message 0, 1, 2, ... in turn.
class payload_walk {
 public:
  explicit payload_walk(const payloads& source) noexcept : source_(source) {}
  [[nodiscard]] const std::byte* next() noexcept {
    const std::byte* bytes = source_.variant(index_);
    index_ = index_ + 1 == payloads::variants ? 0 : index_ + 1;
    return bytes;
  }

 private:
  const payloads& source_;
  unsigned index_ = 0;
};

// Copies each message out and compares number, length and bytes, inside the timed part.
class checker {
 public:
  explicit checker(const payloads& expected)
      : walk_(expected), size_(expected.size()), copy_(expected.size()) {}

  [[nodiscard]] bool take(std::int64_t number, std::int64_t length,
                          const std::byte* content) noexcept {
    return number == count_ && take_in_turn(length, content);
  }
  // The same for one of several producers, whose messages have other numbers in between.
  [[nodiscard]] bool take_in_turn(std::int64_t length, const std::byte* content) noexcept {
    if (length != static_cast<std::int64_t>(size_)) return false;
    ++count_;
    std::memcpy(copy_.data(), content, size_);
    // The copy is part of the job: without this the compiler might compare in place.
    asm volatile("" : : "r"(copy_.data()) : "memory");
    return std::memcmp(copy_.data(), walk_.next(), size_) == 0;
  }
  [[nodiscard]] std::int64_t count() const noexcept { return count_; }

 private:
  payload_walk walk_;
  std::size_t size_;
  std::int64_t count_ = 0;
  std::vector<std::byte> copy_;
};

// The messages of two producers: each producer's come in its order.
class two_checkers {
 public:
  two_checkers(const payloads& first, const payloads& second) : first_(first), second_(second) {}

  [[nodiscard]] bool take(std::int64_t number, std::int64_t length,
                          const std::byte* content) noexcept {
    if (number != count()) return false;
    const bool is_first = static_cast<char>(content[payloads::letter_at]) >= first_letter;
    return (is_first ? first_ : second_).take_in_turn(length, content);
  }
  [[nodiscard]] std::int64_t count() const noexcept { return first_.count() + second_.count(); }
  [[nodiscard]] std::int64_t of_second() const noexcept { return second_.count(); }

 private:
  checker first_;
  checker second_;
};

}  // namespace shmfifo::million
