// SPDX-License-Identifier: MIT
#pragma once
// producer: the role of writing to a segment, from segment::attach_producer until it is destroyed.
// claim: a number taken and not yet published, whose content is written in its slot.
//
//   publish, try_publish   one message (bytes or text) or a batch, copied in
//   take, try_take         a claim: content(), commit(length) or abort()
//   wake                   ends a wait for room, from any thread or signal handler
//   last_number, content_size, in_owner_process
//
// Trap: one claim at a time; while it is open the calls above return claim_pending. After fork() a
// child's copy returns wrong_process: attach anew there. Threads: one at a time, wake excepted.
// protocol/publish.hpp defines a producer's calls.

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "shmfifo/protocol/publish.hpp"

namespace shmfifo {

class mapping;  // one mapping of a segment's file, shared by the handles that use it
class segment;

// A number that was taken and is not published yet. False if none was: answer() says why. It moves,
// as its producer may meanwhile, and aborts its number when it or its producer ends. For its
// producer's thread. In a forked child a copy can neither commit nor abort; content() is the slot
// there, too, and must be left alone. `c = w.take()` takes before it ends the claim in c: end that
// one first.
template <memory_model M>
class [[nodiscard]] basic_claim {
 public:
  // None: a place for one.
  basic_claim() = default;
  // What is left is none.
  basic_claim(basic_claim&& other) noexcept { take_over(other); }
  // Aborts the claim that was here.
  basic_claim& operator=(basic_claim&& other) noexcept {
    if (this == &other) return *this;
    static_cast<void>(std::move(*this).abort());
    take_over(other);
    return *this;
  }
  ~basic_claim() { static_cast<void>(std::move(*this).abort()); }

  // Whether the claim is open.
  [[nodiscard]] explicit operator bool() const noexcept { return answer_ == status::ok; }
  // ok while it is open; why there is none; no_claim after its end.
  [[nodiscard]] status answer() const noexcept { return answer_; }
  // The slot's content: content_size bytes, aligned to content_alignment, old bytes in them. Empty
  // if there is no claim.
  [[nodiscard]] std::span<std::byte> content() const noexcept {
    return *this ? writer_->claimed_content() : std::span<std::byte>();
  }
  // Publishes the first `length` bytes. ok; bad_length (the claim stays open); lost (an overwriting
  // ring went round before the commit: the message was never visible); no_claim; wrong_process.
  status commit(std::size_t length) && noexcept {
    return *this ? writer_->commit(*this, length) : status::no_claim;
  }
  // Gives the number up: readers are told that it is aborted. ok; no_claim; wrong_process.
  status abort() && noexcept { return *this ? writer_->abort(*this) : status::no_claim; }

 private:
  friend class claim_link<M>;
  friend class basic_producer<M>;
  basic_claim(basic_producer<M>& writer, status answer) noexcept
      : writer_(&writer), answer_(answer) {
    link();
  }
  void take_over(basic_claim& other) noexcept {
    writer_ = other.writer_;
    answer_ = std::exchange(other.answer_, status::no_claim);
    link();
  }
  void link() noexcept {
    if (!*this) return;
    basic_claim* self = this;
    asm("" : "+r"(self));  // g++ 12 warns of a dangling pointer: it misses that abort clears it
    writer_->open_ = self;
  }

  basic_producer<M>* writer_ = nullptr;
  status answer_ = status::no_claim;
};

using claim = basic_claim<std_memory_model>;  // what take and try_take return

// A producer's role in a segment, made by segment::attach_producer.
class SHMFIFO_EXPORT producer final : public basic_producer<std_memory_model> {
 public:
  // The role moves; what is left may only be destroyed.
  producer(producer&&) noexcept = default;
  producer& operator=(producer&&) = delete;
  ~producer();  // leaves the role in good order

 private:
  friend class segment;
  producer(std::shared_ptr<mapping> home, std_memory_model&& memory, unsigned self);
  std::shared_ptr<mapping> home_;
};

}  // namespace shmfifo
