// SPDX-License-Identifier: MIT
#include "expectation.hpp"

#include <set>

#include "losses.hpp"
#include "witness.hpp"

namespace shmfifo::harness::generated {
namespace {

expected certain_if(bool holds) noexcept {
  return holds ? expected::violation : expected::anything;
}

// -- without numbers or names messages are known by their places alone: compare them all
expected compare_places(const witness& all) {
  std::vector<event> came;
  for (const event& entry : all.logs.told(0)) {
    if (entry.kind == event_kind::lost) return expected::violation;
    if (entry.kind == event_kind::message) came.push_back(entry);
  }
  const content_source content = all.logs.content();
  const std::uint64_t begun = all.logs.sender(0).started;
  const std::uint64_t answered = all.logs.sender(0).logged;
  for (std::size_t i = 0; i < came.size(); ++i) {
    const message_id id{0, i};
    const bool same = i < begun && came[i].sound != 0 &&
                      static_cast<std::uint64_t>(came[i].length) == content.length(id) &&
                      came[i].identity == content.identity(id);
    if (!same) return expected::violation;
  }
  return certain_if(all.complete(0) && came.size() < answered);
}

expected repeated(const witness& all, const scar& one) {
  const unsigned r = one.receiver;
  if (one.at == nowhere || all.place_of(r, one.event) != one.at) return expected::anything;
  if (all.can.competing) {
    for (unsigned q = 0; q < all.logs.receivers(); ++q) {
      for (std::size_t e = 0; e < all.events(q); ++e) {
        const bool other = q != r || e != one.event;
        if (other && all.place_of(q, e) == one.at) return expected::violation;
      }
    }
    return expected::anything;
  }
  for (std::size_t e = one.event; e-- > 0;) {
    if (all.attaches(r, e) && (all.begins_anywhere(r) || all.resumes(r))) break;
    if (all.place_of(r, e) == one.at) return expected::violation;
  }
  return expected::anything;
}

// Did another consumer get this place and the next one in this order?
bool another_saw_both(const witness& all, unsigned r, std::size_t at) {
  for (unsigned q = 0; q < all.logs.facts().consumers; ++q) {
    const auto& places = all.real.places[q];
    const auto one = std::find(places.begin(), places.end(), at);
    const auto other = std::find(places.begin(), places.end(), at + 1);
    if (q != r && one != places.end() && other != places.end() && one < other) return true;
  }
  return false;
}

expected swapped(const witness& all, const scar& one) {
  const unsigned r = one.receiver;
  const bool shows =
      all.place_of(r, one.event) == one.at + 1 && all.place_of(r, one.event + 1) == one.at;
  if (!shows) return expected::anything;
  const bool one_producer = all.real.line[one.at].owner == all.real.line[one.at + 1].owner;
  if (one_producer || all.by_number()) return expected::violation;
  return certain_if(!all.logs.is_observer(r) && another_saw_both(all, r, one.at));
}

bool is_long(const event& entry) noexcept {
  return entry.length >= static_cast<std::int32_t>(content_source::self_naming);
}

expected wrong_bytes(const witness& all, const scar& one) {
  const unsigned r = one.receiver;
  if (all.place_of(r, one.event) != one.at || one.at == nowhere) return expected::anything;
  const event& entry = all.entry(r, one.event);
  const auto most = static_cast<std::int64_t>(all.run.shape.queue.content_size);
  return certain_if(is_long(entry) || entry.length > most || all.run.shape.shortest != 0 ||
                    all.sent(one.at));
}

expected stale(const witness& all, const scar& one) {
  const unsigned r = one.receiver;
  if (all.place_of(r, one.event) != one.at || !all.sent(one.at)) return expected::anything;
  const content_source content = all.logs.content();
  const message_id id = all.real.line[one.at].id;
  const event& entry = all.entry(r, one.event);
  return certain_if(entry.identity != content.identity(id) ||
                    static_cast<std::uint64_t>(entry.length) != content.length(id));
}

bool shows_in_the_next_number(const witness& all, unsigned r, std::size_t e) {
  return all.next_of_incarnation(r, e) != nowhere && !all.just_attached(r, e);
}

expected aborted_nothing(const witness& all) {
  std::set<std::size_t> aborted, came;
  for (unsigned r = 0; r < all.logs.receivers(); ++r) {
    for (std::size_t e = 0; e < all.events(r); ++e) {
      const std::size_t at = all.place_of(r, e);
      if (at == nowhere) continue;
      if (all.entry(r, e).kind == event_kind::aborted) aborted.insert(at);
      if (all.is_message(r, e) && all.answer_of(at) == answer::in_doubt) came.insert(at);
    }
  }
  return certain_if(aborted.size() + came.size() > all.in_doubt());
}

expected skipped_number(const witness& all, std::size_t at) {
  const auto number = static_cast<std::int64_t>(at);
  for (unsigned r = 0; r < all.logs.receivers(); ++r) {
    for (std::size_t e = 1; e < all.events(r); ++e) {
      const event& before = all.entry(r, e - 1);
      if (before.kind == event_kind::attached || all.attaches(r, e)) continue;
      const bool wide = before.kind != event_kind::message;
      const std::int64_t end =
          before.number + (wide ? static_cast<std::int64_t>(before.identity) : 1);
      if (end <= number && number < all.entry(r, e).number) return expected::violation;
    }
  }
  return expected::anything;
}

// Two places with one message.
expected resent(const witness& all, const scar& one) {
  std::size_t copy = one.at + 1;
  while (copy < all.real.line.size() && all.real.line[copy].id != all.real.line[one.at].id) ++copy;
  if (copy == all.real.line.size()) return expected::anything;
  if (all.can.competing || all.by_number()) {
    return certain_if(all.logged_by_any(one.at) && all.logged_by_any(copy));
  }
  for (unsigned r = 0; r < all.logs.receivers(); ++r) {
    const auto& places = all.real.places[r];
    const auto first = std::find(places.begin(), places.end(), one.at);
    const auto second = std::find(places.begin(), places.end(), copy);
    if (first == places.end() || second == places.end()) continue;
    const auto e = static_cast<std::size_t>(std::min(first, second) - places.begin());
    const auto end = static_cast<std::size_t>(std::max(first, second) - places.begin());
    if (all.shared(r) || !all.attaches_between(r, e, end)) return expected::violation;
  }
  return expected::anything;
}

expected answered_twice(const witness& all) {
  std::set<std::uint64_t> numbers;
  for (unsigned p = 0; p < all.logs.senders(); ++p) {
    for (const std::uint64_t word : all.logs.answered(p)) {
      if (answer::is_number(word) && !numbers.insert(word).second) return expected::violation;
    }
  }
  return expected::anything;
}

expected answered_wrong(const witness& all, const scar& one) {
  if (one.at == nowhere || all.answer_of(one.at) != one.at + 1) return expected::anything;
  if (answered_twice(all) == expected::violation) return expected::violation;
  const bool named =
      all.logs.content().length(all.real.line[one.at].id) >= content_source::self_naming;
  return certain_if(all.logged_by_any(one.at) && named);
}

expected resumed_early(const witness& all, const scar& one) {
  return certain_if(all.next_of_incarnation(one.receiver, one.event) != nowhere &&
                    all.place_of(one.receiver, one.event) == one.at);
}

expected resumed_late(const witness& all, const scar& one) {
  const std::size_t next = all.next_of_incarnation(one.receiver, one.event);
  if (all.by_number()) return certain_if(next != nowhere);
  return next == nowhere ? expected::anything : missing_message(all, one);
}

// A message in doubt that one receiver got and another one never will.
expected divided(const witness& all, const scar& one) {
  if (all.by_number()) return missing_number(all, one);
  const unsigned r = one.receiver;
  bool another = false;
  for (unsigned q = 0; q < all.logs.facts().consumers; ++q) {
    another |= q != r && all.logged(q, one.at);
  }
  if (!another || all.lossy(r) || all.logged(r, one.at)) return expected::anything;
  if (all.can.unordered) {
    return certain_if(all.complete(r) && !all.attaches_between(r, 0, all.events(r)));
  }
  // It got one before it and one behind it of this producer, without attaching in between.
  std::size_t before = nowhere, behind = nowhere;
  for (std::size_t e = 0; e < all.events(r); ++e) {
    const std::size_t at = all.place_of(r, e);
    if (at == nowhere || all.real.line[at].owner != all.real.line[one.at].owner) continue;
    if (at < one.at) before = e;
    if (at > one.at && behind == nowhere) behind = e;
  }
  return certain_if(before != nowhere && behind != nowhere &&
                    !all.attaches_between(r, before, behind));
}

expected scar_expectation(const witness& all, const scar& one) {
  const unsigned r = one.receiver;
  const std::size_t e = one.event;
  const bool seen = e < all.events(r);
  switch (all.run.planted) {
    case defect::loses:
    case defect::loses_last:
    case defect::loses_at_attach:
    case defect::hides_abort:
      return all.by_number() ? missing_number(all, one) : missing_message(all, one);
    case defect::repeats:
    case defect::shares:
      return repeated(all, one);
    case defect::swaps:
      return swapped(all, one);
    case defect::corrupts:
    case defect::shortens:
      return wrong_bytes(all, one);
    case defect::renumbers:
      return certain_if(shows_in_the_next_number(all, r, e));
    case defect::stale:
      return stale(all, one);
    case defect::miscounts_loss:
      if (!seen || all.entry(r, e).kind != event_kind::lost) return expected::anything;
      return all.by_number() ? certain_if(all.next_of_incarnation(r, e + 1) != nowhere)
                             : wrong_counts(all, r);
    case defect::hides_loss:
      return all.by_number() ? certain_if(shows_in_the_next_number(all, r, e))
                             : wrong_counts(all, r);
    case defect::false_loss:
      return certain_if(!all.lossy(r) && seen && all.entry(r, e).kind == event_kind::lost);
    case defect::aborts_committed:
      return certain_if(seen && all.place_of(r, e) == one.at && all.sent(one.at));
    case defect::aborts_nothing:
      return aborted_nothing(all);
    case defect::skips_number:
      return skipped_number(all, one.at);
    case defect::invents:
    case defect::revives:
      return certain_if(all.logged_by_any(one.at));
    case defect::resends:
      return resent(all, one);
    case defect::resumes_early:
      return resumed_early(all, one);
    case defect::resumes_late:
      return resumed_late(all, one);
    case defect::answers_twice:
      return answered_twice(all);
    case defect::answers_wrong:
      return answered_wrong(all, one);
    case defect::divides:
      return divided(all, one);
    case defect::hangs:
      return certain_if(!all.may_block());
    case defect::fails:
      return certain_if(!all.can.fallible || all.kills() == 0);
    case defect::none:
    case defect::count:
      break;
  }
  return expected::anything;
}

// Does no receiver begin anywhere after a kill, and owe nothing?
bool begins_never_anew(const witness& all) {
  for (unsigned r = 0; r < all.logs.facts().consumers; ++r) {
    if (all.begins_anywhere(r) && all.attaches_between(r, 0, all.events(r))) return false;
  }
  return true;
}

expected right_queue(const witness& all) {
  if (all.logs.facts().ended != run_end::completed) return expected::unknown;
  if (all.real.blocked && all.can.lossy) return expected::not_wrong;
  if (all.real.blocked)
    return begins_never_anew(all) && is_owed(all) ? expected::unknown : expected::not_wrong;
  const bool loses = all.can.lossy || all.logs.facts().observers != 0;
  return all.run.kind->reuses_slots && loses ? expected::not_wrong : expected::ok;
}

}  // namespace

std::string_view unseen(const simulated_run& seen) {
  const witness all(seen);
  if (all.by_number() || !all.can.broadcast) return "";
  bool all_killed = true;
  for (unsigned r = 0; r < all.logs.facts().consumers; ++r) {
    all_killed &= all.logs.receiver(r).kills != 0;
  }
  if (seen.run.planted == defect::swaps && (all_killed || all.can.buffered)) {
    return "receivers' orders without numbers where no receiver certainly got everything";
  }
  if (seen.run.planted == defect::divides) {
    return "whether a message in doubt reached every receiver of a broadcast without numbers";
  }
  return "";
}

expected expectation(const simulated_run& seen) {
  const witness all(seen);
  if (seen.real.scars.empty()) return right_queue(all);
  if (all.by_place() && seen.run.planted != defect::hangs) return compare_places(all);
  auto worst = expected::anything;
  for (const scar& one : seen.real.scars) {
    const expected found = scar_expectation(all, one);
    if (found == expected::violation) return found;
    if (found == expected::not_ok) worst = found;
  }
  return worst;
}

}  // namespace shmfifo::harness::generated
