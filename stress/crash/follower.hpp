// SPDX-License-Identifier: MIT
#pragma once
// A reader of the judge: follows the stream from its position, checks that numbers are dense and in
// order, and enters what it saw in the ledger. Private to these programs.

#include <algorithm>
#include <atomic>
#include <ctime>

#include "aftermath.hpp"

namespace shmfifo::harness::crash {

// More than the library's own bounds (a reader asks the kernel after 1024 empty polls, a producer
// after 256 failed attempts), with room for two such questions.
inline constexpr unsigned fruitless_polls = 2600;
inline constexpr unsigned fruitless_tries = 1200;

// Longer than any time in the library.
inline void wait_out_every_slice() {
  const timespec longer{0, 45'000'000};
  ::nanosleep(&longer, nullptr);
}

// A long stream of one author's messages, of which the ledger would be too long.
struct stream_check {
  std::int64_t next = 0;  // number
  std::uint32_t got = 0;  // messages

  void see(const record_view& record) {
    author who{};
    std::uint32_t sequence = 0;
    if (record.message_number != next || !read_message(record.bytes(), who, sequence) ||
        sequence != got) {
      throw violation("the stream afterwards is wrong at number " + std::to_string(next));
    }
    ++next;
    ++got;
  }
};

class follower {
 public:
  follower(consumer& in, ledger& book, const scenario& what, const layout_view& view)
      : in_(in), book_(book), what_(what), view_(view), next_(in.position()) {}

  [[nodiscard]] std::int64_t next() const noexcept { return next_; }

  // All numbers below `until` must come.
  void follow(std::int64_t until) {
    for (unsigned idle = 0; next_ < until;) {
      if (once()) {
        idle = 0;
      } else if (++idle > fruitless_polls) {
        throw violation("stuck: a reader waits in vain for number " + std::to_string(next_) +
                        " (committed up to " + std::to_string(until - 1) + ")");
      }
    }
  }
  // Reads until nothing more comes.
  void follow_while_it_flows(unsigned polls = 1) {
    for (unsigned idle = 0; idle < polls;) idle = once() ? 0 : idle + 1;
  }

 private:
  bool once() {
    const poll_result seen = in_.poll([&](const record_view& record) {
      if (record.message_number != next_) {
        throw violation("number " + std::to_string(record.message_number) +
                        " was delivered where " + std::to_string(next_) + " was due");
      }
      book_.saw_message(next_, record.bytes());
      ++next_;
    });
    if (seen.answer == status::empty) return false;
    if (seen.answer == status::ok) return true;
    if (seen.first != next_ || seen.count < 1) throw violation("an answer skipped numbers");
    next_ += seen.count;
    if (seen.answer == status::aborted) {
      for (std::int64_t n = seen.first; n < next_; ++n) book_.saw_abort(n);
    } else if (seen.answer == status::lost && what_.lossy()) {
      check_loss();
    } else {
      throw violation("number " + std::to_string(seen.first) + " was answered `" +
                      std::string(to_string(seen.answer)) + "`");
    }
    return true;
  }

  // A number that is reported lost must have been overwritten, or a producer is overwriting it.
  void check_loss() const {
    const auto cursor =
        static_cast<std::int64_t>(std::atomic_ref(view_.control().producer_cursor).load());
    if (next_ - 1 + static_cast<std::int64_t>(what_.shape.slot_count) > cursor) {
      throw violation("number " + std::to_string(next_ - 1) + " was reported lost too early");
    }
  }

  consumer& in_;
  ledger& book_;
  const scenario& what_;
  layout_view view_;
  std::int64_t next_;
};

}  // namespace shmfifo::harness::crash
