// SPDX-License-Identifier: MIT
#pragma once
// The writing half of the protocol. With one producer a number needs no claim: the next number is
// the first slot that is not published, and the role is exclusive by a kernel lock. With many, a
// number is claimed by a compare-exchange of its slot's own stamp (after Michael and Scott, PODC
// 1996: the shared cursor lags and everybody helps it forward), so that at no instant a number is
// taken by nobody known. A slot that is rewritten in an overwriting ring follows the sequence-lock
// discipline of Boehm, "Can seqlocks get along with programming language memory models?" (MSPC
// 2012), section 4.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

#include "shmfifo/protocol/claim.hpp"
#include "shmfifo/protocol/participants.hpp"
#include "shmfifo/status.hpp"

namespace shmfifo {

// One thread at a time may use a producer. All calls answer with a status, allocate nothing, and
// make a system call only to wake a sleeper, to wait, or to ask the kernel about a peer that holds
// things up.
template <memory_model M>
class basic_producer : claim_link<M> {
 public:
  // Precondition: `memory` owns line `self` (and, in a single-producer segment, the producer role).
  basic_producer(const layout_view& view, M&& memory, unsigned self) noexcept
      : view_(view),
        memory_(std::move(memory)),
        self_(self),
        gated_(view.shape().gated()),
        single_(view.shape().producers == producer_role::single),
        prefetch_distance_(view.shape().mode == segment_mode::log ? 8 : 4) {
    participant_line& line = view_.participant(self_);
    const std::uint64_t role = memory_.load(line.role, relaxed, producer_role_load);
    memory_.store(line.pid, memory_.process_id(), relaxed, attach_name);
    // SYNC line: release, whoever sees the role finds the lock held if it asks the kernel.
    memory_.store(line.role, make_role(role_generation(role) + 1, participant_kind::producer),
                  release, producer_role_store);
    if (single_) find_next();
  }

  // Copies a message in. ok; full (never waits); bad_length; exhausted; invalid; claim_pending;
  // wrong_process. Lock-free; wait-free with one producer.
  status try_publish(byte_view content) noexcept {
    if (!fits(content.size())) [[unlikely]]
      return status::bad_length;
    const status answer = publish_quietly(content);
    if (answer == status::ok) [[likely]]
      protocol::ring_bell(memory_, view_.control().data_bell);
    return answer;
  }
  // As try_publish, but under the policy `wait` waits for room: additionally timed_out, or
  // peer_dead if no living consumer could make room, or interrupted. A full log never has room
  // again and returns full at once.
  status publish(byte_view content, deadline until = no_deadline) noexcept {
    return retry(until, [&] { return try_publish(content); });
  }
  // The same for text.
  status try_publish(std::string_view text) noexcept {
    return try_publish(std::as_bytes(std::span(text)));
  }
  // The same for text.
  status publish(std::string_view text, deadline until = no_deadline) noexcept {
    return publish(std::as_bytes(std::span(text)), until);
  }

  // Refused when compiling: no message, and two literals, which would be the ends of one text.
  status try_publish(std::nullptr_t) = delete;
  // The same.
  status publish(std::nullptr_t, deadline until = no_deadline) = delete;
  // The same.
  status try_publish(std::initializer_list<const char*>) = delete;
  // The same; a batch is a span of byte_view.
  status publish(std::initializer_list<const char*>, deadline until = no_deadline) = delete;

  // Publishes in order until one is refused, and wakes readers once. No message goes in if one has
  // a bad length.
  batch_result try_publish(std::span<const byte_view> batch) noexcept {
    for (const byte_view& message : batch) {
      if (!fits(message.size())) return {status::bad_length, 0};
    }
    batch_result result;
    for (const byte_view& message : batch) {
      result.answer = publish_quietly(message);
      if (result.answer != status::ok) break;
      ++result.published;
    }
    if (result.published != 0) protocol::ring_bell(memory_, view_.control().data_bell);
    return result;
  }
  // As for one message, with the waiting of publish.
  batch_result publish(std::span<const byte_view> batch, deadline until = no_deadline) noexcept {
    std::size_t published = 0;
    const status answer = retry(until, [&] {
      const batch_result part = try_publish(batch.subspan(published));
      published += part.published;
      return part.answer;
    });
    return {answer, published};
  }

  // Zero copy: takes the next number. One claim at a time: while it is open, whatever would take
  // another number returns claim_pending. Answers as try_publish and publish do.
  basic_claim<M> try_take() noexcept { return {*this, take_slot()}; }
  // As try_take, with the waiting of publish.
  basic_claim<M> take(deadline until = no_deadline) noexcept {
    return {*this, retry(until, [&] { return take_slot(); })};
  }

