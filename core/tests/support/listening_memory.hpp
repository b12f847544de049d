// SPDX-License-Identifier: MIT
#pragma once
// The production memory model, listening: a journal notes, in their order, the steps that sleepers
// wait for and the rings that wake them. Somebody always sleeps: whoever is woken goes to sleep
// again at once, so no ring of a call goes unheard.

#include <functional>
#include <optional>
#include <string>

#include "support/hooked_memory.hpp"

namespace shmfifo::testing {

struct journal {
  control_block& control;
  std::string text = {};
  std::function<void()> at_sleep = [] {};  // what others do meanwhile

  void note(std::string_view word) { text += std::string(text.empty() ? "" : " ").append(word); }

  // What a call does, heard by sleepers on both bells: "published cursor data", ...
  template <class Call>
  std::string heard(Call&& call) {
    control.data_bell = control.space_bell = protocol::bell_sleeper;
    text.clear();
    static_cast<void>(call());
    EXPECT_NE(control.data_bell & protocol::bell_sleeper, 0U) << "cleared without a wake";
    EXPECT_NE(control.space_bell & protocol::bell_sleeper, 0U) << "cleared without a wake";
    return text;
  }
};

class listening_memory : public std_memory_model {
 public:
  listening_memory(std_memory_model&& memory, journal& log)
      : std_memory_model(std::move(memory)), log_(&log) {}

  template <class T>
  void store(T& word, std::type_identity_t<T> value, std::memory_order order, site where) const {
    std_memory_model::store(word, value, order, where);
    if (where == site::publish_stamp) log_->note("published");
    if (where == site::abort_stamp) log_->note("aborted");
    if (where == site::publish_cursor) log_->note("cursor");
    if (where == site::poll_release) log_->note("released");
  }
  template <class T>
  [[nodiscard]] bool compare_exchange(T& word, T& expected, std::type_identity_t<T> desired,
                                      std::memory_order success, std::memory_order failure,
                                      site where) const {
    expect_order_of_failure(failure);
    const bool done =
        std_memory_model::compare_exchange(word, expected, desired, success, failure, where);
    if (!done) return false;
    if (where == site::commit_exchange) {
      log_->note(stamp_state(desired) == slot_state::published ? "published" : "aborted");
    }
    if (where == site::pass_over) log_->note("given_up");
    if (where == site::recover_abort) log_->note("aborted");
    if (where == site::recover_free) log_->note("vacant");
    return true;
  }
  template <class T>
  [[nodiscard]] T fetch_or(T& word, std::type_identity_t<T> bits, std::memory_order order,
                           site where) const {
    if (where == site::wake_request) log_->note("request");
    return std_memory_model::fetch_or(word, bits, order, where);
  }
  void sleep(const std::uint32_t&, std::uint32_t, deadline) const {
    log_->note("sleep");
    log_->at_sleep();
  }
  void nap(deadline) const {
    log_->note("nap");
    log_->at_sleep();
  }
  static void relay(const std::uint32_t&) {}
  void wake(std::uint32_t& bell) const {
    EXPECT_EQ(bell & protocol::bell_sleeper, 0U) << "woken with the bit set";
    bell |= protocol::bell_sleeper;
    log_->note(&bell == &log_->control.data_bell ? "data" : "space");
  }

 private:
  journal* log_;
};

static_assert(memory_model<listening_memory>);

// Roles as segment makes them. One that is destroyed without leave() is left behind by the dead.
class listening_producer : public basic_producer<listening_memory> {
 public:
  listening_producer(const segment& home, const unique_name& name, journal& log)
      : listening_producer(home, listening_memory(open_memory(name), log)) {}
  using basic_producer::leave;

 private:
  listening_producer(const segment& home, listening_memory&& memory)
      : listening_producer(home, std::move(memory),
                           protocol::take_line(home.view(), memory).value()) {}
  listening_producer(const segment& home, listening_memory&& memory, unsigned line)
      : basic_producer(home.view(), std::move(memory), line) {}
};

class listening_consumer : public basic_consumer<listening_memory> {
 public:
  listening_consumer(const segment& home, const unique_name& name, journal& log,
                     participant_kind kind = participant_kind::consumer)
      : listening_consumer(home, listening_memory(open_memory(name), log), kind) {}
  using basic_consumer::leave;

 private:
  listening_consumer(const segment& home, listening_memory&& memory, participant_kind kind)
      : listening_consumer(home, std::move(memory), place(home, memory, kind)) {}
  listening_consumer(const segment& home, listening_memory&& memory, std::optional<unsigned> line)
      : basic_consumer(home.view(), std::move(memory), line, 0, buffer_) {}

  // A line, with the cursor at 0; none for an observer.
  static std::optional<unsigned> place(const segment& home, listening_memory& memory,
                                       participant_kind kind) {
    if (kind == participant_kind::none) return std::nullopt;
    const unsigned line = protocol::take_line(home.view(), memory).value();
    std::uint64_t position = 0;
    EXPECT_TRUE(protocol::enter_gate(home.view(), memory, line, kind, position, true));
    return line;
  }

  alignas(content_alignment) std::byte buffer_[16] = {};
};

}  // namespace shmfifo::testing
