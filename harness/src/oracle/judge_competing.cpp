// SPDX-License-Identifier: MIT
// Receivers that share the messages: each message goes to one of them, and each of them gets what
// it gets of a producer in order.

#include <algorithm>

#include "deliveries.hpp"
#include "judging.hpp"
#include "matching.hpp"

namespace shmfifo::harness {
namespace {

class competing_judge {
 public:
  explicit competing_judge(const judged_run& run)
      : run_(run), came_(message_table<bool>(run.logs)), last_(run.logs.senders()) {}

  maybe judge() {
    for (unsigned i = 0; i < run_.facts().consumers; ++i) {
      if (auto found = read_receiver(i)) return found;
    }
    return judge_all_came();
  }

 private:
  // A kill of a receiver inside the call, and the message that it may have taken along: of each
  // producer, one between those that this receiver got before and after it; of a buffered queue,
  // any number of them.
  struct taking {
    std::vector<std::uint64_t> from;
    std::vector<std::uint64_t> end;
  };
  struct walk {
    unsigned receiver = 0;
    std::vector<std::uint64_t> next;       // of each producer: the first that may come
    std::vector<std::size_t> open;         // of each producer: the first taking without an end
    std::optional<unique_deliveries> own;  // of a durable receiver
  };

  maybe read_receiver(unsigned i) {
    walk at;
    at.receiver = i;
    at.next.resize(run_.logs.senders(), 0);
    at.open.resize(run_.logs.senders(), takings_.size());
    if (run_.can.durable) at.own.emplace(run_.logs);
    return judge_events(
        run_, i, [&](const event& entry, std::size_t e) { attach(at, entry, e); },
        [&](std::size_t e) { return read_message(at, e); },
        [&](std::uint64_t count) { told_lost_ += count; });
  }

  void attach(walk& at, const event& entry, std::size_t e) {
    if (at.own) at.own->attach(e, entry.identity);
    if (run_.can.buffered ? entry.killed != 0 : !at.own && entry.killed == 2) {
      takings_.push_back({at.next, std::vector<std::uint64_t>(at.next.size(), UINT64_MAX)});
    }
  }

  maybe read_message(walk& at, std::size_t e) {
    if (auto found = judge_named_content(run_, at.receiver, e)) return found;
    const message_id id = unpack(run_.logs.told(at.receiver)[e].identity);
    if (at.own) {
      if (auto found = at.own->judge(run_, at.receiver, e, id, run_.can.buffered)) return found;
      at.own->each_again(id, [&](message_id again) { at.next[again.producer] = again.sequence; });
      if (at.own->take(id, e)) {
        ++run_.figures.redelivered;
        at.next[id.producer] = id.sequence + 1;
        return std::nullopt;
      }
    }
    auto came = came_[id.producer][id.sequence];
    if (came) {
      return broken(rule::duplicate, "{}",
                    excerpt(run_, at.receiver, e, "a message that came before"));
    }
    came = true;
    if (id.sequence < at.next[id.producer]) {
      return broken(rule::producer_order, "{}\n  after sequence {} of this producer",
                    excerpt(run_, at.receiver, e, "a message too late"), at.next[id.producer] - 1);
    }
    at.next[id.producer] = id.sequence + 1;
    last_[id.producer] = std::max(last_[id.producer], id.sequence);
    for (std::size_t& t = at.open[id.producer]; t < takings_.size(); ++t) {
      takings_[t].end[id.producer] = id.sequence;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool complete() const {
    for (unsigned i = 0; i < run_.facts().consumers; ++i) {
      if (!run_.complete(i)) return false;
    }
    return run_.facts().consumers != 0;
  }

  maybe judge_all_came() const {
    if (!complete()) return std::nullopt;
    std::vector<message_id> missing;
    for (unsigned p = 0; p < run_.logs.senders(); ++p) {
      const auto answers = run_.logs.answered(p);
      for (std::uint64_t s = 0; s < answers.size(); ++s) {
        if (answer::is_sent(answers[s]) && !came_[p][s]) missing.push_back({p, s});
      }
    }
    if (run_.can.lossy && run_.facts().reuses_slots != 0) return judge_losses(missing.size());
    return run_.can.buffered ? judge_missing_runs(missing) : judge_missing(missing);
  }

  maybe judge_losses(std::uint64_t missing) const {
    const judge_figures& all = run_.figures;
    const bool untold = !takings_.empty() || (run_.can.buffered && all.kills != 0);
    const bool few = told_lost_ < missing && !untold;
    if (!few && told_lost_ <= missing + all.in_doubt) return std::nullopt;
    return broken(rule::loss_count, "{} messages never arrived, {} were reported as lost", missing,
                  told_lost_);
  }

  // First the messages behind which others of their producer arrived: no death explains these.
  maybe judge_missing(std::vector<message_id>& missing) const {
    const auto passed = [&](message_id id) { return id.sequence < last_[id.producer]; };
    std::stable_partition(missing.begin(), missing.end(), passed);
    matching causes(missing.size(), takings_.size(), [&](std::size_t m, std::size_t t) {
      return may_have_taken(takings_[t], missing[m]);
    });
    const auto unexplained = causes.first_unexplained();
    if (!unexplained) return std::nullopt;
    return lost(missing[*unexplained]);
  }

  // Of a buffered queue: the messages that were in the memory of a killed sender are one run of
  // its messages for each kill.
  maybe judge_missing_runs(const std::vector<message_id>& missing) const {
    std::vector<std::uint64_t> runs(run_.logs.senders());
    for (std::size_t m = 0; m < missing.size();) {
      const message_id first = missing[m];
      bool fetched = true;
      std::uint64_t next = first.sequence;  // nothing from the first one to this one came
      for (; m < missing.size() && missing[m].producer == first.producer; ++m) {
        while (next < missing[m].sequence && !came_[first.producer][next]) ++next;
        if (next < missing[m].sequence) break;
        fetched &= std::any_of(takings_.begin(), takings_.end(),
                               [&](const taking& one) { return may_have_taken(one, missing[m]); });
      }
      if (!fetched && ++runs[first.producer] > run_.logs.sender(first.producer).kills) {
        return lost(first);
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] static bool may_have_taken(const taking& one, message_id id) {
    return one.from[id.producer] <= id.sequence && id.sequence < one.end[id.producer];
  }

  [[nodiscard]] maybe lost(message_id id) const {
    const std::string what = sender_line(run_, id) + ", and no consumer got it";
    if (id.sequence < last_[id.producer]) return broken(rule::lost_message, "{}", what);
    return judge_missing_end(run_, rule::lost_message, what);
  }

  const judged_run& run_;
  std::vector<std::vector<bool>> came_;  // of each producer's messages
  std::vector<std::uint64_t> last_;      // of each producer: nothing behind it arrived
  std::vector<taking> takings_;
  std::uint64_t told_lost_ = 0;  // to consumers
};

}  // namespace

maybe judge_competing(const judged_run& run) {
  return competing_judge(run).judge();
}

}  // namespace shmfifo::harness
