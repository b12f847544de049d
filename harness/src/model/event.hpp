// SPDX-License-Identifier: MIT
#pragma once

// One event of an execution graph, packed so that adding, copying and dropping events never
// allocates. An event is named by its slot, which is also its place in the addition order: that
// order decides which events a backward revisit deletes. A read-modify-write is two events, a read
// and a write that follow each other in program order, because a revisit may change what the read
// part reads and so drop the write part alone.

#include <atomic>
#include <cstdint>

#include "shmfifo/harness/model/access.hpp"

namespace shmfifo::harness::model::detail {

using slot = std::uint32_t;
inline constexpr std::uint32_t none = 0xFFFFFFFFU;
// The write that gave a location its initial value. It is in no list: it comes before everything.
inline constexpr slot initial = 0xFFFFFFFEU;

enum class kind : std::uint8_t { read, write, fence, spawn, join, choice };

// How a read-modify-write makes the value it writes from the one it read.
[[nodiscard]] constexpr std::uint64_t updated(update u, std::uint64_t old, std::uint64_t operand,
                                              std::uint32_t size) noexcept {
  std::uint64_t value = 0;
  switch (u) {
    case update::exchange:
      value = operand;
      break;
    case update::add:
      value = old + operand;
      break;
    case update::subtract:
      value = old - operand;
      break;
    case update::bit_or:
      value = old | operand;
      break;
    case update::bit_and:
      value = old & operand;
      break;
    case update::bit_xor:
      value = old ^ operand;
      break;
  }
  return size == 8 ? value : value & ((std::uint64_t{1} << (size * 8U)) - 1U);
}

enum class order : std::uint8_t { plain, relaxed, acquire, release, acq_rel, seq_cst };

[[nodiscard]] constexpr order order_of(std::memory_order o) noexcept {
  switch (o) {
    case std::memory_order_relaxed:
      return order::relaxed;
    case std::memory_order_consume:  // compilers promote it; so do we
    case std::memory_order_acquire:
      return order::acquire;
    case std::memory_order_release:
      return order::release;
    case std::memory_order_acq_rel:
      return order::acq_rel;
    default:
      return order::seq_cst;
  }
}

[[nodiscard]] constexpr bool acquires(order o) noexcept {
  return o == order::acquire || o >= order::acq_rel;
}
[[nodiscard]] constexpr bool releases(order o) noexcept {
  return o >= order::release;
}

// Bits of event::flags.
inline constexpr std::uint16_t exclusive = 1U
                                           << 0U;  // half of a read-modify-write that takes place
inline constexpr std::uint16_t compares = 1U
                                          << 1U;  // read of a compare-exchange: `expected` counts
inline constexpr std::uint16_t read_early = 1U << 2U;  // write that an earlier-added read reads
inline constexpr std::uint16_t sleeps = 1U << 3U;      // read that returns when a wake-up arrives
inline constexpr std::uint16_t wakes = 1U << 4U;       // write that is a wake-up
inline constexpr std::uint16_t ends = 1U << 5U;        // write with which a mortal thread ends
inline constexpr std::uint16_t dies = 1U << 6U;        // the same, and the thread was killed
inline constexpr std::uint16_t updates = 1U << 7U;     // read of an unconditional read-modify-write

struct event {
  std::uint64_t value = 0;     // read or written; thread of a spawn or join; outcome of a choice
  std::uint64_t expected = 0;  // compare-exchange: what it must read to write
  std::uint64_t operand = 0;   // read of an update: what the write part is made with
  std::uint32_t thread = 0;
  std::uint32_t index = 0;        // in its thread
  std::uint32_t location = none;  // of a read or write
  slot from = none;               // reads-from edge of a read
  std::uint32_t position = 0;     // of a write in its location's order, from 1; 0: not placed
  std::uint32_t message = none;   // clock that an acquiring reader of this write receives
  std::uint32_t pending = none;   // clock that a later acquire fence of this thread receives
  slot release_fence = none;      // last release fence of this thread
  std::uint16_t flags = 0;
  site_id site = no_site;
  kind what = kind::fence;
  order strength = order::plain;  // of a compare-exchange: the one that its outcome selects
  update how_updated = update::exchange;
  order on_success = order::plain;
  order on_failure = order::plain;

  [[nodiscard]] bool has(std::uint16_t bits) const noexcept { return (flags & bits) != 0; }
  [[nodiscard]] bool may_be_seq_cst() const noexcept {
    return strength == order::seq_cst || on_success == order::seq_cst ||
           on_failure == order::seq_cst;
  }
  [[nodiscard]] bool is_read() const noexcept { return what == kind::read; }
  [[nodiscard]] bool is_write() const noexcept { return what == kind::write; }
};

}  // namespace shmfifo::harness::model::detail
