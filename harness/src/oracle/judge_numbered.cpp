// SPDX-License-Identifier: MIT
// Queues with numbers. The senders' logs say which number carries which message; each receiver must
// then see every number without a gap, and of each what the senders' logs say.

#include <algorithm>

#include "doubts.hpp"
#include "judging.hpp"

namespace shmfifo::harness {
namespace {

constexpr std::size_t look_ahead = 4096;  // events, to distinguish a late number from a missing one

class numbered_judge {
 public:
  explicit numbered_judge(const judged_run& run) : run_(run), doubts_(run) {}

  maybe judge() {
    if (auto found = read_senders()) return found;
    for (unsigned i = 0; i < run_.logs.receivers(); ++i) {
      if (auto found = read_receiver(i)) return found;
    }
    if (auto found = doubts_.judge_short_ones()) return found;
    // Last, because the receivers' logs say more about it.
    if (!passes_over_ && top_ > begun_) return too_many_numbers();
    return std::nullopt;
  }

 private:
  // Of each number: unknown, aborted, pack(id) + known, or a message in doubt that is too short to
  // name itself.
  enum : std::uint64_t { unknown, aborted, known, short_one = ~std::uint64_t{0} };

  struct walk {
    unsigned receiver = 0;
    std::uint64_t position = 0;
    std::uint64_t lowest_resume = 0;
    bool resumes = false;  // durable: the next number lies between lowest_resume and position
    std::map<std::size_t, std::uint64_t> resumed_from;  // lowest_resume at each attachment
    bool starts_new = false;                            // of a broadcast, not durable: anywhere
    std::uint64_t kills_in_call = 0;  // of the only receiver, since its last event
    std::uint64_t seen_before = 0;    // an earlier incarnation got the numbers below
    std::uint64_t floor = 0;          // the first number of this incarnation
    bool after_loss = false;          // the last event was one
  };

  maybe read_senders() {
    std::uint64_t top = 0;
    for (unsigned p = 0; p < run_.logs.senders(); ++p) {
      begun_ += run_.logs.sender(p).started.load();
      for (const std::uint64_t word : run_.logs.answered(p)) {
        if (answer::is_number(word)) top = std::max(top, word + 1);
      }
    }
    // In an overwriting ring with many producers a message may use up several numbers.
    passes_over_ = run_.can.lossy && run_.logs.senders() > 1;
    top_ = top;
    if (top > begun_ * 64 + 65536) return too_many_numbers();
    owner_.resize(top);
    for (unsigned p = 0; p < run_.logs.senders(); ++p) {
      if (auto found = read_sender(p)) return found;
    }
    limit_ = top + doubts_.size() * (run_.logs.senders() + 1) + 1024;
    highest_possible_ = passes_over_ ? limit_ : top + doubts_.size();
    return std::nullopt;
  }

  [[nodiscard]] maybe too_many_numbers() const {
    return broken(rule::skipped, "a sender got number {}, but only {} messages were begun",
                  top_ - 1, begun_);
  }

  maybe read_sender(unsigned p) {
    const auto answers = run_.logs.answered(p);
    std::uint64_t next = 0;
    for (std::uint64_t s = 0; s < answers.size(); ++s) {
      const std::uint64_t word = answers[s];
      const message_id id{p, s};
      if (word == answer::in_doubt) doubts_.add(id);
      if (word == answer::sent_unnumbered) {
        return broken(rule::failure, "{}: without a number", sender_line(run_, id));
      }
      if (!answer::is_number(word)) continue;
      if (owner_[word] != unknown) {
        return broken(rule::number_twice, "{}\n  {}",
                      sender_line(run_, unpack(owner_[word] - known)), sender_line(run_, id));
      }
      if (word < next) {
        return broken(rule::producer_order, "{}\n  after a message with number {}",
                      sender_line(run_, id), next - 1);
      }
      owner_[word] = pack(id) + known;
      next = word + 1;
    }
    // A run that was cut short leaves a message without an answer.
    if (run_.logs.sender(p).started.load() > answers.size()) {
      doubts_.add({p, answers.size()});
    }
    return std::nullopt;
  }

  maybe read_receiver(unsigned i) {
    walk at;
    at.receiver = i;
    const auto told = run_.logs.told(i);
    for (std::size_t e = 0; e < told.size(); ++e) {
      if (told[e].kind == event_kind::attached) {
        attach(at, told, e);
      } else if (auto found = read_event(at, told, e)) {
        return found;
      }
    }
    return read_end(at);
  }

  // The lowest position that a receiver can have had after its first `count` events.
  static std::uint64_t position_after(const walk& at, std::span<const event> told,
                                      std::size_t count) {
    if (count == 0) return 0;
    const event& last = told[count - 1];
    if (last.kind == event_kind::attached) {
      const auto before = at.resumed_from.find(count - 1);
      return before == at.resumed_from.end() ? 0 : before->second;
    }
    const std::uint64_t step = last.kind == event_kind::message ? 1 : last.identity;
    return static_cast<std::uint64_t>(last.number) + step;
  }

