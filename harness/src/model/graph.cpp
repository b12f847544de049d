// SPDX-License-Identifier: MIT
#include "graph.hpp"

#include <algorithm>
#include <cstring>

namespace shmfifo::harness::model::detail {

void graph::clear() {
  events.clear();
  for (thread_line& t : threads) {
    t.events.clear();
    t.used = false;
    t.spawn = none;
  }
  for (location& l : locations) {
    l.writes.clear();
    l.reads.clear();
  }
  seq_cst_events = 0;
  seq_cst_fences = 0;
  if (threads.empty()) threads.resize(1);
  threads[0].used = true;
}

void graph::count(const event& e, std::uint32_t by) {
  if (!e.may_be_seq_cst()) return;
  seq_cst_events += by;
  if (e.what == kind::fence) seq_cst_fences += by;
}

void graph::inherit(slot s) {
  const event& e = events[s];
  const slot past = e.index != 0 ? previous_in_thread(s) : threads[e.thread].spawn;
  std::uint32_t* mine = at(s, clock::happens_before);
  if (past == none) {
    std::fill_n(mine, std::size_t{2} * stride_, 0U);
  } else {
    // hb and porf of one event lie side by side.
    std::memcpy(mine, at(past, clock::happens_before), sizeof(*mine) * std::size_t{2} * stride_);
  }
  mine[e.thread] = e.index + 1;
  mine[stride_ + e.thread] = e.index + 1;
}

slot graph::push(event e) {
  const slot s = size();
  thread_line& line = threads[e.thread];
  e.index = static_cast<std::uint32_t>(line.events.size());
  if (e.index != 0) {
    const event& past = events[line.events.back()];
    e.pending = past.pending;
    e.release_fence = past.release_fence;
  }
  if (e.location != none && e.strength == order::plain) locations[e.location].has_plain = true;
  events.push_back(e);
  line.events.push_back(s);
  // Never shrinks: what lies beyond the last event is written before it is read.
  const std::size_t needed = events.size() * 3 * stride_;
  if (clocks_.size() < needed) clocks_.resize(needed * 2);
  inherit(s);
  count(e, 1);
  return s;
}

void graph::pop() {
  const slot s = size() - 1;
  const event& e = events[s];
  if (e.is_read()) {
    std::vector<slot>& reads = locations[e.location].reads;
    if (!reads.empty() && reads.back() == s) reads.pop_back();
  } else if (e.is_write()) {
    if (e.position != 0) displace(s);
  } else if (e.what == kind::spawn) {
    threads[e.value].used = false;
    threads[e.value].spawn = none;
  }
  count(e, ~0U);
  threads[e.thread].events.pop_back();
  events.pop_back();
}

void graph::truncate(slot keep) {
  while (size() > keep) pop();
}

void graph::enlist_read(slot s) {
  locations[events[s].location].reads.push_back(s);
}

void graph::place(slot s, std::uint32_t after) {
  std::vector<slot>& writes = locations[events[s].location].writes;
  writes.insert(writes.begin() + after, s);
  for (std::uint32_t i = after; i < writes.size(); ++i) events[writes[i]].position = i + 1;
}

void graph::displace(slot s) {
  event& e = events[s];
  std::vector<slot>& writes = locations[e.location].writes;
  const std::uint32_t where = e.position - 1;
  writes.erase(writes.begin() + where);
  e.position = 0;
  for (std::uint32_t i = where; i < writes.size(); ++i) events[writes[i]].position = i + 1;
}

void graph::read_from(slot s, slot writer) {
  inherit(s);
  event& e = events[s];
  e.from = writer;
  e.value = value_of(e.location, writer);
  e.pending = e.index != 0 ? events[previous_in_thread(s)].pending : none;
  if (e.has(compares)) {
    const bool takes_place = e.value == e.expected;
    e.flags = static_cast<std::uint16_t>(takes_place ? e.flags | exclusive : e.flags & ~exclusive);
    e.strength = takes_place ? e.on_success : e.on_failure;
  }
  if (writer == initial) return;
  join(at(s, clock::causal), at(writer, clock::causal));
  const std::uint32_t message = events[writer].message;
  if (message == none || e.strength == order::plain) return;
  if (acquires(e.strength)) {
    join(at(s, clock::happens_before), at_reference(message));
    return;
  }
  // A relaxed read keeps the message for a later acquire fence.
  std::uint32_t* mine = at(s, clock::extra);
  std::memcpy(mine, at_reference(message), sizeof(*mine) * stride_);
  if (e.pending != none) join(mine, at_reference(e.pending));
  e.pending = reference(s, clock::extra);
}

void graph::finish_write(slot s, slot read_part) {
  event& e = events[s];
  if (e.strength == order::plain) return;
  if (releases(e.strength)) {
    e.message = reference(s, clock::happens_before);
  } else if (e.release_fence != none) {
    e.message = reference(e.release_fence, clock::happens_before);
  }
  if (read_part == none) return;
  const slot writer = events[read_part].from;
  const std::uint32_t inherited = writer == initial ? none : events[writer].message;
  if (inherited == none) return;
  // An update continues the release sequence of the write it read (C++20: of no other write).
  if (e.message == none) {
    e.message = inherited;
    return;
  }
  std::uint32_t* mine = at(s, clock::extra);
  std::memcpy(mine, at_reference(e.message), sizeof(*mine) * stride_);
  join(mine, at_reference(inherited));
  e.message = reference(s, clock::extra);
}

void graph::finish_fence(slot s) {
  event& e = events[s];
  if (acquires(e.strength) && e.pending != none) {
    join(at(s, clock::happens_before), at_reference(e.pending));
  }
  if (releases(e.strength)) e.release_fence = s;
}

void graph::absorb(slot s, slot other) {
  join(at(s, clock::happens_before), at(other, clock::happens_before));
  join(at(s, clock::causal), at(other, clock::causal));
}

std::uint32_t graph::new_thread(slot spawn) {
  std::uint32_t number = 0;
  while (number < threads.size() && threads[number].used) ++number;
  if (number == threads.size()) threads.emplace_back();
  if (number >= stride_) widen(number + 1);
  threads[number].used = true;
  threads[number].spawn = spawn;
  return number;
}

void graph::widen(std::uint32_t count) {
  const std::uint32_t wide = std::max(count, stride_ * 2);
  std::vector<std::uint32_t> clocks(events.size() * 3 * wide);
  for (std::size_t i = 0; i < events.size() * 3; ++i) {
    std::copy_n(clocks_.begin() + static_cast<std::ptrdiff_t>(i * stride_), stride_,
                clocks.begin() + static_cast<std::ptrdiff_t>(i * wide));
  }
  clocks_ = std::move(clocks);
  stride_ = wide;
}

std::uint32_t graph::new_location(std::uint32_t size, std::uint64_t value, bool uninitialised) {
  std::uint32_t number = 0;
  while (number < locations.size() && !locations[number].unused()) ++number;
  if (number == locations.size()) locations.emplace_back();
  location& l = locations[number];
  l.size = size;
  l.initial_value = value;
  l.uninitialised = uninitialised;
  l.life_of = none;
  l.has_plain = false;
  return number;
}

std::uint32_t graph::life_location(std::uint32_t thread) {
  for (std::uint32_t i = 0; i < locations.size(); ++i) {
    if (locations[i].life_of == thread && !locations[i].unused()) return i;
  }
  const std::uint32_t number = new_location(1, 0, false);
  locations[number].life_of = thread;
  return number;
}

std::uint32_t graph::floor(const std::uint32_t* past, std::uint32_t place) const {
  const location& l = locations[place];
  auto lowest = static_cast<std::uint32_t>(l.writes.size());
  while (lowest > 0 && !within(past, l.writes[lowest - 1])) --lowest;
  for (const slot r : l.reads) {
    if (within(past, r)) lowest = std::max(lowest, position_of_writer(events[r].from));
  }
  return lowest;
}

slot graph::first_wake_after(slot wait_write) const {
  const location& l = locations[events[wait_write].location];
  for (std::uint32_t p = events[wait_write].position; p < l.writes.size(); ++p) {
    if (events[l.writes[p]].has(wakes)) return l.writes[p];
  }
  return wait_write;
}

void graph::copy_events(const graph& from, slot read, slot write) {
  const std::uint32_t* past = from.porf(write);
  renamed_.resize(from.events.size());
  const std::size_t line = std::size_t{3} * stride_;
  if (clocks_.size() < from.clocks_.size()) clocks_.resize(from.clocks_.size());
  for (slot s = 0; s < from.size(); ++s) {
    const event& e = from.events[s];
    if (s > read && past[e.thread] <= e.index) {
      renamed_[s] = none;
      continue;
    }
    const slot now = size();
    renamed_[s] = now;
    std::memcpy(clocks_.data() + now * line, from.clocks_.data() + s * line,
                line * sizeof(std::uint32_t));
    events.push_back(e);
    threads[e.thread].events.push_back(now);
    count(e, 1);
  }
}

void graph::copy_lists(const graph& from, slot write) {
  renamed_locations_.resize(from.locations.size());
  std::uint32_t used = 0;
  for (std::uint32_t i = 0; i < from.locations.size(); ++i) {
    const location& old = from.locations[i];
    renamed_locations_[i] = used;
    if (used == locations.size()) locations.emplace_back();
    location& l = locations[used];
    for (const slot w : old.writes) {
      if (w == write || renamed_[w] == none) continue;
      l.writes.push_back(renamed_[w]);
      events[renamed_[w]].position = static_cast<std::uint32_t>(l.writes.size());
    }
    for (const slot r : old.reads) {
      if (renamed_[r] != none) l.reads.push_back(renamed_[r]);
    }
    if (l.unused() && from.events[write].location != i) continue;
    l.size = old.size;
    l.initial_value = old.initial_value;
    l.uninitialised = old.uninitialised;
    l.life_of = old.life_of;
    l.has_plain = old.has_plain;
    ++used;
  }
}

slot graph::restrict_from(const graph& from, slot read, slot write) {
  clear();
  stride_ = from.stride_;
  if (threads.size() < from.threads.size()) threads.resize(from.threads.size());
  copy_events(from, read, write);
  copy_lists(from, write);
  for (std::size_t t = 1; t < from.threads.size(); ++t) {
    const slot spawn = from.threads[t].spawn;
    if (!from.threads[t].used || renamed_[spawn] == none) continue;
    threads[t].used = true;
    threads[t].spawn = renamed_[spawn];
  }
  for (event& e : events) {
    if (e.location != none) e.location = renamed_locations_[e.location];
    if (e.from < initial) e.from = renamed_[e.from];
    if (e.message != none) e.message = renamed_[e.message / 3] * 3 + e.message % 3;
    if (e.pending != none) e.pending = renamed_[e.pending / 3] * 3 + e.pending % 3;
    if (e.release_fence != none) e.release_fence = renamed_[e.release_fence];
  }
  events[renamed_[write]].position = 0;
  return renamed_[read];
}

}  // namespace shmfifo::harness::model::detail
