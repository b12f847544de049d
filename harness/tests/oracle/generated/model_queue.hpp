// SPDX-License-Identifier: MIT
#pragma once
// A queue that is nothing but its content: the places of a line, in the order in which senders took
// them, and a cursor for each receiver or for all that compete.

#include <cstddef>
#include <deque>
#include <vector>

#include "scenario.hpp"

namespace shmfifo::harness::generated {

inline constexpr std::size_t nowhere = ~std::size_t{0};

enum class place_state : std::uint8_t { claimed, committed, aborted, absent };

struct place {
  message_id id;
  place_state state = place_state::committed;
  unsigned owner = 0;
  bool orphan = false;  // its sender was killed before it logged the answer
};

struct cursor {
  std::size_t next = 0;   // places below are over
  std::size_t saved = 0;  // likewise, and released
  bool holds_back = true;
  std::vector<bool> taken;           // from `next` on, where a queue does not keep the order
  std::vector<std::size_t> dropped;  // by a defect: never handed out
  std::deque<std::size_t> forced;    // by a defect: handed out first

  [[nodiscard]] bool drops(std::size_t at) const noexcept;
  [[nodiscard]] bool took(std::size_t at) const noexcept {
    return at < next || (at < taken.size() && taken[at]);
  }
};

// What a receive returns.
struct delivery {
  receive_answer answer = receive_answer::nothing;
  std::size_t at = nowhere;  // the place, or the first of several
  std::size_t count = 0;     // of messages or numbers that are skipped
  std::size_t next = 0;      // where the cursor goes
};

class model_queue {
 public:
  explicit model_queue(const scenario& run) : run_(run), can_(run.shape.promises) {}

  [[nodiscard]] bool keeps_order() const noexcept { return !can_.unordered && !can_.divergent; }
  [[nodiscard]] std::size_t oldest() const noexcept;  // places below are overwritten
  [[nodiscard]] bool has_room(const std::vector<cursor*>& cursors) const noexcept;
  [[nodiscard]] std::size_t floor(const std::vector<cursor*>& cursors) const noexcept;
  std::size_t add(const place& one);
  // A sender was killed: what it claimed stays, forever if the queue does not recover.
  void leave(unsigned owner) noexcept;

  // The next delivery; in an unordered queue one of several.
  [[nodiscard]] delivery peek(const cursor& at, bool lossy) const;
  [[nodiscard]] delivery draw(const cursor& at, bool lossy, choices& from) const;
  void advance(cursor& at, const delivery& what) const;
  // Nothing is reported of what a dead sender left: it is over at the next release.
  void pass_holes(cursor& at) const;

  std::vector<place> line;

 private:
  [[nodiscard]] std::vector<std::size_t> candidates(const cursor& at) const;
  [[nodiscard]] delivery lost(const cursor& at) const;
  [[nodiscard]] bool is_hole(const place& one) const noexcept {
    return one.state == place_state::aborted ||
           (one.state == place_state::claimed && one.orphan && can_.recoverable);
  }

  const scenario& run_;
  const capabilities& can_;
};

}  // namespace shmfifo::harness::generated
