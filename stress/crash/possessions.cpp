// SPDX-License-Identifier: MIT
#include "possessions.hpp"

#include <atomic>
#include <utility>

namespace shmfifo::harness::crash {

std::uint64_t stamp_of(const layout_view& view, std::uint64_t index) {
  return std::atomic_ref(view.slot(index).stamp).load();
}

possessions::possessions(segment home, ledger& book) : home_(std::move(home)) {
  const layout_view& view = home_.view();
  for (const participant_stat& entry : must(home_.stat()).participants) {
    if (entry.alive) roles_[entry.index] = view.participant(entry.index).role;
  }
  for (std::uint64_t i = 0; i < view.shape().slot_count; ++i) {
    const std::uint64_t stamp = stamp_of(view, i);
    const slot_state state = stamp_state(stamp);
    const bool owned = roles_.contains(stamp_owner(stamp));
    if (state == slot_state::claimed && owned) claims_[i] = stamp;
    if (state == slot_state::aborted || (state == slot_state::claimed && !owned)) {
      book.allow_abort(static_cast<std::int64_t>(stamp_number(stamp)));
    }
  }
}

void possessions::check_untouched() const {
  const layout_view& view = home_.view();
  for (const auto& [line, role] : roles_) {
    if (view.participant(line).role != role) {
      throw violation("line " + std::to_string(line) + " was taken from a process that lives");
    }
  }
  const geometry& shape = view.shape();
  const bool passes_over =
      shape.when_full == full_policy::overwrite && shape.producers == producer_role::many;
  for (const auto& [slot, stamp] : claims_) {
    const std::uint64_t now = stamp_of(view, slot);
    // An overwriting ring passes over a slow owner, but leaves it its slot.
    const bool held = passes_over && stamp_state(now) == slot_state::held &&
                      stamp_owner(now) == stamp_owner(stamp);
    if (now != stamp && !held) {
      throw violation("the claim on number " + std::to_string(stamp_number(stamp)) +
                      " was taken from a process that lives");
    }
  }
}

}  // namespace shmfifo::harness::crash