  // Ends this handle's wait for room with `interrupted`: the one going on, else the next. Any
  // thread, and signal handlers, while the handle lives in its place; lock-free.
  void wake() noexcept {
    wake_.request(memory_);
    protocol::ring_bell(memory_, view_.control().space_bell);
  }

  // The number of the message published (or aborted) last by this handle; -1 before the first.
  [[nodiscard]] std::int64_t last_number() const noexcept { return last_number_; }
  // False in a child made by fork: no call takes a number there, all return wrong_process.
  [[nodiscard]] bool in_owner_process() const noexcept { return memory_.in_owner_process(); }
  // The longest message, in bytes.
  [[nodiscard]] std::int64_t content_size() const noexcept {
    return static_cast<std::int64_t>(view_.shape().content_size);
  }

 protected:
  // Ends the role in good order: an open claim is aborted, the line is free. Not in a forked child.
  void leave() noexcept {
    if (this->open_ != nullptr) static_cast<void>(abort(*this->open_));
    protocol::leave_line(view_, memory_, self_, producer_leave_role);
    if (single_) memory_.disown(lock_producer_role);
    memory_.disown(self_);
  }
  // The seam that this producer was given.
  [[nodiscard]] const M& memory() const noexcept { return memory_; }

 private:
  using enum std::memory_order;
  using enum site;

  static constexpr unsigned look_for_dead_every = 256;  // fruitless answers, when nobody waits

  friend class claim_link<M>;
  friend class basic_claim<M>;

  status take_slot() noexcept {
    if (const status answer = readiness(); answer != status::ok) return answer;
    if (const status answer = take_number(single_, claimed_); answer != status::ok) return answer;
    begin(single_, claimed_, view_.shape().content_size);
    memory_.order_plain_content();
    return status::ok;
  }
  [[nodiscard]] std::span<std::byte> claimed_content() const noexcept {
    return {view_.content(view_.slot(claimed_)), view_.shape().content_size};
  }
  status commit(basic_claim<M>& claim, std::size_t length) noexcept {
    if (!memory_.in_owner_process()) return status::wrong_process;
    if (!fits(length)) return status::bad_length;
    close(claim);
    slot_header& slot = view_.slot(claimed_);
    store_fields(slot, claimed_, length);
    if (!finish(single_, slot, claimed_, slot_state::published)) return status::lost;
    protocol::ring_bell(memory_, view_.control().data_bell);
    return status::ok;
  }
  status abort(basic_claim<M>& claim) noexcept {
    close(claim);  // in a forked child, too: neither end outlives the other's pointer to it
    if (!memory_.in_owner_process()) return status::wrong_process;
    finish(single_, view_.slot(claimed_), claimed_, slot_state::aborted);
    protocol::ring_bell(memory_, view_.control().data_bell);
    return status::ok;
  }
  void close(basic_claim<M>& claim) noexcept {
    this->open_ = nullptr;
    claim.answer_ = status::no_claim;
  }

  [[nodiscard]] bool fits(std::size_t length) const noexcept {
    return length <= view_.shape().content_size;
  }

  // Attempts until there is room. Waits for it only under the policy `wait`: a log has none ever.
  template <class Attempt>
  [[gnu::always_inline]] status retry(deadline until, Attempt&& attempt) noexcept {
    for (;;) {
      const status answer = attempt();
      if (answer != status::full || view_.shape().when_full != full_policy::wait) [[likely]]
        return answer;
      const status waited = wait_for_room(until);
      if (waited != status::ok) return waited;
    }
  }

  // A single producer goes on where its predecessor stopped, be it between the stamp and
  // the cursor.
  void find_next() noexcept {
    std::uint64_t& cursor = view_.control().producer_cursor;
    next_ = memory_.load(cursor, relaxed, find_cursor);
    for (std::uint64_t steps = 0; steps < view_.shape().slot_count && view_.has_slot(next_);
         ++steps) {
      // Relaxed: the lock of the role orders a predecessor's stores before ours.
      const std::uint64_t stamp = memory_.load(view_.slot(next_).stamp, relaxed, find_stamp);
      if (stamp_number(stamp) != next_ || !stamp_done(stamp)) break;
      ++next_;
    }
    // SYNC cursor: see finish.
    memory_.store(cursor, next_, release, resume_cursor);
  }

