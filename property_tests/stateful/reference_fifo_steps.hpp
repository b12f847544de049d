// SPDX-License-Identifier: MIT
#pragma once
// The steps of the reference FIFO: what each operation must do and return. Kept apart from the
// class so that the class can be read at a glance.

#include "stateful/reference_fifo.hpp"

namespace shmfifo::harness::reference {

// ---- readers, the gate, and the dead ----

inline fifo::lowest fifo::lowest_cursor() const {
  lowest found;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const line& l = lines_[i];
    if (l.kind != participant_kind::consumer && l.kind != participant_kind::durable) continue;
    if (found.holder == nobody || l.cursor < found.number) found = {l.cursor, static_cast<int>(i)};
  }
  return found;
}

inline std::int64_t fifo::raise_floor() {
  const lowest found = lowest_cursor();
  if (found.holder == nobody) return floor_;
  floor_ = std::max(floor_, found.number);
  return found.number;
}

inline void fifo::free_line(int index) {
  line& l = lines_[static_cast<std::size_t>(index)];
  if (l.kind != participant_kind::producer && gated()) raise_floor();
  l.kind = participant_kind::none;
}

inline bool fifo::line_dead(int index) const {
  const line& l = lines_[static_cast<std::size_t>(index)];
  return !l.owned && (l.kind == participant_kind::producer || l.kind == participant_kind::consumer);
}

inline bool fifo::recover_line(int index) {
  if (!line_dead(index)) return false;
  const line& l = lines_[static_cast<std::size_t>(index)];
  if (l.kind == participant_kind::producer && !single() && l.claim >= 0) {
    entry& e = at(holder(l.claim));
    if (e.writer == index) e = {entry_state::aborted, nobody, {}};
  }
  free_line(index);
  return true;
}

inline std::int64_t fifo::recover() {
  std::int64_t freed = 0;
  for (int i = 0; i < static_cast<int>(lines_.size()); ++i) freed += recover_line(i) ? 1 : 0;
  return freed;
}

inline int fifo::take_line() {
  for (int i = 0; i < static_cast<int>(lines_.size()); ++i) {
    line& l = lines_[static_cast<std::size_t>(i)];
    if (l.kind == participant_kind::durable) continue;
    recover_line(i);
    if (l.owned) continue;
    l.owned = true;
    return i;
  }
  return nobody;
}

inline bool fifo::writer_lives(std::int64_t number) const {
  const int writer = at(number).writer;
  return writer != nobody && lines_[static_cast<std::size_t>(writer)].owned;
}

// ---- producers ----

inline status fifo::extend(handle& h, std::int64_t number) {
  if (number >= end_of_numbers) return status::exhausted;
  h.limit = !ring() ? slots() : gated() ? raise_floor() + slots() : end_of_numbers;
  return number < h.limit ? status::ok : status::full;
}

// The producer that claimed the slot one lap earlier is still writing it.
inline bool fifo::blocked(std::int64_t number) const {
  return !single() && ring() && number >= slots() && at(number - slots()).writer != nobody;
}

inline status fifo::take_shared(handle& h, std::int64_t& number) {
  for (std::int64_t passed = 0;;) {
    number = cursor_;
    if (number >= h.limit) {
      if (const status s = extend(h, number); s != status::ok) return s;
    }
    if (blocked(number)) {
      if (!overwrites()) return status::full;
      if (writer_lives(number - slots())) {  // given up: neither waited for nor written over
        entries_.push_back({entry_state::aborted, at(number - slots()).writer, {}});
        ++cursor_;
        if (++passed == slots()) return status::full;
        continue;
      }
    }
    entries_.push_back({entry_state::claimed, h.line_index, {}});
    ++cursor_;
    lines_[static_cast<std::size_t>(h.line_index)].claim = number;
    return status::ok;
  }
}

inline status fifo::take(handle& h, std::int64_t& number) {
  if (h.claim >= 0) return status::claim_pending;
  if (!single()) return take_shared(h, number);
  number = cursor_;
  if (number >= h.limit) {
    if (const status s = extend(h, number); s != status::ok) return s;
  }
  // What a producer that died left half-written is written again.
  entries_.resize(static_cast<std::size_t>(number) + 1);
  at(number) = {entry_state::claimed, h.line_index, {}};
  return status::ok;
}

inline bool fifo::finish(handle& h, std::int64_t number, entry_state state, message content) {
  const std::int64_t now = holder(number);
  if (now != number) {  // passed over: the slot's later number is free of us from here on
    if (at(now).writer == h.line_index) at(now).writer = nobody;
    return false;
  }
  content.number = number;
  at(number) = {state, nobody, std::move(content)};
  h.last = number;
  if (single()) cursor_ = number + 1;
  return true;
}

inline status fifo::put(handle& h, std::int64_t length, std::uint8_t fill) {
  if (!fits(length)) return status::bad_length;
  std::int64_t number = 0;
  if (const status s = take(h, number); s != status::ok) return s;
  finish(h, number, entry_state::published, {number, length, 0, content_for(fill, length)});
  return status::ok;
}

