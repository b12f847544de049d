// SPDX-License-Identifier: MIT
#include "losses.hpp"

namespace shmfifo::harness::generated {
namespace {

expected missing_tail(const witness& all) {
  return all.may_block() ? expected::not_ok : expected::violation;
}

// A killed receiver without a cursor of its own may have taken one message that lies between what
// it logged before and what it logged later.
bool may_have_been_taken(const witness& all, std::size_t at) {
  const unsigned p = all.real.line[at].owner;
  for (unsigned q = 0; q < all.logs.facts().consumers; ++q) {
    for (std::size_t e = 0; e < all.events(q); ++e) {
      if (!all.attaches(q, e) || all.entry(q, e).killed != 2) continue;
      if (all.can.unordered) return true;
      bool fits = true;
      for (std::size_t other = 0; other < all.events(q); ++other) {
        const std::size_t there = all.place_of(q, other);
        if (!all.is_message(q, other) || all.real.line[there].owner != p) continue;
        fits &= other < e ? there < at : there > at;
      }
      if (fits) return true;
    }
  }
  return false;
}

struct neighbours {
  std::size_t before = nowhere;  // the last event of this producer before the place
  std::size_t behind = nowhere;  // the first one of a later place
};

neighbours around(const witness& all, unsigned r, const scar& one) {
  neighbours found;
  for (std::size_t e = 0; e < all.events(r); ++e) {
    const std::size_t at = all.place_of(r, e);
    if (at == nowhere || !all.is_message(r, e)) continue;
    if (all.real.line[at].owner != all.real.line[one.at].owner) continue;
    if (e < one.event) found.before = e;
    if (e >= one.event && at > one.at && found.behind == nowhere) found.behind = e;
  }
  return found;
}

bool all_complete(const witness& all) {
  for (unsigned r = 0; r < all.logs.facts().consumers; ++r) {
    if (!all.complete(r)) return false;
  }
  return true;
}

bool any_killed(const witness& all) {
  for (unsigned r = 0; r < all.logs.receivers(); ++r) {
    if (all.attaches_between(r, 0, all.events(r))) return true;
  }
  return false;
}

// One cursor of several receivers: only at the end it shows that nobody got the message.
expected missing_shared_message(const witness& all, const scar& one) {
  if (!all_complete(all) || may_have_been_taken(all, one.at)) return expected::anything;
  if (all.can.unordered) return missing_tail(all);
  for (unsigned q = 0; q < all.logs.facts().consumers; ++q) {
    for (std::size_t e = 0; e < all.events(q); ++e) {
      const std::size_t at = all.place_of(q, e);
      const bool later = all.is_message(q, e) && at > one.at;
      if (later && all.real.line[at].owner == all.real.line[one.at].owner) {
        return expected::violation;
      }
    }
  }
  return missing_tail(all);
}

// With one producer each gap between two messages must be what was reported in it.
bool counts_one_gap_wrongly(const witness& all, unsigned r) {
  std::uint64_t next = 0;
  std::uint64_t told = 0;
  bool exact = true;  // nothing is known of what comes between an attachment and a message
  const auto answers = all.logs.answered(0);
  for (std::size_t e = 0; e < all.events(r); ++e) {
    const event& entry = all.entry(r, e);
    if (all.attaches(r, e)) exact = false;
    if (entry.kind == event_kind::lost) told += entry.identity;
    if (entry.kind != event_kind::message) continue;
    const std::uint64_t sequence = all.real.line[all.place_of(r, e)].id.sequence;
    std::uint64_t certain = 0, doubtful = 0;
    for (std::uint64_t s = next; s < sequence && s < answers.size(); ++s) {
      certain += answer::is_sent(answers[s]) ? 1U : 0U;
      doubtful += answers[s] == answer::in_doubt ? 1U : 0U;
    }
    if (exact && (told < certain || told > certain + doubtful)) return true;
    exact = true;
    told = 0;
    next = sequence + 1;
  }
  return false;
}

// Since the receiver attached for the last time, less was reported than is missing between the
// messages that it got of each producer.
bool counts_too_few(const witness& all, unsigned r) {
  std::vector<std::uint64_t> next(all.logs.senders(), nowhere);  // nowhere: not known yet
  std::uint64_t told = 0, missing = 0;
  for (std::size_t e = 0; e < all.events(r); ++e) {
    if (all.attaches(r, e)) {
      next.assign(next.size(), nowhere);
      told = missing = 0;
    }
    if (all.entry(r, e).kind == event_kind::lost) told += all.entry(r, e).identity;
    if (!all.is_message(r, e)) continue;
    const message_id id = all.real.line[all.place_of(r, e)].id;
    const auto answers = all.logs.answered(id.producer);
    for (std::uint64_t s = next[id.producer]; s < id.sequence && s < answers.size(); ++s) {
      missing += answer::is_sent(answers[s]) ? 1U : 0U;
    }
    next[id.producer] = id.sequence + 1;
  }
  return told < missing;
}

}  // namespace

expected missing_number(const witness& all, const scar& one) {
  const unsigned r = one.receiver;
  const auto number = static_cast<std::int64_t>(one.at);
  if (all.just_attached(r, one.event)) return expected::anything;
  for (std::size_t e = one.event; e < all.events(r); ++e) {
    const event& entry = all.entry(r, e);
    if (all.attaches(r, e)) {
      const bool taken = all.shared(r) && entry.killed == 2;
      if (all.begins_anywhere(r) || taken) return expected::anything;
      continue;
    }
    const bool covers = entry.kind == event_kind::lost && entry.number <= number &&
                        number < entry.number + static_cast<std::int64_t>(entry.identity);
    if (covers || entry.number == number) return expected::anything;
    if (entry.number > number) return expected::violation;
  }
  const bool ends_before = all.complete(r) && all.logs.facts().final_position > one.at;
  return ends_before ? missing_tail(all) : expected::anything;
}

expected missing_message(const witness& all, const scar& one) {
  const unsigned r = one.receiver;
  if (!all.sent(one.at)) return expected::anything;
  const unsigned p = all.real.line[one.at].owner;
  const bool forgets = all.can.buffered && (all.logs.sender(p).kills != 0 || any_killed(all));
  if (forgets) return expected::anything;
  if (all.lossy(r)) return wrong_counts(all, r);
  if (all.can.competing) return missing_shared_message(all, one);
  if (all.shared(r) && !all.resumes(r) && may_have_been_taken(all, one.at)) {
    return expected::anything;
  }
  if (all.can.unordered) {
    const bool again = !all.shared(r) && any_killed(all);
    return all.complete(r) && !again ? missing_tail(all) : expected::anything;
  }
  if (all.logged(r, one.at)) return expected::anything;  // it came before, and was to be repeated
  const neighbours near = around(all, r, one);
  const std::size_t first = near.before == nowhere ? 0 : near.before;
  const std::size_t end = near.behind == nowhere ? all.events(r) : near.behind;
  if (all.begins_anywhere(r) && all.attaches_between(r, first, end)) return expected::anything;
  if (near.behind != nowhere) return expected::violation;
  return all.complete(r) ? missing_tail(all) : expected::anything;
}

expected wrong_counts(const witness& all, unsigned r) {
  if (all.begins_anywhere(r) && counts_too_few(all, r)) return expected::violation;
  if (all.logs.senders() == 1 && counts_one_gap_wrongly(all, r)) return expected::violation;
  if (!all.complete(r) || all.attaches_between(r, 0, all.events(r))) return expected::anything;
  std::uint64_t told = 0, missing = 0, doubtful = 0;
  for (const event& entry : all.logs.told(r)) {
    if (entry.kind == event_kind::lost) told += entry.identity;
  }
  for (std::size_t at = 0; at < all.real.line.size(); ++at) {
    missing += all.sent(at) && !all.logged(r, at) ? 1U : 0U;
  }
  for (unsigned p = 0; p < all.logs.senders(); ++p) doubtful += all.in_doubt(p);
  if (told > missing + doubtful) return expected::violation;
  return told < missing ? missing_tail(all) : expected::anything;
}

bool is_owed(const witness& all) {
  for (std::size_t at = 0; at < all.real.line.size(); ++at) {
    if (!all.sent(at)) continue;
    if (all.can.broadcast) {
      for (unsigned r = 0; r < all.logs.facts().consumers; ++r) {
        if (!all.logged(r, at)) return true;
      }
    } else if (!all.logged_by_any(at) && !may_have_been_taken(all, at)) {
      return true;
    }
  }
  return false;
}

}  // namespace shmfifo::harness::generated
