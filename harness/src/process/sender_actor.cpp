// SPDX-License-Identifier: MIT
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "actor.hpp"
#include "bursts.hpp"
#include "lulls.hpp"

namespace shmfifo::harness {

namespace {

using clock = std::chrono::steady_clock;

class sender_actor {
 public:
  sender_actor(const actor_context& run, unsigned index)
      : run_(run),
        facts_(run.logs.facts()),
        self_(run.logs.sender(index)),
        answers_(run.logs.answers(index)),
        index_(index),
        early_(early_messages(run, index)),
        content_(run.logs.content()),
        buffer_(run.options.content_size),
        pacer_(run, index) {
    // Of an incarnation that was killed.
    self_.refusals.store(0, std::memory_order_release);
    self_.holds.store(0, std::memory_order_release);
  }

  int live() {
    attach();
    self_.now.store(stage::ready, std::memory_order_release);
    while (facts_.go.load(std::memory_order_acquire) == 0) ::usleep(200);
    self_.now.store(stage::running, std::memory_order_release);
    const std::uint64_t quota = run_.logs.quota(index_);
    for (std::uint64_t next = self_.logged.load(std::memory_order_relaxed); next < quota; ++next) {
      wait_for_receivers(next);
      wait_for_faults();
      pacer_.pace();
      if (!send(next)) return exit_complained;
      if (finished_) break;
      if (run_.options.churn_every != 0 && (next + 1) % run_.options.churn_every == 0) churn();
    }
    wait_for_receivers(quota);
    sender_.reset();
    self_.now.store(stage::finished, std::memory_order_release);
    return exit_finished;
  }

 private:
  // Again and again if failures are permitted.
  void attach() {
    self_.now.store(stage::attaching, std::memory_order_release);
    sender_.reset();
    while (!sender_) {
      try {
        sender_ = run_.tested.attach_sender(index_);
      } catch (...) {
        if (!chances_.take()) throw;
      }
    }
  }
  void attach_again() {
    attach();
    self_.now.store(stage::running, std::memory_order_release);
  }

  // What a receiver that is late on purpose must find is sent before.
  void wait_for_receivers(std::uint64_t next) const noexcept {
    while (facts_.go.load(std::memory_order_acquire) == 1 &&
           (next >= early_ || next >= run_.logs.quota(index_))) {
      ::usleep(200);
    }
  }

  // A fast queue would be over before the faults that are due.
  void wait_for_faults() const noexcept {
    while (run_.options.faults.any() &&
           run_.logs.logged() > facts_.logged_most.load(std::memory_order_acquire)) {
      ::usleep(200);
    }
  }

  // Sends one message, or gives it up. False: the queue broke a promise so that it makes no sense
  // to continue.
  bool send(std::uint64_t sequence) {
    const message_id id{index_, sequence};
    const std::uint64_t size = content_.fill(id, buffer_.data());
    self_.started.store(sequence + 1, std::memory_order_release);
    if (refusals_ != 0) self_.refusals.store(refusals_ = 0, std::memory_order_release);
    for (;;) {
      reach(facts_, self_, fault_point::before_send, sequence);
      const clock::time_point until = deadline_now();
      self_.in_call.store(1, std::memory_order_release);
      const std::optional<sent> told = call({buffer_.data(), size}, until);
      reach(facts_, self_, fault_point::after_send, sequence);
      if (!told) {
        log(sequence, answer::in_doubt);
        attach_again();
        return true;
      }
      if (told->answer == send_answer::sent) {
        note_sent(sequence, told->number);
        return true;
      }
      self_.in_call.store(0, std::memory_order_release);
      if (told->answer == send_answer::failed) {
        complain(self_, rule::failure, "send answered failed");
        return false;
      }
      if (!refused(told->answer, until)) return false;
      if (finished_) {
        log(sequence, answer::not_sent);
        return true;
      }
    }
  }

  // Nothing: it failed, which is permitted after a kill. The message may have been sent.
  std::optional<sent> call(std::span<const std::byte> content, clock::time_point until) {
    try {
      const sent told = sender_->send(content, until);
      if (told.answer != send_answer::failed || !chances_.take()) return told;
    } catch (...) {
      if (!chances_.take()) throw;
    }
    return std::nullopt;
  }

  void note_sent(std::uint64_t sequence, std::int64_t number) noexcept {
    const auto known = static_cast<std::uint64_t>(number);
    log(sequence, number < 0 ? answer::sent_unnumbered : known);
    if (number >= 0) self_.highest.store(known + 1, std::memory_order_release);
  }

  void log(std::uint64_t sequence, std::uint64_t word) noexcept {
    answers_[sequence] = word;
    self_.logged.store(sequence + 1, std::memory_order_release);
    self_.in_call.store(0, std::memory_order_release);
  }

