// SPDX-License-Identifier: MIT
#pragma once
// The content of a run's messages: length and bytes follow from (seed, producer, sequence) alone,
// so every receiver can check every byte by itself. From eight bytes on a message names its
// producer and sequence; shorter ones are distinguished by where they arrive.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace shmfifo::harness {

// The sequence-th message of a producer, from 0.
struct message_id {
  std::uint32_t producer = 0;
  std::uint64_t sequence = 0;
  friend bool operator==(const message_id&, const message_id&) = default;
};

inline constexpr unsigned sequence_bits = 40;
inline constexpr std::uint64_t sequence_mask = (std::uint64_t{1} << sequence_bits) - 1;

[[nodiscard]] constexpr std::uint64_t pack(message_id id) noexcept {
  return std::uint64_t{id.producer} << sequence_bits | id.sequence;
}
[[nodiscard]] constexpr message_id unpack(std::uint64_t word) noexcept {
  return {static_cast<std::uint32_t>(word >> sequence_bits), word & sequence_mask};
}

// The finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): each input bit reaches each output
// bit.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

// What the check of one message found.
struct content_check {
  bool sound = false;          // length and every byte are those of the message that it names
  std::uint64_t identity = 0;  // pack(id) from eight bytes on, otherwise the raw bytes
};

class content_source {
 public:
  static constexpr std::uint64_t self_naming =
      8;  // a message of this many bytes or more names itself

  content_source(std::uint64_t seed, std::uint64_t content_size, std::uint64_t shortest) noexcept
      : seed_(mix(seed + golden)),
        size_(content_size),
        shortest_(std::min(shortest, content_size)) {}

  [[nodiscard]] std::uint64_t length(message_id id) const noexcept {
    return std::clamp(drawn_length(base(id)), shortest_, size_);
  }

  // Writes the message and returns its length. `to` holds content_size bytes.
  std::uint64_t fill(message_id id, std::byte* to) const noexcept {
    const std::uint64_t size = length(id);
    const std::uint64_t first = base(id);
    if (size < self_naming) {
      const std::uint64_t raw = short_word(first);
      std::memcpy(to, &raw, size);
      return size;
    }
    const std::uint64_t name = encode(id);
    std::memcpy(to, &name, sizeof name);
    each_word(first, size, [to](std::uint64_t at, std::uint64_t word, std::uint64_t count) {
      std::memcpy(to + at, &word, count);
    });
    return size;
  }

  // Checks a message of this length. A short one cannot name itself and counts as sound.
  [[nodiscard]] content_check check(std::span<const std::byte> bytes) const noexcept {
    std::uint64_t name = 0;
    std::memcpy(&name, bytes.data(), std::min(bytes.size(), sizeof name));
    if (bytes.size() < self_naming) return {bytes.size() >= shortest_, name};
    const message_id id = decode(name);
    std::uint64_t wrong = bytes.size() ^ length(id);
    each_word(base(id), bytes.size(),
              [&](std::uint64_t at, std::uint64_t word, std::uint64_t count) {
                std::uint64_t found = 0;
                std::memcpy(&found, bytes.data() + at, count);
                wrong |= found ^ (word & low_bytes(count));
              });
    return {wrong == 0, pack(id)};
  }

  // The identity that `check` finds in this message, whatever its length.
  [[nodiscard]] std::uint64_t identity(message_id id) const noexcept {
    const std::uint64_t size = length(id);
    return size < self_naming ? short_word(base(id)) & low_bytes(size) : pack(id);
  }

 private:
  static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
  static constexpr std::uint64_t odd = 0xd1342543de82ef95;
  static constexpr std::uint64_t odd_inverse = [] {
    std::uint64_t inverse = odd;  // Newton's iteration doubles the correct bits
    for (int i = 0; i < 6; ++i) inverse *= 2 - odd * inverse;
    return inverse;
  }();

  // Favours edges: nothing, one byte, around a word and a cache line, the maximum and one less.
  [[nodiscard]] std::uint64_t drawn_length(std::uint64_t dice) const noexcept {
    const std::uint64_t more = dice >> 8;
    switch (dice & 15) {
      case 0:
        return 0;
      case 1:
        return 1;
      case 2:
        return 7 + more % 3;
      case 3:
        return 63 + more % 3;
      case 4:
        return size_;
      case 5:
        return size_ - 1;
      default:
        return more % (size_ + 1);
    }
  }
  // Passes the words behind the name of a message of this size to `take`: the offset of each, the
  // word, and how many of its bytes belong to the message.
  template <class Take>
  static void each_word(std::uint64_t first, std::uint64_t size, Take&& take) noexcept {
    std::uint64_t at = self_naming;
    for (; at + 8 <= size; at += 8) take(at, word_at(first, at), 8);
    take(at, word_at(first, at), size - at);
  }
  [[nodiscard]] static std::uint64_t low_bytes(std::uint64_t count) noexcept {
    return count == 0 ? 0 : ~std::uint64_t{0} >> (64 - 8 * count);
  }
  [[nodiscard]] std::uint64_t base(message_id id) const noexcept {
    return mix(seed_ + pack(id) * golden);
  }
  [[nodiscard]] static std::uint64_t short_word(std::uint64_t first) noexcept {
    return first * golden >> 8;
  }
  [[nodiscard]] static std::uint64_t word_at(std::uint64_t first, std::uint64_t offset) noexcept {
    const std::uint64_t word = first + offset * golden;
    return word ^ word >> 29;
  }
  [[nodiscard]] std::uint64_t encode(message_id id) const noexcept {
    return pack(id) * odd + seed_;
  }
  [[nodiscard]] message_id decode(std::uint64_t name) const noexcept {
    return unpack((name - seed_) * odd_inverse);
  }

  std::uint64_t seed_;
  std::uint64_t size_;
  std::uint64_t shortest_;
};

}  // namespace shmfifo::harness
