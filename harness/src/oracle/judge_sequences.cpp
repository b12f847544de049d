// SPDX-License-Identifier: MIT
// Queues without numbers. Messages name themselves, so the log of each receiver of a broadcast, or
// of a single one, is a merge of the producers' sequences with every message in it.

#include <algorithm>
#include <set>

#include "deliveries.hpp"
#include "judging.hpp"

namespace shmfifo::harness {
namespace {

// Kills of a receiver inside the call: each may have taken one message along that nobody logged.
class taken_along {
 public:
  void add() { unused_.insert(unused_.end(), count_++); }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  // Uses up so many of the kills from this one on, the oldest first: the others explain more of
  // the messages that are still to be missed. False if there are too few.
  [[nodiscard]] bool explain(std::uint64_t missing, std::size_t since) {
    auto oldest = unused_.lower_bound(since);
    while (missing != 0 && oldest != unused_.end()) {
      oldest = unused_.erase(oldest);
      --missing;
    }
    return missing == 0;
  }

 private:
  std::set<std::size_t> unused_;
  std::size_t count_ = 0;
};

class sequence_judge {
 public:
  explicit sequence_judge(const judged_run& run) : run_(run) {}

  maybe judge() {
    for (unsigned i = first_receiver(); i < run_.logs.receivers(); ++i) {
      if (auto found = read_receiver(i)) return found;
    }
    return std::nullopt;
  }

 private:
  // Consumers that share the messages are judged together (judge_competing.cpp).
  [[nodiscard]] unsigned first_receiver() const noexcept {
    return run_.can.competing ? run_.facts().consumers : 0;
  }

  // What is known of one producer's messages at a receiver.
  struct stand {
    std::uint64_t next = 0;              // the message that must come
    std::uint64_t seen = 0;              // the messages below came to an earlier incarnation
    std::size_t kills = 0;               // inside the call, when its last message came
    bool fresh = false;                  // a new receiver: its next message may be any
    bool skips = false;                  // any number may have been fetched by a dead receiver
    std::uint64_t gone_with_sender = 0;  // gaps that are explained by kills of it
  };
  struct walk {
    unsigned receiver = 0;
    std::vector<stand> stands;             // of each producer
    std::optional<unique_deliveries> own;  // of a durable receiver
    taken_along taken;
    std::uint64_t told_lost = 0;    // announced since the last message
    std::uint64_t told_before = 0;  // of these, by earlier incarnations
    // With one producer: the first message that they can speak of, and the first that they must.
    std::uint64_t lost_from = 0;
    std::uint64_t lost_until = 0;
    std::uint64_t told_in_all = 0;
    std::uint64_t missing = 0;  // in all
    bool swallowed = false;     // a kill may have taken a report along since the last message
    bool swallowed_ever = false;
    bool restarted = false;
  };

  maybe read_receiver(unsigned i) {
    walk at;
    at.receiver = i;
    at.stands.resize(run_.logs.senders());
    if (run_.can.durable && !run_.logs.is_observer(i)) at.own.emplace(run_.logs);
    auto found = judge_events(
        run_, i, [&](const event& entry, std::size_t e) { attach(at, entry, e); },
        [&](std::size_t e) { return read_message(at, e); },
        [&](std::uint64_t count) {
          at.told_lost += count;
          at.told_in_all += count;
          if (at.own) at.own->leave_out();
        });
    return found ? std::move(found) : read_end(at);
  }

  // A receiver with a cursor continues at it; the only one continues where the last one ended; of a
  // broadcast, nobody knows where the new one began.
  void attach(walk& at, const event& entry, std::size_t e) const {
    if (entry.number <= 0) return;
    at.restarted = true;
    if (run_.can.buffered && entry.killed != 0) {
      for (stand& one : at.stands) one.skips = true;
    }
    if (at.own) {
      at.own->attach(e, entry.identity);
      at.told_before += at.told_lost;
      at.told_lost = 0;
      at.lost_from = at.own->behind(at.own->low());
      at.lost_until = at.own->behind(at.own->high());
    } else if (run_.can.broadcast || run_.logs.is_observer(at.receiver)) {
      for (stand& one : at.stands) {
        one.fresh = true;
        one.seen = std::max(one.seen, one.next);
        one.gone_with_sender = 0;  // it meets the same gaps again
      }
      at.told_lost = at.told_in_all = at.missing = 0;
    } else if (entry.killed == 2) {
      at.taken.add();
      at.swallowed = at.swallowed_ever = true;
    }
  }