  void attach(walk& at, std::span<const event> told, std::size_t e) const {
    at.after_loss = false;
    if (told[e].number <= 0) return;  // the first incarnation owes everything from 0 on
    at.seen_before = std::max(at.seen_before, at.position);
    if (run_.can.durable && !run_.logs.is_observer(at.receiver)) {
      at.lowest_resume = position_after(at, told, std::min<std::size_t>(told[e].identity, e));
      at.resumed_from.emplace(e, at.lowest_resume);
      at.resumes = true;
    } else if (run_.can.broadcast || run_.logs.is_observer(at.receiver)) {
      at.starts_new = true;
    } else {
      at.kills_in_call += told[e].killed == 2 ? 1U : 0U;
    }
  }

  maybe read_event(walk& at, std::span<const event> told, std::size_t e) {
    const event& entry = told[e];
    if (entry.kind == event_kind::message) {
      if (auto found = judge_content(run_, at.receiver, e)) return found;
    }
    const auto number = static_cast<std::uint64_t>(entry.number);
    const std::uint64_t step = entry.kind == event_kind::message ? 1 : entry.identity;
    if (step == 0 || step > limit_ || number > limit_ - step) {
      const rule which = entry.kind == event_kind::lost ? rule::loss_count : rule::phantom_message;
      return broken(which, "{}\n  numbers below {} were given out",
                    excerpt(run_, at.receiver, e, "numbers that do not exist"), owner_.size());
    }
    if (auto found = place(at, told, e)) return found;
    at.position = number + step;
    at.after_loss = entry.kind == event_kind::lost;
    owner_.resize(std::max<std::size_t>(owner_.size(), at.position));
    if (number < at.seen_before && entry.kind == event_kind::message) ++run_.figures.redelivered;
    switch (entry.kind) {
      case event_kind::message:
        return read_message(at, e, number);
      case event_kind::aborted:
        return read_aborted(at, e, number, step);
      case event_kind::lost:
        return read_lost(at, e);
      default:
        return broken(rule::invalid_message, "{}",
                      excerpt(run_, at.receiver, e, "an invalid number"));
    }
  }

  // Is this the number that must come now?
  maybe place(walk& at, std::span<const event> told, std::size_t e) const {
    const auto number = static_cast<std::uint64_t>(told[e].number);
    if (at.resumes) {
      at.resumes = false;
      if (number < at.lowest_resume) {
        return broken(rule::redelivered_released, "{}\n  it had released everything below {}",
                      excerpt(run_, at.receiver, e, "a restart too early"), at.lowest_resume);
      }
      if (number > at.position) {
        return broken(rule::skipped_after_restart, "{}\n  it had got everything below {}",
                      excerpt(run_, at.receiver, e, "a restart too late"), at.position);
      }
      at.position = at.floor = number;
    } else if (at.starts_new) {
      at.starts_new = false;
      at.position = at.floor = number;
    } else if (taken_along(at, number)) {
      at.position = number;
    }
    at.kills_in_call = 0;
    if (number == at.position) return std::nullopt;
    return broken(what_is_wrong(at, told.subspan(e), number), "{}\n  number {} had to come; {}",
                  excerpt(run_, at.receiver, e, "the wrong number"), at.position,
                  who_has(at.position));
  }

  // A number that is not the next one came with the first of these events.
  static rule what_is_wrong(const walk& at, std::span<const event> events, std::uint64_t number) {
    if (at.after_loss) return rule::loss_count;
    if (number < at.position) return number >= at.floor ? rule::duplicate : rule::order;
    const auto near = events.first(std::min(events.size(), look_ahead));
    const bool late = std::any_of(near.begin(), near.end(), [&](const event& later) {
      return later.kind != event_kind::attached &&
             static_cast<std::uint64_t>(later.number) == at.position;
    });
    return late ? rule::order : rule::skipped;
  }

  // May kills inside the call explain that everything from the position to `end` is missing? Each
  // may have taken along one message or one report.
  [[nodiscard]] bool taken_along(const walk& at, std::uint64_t end) const {
    if (at.kills_in_call == 0 || end <= at.position) return false;
    if (run_.lossy(at.receiver)) return true;
    std::uint64_t messages = 0;
    for (std::uint64_t n = at.position; n < std::min<std::uint64_t>(end, owner_.size()); ++n) {
      messages += owner_[n] == unknown ? 0U : 1U;
      if (messages > at.kills_in_call) return false;
    }
    return true;
  }

  [[nodiscard]] std::uint64_t owner_of(std::uint64_t number) const {
    return number < owner_.size() ? owner_[number] : std::uint64_t{unknown};
  }
  [[nodiscard]] std::string who_has(std::uint64_t number) const {
    const std::uint64_t owner = owner_of(number);
    if (owner == unknown) return "nobody knows its message";
    if (owner == aborted) return "it was aborted";
    if (owner == short_one) return "another receiver got its message";
    return sender_line(run_, unpack(owner - known));
  }

