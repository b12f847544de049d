// SPDX-License-Identifier: MIT
// Queues without numbers. Messages name themselves, so each receiver's log is a merge of the
// producers' sequences: with every message in it (broadcast, or a single receiver), or divided
// among several receivers (competing).

#include <algorithm>

#include "judging.hpp"

namespace shmfifo::harness {
namespace {

// Messages that may be missing between two messages of one producer.
struct gap {
  std::uint64_t certain = 0;  // reported as sent
  std::uint64_t doubtful = 0;
  message_id first;  // of the certain ones
};

class sequence_judge {
 public:
  explicit sequence_judge(const judged_run& run)
      : run_(run), shared_(run.can.competing), single_(!run.can.competing && !run.can.broadcast) {
    if (!shared_ && !single_) return;
    // A message that a killed receiver had taken and not logged is gone: one a kill in the call.
    for (unsigned i = 0; i < run.facts().consumers && !run.can.durable; ++i) {
      allowance_ += run.logs.receiver(i).kills_in_call;
    }
  }

  maybe judge() {
    if (shared_) {
      for (unsigned p = 0; p < run_.logs.senders(); ++p) {
        came_.emplace_back(run_.logs.sender(p).started.load(), false);
      }
    }
    for (unsigned i = 0; i < run_.logs.receivers(); ++i) {
      if (auto found = read_receiver(i)) return found;
    }
    if (shared_) return judge_all_came();
    return judge_one_order();
  }

 private:
  struct walk {
    unsigned receiver = 0;
    std::vector<std::uint64_t> next;  // of each producer
    std::vector<bool> fresh;          // a new receiver: the producer's next message may be any
    std::size_t replay = 0;           // durable: where in the log the repetition stands,
    std::size_t replay_end = 0;       // and where it ends
    bool resumes = false;
    bool resumed_new = false;     // with a message that is no repetition of the unreleased
    std::uint64_t told_lost = 0;  // announced, not yet used up
    std::uint64_t missing = 0;
  };

  maybe read_receiver(unsigned i) {
    walk at;
    at.receiver = i;
    at.next.assign(run_.logs.senders(), 0);
    at.fresh.assign(run_.logs.senders(), false);
    const auto told = run_.logs.told(i);
    for (std::size_t e = 0; e < told.size(); ++e) {
      maybe found;
      switch (told[e].kind) {
        case event_kind::attached:
          attach(at, told[e], e);
          break;
        case event_kind::message:
          found = read_message(at, e);
          break;
        case event_kind::lost:
          if (!run_.lossy(i)) {
            return broken(rule::loss_not_allowed, "{}", excerpt(run_, i, e, "lost"));
          }
          at.told_lost += told[e].identity;
          break;
        case event_kind::aborted:
          run_.figures.aborted += told[e].identity;
          if (run_.figures.aborted > run_.figures.in_doubt * run_.logs.receivers()) {
            return broken(rule::aborted_without_cause, "{}", excerpt(run_, i, e, "aborted"));
          }
          break;
        case event_kind::invalid:
          return broken(rule::invalid_message, "{}", excerpt(run_, i, e, "invalid"));
      }
      if (found) return found;
    }
    return shared_ ? std::nullopt : read_end(at);
  }

  void attach(walk& at, const event& entry, std::size_t e) const {
    if (entry.number <= 0) return;
    if (run_.can.durable && !run_.logs.is_observer(at.receiver)) {
      at.replay = std::min<std::size_t>(entry.identity, e);
      at.replay_end = e;
      at.resumes = true;
    } else if (!shared_ && !single_) {
      at.fresh.assign(at.fresh.size(), true);
    }
  }

  maybe read_message(walk& at, std::size_t e) {
    if (auto found = judge_content(run_, at.receiver, e)) return found;
    const event& entry = run_.logs.told(at.receiver)[e];
    if (at.resumes || at.replay < at.replay_end) {
      bool repeated = false;
      if (auto found = read_repetition(at, e, repeated); found || repeated) return found;
    }
    message_id id = unpack(entry.identity);
    if (!names_itself(entry)) {
      // Only with one producer: its next message, if that one is short as well.
      id = {0, next_existing(0, at.next[0])};
      if (!fits(run_, entry, id)) return judge_unfitting(at, e, id);
    }
    if (shared_) return read_shared(at, e, id);
    if (at.fresh[id.producer]) {
      at.fresh[id.producer] = false;
      at.next[id.producer] = id.sequence;
    }
    if (id.sequence < at.next[id.producer]) {
      const rule which = at.resumed_new      ? rule::redelivered_released
                         : at.told_lost != 0 ? rule::loss_count
                                             : rule::duplicate;
      return broken(which, "{}\n  {} had to come", excerpt(run_, at.receiver, e, "again"),
                    describe_next(id.producer, at.next[id.producer]));
    }
    at.resumed_new = false;
    if (auto found = judge_gap(at, e, id)) return found;
    at.next[id.producer] = id.sequence + 1;
    return std::nullopt;
  }