  maybe read_message(walk& at, std::size_t e) {
    if (auto found = judge_content(run_, at.receiver, e)) return found;
    const event& entry = run_.logs.told(at.receiver)[e];
    message_id id = unpack(entry.identity);
    if (!names_itself(entry)) {
      // Only with one producer: its next message, if that one is short as well.
      id = {0, next_existing(run_, 0, at.stands[0].next)};
      const bool begun = id.sequence < run_.logs.sender(0).started.load();
      if (!begun || !fits(run_, entry, id)) return judge_misplaced(run_, at.receiver, e, id);
    }
    bool again = false;
    if (at.own) {
      const bool skips = at.stands[id.producer].skips;
      if (auto found = at.own->judge(run_, at.receiver, e, id, skips)) return found;
      at.own->each_again(id, [&](message_id later) {
        stand& other = at.stands[later.producer];
        other.seen = std::max(other.seen, other.next);
        other.next = later.sequence;
      });
      again = at.own->take(id, e);
    }
    stand& here = at.stands[id.producer];
    if (here.fresh) here.next = id.sequence;
    if (id.sequence < here.next) {
      const bool again_here = came_before(at.receiver, e);
      return broken(
          at.told_lost != 0 ? rule::loss_count
          : again_here      ? rule::duplicate
                            : rule::producer_order,
          "{}\n  next had to come: {}",
          excerpt(run_, at.receiver, e, again_here ? "a message again" : "a message too late"),
          describe_next(id.producer, here.next));
    }
    if (id.sequence < here.seen) ++run_.figures.redelivered;
    // What is missing before a repetition was missing before.
    const bool judged = again && !run_.lossy(at.receiver);
    if (auto found = judged ? std::nullopt : judge_gap(at, e, id)) return found;
    here.fresh = here.skips = false;
    here.next = id.sequence + 1;
    here.kills = at.taken.count();
    return std::nullopt;
  }

  // A message that names itself.
  [[nodiscard]] bool came_before(unsigned receiver, std::size_t e) const {
    const auto told = run_.logs.told(receiver);
    return std::any_of(told.begin(), told.begin() + static_cast<std::ptrdiff_t>(e),
                       [&](const event& earlier) {
                         return earlier.kind == event_kind::message && names_itself(earlier) &&
                                earlier.identity == told[e].identity;
                       });
  }

  [[nodiscard]] std::string describe_next(unsigned producer, std::uint64_t sequence) const {
    return sender_line(run_, {producer, next_existing(run_, producer, sequence)});
  }

  // Was what is missing of this producer in the memory of a process that was killed?
  [[nodiscard]] bool explained(walk& at, unsigned producer, const gap& missing) const {
    stand& here = at.stands[producer];
    if (missing.certain == 0 || here.skips) return true;
    if (run_.can.buffered) return here.gone_with_sender++ < run_.logs.sender(producer).kills;
    return at.taken.explain(missing.certain, here.kills);
  }

  maybe judge_gap(walk& at, std::size_t e, message_id id) const {
    const gap missing = gap_before(run_, id, at.stands[id.producer].next);
    if (run_.lossy(at.receiver)) return judge_losses(at, e, id, missing);
    if (explained(at, id.producer, missing)) return std::nullopt;
    // Late or lost? One look at the rest decides.
    const bool late = came_late(run_, at.receiver, e, missing.first);
    return broken(late ? rule::producer_order : rule::lost_message, "{}\n  before it: {}{}",
                  excerpt(run_, at.receiver, e, "a gap"), sender_line(run_, missing.first),
                  late ? ", and arrived later" : ", and never arrived");
  }

