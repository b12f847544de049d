// SPDX-License-Identifier: MIT
#pragma once
// Who is attached, what they hold back, and how the dead are cleared away. A participant owns its
// line as long as it holds the kernel's lock on it; nothing here decides death by a clock. Every
// step of clearing away is a compare-exchange from a value that only the dead owner can have left,
// so that any number of processes may do it at once, and be killed while doing it.

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "shmfifo/protocol/bell.hpp"
#include "shmfifo/protocol/layout.hpp"
#include "shmfifo/protocol/memory_model.hpp"

namespace shmfifo::protocol {

inline constexpr std::uint64_t no_cursor = ~std::uint64_t{0};  // above every number

// A cursor and whose it is.
struct lowest_cursor {
  std::uint64_t number = no_cursor;  // no slot from here on may be rewritten
  unsigned holder{};                 // its line
};

// The consumer that is furthest behind; no_cursor if there is none.
template <memory_model M>
[[nodiscard]] lowest_cursor find_lowest_cursor(const layout_view& view, const M& memory) noexcept {
  lowest_cursor lowest;
  for (unsigned i = 0; i < view.shape().participant_count; ++i) {
    participant_line& line = view.participant(i);
    // SYNC gate: seq_cst, one half of the handshake with a consumer that attaches (enter_gate).
    const std::uint64_t role = memory.load(line.role, seq_cst, gate_role);
    if (role == 0) break;  // nor has a later one been used: see pass_line
    if (role_kind(role) != participant_kind::consumer &&
        role_kind(role) != participant_kind::durable) {
      continue;
    }
    // SYNC release_slot: the consumer has read everything below its cursor; the slots may
    // be reused.
    const std::uint64_t cursor = memory.load(line.consumer_cursor, acquire, gate_consumer_cursor);
    if (cursor < lowest.number) lowest = {cursor, i};
  }
  return lowest;
}

// Moves the floor up to the consumer furthest behind and returns the number from which slots are
// protected. Without consumers the floor stays: what nobody has read is kept for those who come.
template <memory_model M>
[[nodiscard]] std::uint64_t raise_gate_floor(const layout_view& view, const M& memory) noexcept {
  std::uint64_t& word = view.control().gate_floor;
  // SYNC gate: see find_lowest_cursor. Also carries what a consumer that left had read.
  std::uint64_t floor = memory.load(word, seq_cst, gate_floor_load);
  const std::uint64_t lowest = find_lowest_cursor(view, memory).number;
  if (lowest == no_cursor) return floor;
  while (lowest > floor &&
         !memory.compare_exchange(word, floor, lowest, seq_cst, seq_cst, gate_floor_raise)) {
  }
  // A consumer that attached meanwhile either sees the raised floor or is seen here.
  return std::min(lowest, find_lowest_cursor(view, memory).number);
}

// A consumer's half of the handshake: its cursor counts from here on. False if `exact` was asked
// for and producers had gone past it already. The line becomes durable only after the handshake, so
// a process that dies earlier leaves no cursor below the protected range.
template <memory_model M>
[[nodiscard]] bool enter_gate(const layout_view& view, const M& memory, unsigned self,
                              participant_kind kind, std::uint64_t& position, bool exact) noexcept {
  participant_line& line = view.participant(self);
  const std::uint64_t generation =
      1 + role_generation(memory.load(line.role, relaxed, consumer_role_load));
  // Relaxed: whoever sees the role, which is stored next, sees this too.
  memory.store(line.consumer_cursor, position, relaxed, attach_cursor);
  // SYNC gate: seq_cst, so that a producer that raises the floor sees the role, or we see
  // the floor.
  memory.store(line.role, make_role(generation, participant_kind::consumer), seq_cst,
               consumer_role_store);
  while (view.shape().gated()) {
    const std::uint64_t floor = memory.load(view.control().gate_floor, seq_cst, attach_floor);
    if (floor <= position) break;
    if (exact) return false;
    position = floor;
    memory.store(line.consumer_cursor, position, relaxed, attach_advance);
  }
  if (kind == participant_kind::durable) {
    // SYNC durable: release, whoever sees this role sees the cursor and the name, too.
    memory.store(line.role, make_role(generation, kind), release, durable_role_store);
  }
  return true;
}

// Frees a line, whose owner is this process or dead, if it still has the role that was seen.
template <memory_model M>
bool free_line(const layout_view& view, const M& memory, unsigned index,
               std::uint64_t role) noexcept {
  const bool reader = role_kind(role) != participant_kind::producer;
  // What the consumer had read stays free for reuse after its line is gone.
  if (reader && view.shape().gated()) static_cast<void>(raise_gate_floor(view, memory));
  const std::uint64_t vacant = make_role(role_generation(role), participant_kind::none);
  // SYNC release_slot: release; whoever finds the line vacant may reuse what its owner had read.
  const bool freed = memory.compare_exchange(view.participant(index).role, role, vacant, release,
                                             relaxed, recover_free);
  if (reader && view.shape().gated()) ring_bell(memory, view.control().space_bell);
  return freed;
}

// Ends a living owner's role in good order, but for the line's lock. A durable cursor stays where
// it is.
template <memory_model M>
void leave_line(const layout_view& view, M& memory, unsigned index, site where) noexcept {
  participant_line& line = view.participant(index);
  memory.store(line.pid, 0, relaxed, attach_name);
  const std::uint64_t role = memory.load(line.role, relaxed, where);
  if (role_kind(role) != participant_kind::durable) free_line(view, memory, index, role);
}

// Turns a claim whose owner is dead into an aborted number. True if this call did it.
// Precondition: `stamp` was read before the kernel said that its owner is dead.
template <memory_model M>
bool abort_dead_claim(const layout_view& view, const M& memory, std::uint64_t number,
                      std::uint64_t stamp) noexcept {
  const std::uint64_t aborted = make_stamp(stamp_number(stamp), slot_state::aborted);
  // SYNC overwrite: release, what the dead owner wrote comes before the next owner's message.
  if (!memory.compare_exchange(view.slot(number).stamp, stamp, aborted, release, relaxed,
                               recover_abort)) {
    return false;
  }
  ring_bell(memory, view.control().data_bell);
  return true;
}

// Clears away what a dead owner left in line `index`: aborts its claim, lifts its gate, frees the
// line. A durable cursor stays. With `owned` the caller holds the line's lock; otherwise the kernel
// is asked. True if this call freed the line. Lock-free.
template <memory_model M>
bool recover_line(const layout_view& view, const M& memory, unsigned index, bool owned) noexcept {
  participant_line& line = view.participant(index);
  // SYNC line: acquire, whoever stored the role held the lock by then: the kernel below answers for
  // this owner or a later one.
  const std::uint64_t role = memory.load(line.role, acquire, recover_role);
  const participant_kind kind = role_kind(role);
  if (kind == participant_kind::none || kind == participant_kind::durable) return false;
  if (!owned && memory.alive(index)) return false;
  if (kind == participant_kind::producer && view.shape().producers == producer_role::many) {
    // Relaxed: the dead owner's last store, which the kernel's answer orders; a successor's is
    // caught below.
    const std::uint64_t number = memory.load(line.intent, relaxed, recover_intent);
    // Again if a producer passes over the claim meanwhile: it found alive whoever takes the line
    // next, who knows nothing of the claim.
    while (view.has_slot(number)) {
      const std::uint64_t stamp = memory.load(view.slot(number).stamp, acquire, recover_stamp);
      if (memory.load(line.role, relaxed, recover_role_again) != role) return false;
      const slot_state state = stamp_state(stamp);
      const bool unfinished = state == slot_state::claimed || state == slot_state::held;
      if (stamp_owner(stamp) != index || !unfinished) break;
      if (abort_dead_claim(view, memory, number, stamp)) break;
    }
  }
  return free_line(view, memory, index, role);
}

// Recovers every line whose owner is dead; returns how many lines were freed.
template <memory_model M>
unsigned recover_dead(const layout_view& view, const M& memory) noexcept {
  unsigned freed = 0;
  for (unsigned i = 0; i < view.shape().participant_count; ++i) {
    if (recover_line(view, memory, i, false)) ++freed;
  }
  return freed;
}

// Counts a line in which no role was ever stored as used. Whoever takes a later one does so first,
// so that a search for roles may stop at the first line that was never used.
template <memory_model M>
void pass_line(const layout_view& view, const M& memory, unsigned index) noexcept {
  std::uint64_t unused = 0;
  // SYNC gate: seq_cst, also where the role is another's, so that a search that must see the later
  // role does not stop before it.
  static_cast<void>(memory.compare_exchange(view.participant(index).role, unused,
                                            make_role(1, participant_kind::none), seq_cst, seq_cst,
                                            pass_role));
}

// Finds a line for a new participant and takes its lock; nothing if all are in use.
template <memory_model M>
[[nodiscard]] std::optional<unsigned> take_line(const layout_view& view, M& memory) noexcept {
  for (unsigned i = 0; i < view.shape().participant_count; ++i) {
    participant_line& line = view.participant(i);
    const auto kind_now = [&] {
      // Relaxed: the line's lock orders its owners.
      return role_kind(memory.load(line.role, relaxed, take_role));
    };
    if (kind_now() == participant_kind::durable) continue;
    // Before the lock: a process paused while holding a dead producer's line must not make it look
    // alive to those who wait for its claim.
    recover_line(view, memory, i, false);
    if (!memory.try_own(i)) continue;
    if (kind_now() == participant_kind::durable) {
      memory.disown(i);
      continue;
    }
    recover_line(view, memory, i, true);
    for (unsigned earlier = 0; earlier < i; ++earlier) pass_line(view, memory, earlier);
    return i;
  }
  return std::nullopt;
}

// The name of a durable cursor, copied out of the segment; hostile bytes are cut at the
// field's end.
struct cursor_name {
  // The field starts on a 4-byte boundary and is read and written in words of four bytes.
  std::array<std::uint32_t, sizeof(participant_line::name) / 4> words{};

