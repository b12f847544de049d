// SPDX-License-Identifier: MIT
#pragma once
// How a segment is checked (segment_check.hpp says what is judged), over the memory seam, so that a
// test can let others do something between any two loads.

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "segment_check.hpp"
#include "shmfifo/protocol/participants.hpp"

namespace shmfifo::apps {

template <memory_model M>
class segment_checker {
 public:
  // `view` must outlive it.
  explicit segment_checker(const layout_view& view, M memory = M())
      : view_(view), shape_(view.shape()), memory_(std::move(memory)) {}

  check_report run() {
    check_control();
    for (unsigned i = 0; i < shape_.participant_count; ++i) check_line(i);
    report_.slots = shape_.slot_count;
    for (std::uint64_t i = 0; i < shape_.slot_count; ++i) check_slot(i);
    return std::move(report_);
  }

 private:
  static constexpr unsigned looks_most = 1000;  // at a word that keeps changing
  static constexpr unsigned looks_needed = 3;   // at an unchanged word before it is called broken

  struct look {
    std::uint64_t stamp;
    bool changed;  // while being looked at
    std::optional<finding> broken;
  };

  template <class T>
  [[nodiscard]] T load(const T& word) const {
    return memory_.load(word, std::memory_order_acquire, site::poll_stamp);
  }
  [[nodiscard]] std::uint64_t producer_cursor() const {
    return load(view_.control().producer_cursor);
  }

  void check_control() {
    // In this order: the floor only grows, so a cursor read before it may not be a lap beyond it.
    const std::uint64_t before = producer_cursor();
    const std::uint64_t floor = load(view_.control().gate_floor);
    const std::uint64_t after = producer_cursor();
    const std::uint64_t most = shape_.mode == segment_mode::log ? shape_.slot_count : number_max;
    if (before > most) report_.add({"producer_cursor", "control", before, most});
    if (!shape_.gated()) {
      if (floor != 0) report_.add({"gate_floor", "control", floor, 0});
      return;
    }
    // A message may be read, and its reader gone, before the cursor is moved past it.
    if (floor > after + 1) report_.add({"gate_floor", "control", floor, after + 1});
    if (before > floor + shape_.slot_count) {
      report_.add({"gate", "control", before, floor + shape_.slot_count});
    }
  }

  void check_line(unsigned index) {
    const participant_line& line = view_.participant(index);
    const std::string where = fmt::format("participant {}", index);
    const std::uint64_t role = load(line.role);
    const std::uint64_t cursor = load(line.consumer_cursor);
    const protocol::cursor_name name = protocol::load_name(line, memory_);
    const std::uint64_t last = producer_cursor();
    if (load(line.role) != role) return;  // it changed hands
    const std::uint64_t byte = role & 0xff;
    if (byte > 3) report_.add({"participant_kind", where, byte, 3});
    const participant_kind kind = role_kind(role);
    if (kind != participant_kind::consumer && kind != participant_kind::durable) return;
    const std::uint64_t most = shape_.gated() ? last + 1 : number_max;
    if (cursor > most) report_.add({"consumer_cursor", where, cursor, most});
    if (kind != participant_kind::durable) return;
    if (name.view().empty()) {
      report_.add({"cursor_name", where + ": a durable cursor without a name", 0, 1});
    } else if (const auto [first, fresh] = names_.try_emplace(std::string(name.view()), index);
               !fresh) {
      report_.add({"cursor_name", where + ": the name of another line", index, first->second});
    }
  }

  void check_slot(std::uint64_t index) {
    std::uint64_t suspect{};
    unsigned suspected = 0;
    for (unsigned looks = 0; looks < looks_most; ++looks) {
      look seen = look_at(index);
      if (seen.changed) continue;
      if (!seen.broken) {
        count(seen.stamp);
        return;
      }
      suspected = seen.stamp == suspect ? suspected + 1 : 1;
      suspect = seen.stamp;
      if (suspected == looks_needed) {
        report_.add(std::move(*seen.broken));
        return;
      }
    }
    ++report_.changing;
  }

  look look_at(std::uint64_t index) const {
    slot_header& slot = view_.slot(index);
    // A cursor read before the stamp says what the slot must hold at least, one read after it what
    // it may hold at the most.
    const std::uint64_t before = producer_cursor();
    const std::uint64_t stamp = load(slot.stamp);
    std::optional<finding> found = judge_stamp(index, stamp, before);
    if (!found) found = judge_content(index, slot, stamp);
    const std::uint64_t after = producer_cursor();
    const bool changed = load(slot.stamp) != stamp;
    if (!found && stamp_number(stamp) > after) {
      found = broken("number_ahead", index, stamp_number(stamp), after);
    }
    return {stamp, changed, std::move(found)};
  }

