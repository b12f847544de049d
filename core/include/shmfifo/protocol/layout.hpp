// SPDX-License-Identifier: MIT
#pragma once
// Every byte of a segment, apart from the algorithms that use them (core/README.md draws the
// picture). The structs are plain words: the protocol reaches them only through the memory_model
// seam. Geometry is copied out of the header once, after validation, and never read from shared
// memory again.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>  // comparing and filling the magic of a private copy of the header
#include <type_traits>

#include "shmfifo/geometry.hpp"

namespace shmfifo {

// What list_segments looks for.
inline constexpr char segment_magic[8] = {'s', 'h', 'm', 'f', 'i', 'f', 'o', '\0'};
inline constexpr std::uint32_t layout_version = 2;            // of the bytes, not of the library
inline constexpr std::uint32_t byte_order_mark = 0x01020304;  // reads so in the right order only

// Written once, before the segment has a name; never changed. `checksum` covers all bytes
// before it.
struct segment_header {
  char magic[8];                 // segment_magic
  std::uint32_t layout_version;  // shmfifo::layout_version
  std::uint32_t byte_order;      // byte_order_mark
  std::uint32_t word_size;       // bytes of a pointer
  std::uint32_t header_size;     // bytes of this struct
  std::uint64_t uid;  // new with every creation, so two segments of one name can be told apart
  std::uint64_t created_ns;           // CLOCK_REALTIME, for people
  std::uint32_t mode;                 // a segment_mode
  std::uint32_t full_policy;          // a shmfifo::full_policy
  std::uint32_t producer_role;        // a shmfifo::producer_role
  std::uint32_t participant_count;    // lines
  std::uint64_t content_size;         // bytes, the longest message
  std::uint64_t slot_count;           // a power of two in a ring
  std::uint64_t slot_stride;          // bytes from slot to slot
  std::uint64_t participants_offset;  // bytes from the start of the file
  std::uint64_t slots_offset;         // likewise
  std::uint64_t segment_size;         // bytes of the file
  std::uint64_t reserved[3];          // zero
  std::uint64_t checksum;             // header_checksum of the rest
};

// Words that every participant may touch, each on lines of its own.
struct alignas(destructive_distance) control_block {
  // The first number that nobody has taken.
  alignas(destructive_distance) std::uint64_t producer_cursor;
  // No number below it is protected.
  alignas(destructive_distance) std::uint64_t gate_floor;
  // Readers sleep on it; bit 0: somebody does.
  alignas(destructive_distance) std::uint32_t data_bell;
  // Waiting producers sleep on it; likewise.
  alignas(destructive_distance) std::uint32_t space_bell;
};

// One attached (or durable) role. Whoever holds the kernel's lock on the line's byte owns the line.
struct alignas(cache_line) participant_line {
  std::uint64_t role;             // generation << 8 | participant_kind
  std::uint64_t consumer_cursor;  // next number to be released
  std::uint64_t intent;           // the number that a producer is about to claim or has claimed
  std::uint32_t pid;              // for people; 0 after an orderly detach
  char name[36];                  // of a durable cursor, zero-terminated
};

// Who owns a line; a durable cursor's may be owned by nobody.
enum class participant_kind : std::uint8_t { none = 0, producer = 1, consumer = 2, durable = 3 };

// The original's record behind a stamp. `status_word` holds its int8_t status in the lowest byte
// and the message's number above it, so that a mark can never land on the slot's next message.
struct slot_header {
  std::uint64_t stamp;          // number, owner, state: see slot_state
  std::int64_t value_length;    // bytes of the message
  std::int64_t message_number;  // as in the stamp
  std::uint64_t status_word;    // see make_status_word
};

inline constexpr std::uint64_t control_offset = 256;  // bytes, behind the header
inline constexpr std::size_t cursor_name_max = sizeof(participant_line::name) - 1;  // bytes

static_assert(sizeof(segment_header) <= control_offset);
static_assert(sizeof(control_block) == 4 * destructive_distance);
static_assert(participants_offset == control_offset + sizeof(control_block));
static_assert(sizeof(participant_line) == participant_stride);
static_assert(sizeof(slot_header) == content_offset);
static_assert(content_offset % content_alignment == 0 && cache_line % content_alignment == 0);
static_assert(std::is_trivially_copyable_v<segment_header>);
static_assert(std::endian::native == std::endian::little, "the format is defined little-endian");

// The stamp: number, owner and state in one word, stored last. It says by itself which lap a slot
// holds.
//   63                                11 10        3 2     0
//  +------------------------------------+-----------+-------+
//  |               number               |   owner   | state |
//  +------------------------------------+-----------+-------+
enum class slot_state : std::uint8_t {
  free = 0,       // never used: only the first lap, and then the whole word is 0
  claimed = 1,    // being written by owner
  published = 2,  // holds the message with this number
  aborted = 3,    // this number will never carry a message
  held = 4,       // as aborted, but owner may still be writing an older number's message there
};

inline constexpr unsigned stamp_owner_shift = 3;    // bits
inline constexpr unsigned stamp_number_shift = 11;  // bits
// The number that is never given out.
inline constexpr std::uint64_t number_max = (std::uint64_t{1} << (64 - stamp_number_shift)) - 1;

// The three fields in one word.
[[nodiscard]] constexpr std::uint64_t make_stamp(std::uint64_t number, slot_state state,
                                                 unsigned owner = 0) noexcept {
  return number << stamp_number_shift | std::uint64_t{owner} << stamp_owner_shift |
         static_cast<std::uint64_t>(state);
}
// The number that the slot holds or is about to.
[[nodiscard]] constexpr std::uint64_t stamp_number(std::uint64_t stamp) noexcept {
  return stamp >> stamp_number_shift;
}
// The state; hostile bytes may give one that has no name.
[[nodiscard]] constexpr slot_state stamp_state(std::uint64_t stamp) noexcept {
  return static_cast<slot_state>(stamp & 7);
}
// The line of the producer that claimed the slot.
[[nodiscard]] constexpr unsigned stamp_owner(std::uint64_t stamp) noexcept {
  return static_cast<unsigned>(stamp >> stamp_owner_shift & 0xff);
}
// The slot may be given to its next number without asking anyone.
[[nodiscard]] constexpr bool stamp_done(std::uint64_t stamp) noexcept {
  return stamp_state(stamp) == slot_state::published || stamp_state(stamp) == slot_state::aborted;
}

// The application's status behind the low 56 bits of its message's number.
[[nodiscard]] constexpr std::uint64_t make_status_word(std::uint64_t number,
                                                       std::int8_t value) noexcept {
  return number << 8 | static_cast<std::uint8_t>(value);
}
// The application's status.
[[nodiscard]] constexpr std::int8_t status_of_word(std::uint64_t word) noexcept {
  return static_cast<std::int8_t>(static_cast<std::uint8_t>(word));
}

// Kind and generation of a line's owner in one word.
[[nodiscard]] constexpr std::uint64_t make_role(std::uint64_t generation,
                                                participant_kind kind) noexcept {
  return generation << 8 | static_cast<std::uint8_t>(kind);
}
// The kind; none for hostile bytes.
[[nodiscard]] constexpr participant_kind role_kind(std::uint64_t role) noexcept {
  const auto kind = static_cast<std::uint8_t>(role);
  return kind <= 3 ? static_cast<participant_kind>(kind) : participant_kind::none;
}
// Grows with each new owner of the line.
[[nodiscard]] constexpr std::uint64_t role_generation(std::uint64_t role) noexcept {
  return role >> 8;
}

// A mapped segment as the protocol sees it: checked geometry and an address. Cheap to copy.
class layout_view {
 public:
  layout_view() = default;
  // Precondition: the geometry was validated and the mapping has its segment_size().
  layout_view(std::byte* base, const geometry& shape) noexcept
      : shape_(shape),
        control_(base + control_offset),
        participants_(base + participants_offset),
        slots_(base + shape.slots_offset()),
        stride_(shape.slot_stride()),
        index_mask_(shape.mode == segment_mode::ring ? shape.slot_count - 1 : ~std::uint64_t{0}) {}

