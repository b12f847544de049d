// SPDX-License-Identifier: MIT
#pragma once
// The reading half of the protocol. A consumer owns a participant line; in a lossless ring its
// cursor gates the producers, and under a name it outlives the process. An observer owns nothing,
// maps the segment read-only and can block nobody. Where slots cannot be reused under the reader (a
// log, or a gating consumer's own slots) messages are handed out in place; elsewhere they are
// copied and the stamp is looked at again (the reader's side of Boehm's sequence lock, MSPC 2012,
// section 4).

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "shmfifo/protocol/participants.hpp"
#include "shmfifo/status.hpp"

namespace shmfifo {

// One thread at a time may use a consumer. All calls allocate nothing and make a system call only
// to wake a producer, to wait, or to ask the kernel about a producer whose claim is in the way.
template <memory_model M>
class basic_consumer {
 public:
  static constexpr std::int64_t default_limit = 256;  // messages that one poll hands out at most

  // Whether such a reader copies messages before it hands them out, and so needs a buffer.
  [[nodiscard]] static bool copies(const geometry& shape, bool observer) noexcept {
    return shape.mode == segment_mode::ring && (observer || !shape.gated());
  }

  // Precondition: `memory` owns line `self`, if given, and `position` counts there already. Without
  // a line this is an observer, and the segment may be mapped read-only. `buffer` has content_size
  // bytes, aligned to content_alignment, if `copies` says so, and outlives this object.
  basic_consumer(const layout_view& view, M&& memory, std::optional<unsigned> self,
                 std::uint64_t position, std::byte* buffer) noexcept
      : view_(view),
        memory_(std::move(memory)),
        self_(self),
        in_place_(!copies(view.shape(), !self)),
        position_(position),
        released_(position),
        buffer_(buffer) {}

  // Hands up to `limit` messages to `handler(const record_view&)`, in order, then releases them at
  // once. A handler that returns false stops after its message; it must not call this consumer.
  // Never waits. Answers: see poll_result; wrong_process. Skipped numbers (aborted, lost, invalid)
  // are reported once, by a poll of their own, and released by the next call. If the consumer dies
  // in between, they are reported to its successor again.
  template <class Handler>
  poll_result poll(Handler&& handler, std::int64_t limit = default_limit) {
    if (!memory_.in_owner_process()) [[unlikely]]
      return {status::wrong_process, 0, 0};
    release_slots();  // what the last call told
    const std::uint64_t first = position_;
    std::uint64_t stamp{};
    {
      // Releases on every way out: a handler that throws keeps its own message and loses
      // none before.
      const releaser at_end{*this};
      record_view record;
      while (static_cast<std::int64_t>(position_ - first) < limit && load_message(record, stamp)) {
        const bool more = call(handler, record);
        ++position_;
        if (!more) break;
      }
    }
    return told_since(first, limit > 0, stamp);
  }

  // Copies one message into `buffer`, as much of it as fits. Answers as poll does, with a count of
  // 1 at the most. The message is released by the next call, so that a consumer that dies with the
  // copy leaves it to its successor.
  read_result read(std::span<std::byte> buffer) noexcept {
    read_result result{status::wrong_process};
    if (!memory_.in_owner_process()) [[unlikely]]
      return result;
    release_slots();
    const std::uint64_t first = position_;
    std::uint64_t stamp{};
    record_view seen;
    if (load_message(seen, stamp)) {
      const std::size_t size = std::min(seen.bytes().size(), buffer.size());
      std::copy_n(seen.content, size, buffer.data());
      result.length = seen.value_length;
      result.status = seen.status;
      ++position_;
    }
    const poll_result told = told_since(first, true, stamp);
    result.answer = told.answer;
    result.number = told.first;
    result.count = told.count;
    return result;
  }

