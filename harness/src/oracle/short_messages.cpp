// SPDX-License-Identifier: MIT
// A message that is too short to name itself, of one producer and without numbers, is known by its
// place. Where it is not the one that must come, those behind it show what is wrong.

#include <algorithm>

#include "judging.hpp"

namespace shmfifo::harness {
namespace {

class misplaced_message {
 public:
  misplaced_message(const judged_run& run, unsigned receiver, std::size_t e, std::uint64_t due)
      : run_(run), told_(run.logs.told(receiver)), due_(due), after_(behind(due)) {
    // To the second one that names itself: the first one may be in a wrong place as well.
    unsigned named = 0;
    for (std::size_t i = e; i < told_.size() && named < 2; ++i) {
      if (told_[i].kind != event_kind::message) continue;
      came_.push_back(i);
      named += i != e && names_itself(told_[i]) && told_[i].sound != 0 ? 1U : 0U;
    }
  }

  // The message that came instead is this one: does the one that is due come right behind it?
  [[nodiscard]] bool only_exchanged_with(std::uint64_t instead) const {
    const bool exchanged = came_.size() > 1 && is(came_[1], due_) && continues(2, behind(instead));
    return exchanged && !continues(1, behind(instead));
  }

  [[nodiscard]] rule what_is_wrong() const {
    if (is(came_[0], after_) && only_exchanged_with(after_)) return rule::producer_order;
    const std::optional<std::uint64_t> before = last_existing();
    if (before && is(came_[0], *before) && continues(1, due_)) return rule::duplicate;
    if (!begun(due_)) return rule::phantom_message;
    if (came_.size() > 1 && is(came_[0], after_) && continues(1, behind(after_))) {
      return rule::lost_message;
    }
    return by_the_next_name();
  }

 private:
  [[nodiscard]] std::uint64_t behind(std::uint64_t sequence) const {
    return next_existing(run_, 0, sequence + 1);
  }
  [[nodiscard]] bool begun(std::uint64_t sequence) const {
    return sequence < run_.logs.sender(0).started.load();
  }
  // The one before the one that is due.
  [[nodiscard]] std::optional<std::uint64_t> last_existing() const {
    const auto answers = run_.logs.answered(0);
    for (std::uint64_t s = due_; s-- > 0;) {
      if (s >= answers.size() || answers[s] != answer::not_sent) return s;
    }
    return std::nullopt;
  }
  // Can the message of this event be this one?
  [[nodiscard]] bool is(std::size_t at, std::uint64_t sequence) const {
    const event& entry = told_[at];
    if (entry.sound == 0) return true;  // it shows nothing
    if (names_itself(entry)) return entry.identity == pack({0, sequence});
    return fits(run_, entry, {0, sequence});
  }
  // Does everything from the i-th of these messages on come in order, beginning with this one?
  [[nodiscard]] bool continues(std::size_t i, std::uint64_t sequence) const {
    for (; i < came_.size(); ++i, sequence = behind(sequence)) {
      if (!is(came_[i], sequence)) return false;
    }
    return true;
  }
  [[nodiscard]] rule by_the_next_name() const {
    std::uint64_t sought = due_;
    for (std::size_t i = 1; i < came_.size(); ++i) {
      sought = behind(sought);
      const event& entry = told_[came_[i]];
      if (!names_itself(entry) || entry.sound == 0) continue;
      const std::uint64_t found = unpack(entry.identity).sequence;
      if (found != sought) return found > sought ? rule::lost_message : rule::duplicate;
      break;
    }
    return rule::content;
  }

  const judged_run& run_;
  std::span<const event> told_;
  std::uint64_t due_;
  std::uint64_t after_;
  std::vector<std::size_t> came_;  // events, the misplaced message first
};

}  // namespace

maybe judge_misplaced(const judged_run& run, unsigned receiver, std::size_t at, message_id due) {
  const rule which = misplaced_message(run, receiver, at, due.sequence).what_is_wrong();
  return broken(which, "{}\n  {} bytes were to come: {}",
                excerpt(run, receiver, at, "not the next message"), run.content.length(due),
                sender_line(run, due));
}

bool came_late(const judged_run& run, unsigned receiver, std::size_t at, message_id missing) {
  const auto told = run.logs.told(receiver);
  if (run.content.length(missing) < content_source::self_naming) {
    return misplaced_message(run, receiver, at, missing.sequence)
        .only_exchanged_with(unpack(told[at].identity).sequence);
  }
  return std::any_of(told.begin() + static_cast<std::ptrdiff_t>(at), told.end(),
                     [&](const event& later) {
                       return later.kind == event_kind::message && names_itself(later) &&
                              later.identity == pack(missing);
                     });
}

}  // namespace shmfifo::harness
