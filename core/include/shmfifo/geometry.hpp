// SPDX-License-Identifier: MIT
#pragma once
// The shape of a segment: log or ring, what a producer does where there is no room, how many
// producers, slots and bytes a message. A value, chosen at segment::create and never changed; any
// thread may use one. Its trap: a ring's slot_count is a power of two, which validate_geometry and
// create check.

#include <bit>
#include <cstdint>
#include <optional>

#include "shmfifo/config.hpp"

namespace shmfifo {

// A log has a slot for each message it will ever hold; a ring uses its slots again.
enum class segment_mode : std::uint32_t { log = 1, ring = 2 };
// What a producer does where there is no room: answer, wait, or overwrite the oldest messages.
enum class full_policy : std::uint32_t { reject = 1, wait = 2, overwrite = 3 };
// One producer at a time, or as many as there are lines.
enum class producer_role : std::uint32_t { single = 1, many = 2 };

// Where the parts of a file lie: layout.hpp has what is in them.
inline constexpr std::uint64_t participants_offset = 768;        // bytes, behind header and control
inline constexpr std::uint64_t participant_stride = cache_line;  // bytes from line to line
// 32 keeps content aligned for vector copies and spends the fewest lines on short messages; 64 was
// measured to be no faster (core/DESIGN.md, decision 6).
inline constexpr std::uint64_t content_offset = 32;
inline constexpr std::uint64_t page_size = 4096;  // what offsets and sizes are rounded up to

// The next multiple of `unit`.
[[nodiscard]] constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) noexcept {
  return (value + unit - 1) / unit * unit;
}

// All that shapes a segment.
struct geometry {
  segment_mode mode = segment_mode::ring;                  // log or ring
  full_policy when_full = full_policy::reject;             // a log rejects
  producer_role producers = producer_role::single;         // one or many
  std::uint64_t slot_count = 1024;                         // a power of two in a ring
  std::uint64_t content_size = default_content_size;       // bytes, the longest message
  std::uint32_t participant_count = default_participants;  // producers, consumers, named cursors

  // Derived values, the only ones that a segment may have for the six above.
  [[nodiscard]] constexpr std::uint64_t slot_stride() const noexcept {
    return round_up(content_offset + content_size, cache_line);
  }
  // Bytes from the start of the file to slot 0.
  [[nodiscard]] constexpr std::uint64_t slots_offset() const noexcept {
    return round_up(participants_offset + participant_count * participant_stride, page_size);
  }
  // Bytes of the whole file.
  [[nodiscard]] constexpr std::uint64_t segment_size() const noexcept {
    return round_up(slots_offset() + slot_count * slot_stride(), page_size);
  }
  // Producers wait for (or are refused because of) the consumers' cursors.
  [[nodiscard]] constexpr bool gated() const noexcept {
    return mode == segment_mode::ring && when_full != full_policy::overwrite;
  }
};

// What is wrong with a header or a geometry.
struct broken_rule {
  const char* rule;        // the header's field, or file_size
  std::uint64_t found;     // in the header, or asked for
  std::uint64_t expected;  // the value, or the nearest allowed one
};

// Limits and combinations; the same rules for the caller of create and for a header found in
// a file.
[[nodiscard]] inline std::optional<broken_rule> validate_geometry(const geometry& shape) noexcept {
  const auto mode = static_cast<std::uint64_t>(shape.mode);
  const auto when_full = static_cast<std::uint64_t>(shape.when_full);
  const auto role = static_cast<std::uint64_t>(shape.producers);
  if (mode < 1 || mode > 2) return broken_rule{"mode", mode, 1};
  if (when_full < 1 || when_full > 3) return broken_rule{"full_policy", when_full, 1};
  if (shape.mode == segment_mode::log && shape.when_full != full_policy::reject) {
    return broken_rule{"full_policy", when_full, 1};  // a full log never has room again
  }
  if (role < 1 || role > 2) return broken_rule{"producer_role", role, 1};
  if (shape.participant_count < 1) {
    return broken_rule{"participant_count", shape.participant_count, 1};
  }
  if (shape.participant_count > participants_max) {
    return broken_rule{"participant_count", shape.participant_count, participants_max};
  }
  if (shape.content_size < 1) return broken_rule{"content_size", shape.content_size, 1};
  if (shape.content_size > content_size_max) {
    return broken_rule{"content_size", shape.content_size, content_size_max};
  }
  if (shape.slot_count < 1) return broken_rule{"slot_count", shape.slot_count, 1};
  static_assert(segment_size_max / cache_line == slot_count_max);  // of the smallest slots
  std::uint64_t slots_most = segment_size_max / shape.slot_stride();
  if (shape.mode == segment_mode::ring) slots_most = std::bit_floor(slots_most);
  if (shape.slot_count > slots_most) return broken_rule{"slot_count", shape.slot_count, slots_most};
  if (shape.mode == segment_mode::ring && !std::has_single_bit(shape.slot_count)) {
    return broken_rule{"slot_count", shape.slot_count, std::bit_ceil(shape.slot_count)};
  }
  return std::nullopt;
}

}  // namespace shmfifo