  // Up to the first zero byte.
  [[nodiscard]] std::string_view view() const noexcept {
    const auto* text = reinterpret_cast<const char*>(words.data());
    return {text, static_cast<std::size_t>(std::find(text, text + cursor_name_max, '\0') - text)};
  }
};

// Relaxed: the role, read before, says that the name is complete.
template <memory_model M>
[[nodiscard]] cursor_name load_name(const participant_line& line, const M& memory) noexcept {
  cursor_name name;
  const auto* field = reinterpret_cast<const std::uint32_t*>(line.name);
  for (std::uint32_t& word : name.words) word = memory.load(*field++, relaxed, attach_name);
  return name;
}

// Cut at cursor_name_max. Precondition: the caller holds the line's lock.
template <memory_model M>
void store_name(participant_line& line, const M& memory, std::string_view text) noexcept {
  cursor_name name;
  std::copy_n(text.data(), std::min(text.size(), cursor_name_max),
              reinterpret_cast<char*>(name.words.data()));
  auto* field = reinterpret_cast<std::uint32_t*>(line.name);
  for (const std::uint32_t word : name.words) memory.store(*field++, word, relaxed, attach_name);
}

// The line of the durable cursor with this name.
template <memory_model M>
[[nodiscard]] std::optional<unsigned> find_durable(const layout_view& view, const M& memory,
                                                   std::string_view name) noexcept {
  for (unsigned i = 0; i < view.shape().participant_count; ++i) {
    const participant_line& line = view.participant(i);
    // SYNC durable: acquire, see enter_gate.
    const std::uint64_t role = memory.load(line.role, acquire, find_role);
    if (role_kind(role) == participant_kind::durable && load_name(line, memory).view() == name)
      return i;
  }
  return std::nullopt;
}

}  // namespace shmfifo::protocol