  // After a restart a durable receiver may get again what it had not released: one tail of it.
  maybe read_repetition(walk& at, std::size_t e, bool& repeated) {
    const auto told = run_.logs.told(at.receiver);
    const auto same = [&](std::size_t i) {
      return told[i].kind == event_kind::message && told[i].identity == told[e].identity &&
             told[i].length == told[e].length;
    };
    const auto skip = [&] {
      while (at.replay < at.replay_end && told[at.replay].kind != event_kind::message) ++at.replay;
    };
    if (at.resumes) {
      at.resumes = false;
      while (at.replay < at.replay_end && !same(at.replay)) ++at.replay;
      at.resumed_new = at.replay == at.replay_end;
      if (at.resumed_new) return std::nullopt;
    }
    skip();
    if (at.replay == at.replay_end) return std::nullopt;
    if (!same(at.replay)) {
      return broken(rule::skipped_after_restart, "{}\n  event {} had to be repeated: {}",
                    excerpt(run_, at.receiver, e, "a repetition with a gap"), at.replay,
                    describe(run_, told[at.replay]));
    }
    ++at.replay;
    ++run_.figures.redelivered;
    repeated = true;
    return std::nullopt;
  }

  [[nodiscard]] std::string describe_next(unsigned producer, std::uint64_t sequence) const {
    return sender_line(run_, {producer, next_existing(producer, sequence)});
  }

  // The first message from `sequence` on that was not refused.
  [[nodiscard]] std::uint64_t next_existing(unsigned producer, std::uint64_t sequence) const {
    const auto answers = run_.logs.answered(producer);
    while (sequence < answers.size() && answers[sequence] == answer::not_sent) ++sequence;
    return sequence;
  }

  [[nodiscard]] gap gap_before(message_id id, std::uint64_t from) const {
    gap missing;
    const auto answers = run_.logs.answered(id.producer);
    const std::uint64_t end = std::min<std::uint64_t>(id.sequence, answers.size());
    for (std::uint64_t s = from; s < end; ++s) {
      if (answer::is_sent(answers[s]) && missing.certain++ == 0) missing.first = {id.producer, s};
      if (answers[s] == answer::in_doubt) ++missing.doubtful;
    }
    return missing;
  }

  maybe judge_gap(walk& at, std::size_t e, message_id id) {
    if (id.sequence == at.next[id.producer]) return use_up_loss(at, e, 0, 0);
    const gap missing = gap_before(id, at.next[id.producer]);
    if (run_.lossy(at.receiver)) return use_up_loss(at, e, missing.certain, missing.doubtful);
    if (missing.certain == 0) return std::nullopt;
    if (missing.certain <= allowance_) {
      allowance_ -= missing.certain;
      return std::nullopt;
    }
    // Late or lost? One look at the rest decides.
    const auto told = run_.logs.told(at.receiver);
    const std::uint64_t sought = run_.content.identity(missing.first);
    const bool late = std::any_of(
        told.begin() + static_cast<std::ptrdiff_t>(e), told.end(), [&](const event& later) {
          return later.kind == event_kind::message && later.identity == sought &&
                 fits(run_, later, missing.first);
        });
    return broken(late ? rule::producer_order : rule::lost_message, "{}\n  before it: {}{}",
                  excerpt(run_, at.receiver, e, "a gap"), sender_line(run_, missing.first),
                  late ? ", which came later" : ", which never came");
  }

  // With one producer each gap must be exactly what was announced; with several, the sums must
  // agree.
  maybe use_up_loss(walk& at, std::size_t e, std::uint64_t certain, std::uint64_t doubtful) {
    if (!run_.lossy(at.receiver)) return std::nullopt;
    at.missing += certain;
    if (run_.logs.senders() > 1) return std::nullopt;
    if (at.told_lost < certain || at.told_lost > certain + doubtful) {
      return broken(rule::loss_count, "{}\n  {} messages are missing before it, {} were reported",
                    excerpt(run_, at.receiver, e, "a wrong count"), certain, at.told_lost);
    }
    at.told_lost = 0;
    return std::nullopt;
  }

