// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "actor.hpp"

namespace shmfifo::harness {
namespace {

using clock = std::chrono::steady_clock;

class receiver_actor {
 public:
  receiver_actor(const actor_context& run, unsigned index)
      : run_(run),
        facts_(run.logs.facts()),
        self_(run.logs.receiver(index)),
        events_(run.logs.events(index)),
        room_(run.logs.events_max()),
        // Not the whole ring: the senders would wait for it.
        keeps_(std::clamp<std::uint64_t>(run.options.release_every, 1,
                                         std::max<std::uint64_t>(facts_.slots / 2, 1))),
        index_(index),
        observer_(run.logs.is_observer(index)),
        content_(run.logs.content()),
        // One byte more than fits, to notice a broken length that reads past the end.
        buffer_(run.options.content_size + 64) {}

  int live() {
    logged_ = self_.logged.load(std::memory_order_relaxed);
    position_ = self_.position.load(std::memory_order_relaxed);
    attach();
    std::uint64_t held = 0;
    while (!finished_) {
      if (logged_ + 2 >= room_) {
        self_.now.store(stage::dead, std::memory_order_release);
        return exit_complained;
      }
      hold_in_lull();
      if (!receive()) return exit_complained;
      if (logged_ - self_.released.load(std::memory_order_relaxed) >= keeps_ || idle_) {
        release();
      }
      if (++held % 64 == 0) now_and_then();
    }
    release();
    receiver_.reset();
    self_.now.store(stage::finished, std::memory_order_release);
    return exit_finished;
  }

 private:
  // The first consumer is enough to fill a queue, unless the others take its share.
  void hold_in_lull() {
    if (facts_.lull.load(std::memory_order_relaxed) == 0) return;
    if (observer_ || (index_ != 0 && !facts_.promises.competing)) return;
    release();  // or nobody knows which slots are free
    while (facts_.lull.load(std::memory_order_relaxed) != 0) ::usleep(200);
  }

  // Again and again if failures are permitted.
  void attach() {
    self_.now.store(stage::attaching, std::memory_order_release);
    receiver_.reset();
    while (!receiver_) {
      try {
        try_attach();
      } catch (...) {
        if (!chances_.take()) throw;
      }
    }
    self_.now.store(stage::running, std::memory_order_release);
  }

  void try_attach() {
    event entry;
    entry.kind = event_kind::attached;
    const std::uint32_t before = self_.incarnation.load(std::memory_order_relaxed);
    const bool killed = self_.in_call.load(std::memory_order_relaxed) >= 2;
    entry.killed = static_cast<std::uint8_t>(before == 0 || churning_ ? 0 : (killed ? 2 : 1));
    entry.identity = self_.released.load(std::memory_order_relaxed);
    entry.number = before;
    expect_again();
    append(entry);  // before the mark of a kill inside receive is taken away
    self_.in_call.store(1, std::memory_order_release);
    attached_at_ = logged_;
    self_.incarnation.store(before + 1, std::memory_order_release);
    receiver_ =
        run_.tested.attach_receiver(observer_ ? index_ - facts_.consumers : index_, observer_);
  }

  // A durable receiver may get again what it had not released, and then stands there again. Without
  // numbers only its log shows where.
  void expect_again() {
    if (!facts_.promises.durable || facts_.promises.numbered || observer_) return;
    unreleased_.clear();
    position_ = self_.freed.load(std::memory_order_relaxed);
    for (std::uint64_t i = self_.released.load(std::memory_order_relaxed); i < logged_; ++i) {
      if (events_[i].kind == event_kind::message) {
        position_ = unreleased_.try_emplace(events_[i].identity, position_ + 1).first->second;
      } else if (events_[i].kind != event_kind::attached) {
        position_ += events_[i].identity;
      }
    }
  }

