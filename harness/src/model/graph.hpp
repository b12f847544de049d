// SPDX-License-Identifier: MIT
#pragma once

// An execution graph of RC11: events in addition order, the reads-from edge of every read, the
// total modification order of every location, and for every event the vector clocks of what happens
// before it (hb) and of what it causally depends on (program order and reads-from together: porf).
// The clocks make coherence a comparison of integers; they never change while an event stays,
// because an event's causal past never does, except for the one read that a revisit gives a new
// writer. Memory is kept when a graph is emptied, so exploration in steady state does not allocate.

#include <cstdint>
#include <vector>

#include "event.hpp"

namespace shmfifo::harness::model::detail {

struct location {
  std::uint64_t initial_value = 0;
  std::uint32_t size = 0;
  std::uint32_t life_of = none;  // the modelled kernel's record of whether this thread has ended
  bool uninitialised = false;
  bool has_plain = false;    // some access was not atomic: races are possible
  std::vector<slot> writes;  // modification order; the initial write is implicit, before them
  std::vector<slot> reads;   // addition order

  [[nodiscard]] bool unused() const noexcept { return writes.empty() && reads.empty(); }
};

struct thread_line {
  slot spawn = none;  // event that started it; none also for the main thread and for a free number
  bool used = false;
  std::vector<slot> events;
};

enum class clock : std::uint8_t { happens_before, causal, extra };

class graph {
 public:
  void clear();
  // Copies of `from` what a revisit of `read` by its last event `write` keeps: events up to the
  // read and the causal past of the write. Returns the read's new slot; the write is the last event
  // again, and not yet in its location's order.
  slot restrict_from(const graph& from, slot read, slot write);

  slot push(event e);        // appends with the clocks of its thread's past; not yet in any list
  void truncate(slot keep);  // drops the events from `keep` on
  void enlist_read(slot s);  // enters the read in its location's list
  void place(slot s, std::uint32_t after);  // puts a write behind position `after`
  void displace(slot s);
  void read_from(slot s, slot writer);  // sets the edge, the value and the clocks
  void finish_write(slot s, slot read_part);
  void finish_fence(slot s);
  void absorb(slot s, slot other);  // `other` happens before `s` (spawn is implied, join is not)

  std::uint32_t new_thread(slot spawn);
  std::uint32_t new_location(std::uint32_t size, std::uint64_t value, bool uninitialised);
  std::uint32_t life_location(std::uint32_t thread);

  [[nodiscard]] slot size() const noexcept { return static_cast<slot>(events.size()); }
  [[nodiscard]] const std::uint32_t* hb(slot s) const { return at(s, clock::happens_before); }
  [[nodiscard]] const std::uint32_t* porf(slot s) const { return at(s, clock::causal); }
  [[nodiscard]] bool within(const std::uint32_t* past, slot s) const {
    const event& e = events[s];
    return past[e.thread] > e.index;
  }
  [[nodiscard]] bool before(slot a, slot b) const { return a != b && within(hb(b), a); }
  // Place in the location's order of a write, or of the write that a read reads; 0 is initial.
  [[nodiscard]] std::uint32_t position(slot s) const {
    const event& e = events[s];
    return e.is_write() ? e.position : position_of_writer(e.from);
  }
  [[nodiscard]] std::uint32_t position_of_writer(slot writer) const {
    return writer == initial ? 0 : events[writer].position;
  }
  // The first place that happens-before leaves open to an access with this past (coherence).
  [[nodiscard]] std::uint32_t floor(const std::uint32_t* past, std::uint32_t place) const;
  // Whether the write at this position is already followed by the update that read it.
  [[nodiscard]] bool taken(const location& l, std::uint32_t at_position) const {
    return at_position < l.writes.size() && events[l.writes[at_position]].has(exclusive);
  }
  [[nodiscard]] std::uint64_t value_of(std::uint32_t place, slot writer) const {
    return writer == initial ? locations[place].initial_value : events[writer].value;
  }
  [[nodiscard]] slot last_of(const location& l) const {
    return l.writes.empty() ? initial : l.writes.back();
  }
  [[nodiscard]] slot first_wake_after(slot wait_write) const;
  [[nodiscard]] slot previous_in_thread(slot s) const {
    const event& e = events[s];
    return threads[e.thread].events[e.index - 1];
  }

  std::vector<event> events;
  std::vector<thread_line> threads;
  std::vector<location> locations;
  std::uint32_t seq_cst_events = 0;
  std::uint32_t seq_cst_fences = 0;

 private:
  [[nodiscard]] std::uint32_t* at(slot s, clock c) {
    return clocks_.data() + std::size_t{s * 3U + static_cast<std::uint32_t>(c)} * stride_;
  }
  [[nodiscard]] const std::uint32_t* at(slot s, clock c) const {
    return clocks_.data() + std::size_t{s * 3U + static_cast<std::uint32_t>(c)} * stride_;
  }
  [[nodiscard]] std::uint32_t* at_reference(std::uint32_t reference) {
    return clocks_.data() + std::size_t{reference} * stride_;
  }
  [[nodiscard]] static std::uint32_t reference(slot s, clock c) {
    return s * 3U + static_cast<std::uint32_t>(c);
  }
  void inherit(slot s);
  void join(std::uint32_t* into, const std::uint32_t* other) const {
    for (std::uint32_t i = 0; i < stride_; ++i) into[i] = into[i] < other[i] ? other[i] : into[i];
  }
  void widen(std::uint32_t threads);
  void pop();
  void copy_events(const graph& from, slot read, slot write);
  void copy_lists(const graph& from, slot write);
  void count(const event& e, std::uint32_t by);

  std::uint32_t stride_ = 4;  // entries of a clock: at least one per thread
  std::vector<std::uint32_t> clocks_;
  std::vector<slot> renamed_;
  std::vector<std::uint32_t> renamed_locations_;
};

}  // namespace shmfifo::harness::model::detail