  // A short message that is not the expected one: the next one that names itself says more.
  maybe judge_unfitting(const walk& at, std::size_t e, message_id expected) const {
    const auto told = run_.logs.told(at.receiver);
    std::uint64_t later = 0;
    rule which = rule::content;
    for (std::size_t i = e + 1; i < told.size(); ++i) {
      if (told[i].kind != event_kind::message) continue;
      ++later;
      if (!names_itself(told[i]) || told[i].sound == 0) continue;
      const std::uint64_t found = unpack(told[i].identity).sequence;
      const std::uint64_t sought = expected.sequence + later;
      if (found != sought) which = found > sought ? rule::lost_message : rule::duplicate;
      break;
    }
    return broken(which, "{}\n  {} bytes were to come: {}",
                  excerpt(run_, at.receiver, e, "not the next message"),
                  run_.content.length(expected), sender_line(run_, expected));
  }

  maybe read_shared(walk& at, std::size_t e, message_id id) {
    auto came = came_[id.producer][id.sequence];
    if (came) {
      return broken(rule::duplicate, "{}", excerpt(run_, at.receiver, e, "it came before"));
    }
    came = true;
    if (id.sequence < at.next[id.producer]) {
      return broken(rule::producer_order, "{}\n  after sequence {} of this producer",
                    excerpt(run_, at.receiver, e, "too late"), at.next[id.producer] - 1);
    }
    at.next[id.producer] = id.sequence + 1;
    return std::nullopt;
  }

  maybe judge_all_came() const {
    if (run_.facts().ended != run_end::completed || run_.facts().consumers == 0) {
      return std::nullopt;
    }
    for (unsigned i = 0; i < run_.facts().consumers; ++i) {
      if (!run_.complete(i)) return std::nullopt;
    }
    std::uint64_t missing = 0;
    for (unsigned p = 0; p < run_.logs.senders(); ++p) {
      const auto answers = run_.logs.answered(p);
      for (std::uint64_t s = 0; s < answers.size(); ++s) {
        if (answer::is_sent(answers[s]) && !came_[p][s] && ++missing > allowance_) {
          return broken(rule::lost_message, "{}, and no consumer got it",
                        sender_line(run_, {p, s}));
        }
      }
    }
    return std::nullopt;
  }

  maybe read_end(walk& at) {
    if (!run_.complete(at.receiver)) return std::nullopt;
    const std::string name = run_.receiver_name(at.receiver);
    for (unsigned p = 0; p < run_.logs.senders(); ++p) {
      if (at.fresh[p]) continue;  // nothing came since it attached anew
      const std::uint64_t end = run_.logs.answered(p).size();
      const gap missing = gap_before({p, end}, at.next[p]);
      at.missing += missing.certain;
      if (run_.lossy(at.receiver) || missing.certain == 0) continue;
      if (missing.certain > allowance_) {
        return broken(rule::lost_message, "{} never came to {}", sender_line(run_, missing.first),
                      name);
      }
      allowance_ -= missing.certain;
    }
    return run_.lossy(at.receiver) ? judge_loss_sum(at) : std::nullopt;
  }

  maybe judge_loss_sum(const walk& at) const {
    std::uint64_t told = 0;
    for (const event& entry : run_.logs.told(at.receiver)) {
      if (entry.kind == event_kind::lost) told += entry.identity;
      if (entry.kind == event_kind::attached && entry.number > 0) return std::nullopt;
    }
    if (told >= at.missing && told <= at.missing + run_.figures.in_doubt) return std::nullopt;
    return broken(rule::loss_count, "{}: {} messages never came, {} were reported as lost",
                  run_.receiver_name(at.receiver), at.missing, told);
  }

  // All receivers of a broadcast see the producers' messages merged in one way.
  maybe judge_one_order() const {
    if (run_.can.lossy || run_.logs.senders() < 2) return std::nullopt;
    for (unsigned i = 1; i < run_.facts().consumers; ++i) {
      if (run_.logs.receiver(0).kills != 0 || run_.logs.receiver(i).kills != 0) continue;
      if (auto found = compare(0, i)) return found;
    }
    return std::nullopt;
  }

  maybe compare(unsigned one, unsigned other) const {
    const auto a = run_.logs.told(one);
    const auto b = run_.logs.told(other);
    std::size_t i = 0;
    std::size_t k = 0;
    const auto skip = [](std::span<const event> told, std::size_t& at) {
      while (at < told.size() && told[at].kind != event_kind::message) ++at;
      return at < told.size();
    };
    for (; skip(a, i) && skip(b, k); ++i, ++k) {
      if (a[i].identity == b[k].identity) continue;
      return broken(rule::disagreement, "{}\n  {}", excerpt(run_, one, i, "a different order"),
                    excerpt(run_, other, k, "at the same place"));
    }
    return std::nullopt;
  }

  const judged_run& run_;
  bool shared_;
  bool single_;
  std::uint64_t allowance_ = 0;
  std::vector<std::vector<bool>> came_;  // competing: of each producer's messages
};

}  // namespace

maybe judge_sequences(const judged_run& run) {
  return sequence_judge(run).judge();
}

}  // namespace shmfifo::harness
