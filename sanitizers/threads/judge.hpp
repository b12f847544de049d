// SPDX-License-Identifier: MIT
#pragma once
// The messages of the threads, and their judge. A message holds its producer and its number there,
// and fills the rest from both, so that a torn or foreign one cannot pass; its length changes from
// one to the next. A judge belongs to one reader and keeps what that reader saw.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>

#include "shmfifo/shmfifo.hpp"

namespace shmfifo::threads {

inline constexpr std::uint64_t producers_max = 4;

struct message {
  std::uint64_t producer = 0;
  std::uint64_t sequence = 0;
  std::array<std::uint64_t, 5> body = {};

  message(std::uint64_t who, std::uint64_t which) : producer(who), sequence(which) {
    std::uint64_t word = (who + 1) * 0x9e3779b97f4a7c15 ^ which;
    for (std::uint64_t& part : body) part = word = word * 6364136223846793005 + 1442695040888963407;
  }
  [[nodiscard]] byte_view bytes() const {
    return std::as_bytes(std::span(this, 1)).first(sizeof *this - sequence % 40);
  }
};
inline constexpr std::uint64_t shortest = sizeof(message) - 39;
static_assert(shortest >= 2 * sizeof(std::uint64_t));

// What may happen to a reader's numbers besides messages.
struct allowance {
  bool lost = false;
  bool aborted = false;
};

class judge {
 public:
  judge(const char* reader, allowance may) : reader_(reader), may_(may) {}

  void see(const record_view& record) {
    const std::size_t length = record.bytes().size();
    expect(record.message_number == next_, "a number is out of order", record.message_number);
    ++next_;
    ++seen_;
    if (length < shortest || length > sizeof(message)) {
      expect(false, "no message has this length", record.value_length);
      return;
    }
    std::uint64_t who = 0;
    std::uint64_t which = 0;
    std::memcpy(&who, record.content, sizeof who);
    std::memcpy(&which, record.content + sizeof who, sizeof which);
    const message right(who, which);
    const bool whole = who < producers_max && length == right.bytes().size() &&
                       std::memcmp(record.content, &right, length) == 0;
    expect(whole, "the content is not what was published", record.message_number);
    if (!whole) return;
    std::uint64_t& expected = sequence_[who];
    expect(may_.lost ? which >= expected : which == expected,
           "a producer's message is missing or out of order", record.message_number);
    expected = which + 1;
  }

  void pass(const poll_result& result) {
    expect(result.first == next_, "a number is out of order", result.first);
    next_ = result.first + result.count;
    const bool lost = result.answer == status::lost;
    expect((lost && may_.lost) || (result.answer == status::aborted && may_.aborted),
           std::string(to_string(result.answer)).c_str(), result.first);
    (lost ? lost_ : aborted_) += result.count;
  }

  // Every number below `end` was seen, lost or aborted: the latter at least `aborted` of them.
  void conclude(std::int64_t end, std::int64_t aborted) {
    expect(next_ == end, "the reader did not come to the end", next_);
    expect(first_ + seen_ + lost_ + aborted_ == next_, "numbers are missing in the sum", seen_);
    if (!may_.lost) expect(aborted_ == aborted, "as many are not aborted as were", aborted_);
    const auto text = [](std::int64_t number) { return std::to_string(number); };
    std::printf("  %s: %s seen, %s lost, %s aborted\n", reader_, text(seen_).c_str(),
                text(lost_).c_str(), text(aborted_).c_str());
  }

  // Where the reader started: an observer that comes late starts at the oldest that is left.
  void begin_at(std::int64_t number) { next_ = first_ = number; }
  [[nodiscard]] std::int64_t next() const { return next_; }
  [[nodiscard]] bool sound() const { return faults_ == 0; }

 private:
  void expect(bool holds, const char* sentence, std::int64_t about) {
    if (holds || ++faults_ > 5) return;
    std::printf("  FAULT: %s: %s (%s)\n", reader_, sentence, std::to_string(about).c_str());
  }

  const char* reader_;
  allowance may_;
  std::int64_t first_ = 0;
  std::int64_t next_ = 0;
  std::int64_t seen_ = 0;
  std::int64_t lost_ = 0;
  std::int64_t aborted_ = 0;
  std::uint64_t faults_ = 0;
  std::array<std::uint64_t, producers_max> sequence_ = {};
};

}  // namespace shmfifo::threads
