// SPDX-License-Identifier: MIT
#pragma once
// How one of many producers takes a number: by a compare-exchange of the slot's own stamp, from
// "previous lap done" to "claimed n by p". The shared cursor lags, and everybody helps it forward
// (after Michael and Scott, PODC 1996). So there is no instant in which a number is taken and
// nobody knows by whom.

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "shmfifo/protocol/layout.hpp"
#include "shmfifo/protocol/memory_model.hpp"
#include "shmfifo/status.hpp"

namespace shmfifo::protocol {

// Whether others have taken `number` meanwhile.
template <memory_model M>
[[nodiscard]] bool cursor_moved(const layout_view& view, const M& memory,
                                std::uint64_t number) noexcept {
  return memory.load(view.control().producer_cursor, relaxed, claim_recheck_cursor) != number;
}

// Moves the shared cursor past a claimed number, unless somebody else did.
template <memory_model M>
void help_cursor(const layout_view& view, const M& memory, std::uint64_t number) noexcept {
  // SYNC cursor: release, a cursor above n shows n's stamp to be claimed or final.
  static_cast<void>(memory.compare_exchange(view.control().producer_cursor, number, number + 1,
                                            release, relaxed, claim_help));
}

// Whether the slot waits for `number`: unused in the first lap, or holding the number one lap
// before. An unfinished previous lap counts only where nobody is waited for.
[[nodiscard]] inline bool is_previous_lap(const geometry& shape, std::uint64_t stamp,
                                          std::uint64_t number) noexcept {
  const std::uint64_t lap = shape.slot_count;
  if (stamp == 0) return number < lap;
  if (stamp_number(stamp) != number - lap) return false;  // in the first lap above all numbers
  if (stamp_done(stamp)) return true;
  const slot_state state = stamp_state(stamp);
  return shape.when_full == full_policy::overwrite &&
         (state == slot_state::claimed || state == slot_state::held);
}

// The owner from one lap earlier is still writing this slot. That happens in a lossless ring if the
// only reader attached behind an open claim. Precondition: is_previous_lap is false, which an
// overwriting ring never answers of a claim; in a first lap the number before is above all stamps.
[[nodiscard]] inline bool is_unfinished_lap(const geometry& shape, std::uint64_t stamp,
                                            std::uint64_t number) noexcept {
  return stamp_number(stamp) == number - shape.slot_count &&
         stamp_state(stamp) == slot_state::claimed;
}

// How an attempt to take a number ended.
enum class claim_step : std::uint8_t {
  taken,   // the number is the caller's
  again,   // somebody was faster: look at the cursor again
  passed,  // the number was given up, because its slot is still being written
  busy,    // a lossless ring's slot is still being written: there is no room yet
  broken,  // the slot's stamp can belong to no lap: the bytes were changed
};

// One attempt at `number`, which was the cursor. Precondition: the slot may be rewritten
// (the gate).
template <memory_model M>
[[nodiscard]] claim_step claim_slot(const layout_view& view, const M& memory, unsigned self,
                                    std::uint64_t number) noexcept {
  slot_header& slot = view.slot(number);
  // SYNC overwrite: acquire, the previous owner's late stores come before ours.
  std::uint64_t stamp = memory.load(slot.stamp, acquire, claim_stamp);
  if (stamp_number(stamp) == number && stamp_state(stamp) != slot_state::free) {
    help_cursor(view, memory, number);
    return claim_step::again;
  }
  if (!is_previous_lap(view.shape(), stamp, number)) {
    if (cursor_moved(view, memory, number)) return claim_step::again;
    return is_unfinished_lap(view.shape(), stamp, number) ? claim_step::busy : claim_step::broken;
  }
  if (stamp != 0 && !stamp_done(stamp) && memory.alive(stamp_owner(stamp))) {
    // In an overwriting ring the slot's owner is a whole lap behind and alive. Waiting for it would
    // break the policy, writing over it would tear its message: the number is given up instead.
    // Relaxed: the number carries no message, and the helped cursor orders the rest.
    if (memory.compare_exchange(slot.stamp, stamp,
                                make_stamp(number, slot_state::held, stamp_owner(stamp)), relaxed,
                                relaxed, pass_over)) {
      help_cursor(view, memory, number);
      return claim_step::passed;
    }
    return claim_step::again;
  }
  // Relaxed: a recoverer reads it after the kernel said that we are dead; one that reads a
  // successor's is stopped by the stamp and the role.
  memory.store(view.participant(self).intent, number, relaxed, claim_intent);
  // SYNC cursor: release, the claim is part of what the helped cursor shows.
  if (!memory.compare_exchange(slot.stamp, stamp, make_stamp(number, slot_state::claimed, self),
                               release, relaxed, claim_exchange)) {
    return claim_step::again;
  }
  help_cursor(view, memory, number);
  return claim_step::taken;
}

// Others passed over a slot while its owner `self` wrote into it; says that the owner no
// longer does.
template <memory_model M>
void finish_held(const M& memory, std::uint64_t& stamp, std::uint64_t seen,
                 unsigned self) noexcept {
  // SYNC overwrite: release, the owner's late stores come before the next owner's.
  while (stamp_state(seen) == slot_state::held && stamp_owner(seen) == self &&
         !memory.compare_exchange(stamp, seen, make_stamp(stamp_number(seen), slot_state::aborted),
                                  release, relaxed, release_held)) {
  }
}

}  // namespace shmfifo::protocol

namespace shmfifo {

template <memory_model M>
class basic_claim;  // producer.hpp
template <memory_model M>
class basic_producer;

// A producer's end of the link to its open claim, which follows when either of them moves.
template <memory_model M>
class claim_link {
 protected:
  // No claim is open.
  claim_link() = default;
  // The claim follows.
  claim_link(claim_link&& other) noexcept : open_(std::exchange(other.open_, nullptr)) {
    if (open_ != nullptr) open_->writer_ = static_cast<basic_producer<M>*>(this);
  }
  // In a forked child the claim is open still: nothing was aborted there.
  ~claim_link() {
    if (open_ != nullptr) open_->answer_ = status::no_claim;
  }
  basic_claim<M>* open_ = nullptr;  // the claim, wherever it is now
};

}  // namespace shmfifo