  // With one producer each gap must be exactly what was announced; with several, nobody knows
  // whose messages an announcement speaks of, but no more may be missing than was announced.
  maybe judge_losses(walk& at, std::size_t e, message_id id, const gap& missing) const {
    at.missing += missing.certain;
    const bool one = run_.logs.senders() == 1;
    const bool known = !at.stands[id.producer].fresh;
    const std::uint64_t least = one ? gap_before(run_, id, at.lost_until).certain : at.missing;
    const std::uint64_t told = one ? at.told_lost : at.told_in_all;
    const std::uint64_t before = one ? at.told_before : 0;
    const bool few = told + before < least && !may_be_untold(at);
    const bool many = one && told > most_lost(at, id);
    at.told_lost = at.told_before = 0;
    at.lost_from = at.lost_until = id.sequence + 1;
    at.swallowed = false;
    if (!known || (!few && !many)) return std::nullopt;
    return broken(rule::loss_count, "{}\n  {} messages are missing before it, {} were reported",
                  excerpt(run_, at.receiver, e, "a wrong count"), least, told);
  }
  // May something be missing that no report speaks of, because of a kill?
  [[nodiscard]] bool may_be_untold(const walk& at) const {
    if (run_.can.buffered && run_.figures.kills != 0) return true;
    return run_.logs.senders() == 1 ? at.swallowed : at.swallowed_ever;
  }
  // With one producer: all that the announcements since the last message can speak of.
  [[nodiscard]] std::uint64_t most_lost(const walk& at, message_id id) const {
    const gap all = gap_before(run_, id, at.lost_from);
    return all.certain + all.doubtful;
  }

  maybe read_end(walk& at) const {
    if (!run_.complete(at.receiver)) return std::nullopt;
    bool known = true;
    gap last;
    for (unsigned p = 0; p < run_.logs.senders(); ++p) {
      known &= !at.stands[p].fresh;  // else nothing came since it attached anew
      if (at.stands[p].fresh) continue;
      const std::uint64_t next =
          at.own ? std::max(at.stands[p].next, at.stands[p].seen) : at.stands[p].next;
      last = gap_before(run_, {p, run_.logs.answered(p).size()}, next);
      at.missing += last.certain;
      if (run_.lossy(at.receiver) || explained(at, p, last)) continue;
      const std::string what =
          fmt::format("{}, and never arrived at {}", sender_line(run_, last.first),
                      run_.receiver_name(at.receiver));
      if (auto found = judge_missing_end(run_, rule::lost_message, what)) return found;
    }
    return run_.lossy(at.receiver) && known ? judge_loss_at_end(at, last) : std::nullopt;
  }

  maybe judge_loss_at_end(const walk& at, const gap& last) const {
    const bool one = run_.logs.senders() == 1;
    const std::uint64_t least = one ? last.certain : at.missing;
    const std::uint64_t told = one ? at.told_lost : at.told_in_all;
    const std::uint64_t most =
        one ? most_lost(at, {0, run_.logs.answered(0).size()}) : at.missing + run_.figures.in_doubt;
    const bool few = told + (one ? at.told_before : 0) < least && !may_be_untold(at);
    const bool many = told > most && (one || !at.restarted);
    if (!few && !many) return std::nullopt;
    const std::string what = fmt::format("{}: {} messages never arrived, {} were reported as lost",
                                         run_.receiver_name(at.receiver), least, told);
    // Too few: what comes behind a claim that stays open is neither there nor lost.
    return few ? judge_missing_end(run_, rule::loss_count, what)
               : broken(rule::loss_count, "{}", what);
  }

  const judged_run& run_;
};

}  // namespace

maybe judge_sequences(const judged_run& run) {
  return sequence_judge(run).judge();
}

}  // namespace shmfifo::harness