  // Waits until poll would not answer empty: ok; timed_out, or peer_dead if no producer is
  // alive then; interrupted; wrong_process. Spins for some microseconds, then sleeps without
  // using the processor.
  status wait(deadline until = no_deadline) noexcept {
    if (!memory_.in_owner_process()) [[unlikely]]
      return status::wrong_process;
    release_slots();
    if (wake_.take(memory_)) return status::interrupted;
    waited_ = true;
    if (patience_ != 0) static_cast<void>(memory_.pause(patience_));
    if (ready()) return status::ok;
    const auto look_again = [this] { return ready(); };
    if (protocol::spin(memory_, eager_rounds, eager_pause, look_again) ||
        spin_(memory_, look_again)) {
      return status::ok;
    }
    return sleep(until);
  }

  // Ends this handle's wait with `interrupted`: the one going on, else the next, even if there are
  // messages. Any thread, and signal handlers, while the handle lives in its place; lock-free.
  void wake() noexcept {
    wake_.request(memory_);
    // An observer may not ring: it naps, and looks by itself.
    if (self_) protocol::ring_bell(memory_, view_.control().data_bell);
  }

  // The number of the next message that poll looks at.
  [[nodiscard]] std::int64_t position() const noexcept {
    return static_cast<std::int64_t>(position_);
  }
  // Whether nobody waits for this reader.
  [[nodiscard]] bool observer() const noexcept { return !self_; }

 protected:
  // Ends the role in good order. A durable cursor stays where it is. Not in a forked child.
  void leave() noexcept {
    if (!self_) return;
    release_slots();
    protocol::leave_line(view_, memory_, *self_, consumer_leave_role);
    memory_.disown(*self_);
  }
  // The seam that this reader was given.
  [[nodiscard]] const M& memory() const noexcept { return memory_; }

 private:
  using enum std::memory_order;
  using enum site;

  // What a slot's stamp means to a reader that waits for a certain number.
  enum class look : std::uint8_t { message, not_yet, claimed, aborted, overrun, garbage };

  struct releaser {
    basic_consumer& self;
    ~releaser() { self.release_slots(); }
  };

  template <class Handler>
  static bool call(Handler& handler, const record_view& record) {
    if constexpr (std::is_same_v<std::invoke_result_t<Handler&, const record_view&>, bool>) {
      return handler(record);
    } else {
      handler(record);
      return true;
    }
  }

  [[nodiscard]] poll_result answer(status kind, std::uint64_t first) const noexcept {
    return {kind, static_cast<std::int64_t>(first), static_cast<std::int64_t>(position_ - first)};
  }

  // The answer of a call that began at `first`, asked for messages or for none, and ended at
  // `stamp`.
  [[nodiscard]] poll_result told_since(std::uint64_t first, bool asked,
                                       std::uint64_t stamp) noexcept {
    if (position_ != first || !asked) [[likely]] {
      if (waited_) adapt(position_ - first);
      return answer(position_ == first ? status::empty : status::ok, first);
    }
    return skip(stamp);
  }

  // True if the next number's message was found whole; otherwise its slot's `stamp` says why not.
  // At a log's end, where no slot is, `stamp` stays as it was: 0, from each caller.
  [[nodiscard]] bool load_message(record_view& record, std::uint64_t& stamp) noexcept {
    if (!view_.has_slot(position_)) return false;
    slot_header& slot = view_.slot(position_);
    // SYNC publish: acquire, the message is complete.
    stamp = memory_.load(slot.stamp, acquire, poll_stamp);
    if (stamp != make_stamp(position_, slot_state::published)) return false;
    // SYNC overwrite: acquire on every field and byte, so that one that is newer than the stamp
    // shows the overwriter's claim to the second look below. The length is read once.
    record.value_length = memory_.load(slot.value_length, acquire, poll_length);
    record.message_number = memory_.load(slot.message_number, acquire, poll_number);
    // SYNC mark: acquire, what a marker did before its mark.
    record.status = status_of_word(memory_.load(slot.status_word, acquire, poll_status_word));
    record.content = view_.content(slot);
    const bool sound =
        record.value_length >= 0 &&
        static_cast<std::uint64_t>(record.value_length) <= view_.shape().content_size &&
        record.message_number == static_cast<std::int64_t>(position_);
    if (in_place_) return sound;
    if (sound) {
      memory_.read_content(buffer_, record.content, static_cast<std::size_t>(record.value_length),
                           acquire, poll_content);
      record.content = buffer_;
    }
    const std::uint64_t again = memory_.load(slot.stamp, relaxed, poll_recheck);
    const bool untouched = again == stamp;
    stamp = again;
    return sound && untouched;
  }

