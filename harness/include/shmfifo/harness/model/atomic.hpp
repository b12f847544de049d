// SPDX-License-Identifier: MIT
#pragma once

// model::atomic<T> and model::plain<T>: drop-in shapes of std::atomic<T> and of an ordinary
// variable, each access an event of the model. Made before the first thread starts, their first
// value is the location's initial value; made later, it is a plain write, and so must reach readers
// by some order.

#include "shmfifo/harness/model/access.hpp"

namespace shmfifo::harness::model {

// The shape of std::atomic.
template <detail::modelled T>
class atomic {
 public:
  // Begins with T{}.
  atomic(access_site s = at(no_site)) noexcept : atomic(T{}, s) {}
  // Begins with this value.
  atomic(T value, access_site s = at(no_site)) noexcept : value_(value) {
    detail::construct(detail::word_of(value_), true, detail::to_bits(value), s);
  }
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  // As std::atomic's, as is what follows.
  [[nodiscard]] T load(std::memory_order order = std::memory_order_seq_cst,
                       access_site s = at(no_site)) const {
    return model::load(value_, order, s);
  }
  // See std::atomic.
  void store(T value, std::memory_order order = std::memory_order_seq_cst,
             access_site s = at(no_site)) {
    model::store(value_, value, order, s);
  }
  // See std::atomic.
  T exchange(T value, std::memory_order order = std::memory_order_seq_cst,
             access_site s = at(no_site)) {
    return model::exchange(value_, value, order, s);
  }
  // See std::atomic.
  T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst,
              access_site s = at(no_site)) requires std::is_integral_v<T> {
    return model::fetch_add(value_, value, order, s);
  }
  // See std::atomic.
  T fetch_sub(T value, std::memory_order order = std::memory_order_seq_cst,
              access_site s = at(no_site)) requires std::is_integral_v<T> {
    return detail::from_bits<T>(detail::fetch(detail::word_of(value_), detail::update::subtract,
                                              detail::to_bits(value), order, s));
  }
  // See std::atomic.
  T fetch_or(T value, std::memory_order order = std::memory_order_seq_cst,
             access_site s = at(no_site)) requires std::is_integral_v<T> {
    return model::fetch_or(value_, value, order, s);
  }
  // See std::atomic.
  bool compare_exchange_strong(T& expected, T desired,
                               std::memory_order success = std::memory_order_seq_cst,
                               std::memory_order failure = std::memory_order_seq_cst,
                               access_site s = at(no_site)) {
    return model::compare_exchange(value_, expected, desired, success, failure, false, s);
  }
  // See std::atomic; fails without cause only with options::weak_failures.
  bool compare_exchange_weak(T& expected, T desired,
                             std::memory_order success = std::memory_order_seq_cst,
                             std::memory_order failure = std::memory_order_seq_cst,
                             access_site s = at(no_site)) {
    return model::compare_exchange(value_, expected, desired, success, failure, true, s);
  }
  // The word itself, for futex_wait and for execution::final_value.
  [[nodiscard]] const T& word() const noexcept { return value_; }

 private:
  T value_;
};

// The shape of an ordinary variable.
template <detail::modelled T>
class plain {
 public:
  // Without a value: reading before a write is a violation.
  plain(access_site s = at(no_site)) noexcept : value_{} {
    detail::construct(detail::word_of(value_), false, 0, s);
  }
  // Begins with this value.
  plain(T value, access_site s = at(no_site)) noexcept : value_(value) {
    detail::construct(detail::word_of(value_), true, detail::to_bits(value), s);
  }
  plain(const plain&) = delete;
  plain& operator=(const plain&) = delete;

  // A read of the variable.
  [[nodiscard]] T read(access_site s = at(no_site)) const { return read_plain(value_, s); }
  // An assignment.
  void write(T value, access_site s = at(no_site)) { write_plain(value_, value, s); }
  // The word itself, for execution::final_value.
  [[nodiscard]] const T& word() const noexcept { return value_; }

 private:
  T value_;
};

}  // namespace shmfifo::harness::model
