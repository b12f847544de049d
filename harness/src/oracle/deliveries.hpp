// SPDX-License-Identifier: MIT
#pragma once
// The order in which a durable receiver got its messages, each counted once. After a restart it may
// stand anywhere between the last message that it had released and the last one that it got; from
// there on it gets what is left of this order again, and then new messages.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "judging.hpp"

namespace shmfifo::harness {

class unique_deliveries {
 public:
  explicit unique_deliveries(const histories& logs) : places_(message_table<std::uint64_t>(logs)) {}

  // Where in the order it stands, at least and at most; the two differ only after a restart.
  [[nodiscard]] std::uint64_t low() const noexcept { return low_; }
  [[nodiscard]] std::uint64_t high() const noexcept { return high_; }
  // With one producer: its message behind the one before this place.
  [[nodiscard]] std::uint64_t behind(std::uint64_t place) const {
    return place == 0 ? 0 : order_[place - 1].id.sequence + 1;
  }

  // It attached again at event e; the events before `released` had been released.
  void attach(std::size_t e, std::size_t released) {
    note_until(e);
    released = std::min(released, e);
    low_ = released == 0 ? 0 : low_after_[released - 1];
    resumes_ = true;
  }

  // A report of losses: they may be what had to come again, and that may never come.
  void leave_out() noexcept { high_ = order_.size(); }

  // May this message come now, at event e? Others may be left out if it `skips`.
  [[nodiscard]] maybe judge(const judged_run& run, unsigned receiver, std::size_t e, message_id id,
                            bool skips) const;

  // Passes each message to `visit` that can come again from this one on, the last one first.
  template <class Visit>
  void each_again(message_id from, Visit&& visit) const {
    for (std::uint64_t i = high_; i-- > place(from);) visit(order_[i].id);
  }

  // This message came at event e. True if it had come before.
  bool take(message_id id, std::size_t e) {
    note_until(e);
    const std::uint64_t at = place(id);
    const bool again = at < order_.size();
    if (!again) {
      order_.push_back({id, e});
      places_[id.producer][id.sequence] = order_.size();
    }
    low_ = high_ = at + 1;
    resumes_ = false;
    return again;
  }

 private:
  struct delivery {
    message_id id;
    std::size_t event;
  };

  // The place of a message that came before, or the end of the order.
  [[nodiscard]] std::uint64_t place(message_id id) const {
    const std::uint64_t place = places_[id.producer][id.sequence];
    return place == 0 ? order_.size() : place - 1;
  }
  // The events from the last one noted to this one changed nothing.
  void note_until(std::size_t e) { low_after_.resize(e, low_); }

  std::vector<delivery> order_;
  std::vector<std::vector<std::uint64_t>> places_;  // of each producer's messages: 1 + place, or 0
  std::vector<std::uint64_t> low_after_;            // where it stood at least after each event
  std::uint64_t low_ = 0;
  std::uint64_t high_ = 0;
  bool resumes_ = false;
};

}  // namespace shmfifo::harness