  // The checked copy; the segment's own is never read again.
  [[nodiscard]] const geometry& shape() const noexcept { return shape_; }
  // The words that all share.
  [[nodiscard]] control_block& control() const noexcept {
    return *reinterpret_cast<control_block*>(control_);
  }
  // One participant's line.
  [[nodiscard]] participant_line& participant(unsigned index) const noexcept {
    SHMFIFO_ASSERT(index < shape_.participant_count, "participant index out of range");
    return reinterpret_cast<participant_line*>(participants_)[index];
  }
  // The slot that `number` lives in. In a log the number must be below slot_count.
  [[nodiscard]] slot_header& slot(std::uint64_t number) const noexcept {
    SHMFIFO_ASSERT((number & index_mask_) < shape_.slot_count, "number beyond the log's end");
    return *reinterpret_cast<slot_header*>(slots_ + (number & index_mask_) * stride_);
  }
  // The slot's message bytes.
  [[nodiscard]] static std::byte* content(slot_header& slot) noexcept {
    return reinterpret_cast<std::byte*>(&slot) + content_offset;
  }
  // Whether both numbers live in one slot.
  [[nodiscard]] bool same_slot(std::uint64_t a, std::uint64_t b) const noexcept {
    return ((a ^ b) & index_mask_) == 0;
  }
  // In a log, whether a number has a slot at all; in a ring every number does.
  [[nodiscard]] bool has_slot(std::uint64_t number) const noexcept {
    return (number & index_mask_) < shape_.slot_count;
  }

 private:
  geometry shape_;
  std::byte* control_ = nullptr;
  std::byte* participants_ = nullptr;
  std::byte* slots_ = nullptr;
  std::uint64_t stride_{};
  std::uint64_t index_mask_{};
};

}  // namespace shmfifo