  // Releases everything below position_ to the producers, once.
  void release_slots() noexcept {
    if (position_ == released_) return;
    released_ = position_;
    if (!self_) return;
    // SYNC release_slot: release, our reads of the slots come before their reuse.
    memory_.store(view_.participant(*self_).consumer_cursor, position_, release, poll_release);
    if (view_.shape().gated()) protocol::ring_bell(memory_, view_.control().space_bell);
  }

  [[nodiscard]] std::uint64_t producer_cursor() const noexcept {
    // SYNC cursor: acquire, a cursor above n shows n's stamp to be claimed or final.
    return std::min(number_max,
                    memory_.load(view_.control().producer_cursor, acquire, poll_cursor));
  }

  [[nodiscard]] look classify(std::uint64_t stamp) const noexcept {
    if (stamp == judged_stamp_ && position_ == judged_position_) return judged_;
    const std::uint64_t number = stamp_number(stamp);
    if (number == position_) {
      switch (stamp_state(stamp)) {
        case slot_state::published:
          return look::message;
        case slot_state::aborted:
        case slot_state::held:
          return look::aborted;
        case slot_state::claimed:
          return look::claimed;
        case slot_state::free:
          return look::not_yet;
      }
    }
    if (number < position_ && (stamp == 0 || view_.same_slot(number, position_)))
      return look::not_yet;
    // Beyond what producers have taken nothing can be lost or broken yet.
    if (producer_cursor() <= position_) return look::not_yet;
    // In a log no other number has this slot.
    return number > position_ && view_.same_slot(number, position_) ? look::overrun : look::garbage;
  }

  // The next number is no message: says why, and goes past it unless it may still become one. At a
  // log's end, where no slot is, the stamp is 0: not yet.
  [[gnu::noinline]] poll_result skip(std::uint64_t stamp) noexcept {
    const std::uint64_t first = position_;
    const look seen = classify(stamp);
    if (seen == look::not_yet || seen == look::claimed) {
      // A consumer that only polls must get past a dead claim, too; the next poll sees the verdict.
      if (++idle_polls_ % examine_every == 0) examine();
      return answer(status::empty, first);
    }
    status kind = status::invalid;
    if (seen == look::aborted) kind = status::aborted;
    if (seen == look::overrun) {
      kind = status::lost;
      position_ = oldest_left(stamp_number(stamp));
    } else {
      ++position_;  // a message that load_message refused is invalid, too
    }
    return answer(kind, first);
  }

  // The slot of our number already belongs to `newer`, which is a lap or more later: the first
  // number that may still be there.
  [[nodiscard]] std::uint64_t oldest_left(std::uint64_t newer) const noexcept {
    const std::uint64_t lap = view_.shape().slot_count;
    const std::uint64_t cursor = producer_cursor();
    std::uint64_t oldest = std::max(position_ + 1, cursor - std::min(cursor, lap));
    if (newer <= cursor) oldest = std::max(oldest, newer - lap + 1);
    return oldest;
  }