  // A publish but for the length, looked at before, and the bell after it. The single producer's is
  // inlined wherever one publishes, for a call alone costs a tenth of it.
  [[gnu::always_inline]] status publish_quietly(byte_view content) noexcept {
    if (const status answer = readiness(); answer != status::ok) [[unlikely]]
      return answer;
    return single_ ? publish_as(true, content) : publish_shared(content);
  }
  [[gnu::noinline]] status publish_shared(byte_view content) noexcept {
    return publish_as(false, content);
  }
  // `single` is single_, passed as a constant so that the compiler drops the other branch.
  [[gnu::always_inline]] status publish_as(bool single, byte_view content) noexcept {
    for (std::uint64_t tries = 0; tries < view_.shape().slot_count; ++tries) {
      std::uint64_t number{};
      if (const status answer = take_number(single, number); answer != status::ok) [[unlikely]]
        return answer;
      slot_header& slot = begin(single, number, content.size());
      // SYNC overwrite: release, like the fields: a reader that sees one new byte also sees
      // the claim.
      memory_.write_content(view_.content(slot), content.data(), content.size(), release,
                            publish_content);
      store_fields(slot, number, content.size());
      if (finish(single, slot, number, slot_state::published)) [[likely]]
        return status::ok;
      // An overwriting ring went round during the copy: the message takes a new number.
    }
    return status::full;
  }

  void store_fields(slot_header& slot, std::uint64_t number, std::size_t length) noexcept {
    // SYNC overwrite: see publish_as. Application status starts at 0, as the original's does.
    memory_.store(slot.status_word, make_status_word(number, 0), release, publish_status_word);
    memory_.store(slot.value_length, static_cast<std::int64_t>(length), release, publish_length);
    memory_.store(slot.message_number, static_cast<std::int64_t>(number), release, publish_number);
  }

  // Gives a taken number its final state. False only if an overwriting ring passed the number by.
  [[gnu::always_inline]] bool finish(bool single, slot_header& slot, std::uint64_t number,
                                     slot_state state) noexcept {
    const std::uint64_t final_stamp = make_stamp(number, state);
    if (!single && view_.shape().when_full == full_policy::overwrite) {
      std::uint64_t expected = make_stamp(number, slot_state::claimed, self_);
      // SYNC publish: release, the message is complete.
      if (!memory_.compare_exchange(slot.stamp, expected, final_stamp, release, relaxed,
                                    commit_exchange)) {
        protocol::finish_held(memory_, slot.stamp, expected, self_);
        return false;
      }
    } else {
      // SYNC publish: release, the message is complete; consumers acquire it with the stamp.
      memory_.store(slot.stamp, final_stamp, release,
                    state == slot_state::published ? publish_stamp : abort_stamp);
    }
    last_number_ = static_cast<std::int64_t>(number);
    if (single) {
      next_ = number + 1;
      // SYNC cursor: release, so that a cursor above n shows n's stamp to be final.
      memory_.store(view_.control().producer_cursor, number + 1, release, publish_cursor);
    }
    return true;
  }

  // Why this handle may take no number at all; ok if it may.
  [[nodiscard]] status readiness() const noexcept {
    if (!memory_.in_owner_process()) [[unlikely]]
      return status::wrong_process;
    if (this->open_ != nullptr) [[unlikely]]
      return status::claim_pending;
    return status::ok;
  }

  // Takes the next number: from here on its slot is ours to write.
  [[gnu::always_inline]] status take_number(bool single, std::uint64_t& number) noexcept {
    if (!single) return take_shared(number);
    number = next_;
    return number < limit_ ? status::ok : extend_limit(number);
  }

  // Begins to write a number's slot. A later one is fetched meanwhile, as for a message of this
  // length, so that its stores need not wait for its lines (core/DESIGN.md, decision 12).
  [[gnu::always_inline]] slot_header& begin(bool single, std::uint64_t number,
                                            std::size_t length) noexcept {
    if (const std::uint64_t later = number + prefetch_distance_; later < prefetch_end_) {
      memory_.prefetch_for_write(reinterpret_cast<const std::byte*>(&view_.slot(later)),
                                 std::min(content_offset + length, prefetch_most));
    }
    slot_header& slot = view_.slot(number);
    if (single && view_.shape().mode == segment_mode::ring) {
      // Relaxed: every later store into the slot is a release and so carries it along.
      memory_.store(slot.stamp, make_stamp(number, slot_state::claimed, self_), relaxed,
                    overwrite_begin);
    }
    return slot;
  }

