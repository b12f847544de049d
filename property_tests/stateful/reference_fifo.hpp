// SPDX-License-Identifier: MIT
#pragma once
// The FIFO as it should be, in its simplest form: pure values, no atomics, no memory to share. One
// operation is one step; a state can be copied and compared, so a search can try orders of steps.
// Everything is derived from the list of numbers taken so far; only the gate keeps words of its own
// (the floor, and each producer's cached limit), because new readers start at the floor.

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <vector>

#include "stateful/reference_types.hpp"

namespace shmfifo::harness::reference {

class fifo {
 public:
  // init
  explicit fifo(const geometry& shape) : shape_(shape), lines_(shape.participant_count) {}

  // step: changes the state and returns what the caller must get
  answer step(const operation& o);
  // Whether the operation makes sense for this handle now.
  [[nodiscard]] bool applies(const operation& o) const;

  // equal
  bool operator==(const fifo& other) const {
    return entries_ == other.entries_ && cursor_ == other.cursor_ && floor_ == other.floor_ &&
           producer_owned_ == other.producer_owned_ && lines_ == other.lines_ &&
           handles_ == other.handles_;
  }
  [[nodiscard]] visible_state look() const;

  // Of the message that each slot holds; -1: it holds none.
  [[nodiscard]] std::vector<std::int64_t> lengths() const {
    std::vector<std::int64_t> all(shape_.slot_count, -1);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::int64_t number = holder(static_cast<std::int64_t>(i));
      if (number >= 0 && at(number).state == entry_state::published) {
        all[i] = at(number).content.length;
      }
    }
    return all;
  }

  [[nodiscard]] const geometry& shape() const { return shape_; }
  [[nodiscard]] std::int64_t cursor() const { return cursor_; }
  [[nodiscard]] bool attached(unsigned which) const { return handles_[which].what != kind::none; }
  [[nodiscard]] bool writes(unsigned which) const { return handles_[which].what == kind::producer; }
  [[nodiscard]] bool claims(unsigned which) const { return handles_[which].claim >= 0; }
  [[nodiscard]] std::int64_t position(unsigned which) const { return handles_[which].position; }
  [[nodiscard]] bool single() const { return shape_.producers == producer_role::single; }
  [[nodiscard]] bool overwrites() const { return shape_.when_full == full_policy::overwrite; }

 private:
  static constexpr int nobody = -1;
  static constexpr std::int64_t none = -1;
  static constexpr std::int64_t end_of_numbers = std::int64_t{number_max};
  [[nodiscard]] static constexpr bool is_number(std::int64_t number) {
    return number >= 0 && number < end_of_numbers;
  }
  enum class kind : std::uint8_t { none, producer, consumer, observer };
  enum class entry_state : std::uint8_t { claimed, published, aborted };

  struct entry {  // one number
    entry_state state = entry_state::claimed;
    int writer = nobody;  // the line of its claimant, or of the producer still in its slot
    message content;
    bool operator==(const entry&) const = default;
  };
  struct line {
    participant_kind kind = participant_kind::none;
    bool owned = false;
    std::int64_t cursor = 0;
    std::int64_t claim = none;  // of a producer: the number that it claimed last
    unsigned name = 0;
    bool operator==(const line&) const = default;
  };
  struct handle {
    kind what = kind::none;
    int line_index = nobody;
    std::int64_t position = 0;  // of a reader
    std::int64_t claim = none;  // an open claim of a producer
    std::int64_t last = -1;     // number finished last by a producer
    std::int64_t limit = 0;     // numbers below may be taken without looking at the readers
    bool operator==(const handle&) const = default;
  };

  [[nodiscard]] std::int64_t slots() const { return static_cast<std::int64_t>(shape_.slot_count); }
  [[nodiscard]] bool ring() const { return shape_.mode == segment_mode::ring; }
  [[nodiscard]] bool gated() const { return shape_.gated(); }
  [[nodiscard]] std::int64_t taken() const { return static_cast<std::int64_t>(entries_.size()); }
  [[nodiscard]] bool has_slot(std::int64_t number) const { return ring() || number < slots(); }
  [[nodiscard]] bool fits(std::int64_t length) const {
    return length >= 0 && length <= static_cast<std::int64_t>(shape_.content_size);
  }
  // The number that the slot of `number` belongs to by now; -1 if none.
  [[nodiscard]] std::int64_t holder(std::int64_t number) const {
    if (taken() == 0) return none;
    if (!ring()) return number < taken() ? number : none;
    const std::int64_t back = (taken() - 1 - number % slots()) % slots();
    return back < 0 ? none : taken() - 1 - back;
  }
  [[nodiscard]] entry& at(std::int64_t number) {
    return entries_[static_cast<std::size_t>(number)];
  }
  [[nodiscard]] const entry& at(std::int64_t number) const {
    return entries_[static_cast<std::size_t>(number)];
  }

  // readers and the gate
  struct lowest {
    std::int64_t number = none;
    int holder = nobody;
  };
  [[nodiscard]] lowest lowest_cursor() const;
  std::int64_t raise_floor();
  void free_line(int index);
  [[nodiscard]] bool line_dead(int index) const;
  bool recover_line(int index);
  std::int64_t recover();
  int take_line();
  [[nodiscard]] bool writer_lives(std::int64_t number) const;

  // producers
  status extend(handle& h, std::int64_t number);
  status take(handle& h, std::int64_t& number);
  status take_shared(handle& h, std::int64_t& number);
  status put(handle& h, std::int64_t length, std::uint8_t fill);
  [[nodiscard]] bool blocked(std::int64_t number) const;
  [[nodiscard]] bool room(handle& h);
  bool finish(handle& h, std::int64_t number, entry_state state, message content = {});
  status put_waiting(handle& h, std::int64_t length, std::uint8_t fill);
  answer put_batch(handle& h, const operation& o);
  status commit(handle& h, std::int64_t length, std::uint8_t fill);
  status abort(handle& h);

  // consumers
  [[nodiscard]] answer scan(std::int64_t& position, std::int64_t limit) const;
  answer poll(handle& h, std::int64_t limit);
  [[nodiscard]] bool at_dead_claim(const handle& h) const;
  answer poll_long(handle& h, std::int64_t limit);
  status wait(handle& h);
  [[nodiscard]] bool ready(const handle& h) const;
  void release(const handle& h);
  status mark(std::int64_t number, std::int8_t value);

  // set-up
  answer attach_producer(handle& h);
  answer attach_consumer(handle& h, const operation& o);
  answer attach_observer(handle& h, const operation& o);
  answer place(handle& h, const operation& o, std::int64_t position);
  [[nodiscard]] int durable(unsigned name) const;
  std::int64_t start_number(const operation& o, bool gate) const;
  void detach(handle& h);
  answer forget(unsigned name);
  void kill(unsigned process);

  static answer refused(int code, std::string rule) {
    answer a;
    a.errno_value = code;
    a.rule = std::move(rule);
    return a;
  }
  static answer said(status code, std::int64_t first = 0, std::int64_t count = 0) {
    answer a;
    a.code = code;
    a.first = first;
    a.count = count;
    return a;
  }

  geometry shape_;
  std::vector<entry> entries_;  // one per number taken
  std::int64_t cursor_ = 0;     // the first number not taken yet, as readers see it
  std::int64_t floor_ = 0;      // no number below it is protected
  bool producer_owned_ = false;
  std::vector<line> lines_;
  std::array<handle, handles_max> handles_{};
};

}  // namespace shmfifo::harness::reference

#include "stateful/reference_fifo_roles.hpp"
#include "stateful/reference_fifo_steps.hpp"