  // After a call that failed: goes on with a new attachment, or, when all senders have left,
  // without one. False if the failure was not permitted, or came too often.
  bool recovered() {
    const bool again = chances_.take();
    if (again) attach();
    finished_ = !again && chances_.used_up() && facts_.senders_done.load() != 0;
    return again || finished_;
  }

  void append(const event& entry) noexcept {
    events_[logged_] = entry;
    self_.logged.store(++logged_, std::memory_order_release);
  }

  bool receive() {
    reach(facts_, self_, fault_point::before_receive, logged_);
    const clock::time_point until = deadline_now();
    self_.in_call.store(2, std::memory_order_relaxed);
    idle_ = false;
    received told;
    try {
      told = receiver_->receive({buffer_.data(), run_.options.content_size}, until);
    } catch (...) {
      if (!recovered()) throw;
      return true;
    }
    if (told.answer == receive_answer::nothing) {
      self_.in_call.store(1, std::memory_order_relaxed);
      return nothing(until);
    }
    if (told.answer == receive_answer::failed) {
      if (recovered()) return true;
      complain(self_, rule::failure, "receive answered failed");
      return false;
    }
    log(told);
    reach(facts_, self_, fault_point::after_receive, logged_);
    quiet_since_ = {};
    waiting_for_ = 0;
    return true;
  }