  static finding broken(const char* rule, std::uint64_t index, std::uint64_t found,
                        std::uint64_t expected) {
    return {rule, fmt::format("slot {}", index), found, expected};
  }

  // The highest number below the cursor that lives in this slot; nothing in the first lap.
  [[nodiscard]] std::optional<std::uint64_t> least_number(std::uint64_t index,
                                                          std::uint64_t cursor) const {
    if (cursor <= index) return std::nullopt;
    if (shape_.mode == segment_mode::log) return index;
    return index + (cursor - 1 - index) / shape_.slot_count * shape_.slot_count;
  }

  [[nodiscard]] std::optional<finding> judge_stamp(std::uint64_t index, std::uint64_t stamp,
                                                   std::uint64_t cursor) const {
    const std::uint64_t number = stamp_number(stamp);
    const auto least = least_number(index, cursor);
    if (stamp == 0) {
      if (!least) return std::nullopt;
      return broken("unused_below_cursor", index, 0, make_stamp(*least, slot_state::published));
    }
    const auto state = static_cast<std::uint64_t>(stamp_state(stamp));
    if (state < 1) return broken("slot_state", index, state, 1);
    if (state > 4) return broken("slot_state", index, state, 4);
    if (!view_.same_slot(number, index)) {
      return broken("slot_number", index, number, least.value_or(index));
    }
    const std::uint64_t lowest = least.value_or(0);
    if (number < lowest) return broken("number_behind", index, number, lowest);
    return judge_owner(index, stamp, cursor);
  }

  // Who may have left the slot in this state.
  [[nodiscard]] std::optional<finding> judge_owner(std::uint64_t index, std::uint64_t stamp,
                                                   std::uint64_t cursor) const {
    const unsigned owner = stamp_owner(stamp);
    const std::uint64_t number = stamp_number(stamp);
    if (stamp_done(stamp)) {
      if (owner != 0) return broken("stamp_owner", index, owner, 0);
      return std::nullopt;
    }
    if (owner >= shape_.participant_count) {
      return broken("stamp_owner", index, owner, shape_.participant_count - 1);
    }
    const bool many = shape_.producers == producer_role::many;
    if (stamp_state(stamp) == slot_state::held) {
      if (many && shape_.when_full == full_policy::overwrite) return std::nullopt;
      return broken("slot_state", index, 4, 3);  // only an overwriting ring passes an owner by
    }
    if (!many) {
      // A single producer moves the cursor only past what is final, and never claims in a log.
      if (shape_.mode == segment_mode::log) return broken("slot_state", index, 1, 2);
      if (number < cursor) return broken("claimed_below_cursor", index, number, cursor);
      return std::nullopt;
    }
    // The owner wrote its intent down first, and recovery ends the claim before it frees the line;
    // a claim that its line denies could never be ended.
    const participant_line& line = view_.participant(owner);
    const std::uint64_t role = load(line.role);
    if (role_kind(role) != participant_kind::producer) {
      return broken("claim_owner", index, role & 0xff, 1);
    }
    const std::uint64_t intent = load(line.intent);
    if (intent != number) return broken("claim_intent", index, intent, number);
    return std::nullopt;
  }

  [[nodiscard]] std::optional<finding> judge_content(std::uint64_t index, const slot_header& slot,
                                                     std::uint64_t stamp) const {
    if (stamp_state(stamp) != slot_state::published) return std::nullopt;
    const std::uint64_t number = stamp_number(stamp);
    const auto message_number = static_cast<std::uint64_t>(load(slot.message_number));
    const auto length = static_cast<std::uint64_t>(load(slot.value_length));  // negative: huge
    const std::uint64_t status_number = load(slot.status_word) >> 8;
    if (message_number != number) return broken("message_number", index, message_number, number);
    if (length > shape_.content_size) {
      return broken("value_length", index, length, shape_.content_size);
    }
    if (status_number != number) return broken("status_word", index, status_number, number);
    return std::nullopt;
  }

  void count(std::uint64_t stamp) {
    const slot_state state = stamp_state(stamp);
    if (state == slot_state::free) {
      ++report_.unused;
    } else if (state == slot_state::published) {
      ++report_.published;
    } else if (state == slot_state::claimed) {
      ++report_.claimed;
    } else {
      ++report_.aborted;
    }
  }

  const layout_view& view_;
  const geometry& shape_;
  M memory_;
  check_report report_;
  std::map<std::string, unsigned> names_;
};

}  // namespace shmfifo::apps