  // Full or timed out: is it true, is it promised? False if not.
  bool refused(send_answer told, clock::time_point until) {
    const bool full = told == send_answer::full;
    ++(full ? self_.fulls : self_.timeouts);
    if (!may_refuse(full)) {
      complain(self_, rule::full_not_promised, full ? 1 : 0, self_.started.load());
      return false;
    }
    const auto early = std::chrono::duration_cast<std::chrono::microseconds>(until - clock::now());
    if (!full && early > deadline_slack()) {
      if (chances_.take()) {
        attach_again();
        return true;
      }
      complain(self_, rule::early_timeout, self_.started.load(), count(early),
               count(deadline_slack()));
      return false;
    }
    // The first refusal notes the lower bound of what is free, the next one judges: the messages
    // freed before this call and those sent until its end bound the queue's content during it. The
    // refused message itself is begun and not in the queue.
    const std::uint64_t begun = begun_by_all();
    if (refusals_ != 0 && capacity_known() && begun < freed_before_ + facts_.capacity) {
      complain(self_, rule::full_with_room, begun, freed_before_, facts_.capacity);
      return false;
    }
    freed_before_ = freed_by_all();
    if (facts_.reuses_slots == 0 && ++refusals_ >= 3) finished_ = true;
    if (facts_.reuses_slots != 0) ++refusals_;
    self_.refusals.store(refusals_, std::memory_order_release);
    hold_in_lull();
    if (full && refusals_ > 8) ::sched_yield();
    if (full && refusals_ > 64) ::usleep(50);
    return true;
  }

  [[nodiscard]] bool may_refuse(bool full) const noexcept {
    const capabilities& promises = facts_.promises;
    // With more senders than slots, other living senders may hold all slots.
    if (promises.lossy) return full && facts_.producers > facts_.slots;
    return full ? promises.rejects || facts_.reuses_slots == 0 : promises.waits;
  }
  [[nodiscard]] static std::uint64_t count(std::chrono::microseconds time) noexcept {
    return static_cast<std::uint64_t>(time.count());
  }

  // A dead receiver without a name may still hold slots until its death is noticed.
  [[nodiscard]] bool capacity_known() const noexcept {
    if (facts_.capacity == 0 || facts_.promises.lossy) return false;
    for (unsigned i = 0; i < facts_.consumers && !facts_.promises.durable; ++i) {
      if (run_.logs.receiver(i).kills != 0) return false;
    }
    return true;
  }
  // In a lull only one sender goes on.
  void hold_in_lull() noexcept {
    const std::uint32_t lull = facts_.lull.load(std::memory_order_acquire);
    if (lull == 0 || tries_in_lull(lull, index_, facts_.producers)) return;
    self_.holds.store(1, std::memory_order_release);
    while (facts_.lull.load(std::memory_order_acquire) == lull) ::usleep(200);
    self_.holds.store(0, std::memory_order_release);
  }

  // At most this many messages were begun and may have come into the queue, including numbers that
  // were given up: all but this one and those of senders that hold back after a refusal.
  [[nodiscard]] std::uint64_t begun_by_all() const noexcept {
    std::uint64_t begun = 0;
    std::uint64_t outside = 1;
    for (unsigned i = 0; i < run_.logs.senders(); ++i) {
      outside += run_.logs.sender(i).holds.load(std::memory_order_acquire);
      begun += run_.logs.sender(i).started.load(std::memory_order_acquire);
    }
    return begun - outside;
  }
  // Every consumer has certainly released at least this many.
  std::uint64_t freed_by_all() const noexcept {
    if (facts_.reuses_slots == 0) return 0;
    std::uint64_t lowest = ~std::uint64_t{0};
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < facts_.consumers; ++i) {
      const std::uint64_t freed = run_.logs.receiver(i).freed.load(std::memory_order_acquire);
      lowest = std::min(lowest, freed);
      sum += freed;
    }
    if (facts_.consumers == 0) return 0;
    return facts_.promises.competing ? sum : lowest;
  }

  clock::time_point deadline_now() {
    // A deadline that is a few messages old has not passed yet; a short one may have.
    const bool brief = facts_.lull.load(std::memory_order_relaxed) != 0 ||
                       facts_.go.load(std::memory_order_relaxed) == 1;
    if (--deadline_uses_ < 0 || refusals_ != 0 || brief) {
      const unsigned wait_ms = run_.options.wait_ms;
      until_ = clock::now() +
               std::chrono::milliseconds(brief ? std::min(wait_ms, lull_wait_ms) : wait_ms);
      self_.call_deadline.store(until_.time_since_epoch().count(), std::memory_order_relaxed);
      deadline_uses_ = brief ? 0 : 32;
    }
    return until_;
  }

  void churn() {
    attach_again();
    ++self_.churns;
  }

  const actor_context& run_;
  run_facts& facts_;
  actor_state& self_;
  std::uint64_t* answers_;
  unsigned index_;
  std::uint64_t early_;
  content_source content_;
  std::vector<std::byte> buffer_;
  std::unique_ptr<sender> sender_;
  second_chances chances_{facts_};
  burst_pacer pacer_;
  clock::time_point until_;
  int deadline_uses_ = 0;
  unsigned refusals_ = 0;
  std::uint64_t freed_before_ = 0;
  bool finished_ = false;
};

}  // namespace

int run_sender(const actor_context& run, unsigned index) {
  return run_guarded(run.logs.sender(index), "", [&] { return sender_actor(run, index).live(); });
}

int run_intruder(const actor_context& run) {
  try {
    const std::unique_ptr<sender> second = run.tested.attach_sender(run.options.producers);
    if (second) run.logs.facts().second_producer = 1;
  } catch (...) {
    // Refused, as it should be.
  }
  return exit_finished;
}

}  // namespace shmfifo::harness
