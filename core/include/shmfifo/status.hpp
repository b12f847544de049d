// SPDX-License-Identifier: MIT
#pragma once
// What calls return. The hot path returns one `status` byte, alone or in a poll_result, read_result
// or batch_result, and never throws. Set-up (create, attach) returns a `result<T>`: a value, or an
// `error` with errno, the broken rule and a sentence. `result` has the names of std::expected,
// which begins with C++23. Plain values: any thread. Trap: to ask a result for what it does not
// hold is a programmer's error, and found in builds with SHMFIFO_ASSERTIONS only.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "shmfifo/config.hpp"

namespace shmfifo {

// What a call of the hot path has to say; to throw an answer away is a warning.
enum class [[nodiscard]] status : std::uint8_t{
    ok,
    full,       // no room now; the message was not published, readers see nothing of it
    empty,      // the next number is not published yet
    aborted,    // these numbers will never carry a message: their producer died or gave them up
    lost,       // these numbers were overwritten before this reader came to them
    invalid,    // the bytes in the segment break a rule: skipped by a reader, refused to a producer
    peer_dead,  // timed out, and nobody who could end the wait is alive according to the kernel
    timed_out,  // the deadline passed
    bad_length,     // value_length is negative or above content_size; nothing was changed
    no_claim,       // commit or abort without a claim
    claim_pending,  // a claim is open: commit or abort it first
    exhausted,      // the stamp can hold no higher number; the segment must be replaced
    wrong_process,  // this handle belongs to the process that forked; attach anew in the child
    read_only,      // this handle may not write
    interrupted,    // wake() of this handle ended the wait; nothing was changed
};

// The answer's own name, for logs; "unknown" if it is none.
[[nodiscard]] constexpr std::string_view to_string(status answer) noexcept {
  constexpr std::string_view names[] = {"ok",
                                        "full",
                                        "empty",
                                        "aborted",
                                        "lost",
                                        "invalid",
                                        "peer_dead",
                                        "timed_out",
                                        "bad_length",
                                        "no_claim",
                                        "claim_pending",
                                        "exhausted",
                                        "wrong_process",
                                        "read_only",
                                        "interrupted"};
  const auto index = static_cast<std::size_t>(answer);
  return index < std::size(names) ? names[index] : "unknown";
}

// What a poll did: `ok` with the numbers first .. first+count-1 handed to the handler;
// `aborted`, `lost` or `invalid` with the numbers that were passed over; `empty` with count 0.
// One kind per answer.
struct [[nodiscard]] poll_result {
  status answer = status::empty;  // the kind
  std::int64_t first = 0;         // number
  std::int64_t count = 0;         // of numbers, from the first on
};

using byte_view = std::span<const std::byte>;  // a message to publish, or one received

// A message as the handler of poll sees it, valid until the handler returns. The original's fields
// and types.
struct record_view {
  std::int64_t value_length = 0;       // bytes, checked: from 0 to content_size
  std::int64_t message_number = 0;     // dense from 0
  std::int8_t status = 0;              // the application's: 0 as published, see segment::mark
  const std::byte* content = nullptr;  // in the slot, or a copy of it; see content_alignment

  // The content as a span.
  [[nodiscard]] byte_view bytes() const noexcept {
    return {content, static_cast<std::size_t>(value_length)};
  }
};

// What a read did: as poll_result, and with `ok` the message's length and status.
struct [[nodiscard]] read_result {
  shmfifo::status answer = shmfifo::status::empty;  // the kind
  std::int64_t number = 0;                          // of the message, or the first passed over
  std::int64_t count = 0;                           // of numbers, from there on
  std::int64_t length = 0;  // bytes of the whole message, more than the buffer may have taken
  std::int8_t status = 0;   // the application's
};

// What publishing a batch did: `ok`; why the message behind those `published` was refused; or
// bad_length if any message is too long, and then none was published.
struct [[nodiscard]] batch_result {
  status answer = status::ok;  // see above
  std::size_t published = 0;   // messages
};

// Why set-up failed.
struct error {
  int code = 0;           // errno of the failed call, or the errno that fits best
  const char* rule = "";  // short, stable name of what was broken or which call failed
  std::string text = {};  // a sentence with the cause, both values where two disagree, and the cure
};

// A value, or the error instead of one. To ask for what is not there is a programmer's error.
template <class T>
class [[nodiscard]] result {
 public:
  // Success. Not explicit, nor is the next, so that a function returns either as it is.
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // Failure.
  result(shmfifo::error failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  // Whether there is a value.
  [[nodiscard]] explicit operator bool() const noexcept { return state_.index() == 0; }
  // The value, which stays in the result.
  [[nodiscard]] T& value() & noexcept { return checked(*this); }
  // The same of a constant.
  [[nodiscard]] const T& value() const& noexcept { return checked(*this); }
  // The value, moved out of a result that is not needed any more.
  [[nodiscard]] T&& value() && noexcept { return std::move(checked(*this)); }
  // A member of the value.
  [[nodiscard]] T* operator->() noexcept { return &checked(*this); }
  // The same of a constant.
  [[nodiscard]] const T* operator->() const noexcept { return &checked(*this); }
  // As value().
  [[nodiscard]] T& operator*() & noexcept { return checked(*this); }
  // As value().
  [[nodiscard]] const T& operator*() const& noexcept { return checked(*this); }
  // Why there is no value.
  [[nodiscard]] const shmfifo::error& error() const noexcept {
    SHMFIFO_ASSUME(state_.index() == 1, "error() of a result that holds a value");
    return *std::get_if<1>(&state_);
  }

 private:
  template <class Self>
  static auto& checked(Self& self) noexcept {
    SHMFIFO_ASSUME(self.state_.index() == 0, "value() of a result that holds an error");
    return *std::get_if<0>(&self.state_);
  }
  std::variant<T, shmfifo::error> state_;
};

// Success, or an error.
template <>
class [[nodiscard]] result<void> {
 public:
  // Success.
  result() = default;
  // Failure; not explicit, as above.
  result(shmfifo::error failure) : error_(std::move(failure)) {}

  // Whether it is success.
  [[nodiscard]] explicit operator bool() const noexcept { return !error_; }
  // Nothing; as of the others, asked of a success only.
  void value() const noexcept {
    SHMFIFO_ASSERT(!error_, "value() of a result that holds an error");
  }
  // Why it is none.
  [[nodiscard]] const shmfifo::error& error() const noexcept {
    SHMFIFO_ASSUME(error_, "error() of a result that is a success");
    return *error_;
  }

 private:
  std::optional<shmfifo::error> error_;
};

}  // namespace shmfifo
