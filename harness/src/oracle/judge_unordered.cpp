// SPDX-License-Identifier: MIT
// Queues that promise no order: each message comes, and comes once; in which order does not matter.

#include "judging.hpp"

namespace shmfifo::harness {
namespace {

class unordered_judge {
 public:
  explicit unordered_judge(const judged_run& run)
      : run_(run), came_(message_table<std::uint64_t>(run.logs)) {}

  maybe judge() {
    bool complete = true;
    for (unsigned i = 0; i < run_.logs.receivers(); ++i) {
      const bool shares = run_.can.competing && !run_.logs.is_observer(i);
      if (!shares) begin_alone();
      if (auto found = read_receiver(i)) return found;
      complete &= run_.complete(i);
      if (shares && i + 1 != run_.facts().consumers) continue;
      const std::string who = shares ? "any consumer" : run_.receiver_name(i);
      if (complete && !begun_anew_) {
        if (auto found = judge_missing(who, run_.lossy(i))) return found;
      }
      complete = true;
    }
    return std::nullopt;
  }

 private:
  struct walk {
    unsigned receiver = 0;
    std::size_t attached = 0;  // the event of this incarnation
    std::size_t released = 0;  // what came before this event does not come again
    bool again = false;        // messages of the last incarnation may come again
  };

  // What the receivers before had does not concern the next one.
  void begin_alone() {
    for (auto& of_producer : came_) of_producer.assign(of_producer.size(), 0);
    told_lost_ = kills_in_call_ = 0;
    receiver_killed_ = begun_anew_ = false;
  }

  maybe read_receiver(unsigned i) {
    walk at;
    at.receiver = i;
    auto found = judge_events(
        run_, i, [&](const event& entry, std::size_t e) { attach(at, entry, e); },
        [&](std::size_t e) { return read_message(at, e); },
        [&](std::uint64_t count) { told_lost_ += count; });
    events_before_ += run_.logs.told(i).size();
    return found;
  }

  void attach(walk& at, const event& entry, std::size_t e) {
    at.attached = e;
    if (entry.number <= 0) return;
    receiver_killed_ |= entry.killed != 0;
    if (run_.can.durable && !run_.logs.is_observer(at.receiver)) {
      at.released = entry.identity;
      at.again = true;
    } else if (run_.can.broadcast || run_.logs.is_observer(at.receiver)) {
      begun_anew_ = at.again = true;
    } else {
      kills_in_call_ += entry.killed == 2 ? 1U : 0U;
    }
  }

  maybe read_message(const walk& at, std::size_t e) {
    if (auto found = judge_named_content(run_, at.receiver, e)) return found;
    const message_id id = unpack(run_.logs.told(at.receiver)[e].identity);
    std::uint64_t& came = came_[id.producer][id.sequence];
    if (came != 0) {
      const std::uint64_t before = came - 1;
      if (!at.again || before < events_before_ || before >= events_before_ + at.attached) {
        return broken(rule::duplicate, "{}",
                      excerpt(run_, at.receiver, e, "a message that came before"));
      }
      if (before < events_before_ + at.released) {
        return broken(rule::redelivered_released, "{}\n  it came at event {}",
                      excerpt(run_, at.receiver, e, "a message again"), before - events_before_);
      }
      ++run_.figures.redelivered;
    }
    came = events_before_ + e + 1;
    return std::nullopt;
  }

  maybe judge_missing(const std::string& who, bool lossy) const {
    std::uint64_t missing = 0;
    message_id first;
    bool left_out = false;  // what was in the memory of a process that was killed
    for (unsigned p = 0; p < run_.logs.senders(); ++p) {
      if (run_.can.buffered && (receiver_killed_ || run_.logs.sender(p).kills != 0)) {
        left_out = true;
        continue;
      }
      const auto answers = run_.logs.answered(p);
      for (std::uint64_t s = 0; s < answers.size(); ++s) {
        if (!answer::is_sent(answers[s]) || came_[p][s] != 0) continue;
        if (missing++ == 0) first = {p, s};
      }
    }
    if (lossy) return judge_losses(who, missing, left_out);
    if (missing <= kills_in_call_) return std::nullopt;
    return judge_missing_end(run_, rule::lost_message,
                             sender_line(run_, first) + ", and never arrived at " + who);
  }

  maybe judge_losses(const std::string& who, std::uint64_t missing, bool left_out) const {
    // A kill in the call may have taken a report along.
    const bool few = told_lost_ < missing && kills_in_call_ == 0;
    const bool many = told_lost_ > missing + run_.figures.in_doubt;
    if (!few && (!many || left_out)) return std::nullopt;
    return broken(rule::loss_count, "{} messages never arrived at {}, {} were reported as lost",
                  missing, who, told_lost_);
  }

  const judged_run& run_;
  std::vector<std::vector<std::uint64_t>> came_;  // of each message: 1 + the event it came last at
  std::uint64_t events_before_ = 0;               // of the receivers read before this one
  std::uint64_t told_lost_ = 0;
  std::uint64_t kills_in_call_ = 0;
  bool receiver_killed_ = false;
  bool begun_anew_ = false;  // of a broadcast: nobody knows what it had to get
};

}  // namespace

maybe judge_unordered(const judged_run& run) {
  return unordered_judge(run).judge();
}

}  // namespace shmfifo::harness