  status take_shared(std::uint64_t& number) noexcept {
    std::uint64_t passed = 0;
    for (;;) {
      // SYNC cursor: acquire, so that the stamps of all lower numbers show at least their claims.
      number = memory_.load(view_.control().producer_cursor, acquire, claim_cursor);
      if (number >= limit_) [[unlikely]] {
        const status answer = extend_limit(number);
        if (answer != status::ok) {
          if (protocol::cursor_moved(view_, memory_, number)) continue;
          return answer;
        }
      }
      switch (protocol::claim_slot(view_, memory_, self_, number)) {
        case protocol::claim_step::taken:
          return status::ok;
        case protocol::claim_step::again:
          break;
        case protocol::claim_step::passed:
          // News for readers, and the next number's message may take long.
          protocol::ring_bell(memory_, view_.control().data_bell);
          // Every slot is being written by somebody alive: there is no place at all.
          if (++passed == view_.shape().slot_count) return status::full;
          break;
        case protocol::claim_step::busy:
          look_for_dead_now_and_then(number);
          return status::full;
        case protocol::claim_step::broken:
          return status::invalid;
      }
    }
  }

  // The slow path of taking a number: limit_ is the first number that may not be taken unasked.
  [[gnu::noinline]] status extend_limit(std::uint64_t number) noexcept {
    if (number >= number_max) return status::exhausted;
    if (view_.shape().mode == segment_mode::log) {
      prefetch_end_ = limit_ = view_.shape().slot_count;
    } else if (!gated_) {
      prefetch_end_ = limit_ = number_max;
    } else {
      const std::uint64_t floor = protocol::raise_gate_floor(view_, memory_);
      limit_ = std::min(floor, number_max - view_.shape().slot_count) + view_.shape().slot_count;
      // The lines that a reader waits at are taken from it twice if they come here early. So only
      // readers that are behind, as in a stream, have it done.
      prefetch_end_ = floor + 1 < number ? limit_ : 0;
      if (number >= limit_) look_for_dead_now_and_then(floor);
    }
    return number < limit_ ? status::ok : status::full;
  }

  // A dead anonymous consumer, or a dead producer's claim, must not block anyone. Asking the kernel
  // costs system calls, so a producer that does not wait asks only after the same cursor or claim
  // has held it back for a while.
  void look_for_dead_now_and_then(std::uint64_t floor) noexcept {
    if (floor != stalled_floor_) {
      stalled_floor_ = floor;
      stalled_times_ = 0;
    } else if (++stalled_times_ % look_for_dead_every == 0) {
      protocol::recover_dead(view_, memory_);
    }
  }

  [[nodiscard]] bool room() noexcept {
    const std::uint64_t number =
        single_ ? next_ : memory_.load(view_.control().producer_cursor, acquire, room_cursor);
    if (extend_limit(number) == status::full) return false;
    if (single_) return true;
    // Relaxed: a hint, the claim itself looks again. A commit does not ring for producers, who look
    // again with each slice of their sleep.
    return !protocol::is_unfinished_lap(
        view_.shape(), memory_.load(view_.slot(number).stamp, relaxed, room_stamp), number);
  }

  // A consumer that gets the time to release many slots at once costs both sides less than one
  // whose cursor is fetched after each (measured: core/DESIGN.md, decision 9).
  [[gnu::noinline]] status wait_for_room(deadline until) noexcept {
    if (wake_.take(memory_)) return status::interrupted;
    if (spin_(memory_, [this] { return room(); })) return status::ok;
    const bool woken = protocol::sleep_until(
        memory_, view_.control().space_bell, until,
        [this] { return room() || wake_.requested(memory_); },
        [this] { protocol::recover_dead(view_, memory_); });
    if (wake_.take(memory_)) return status::interrupted;
    if (woken) return status::ok;
    const protocol::lowest_cursor lowest = protocol::find_lowest_cursor(view_, memory_);
    const bool hopeless = lowest.number == protocol::no_cursor || !memory_.alive(lowest.holder);
    return hopeless ? status::peer_dead : status::timed_out;
  }

  // Bytes of a slot: processors notice by themselves that the rest of a long message follows.
  static constexpr std::size_t prefetch_most = 4 * cache_line;

  layout_view view_;
  M memory_;
  unsigned self_;
  bool gated_;
  bool single_;
  std::uint64_t prefetch_distance_;  // slots; a log's lines come from memory
  std::uint64_t next_{};             // single producer: the next number
  std::uint64_t limit_{};         // numbers below it may be taken without looking at the consumers
  std::uint64_t prefetch_end_{};  // slots of numbers below it are worth fetching
  std::uint64_t claimed_{};
  std::int64_t last_number_ = -1;
  protocol::wake_word wake_;
  protocol::patient_spin spin_;
  std::uint64_t stalled_floor_ = protocol::no_cursor;
  unsigned stalled_times_{};
};

}  // namespace shmfifo
