// SPDX-License-Identifier: MIT
#pragma once
// Application status: a byte beside each message that a management process may change later
// (deleted, done, ...), and that consumers see. It is no part of the FIFO and never changes what
// is delivered.

#include <cstdint>

#include "shmfifo/protocol/layout.hpp"
#include "shmfifo/protocol/memory_model.hpp"
#include "shmfifo/status.hpp"

namespace shmfifo::protocol {

// Any process with a writable mapping, at any time; lock-free. ok; empty (not published yet);
// aborted; lost (its slot holds a later message by now); invalid (no such number, or broken bytes).
// The number sits in the same word as the status, so a mark cannot fall on the message that
// replaced the one meant.
template <memory_model M>
status mark(const layout_view& view, const M& memory, std::int64_t number,
            std::int8_t value) noexcept {
  const auto target = static_cast<std::uint64_t>(number);  // a negative one is above all
  if (target >= number_max || !view.has_slot(target)) return status::invalid;
  slot_header& slot = view.slot(target);
  // SYNC publish: acquire, so that the status word below is this message's or a later one's.
  const std::uint64_t stamp = memory.load(slot.stamp, acquire, mark_stamp);
  if (stamp_number(stamp) > target) return status::lost;
  if (stamp_number(stamp) < target) return status::empty;
  switch (stamp_state(stamp)) {
    case slot_state::published:
      break;
    case slot_state::free:
    case slot_state::claimed:
      return status::empty;
    case slot_state::aborted:
    case slot_state::held:
      return status::aborted;
    default:
      return status::invalid;
  }
  std::uint64_t word = memory.load(slot.status_word, relaxed, mark_load);
  for (;;) {
    if (word >> 8 > target) return status::lost;
    if (word >> 8 < target) return status::invalid;
    // SYNC mark: release, whoever sees the mark also sees what the marker wrote before it.
    if (memory.compare_exchange(slot.status_word, word, make_status_word(target, value), release,
                                relaxed, mark_exchange)) {
      return status::ok;
    }
  }
}

}  // namespace shmfifo::protocol