  maybe read_message(const walk& at, std::size_t e, std::uint64_t number) {
    const event& entry = run_.logs.told(at.receiver)[e];
    const std::uint64_t owner = owner_[number];
    if (owner == unknown) return bind(at, e, number);
    if (owner == aborted) {
      return broken(rule::disagreement, "{}\n  for another receiver it was aborted",
                    excerpt(run_, at.receiver, e, "a message"));
    }
    const bool same = owner == short_one ? doubts_.is_short_one(number, entry)
                                         : fits(run_, entry, unpack(owner - known));
    if (same) return std::nullopt;
    const bool answered = owner != short_one && !doubts_.contains(unpack(owner - known));
    return broken(answered ? rule::wrong_message : rule::disagreement, "{}\n  {}",
                  excerpt(run_, at.receiver, e, "the message of another number"),
                  answered ? sender_line(run_, unpack(owner - known))
                           : "another receiver got a different message under this number");
  }

  // A message under a number that no sender got: its sender must have died in the call.
  maybe bind(const walk& at, std::size_t e, std::uint64_t number) {
    const event& entry = run_.logs.told(at.receiver)[e];
    const bool named = names_itself(entry);
    if (auto found = named ? doubts_.bind(at.receiver, e, number)
                           : doubts_.bind_short(at.receiver, e, number)) {
      return found;
    }
    owner_[number] = named ? entry.identity + known : short_one;
    if (doubts_.came() > doubts_.size()) return doubts_.judge_short_ones();
    return judge_aborted_count(at, e);
  }

  maybe read_aborted(const walk& at, std::size_t e, std::uint64_t number, std::uint64_t count) {
    for (std::uint64_t n = number; n < number + count; ++n) {
      if (owner_[n] == aborted) continue;
      if (owner_[n] == unknown) {
        owner_[n] = aborted;
        ++run_.figures.aborted;
        continue;
      }
      const bool answered = owner_[n] != short_one && !doubts_.contains(unpack(owner_[n] - known));
      return broken(answered ? rule::committed_aborted : rule::disagreement, "{}\n  {}",
                    excerpt(run_, at.receiver, e, "an abort"),
                    answered ? who_has(n) : "another receiver got its message");
    }
    return judge_aborted_count(at, e);
  }

  // Each message in doubt explains one number that carries it or was aborted.
  maybe judge_aborted_count(const walk& at, std::size_t e) const {
    if (passes_over_ || run_.figures.aborted + doubts_.came() <= doubts_.size())
      return std::nullopt;
    return broken(
        rule::aborted_without_cause,
        "{}\n  {} numbers were aborted and {} messages in doubt arrived; {} were in doubt",
        excerpt(run_, at.receiver, e, "one too many"), run_.figures.aborted, doubts_.came(),
        doubts_.size());
  }

  maybe read_lost(const walk& at, std::size_t e) const {
    if (!run_.lossy(at.receiver)) {
      return broken(rule::loss_not_allowed, "{}", excerpt(run_, at.receiver, e, "a loss"));
    }
    if (run_.facts().capacity != 0 && at.position + run_.slots > highest_possible_) {
      return broken(rule::lost_not_overwritten,
                    "{}\n  there are {} slots and numbers up to {} at the most",
                    excerpt(run_, at.receiver, e, "a loss"), run_.slots, highest_possible_ - 1);
    }
    return std::nullopt;
  }

  maybe read_end(const walk& at) const {
    const std::uint64_t target = run_.facts().final_position.load();
    if (!run_.complete(at.receiver) || at.position >= target) return std::nullopt;
    if (at.starts_new) return std::nullopt;  // nothing came since it attached anew
    if (taken_along(at, target)) return std::nullopt;
    const std::string name = run_.receiver_name(at.receiver);
    if (owner_of(at.position) == unknown || owner_of(at.position) == aborted) {
      const std::string what = fmt::format(
          "{} stayed before number {} although its sender is dead: it got neither a "
          "message nor a report that it was aborted; numbers below {} were sent",
          name, at.position, target);
      return judge_missing_end(run_, rule::stuck, what);
    }
    return judge_missing_end(run_, rule::lost_message,
                             fmt::format("{} saw nothing from number {} on\n  {}", name,
                                         at.position, who_has(at.position)));
  }

  const judged_run& run_;
  std::vector<std::uint64_t> owner_;
  doubtful_messages doubts_;
  std::uint64_t begun_ = 0;  // messages of all senders
  std::uint64_t top_ = 0;    // one more than the highest number that a sender got
  std::uint64_t limit_ = 0;  // no number from here on can have been given out
  std::uint64_t highest_possible_ = 0;
  bool passes_over_ = false;
};

}  // namespace

maybe judge_numbered(const judged_run& run) {
  return numbered_judge(run).judge();
}

}  // namespace shmfifo::harness