  void log(const received& told) noexcept {
    event entry;
    entry.number = told.number;
    std::uint64_t step = 1;
    if (told.answer == receive_answer::message) {
      entry.kind = event_kind::message;
      entry.length = static_cast<std::int32_t>(
          std::clamp<std::int64_t>(told.length, -1, std::int64_t{1} << 30));
      if (told.length >= 0 && told.length <= static_cast<std::int64_t>(facts_.content_size)) {
        const content_check found =
            content_.check({buffer_.data(), static_cast<std::size_t>(told.length)});
        entry.sound = found.sound ? 1 : 0;
        entry.identity = found.identity;
      }
    } else {
      entry.kind = told.answer == receive_answer::aborted ? event_kind::aborted
                   : told.answer == receive_answer::lost  ? event_kind::lost
                                                          : event_kind::invalid;
      entry.identity = static_cast<std::uint64_t>(told.count);
      step = entry.identity;
    }
    position_ = position_after(entry, step);
    append(entry);
    self_.position.store(position_, std::memory_order_release);
    self_.in_call.store(1, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t position_after(const event& entry, std::uint64_t step) {
    // Where several share the messages, each one counts its own.
    if (entry.number >= 0 && !facts_.promises.competing) {
      return static_cast<std::uint64_t>(entry.number) + step;
    }
    if (entry.kind == event_kind::message && !unreleased_.empty()) {
      const auto again = unreleased_.find(entry.identity);
      if (again != unreleased_.end()) return again->second;
      unreleased_.clear();  // from here on all is new
    }
    return position_ + step;
  }

  void release() {
    const std::uint64_t until_here = logged_;
    // Before anything came, this incarnation has nothing to release, but an earlier one had.
    const bool holds = until_here != attached_at_;
    if (holds && until_here != self_.released.load(std::memory_order_relaxed)) {
      try {
        receiver_->release();
      } catch (...) {
        if (!recovered()) throw;
        return;
      }
      self_.released.store(until_here, std::memory_order_release);
      self_.freed.store(position_, std::memory_order_release);
    }
    reach(facts_, self_, fault_point::after_release, logged_);
  }

  // `nothing`: too early, wrong, or the end?
  bool nothing(clock::time_point until) {
    ++self_.nothings;
    idle_ = true;
    const clock::time_point now = clock::now();
    deadline_uses_ = 0;
    const auto early = std::chrono::duration_cast<std::chrono::microseconds>(until - now);
    if (early > deadline_slack()) {
      if (recovered()) return true;
      complain(self_, rule::early_nothing, logged_, static_cast<std::uint64_t>(early.count()),
               static_cast<std::uint64_t>(deadline_slack().count()));
      return false;
    }
    if (waiting_for_ > position_) {
      complain(self_, rule::empty_with_messages, logged_, position_, waiting_for_);
      return false;
    }
    // Order matters: read the log first, then whether the sender is inside a call.
    const bool knows = run_.options.immediate && !facts_.promises.competing;
    const std::uint64_t certain = knows ? certain_position() : 0;
    waiting_for_ = all_outside() ? certain : 0;
    if (facts_.senders_done.load(std::memory_order_acquire) == 0) return true;
    if (quiet_since_ == clock::time_point{}) quiet_since_ = now;
    const bool all_here = reached();
    if (all_here && looked_last_) finished_ = true;
    if (now - quiet_since_ > patience(facts_, run_.options.drain_ms)) finished_ = true;
    looked_last_ = all_here;
    return true;
  }

  // No sender is inside a call or died in one: all numbers below the highest are final.
  [[nodiscard]] bool all_outside() const noexcept {
    for (unsigned i = 0; i < run_.logs.senders(); ++i) {
      const actor_state& other = run_.logs.sender(i);
      if (other.in_call.load(std::memory_order_acquire) != 0 || other.kills != 0) return false;
    }
    return true;
  }
  [[nodiscard]] std::uint64_t certain_position() const noexcept {
    std::uint64_t highest = 0;
    for (unsigned i = 0; i < run_.logs.senders(); ++i) {
      highest = std::max(highest, run_.logs.sender(i).highest.load(std::memory_order_acquire));
    }
    return highest;
  }

  [[nodiscard]] bool reached() const noexcept {
    const std::uint64_t target = facts_.final_position.load(std::memory_order_acquire);
    if (!facts_.promises.competing) return position_ >= target;
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < facts_.consumers; ++i) {
      sum += run_.logs.receiver(i).position.load(std::memory_order_acquire);
    }
    return sum >= target;
  }

  clock::time_point deadline_now() {
    if (--deadline_uses_ < 0) {
      const unsigned wait_ms = looked_last_ ? facts_.last_look_ms : run_.options.wait_ms;
      until_ = clock::now() + std::chrono::milliseconds(wait_ms);
      self_.call_deadline.store(until_.time_since_epoch().count(), std::memory_order_relaxed);
      deadline_uses_ = 32;
    }
    return until_;
  }

  void now_and_then() {
    if (run_.options.slow_consumer_us != 0 && index_ == 0) ::usleep(run_.options.slow_consumer_us);
    const std::uint64_t every = run_.options.churn_every;
    const bool may_leave = facts_.promises.durable && !observer_;
    if (every == 0 || !may_leave || logged_ - churned_at_ < every) return;
    churned_at_ = logged_;
    release();
    churning_ = true;
    attach();
    churning_ = false;
    ++self_.churns;
  }

  const actor_context& run_;
  run_facts& facts_;
  actor_state& self_;
  event* events_;
  std::uint64_t room_;
  std::uint64_t keeps_;  // messages before it releases them
  unsigned index_;
  bool observer_;
  content_source content_;
  std::vector<std::byte> buffer_;
  std::unique_ptr<receiver> receiver_;
  second_chances chances_{facts_};
  // Of earlier incarnations: identities, and the position after each.
  std::unordered_map<std::uint64_t, std::uint64_t> unreleased_;
  std::uint64_t logged_ = 0;
  std::uint64_t attached_at_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t waiting_for_ = 0;
  std::uint64_t churned_at_ = 0;
  clock::time_point until_;
  clock::time_point quiet_since_{};
  int deadline_uses_ = 0;
  bool idle_ = false;  // nothing came: what it holds may be what the senders wait for
  bool looked_last_ = false;
  bool churning_ = false;
  bool finished_ = false;
};

}  // namespace

int run_receiver(const actor_context& run, unsigned index) {
  return run_guarded(run.logs.receiver(index), "",
                     [&] { return receiver_actor(run, index).live(); });
}

}  // namespace shmfifo::harness