  // Asks whether the number in our way can still become a message. System calls; for rare use.
  void examine() noexcept {
    if (!view_.has_slot(position_)) return;
    std::uint64_t& word = view_.slot(position_).stamp;
    // SYNC line: acquire, whoever sees the claim finds its owner's lock held if it asks the kernel.
    const std::uint64_t stamp = memory_.load(word, acquire, examine_stamp);
    const look seen = classify(stamp);
    if (seen == look::claimed && view_.shape().producers == producer_role::many) {
      if (memory_.alive(stamp_owner(stamp))) return;
      if (self_) {
        protocol::abort_dead_claim(view_, memory_, position_, stamp);
      } else if (memory_.load(word, relaxed, examine_dead) == stamp) {
        judge(stamp, look::aborted);  // read-only: nobody is left who could publish it
      }
    } else if (seen == look::not_yet && producer_cursor() > position_) {
      // The cursor says that our number was taken, the slot says that it was not: the bytes
      // were changed.
      const std::uint64_t again = memory_.load(word, relaxed, examine_again);
      if (again == stamp) judge(stamp, look::garbage);
    }
  }
  void judge(std::uint64_t stamp, look verdict) noexcept {
    judged_stamp_ = stamp;
    judged_position_ = position_;
    judged_ = verdict;
  }

  [[nodiscard]] bool ready() const noexcept {
    if (!view_.has_slot(position_)) return false;
    const std::uint64_t stamp = memory_.load(view_.slot(position_).stamp, relaxed, ready_stamp);
    const look seen = classify(stamp);
    return seen != look::not_yet && seen != look::claimed;
  }

  // Learns whether waiting a little before the first look brings several messages at once, as in a
  // stream, where it spares both sides the fight for the line being written, or only delays, as in
  // question and answer. Now and then it tries; it keeps to what pays.
  void adapt(std::uint64_t messages) noexcept {
    waited_ = false;
    if (patience_ == 0) {
      if (++waits_ % try_patience_every == 0) patience_ = patience_first;
    } else if (messages < 2) {
      patience_ = 0;
    } else if (messages < stream_batch) {
      patience_ = std::min(patience_ * 2, patience_most);
    } else if (messages > 2 * stream_batch) {
      patience_ = std::max(patience_ / 2, patience_first);
    }
  }

  [[gnu::noinline]] status sleep(deadline until) noexcept {
    const auto news = [this] { return ready() || wake_.requested(memory_); };
    bool woken{};
    if (self_) {
      woken = protocol::sleep_until(memory_, view_.control().data_bell, until, news,
                                    [this] { examine(); });
    } else {
      // An observer may not write and so cannot announce itself: it naps.
      while (!(woken = news()) && !memory_.expired(until)) {
        examine();
        memory_.nap(until);
      }
    }
    if (wake_.take(memory_)) return status::interrupted;
    if (woken) return status::ok;
    return producer_alive() ? status::timed_out : status::peer_dead;
  }

  [[nodiscard]] bool producer_alive() const noexcept {
    for (unsigned i = 0; i < view_.shape().participant_count; ++i) {
      const std::uint64_t role = memory_.load(view_.participant(i).role, relaxed, alive_role);
      if (role_kind(role) == participant_kind::producer && memory_.alive(i)) return true;
    }
    return false;
  }

  static constexpr unsigned examine_every = 1024;
  static constexpr unsigned eager_rounds = 64;
  static constexpr unsigned eager_pause = 1;  // none at all is slower: core/DESIGN.md, decision 11
  static constexpr unsigned try_patience_every = 32;
  static constexpr unsigned patience_first = 4;  // spin hints
  static constexpr unsigned patience_most = 128;
  static constexpr std::uint64_t stream_batch = 64;

  layout_view view_;
  M memory_;
  std::optional<unsigned> self_;
  bool in_place_;
  std::uint64_t position_;
  std::uint64_t released_;  // position_ as others know it
  std::byte* buffer_;
  protocol::wake_word wake_;
  protocol::patient_spin spin_;
  unsigned idle_polls_{};
  bool waited_{};
  unsigned waits_{};
  unsigned patience_{};
  // The verdict about a stamp at a position; at first, that an unused slot is no message 0.
  look judged_ = look::not_yet;
  std::uint64_t judged_stamp_{};
  std::uint64_t judged_position_{};
};

}  // namespace shmfifo