inline bool fifo::room(handle& h) {
  return extend(h, cursor_) != status::full && !blocked(cursor_);
}

inline status fifo::put_waiting(handle& h, std::int64_t length, std::uint8_t fill) {
  const status s = put(h, length, fill);
  if (s != status::full || shape_.when_full != full_policy::wait) return s;
  if (!room(h)) {
    recover();
    if (!room(h)) {
      const int slowest = lowest_cursor().holder;
      const bool lives = slowest != nobody && lines_[static_cast<std::size_t>(slowest)].owned;
      return lives ? status::timed_out : status::peer_dead;
    }
  }
  return put(h, length, fill);
}

inline answer fifo::put_batch(handle& h, const operation& o) {
  answer a;
  for (int i = 0; i < o.count; ++i) {
    if (!fits(o.number + i)) a.code = status::bad_length;
  }
  for (int i = 0; i < o.count && a.code == status::ok; ++i) {
    a.code = put(h, o.number + i, static_cast<std::uint8_t>(o.fill + i));
    if (a.code == status::ok) ++a.count;
  }
  a.first = h.last;
  return a;
}

inline status fifo::commit(handle& h, std::int64_t length, std::uint8_t fill) {
  if (h.claim < 0) return status::no_claim;
  if (!fits(length)) return status::bad_length;
  const std::int64_t number = std::exchange(h.claim, none);
  const message content{number, length, 0, content_for(fill, length)};
  return finish(h, number, entry_state::published, content) ? status::ok : status::lost;
}

inline status fifo::abort(handle& h) {
  if (h.claim < 0) return status::no_claim;
  finish(h, std::exchange(h.claim, none), entry_state::aborted);
  return status::ok;
}

// ---- consumers ----

inline void fifo::release(const handle& h) {
  if (h.line_index != nobody) lines_[static_cast<std::size_t>(h.line_index)].cursor = h.position;
}

inline answer fifo::scan(std::int64_t& position, std::int64_t limit) const {
  answer a;
  a.first = position;
  const auto there = [&] { return has_slot(position) && position < taken(); };
  while (position - a.first < limit && there() && holder(position) == position &&
         at(position).state == entry_state::published) {
    a.messages.push_back(at(position++).content);
  }
  if (position == a.first) {
    a.code = status::empty;
    if (limit > 0 && there()) {
      if (const std::int64_t now = holder(position); now != position) {
        a.code = status::lost;
        position =
            std::max({position + 1, cursor_ - slots(), now <= cursor_ ? now - slots() + 1 : 0});
      } else if (at(position).state == entry_state::aborted) {
        a.code = status::aborted;
        ++position;
      }
    }
  }
  a.count = position - a.first;
  return a;
}

inline answer fifo::poll(handle& h, std::int64_t limit) {
  release(h);  // what the last call passed over
  answer a = scan(h.position, limit);
  if (a.code == status::ok) release(h);
  return a;
}

// Nobody is left who could publish the reader's next number.
inline bool fifo::at_dead_claim(const handle& h) const {
  const std::int64_t n = h.position;
  return !single() && has_slot(n) && n < taken() && holder(n) == n &&
         at(n).state == entry_state::claimed && !writer_lives(n);
}

inline answer fifo::poll_long(handle& h, std::int64_t limit) {
  answer a = poll(h, limit);
  if (limit <= 0 || a.count != 0 || !at_dead_claim(h)) return a;
  // Whoever may write ends the claim; an observer keeps the verdict to itself.
  if (h.line_index == nobody) return said(status::aborted, h.position++, 1);
  at(h.position) = {entry_state::aborted, nobody, {}};
  return poll(h, limit);
}

inline bool fifo::ready(const handle& h) const {
  if (!has_slot(h.position) || h.position >= taken()) return false;
  return holder(h.position) != h.position || at(h.position).state != entry_state::claimed;
}

inline status fifo::wait(handle& h) {
  release(h);
  if (h.line_index != nobody && at_dead_claim(h)) {
    at(h.position) = {entry_state::aborted, nobody, {}};
  }
  if (ready(h)) return status::ok;
  const auto writes_and_lives = [](const line& l) {
    return l.kind == participant_kind::producer && l.owned;
  };
  return std::any_of(lines_.begin(), lines_.end(), writes_and_lives) ? status::timed_out
                                                                     : status::peer_dead;
}

inline status fifo::mark(std::int64_t number, std::int8_t value) {
  if (!is_number(number) || !has_slot(number)) return status::invalid;
  if (number >= taken()) return status::empty;
  if (holder(number) != number) return status::lost;
  entry& e = at(number);
  if (e.state == entry_state::claimed) return status::empty;
  if (e.state == entry_state::aborted) return status::aborted;
  e.content.status = value;
  return status::ok;
}

}  // namespace shmfifo::harness::reference
