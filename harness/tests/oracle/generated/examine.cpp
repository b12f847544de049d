// SPDX-License-Identifier: MIT
#include "examine.hpp"

#include <fmt/format.h>
#include <rapidcheck.h>

namespace shmfifo::harness::generated {
namespace {

mistake compare(const examined& seen) {
  const bool accused = seen.judged.answer == outcome::violation;
  const bool ok = seen.judged.answer == outcome::ok;
  switch (seen.truth) {
    case expected::ok:
      return accused ? mistake::false_accusation : ok ? mistake::none : mistake::needless_doubt;
    case expected::not_wrong:
      return accused ? mistake::false_accusation : mistake::none;
    case expected::unknown:
      return accused ? mistake::false_accusation : ok ? mistake::missed_end : mistake::none;
    case expected::violation:
      if (!accused) return mistake::missed_defect;
      return may_break(seen.run.planted, seen.judged.broken) ? mistake::none : mistake::wrong_rule;
    case expected::not_ok:
      return ok ? mistake::missed_end : mistake::none;
    case expected::anything:
      break;
  }
  return mistake::none;
}

std::string description(const event& entry) {
  constexpr std::string_view kinds[] = {"attached", "message", "aborted", "lost", "invalid"};
  std::string text = fmt::format("{}", kinds[static_cast<std::size_t>(entry.kind)]);
  if (entry.number >= 0) text += fmt::format(" {}", entry.number);
  switch (entry.kind) {
    case event_kind::attached:
      return text + fmt::format(" killed {} released {}", entry.killed, entry.identity);
    case event_kind::message:
      if (entry.length < 8) return text + fmt::format(" short {:#x}", entry.identity);
      return text + fmt::format(" {}.{}{}", unpack(entry.identity).producer,
                                unpack(entry.identity).sequence, entry.sound != 0 ? "" : " BAD");
    default:
      return text + fmt::format(" x{}", entry.identity);
  }
}

std::string description(std::uint64_t word) {
  if (word == answer::in_doubt) return "doubt";
  if (word == answer::not_sent) return "not";
  return word == answer::sent_unnumbered ? "sent" : fmt::format("{}", word);
}

std::string description(const histories& logs) {
  std::string text;
  for (unsigned i = 0; i < logs.senders(); ++i) {
    text += fmt::format("\n  producer {}, {} kills, begun {}:", i, logs.sender(i).kills,
                        logs.sender(i).started.load());
    for (const std::uint64_t word : logs.answered(i)) text += fmt::format(" {}", description(word));
  }
  for (unsigned i = 0; i < logs.receivers(); ++i) {
    text += fmt::format("\n  {} {}{}:", logs.is_observer(i) ? "observer" : "consumer", i,
                        logs.receiver(i).now == stage::finished ? "" : ", not finished");
    for (const event& entry : logs.told(i)) text += fmt::format("\n    {}", description(entry));
  }
  return text;
}

std::string description(const scenario& run) {
  const history_shape& shape = run.shape;
  return fmt::format(
      "{}: {} producers, {} consumers, {} observers, {} messages of up to {} bytes, {} slots{}{}",
      run.kind->name, shape.queue.producers, shape.queue.consumers, shape.queue.observers,
      shape.queue.messages, shape.queue.content_size, shape.queue.slots,
      shape.promises.recoverable ? ", recoverable" : "",
      run.planted == defect::none
          ? ""
          : fmt::format("; it {}: {}", to_string(run.planted), meaning_of(run.planted)));
}

rc::Shrinkable<choice_list> shrinkable(const choice_list& list) {
  return rc::shrinkable::shrinkRecur(list, [](const choice_list& one) {
    return rc::seq::concat(rc::shrink::removeChunks(one),
                           rc::shrink::eachElement(one, [](std::uint32_t word) {
                             return rc::shrink::towards(word, std::uint32_t{0});
                           }));
  });
}

}  // namespace

std::string_view to_string(mistake which) noexcept {
  constexpr std::string_view names[] = {"none",       "false accusation", "missed defect",
                                        "missed end", "needless doubt",   "wrong rule"};
  return names[static_cast<std::size_t>(which)];
}

examined examine(const choice_list& list, const examination& how) {
  choices from(list);
  examined seen;
  seen.run = draw_scenario(from, how.wrong);
  const simulated_run all = simulate(seen.run, from);
  seen.choices_used = from.used();
  seen.struck = !all.real.scars.empty();
  seen.truth = expectation(all);
  seen.judged = how.judges(all.logs, &seen.figures);
  seen.wrong = compare(seen);
  if (seen.wrong != mistake::missed_defect) return seen;
  seen.blind_spot = unseen(all);
  if (!seen.blind_spot.empty()) seen.wrong = mistake::none;
  return seen;
}

choice_list shrunk(choice_list list, const examination& how) {
  const examined first = examine(list, how);
  list.resize(std::min(list.size(), first.choices_used));
  const auto same = [&](const choice_list& other) {
    const examined seen = examine(other, how);
    return seen.wrong == first.wrong && seen.judged.broken == first.judged.broken &&
           seen.run.planted == first.run.planted && seen.run.kind == first.run.kind;
  };
  choice_list small = list;  // the same choices, mostly, and quicker to shrink
  for (std::uint32_t& word : small) word %= 720720;
  auto best = shrinkable(same(small) ? small : list);
  std::size_t tries_left = 3000;
  for (bool smaller = true; smaller && tries_left != 0;) {
    smaller = false;
    auto rest = best.shrinks();
    for (auto next = rest.next(); next && tries_left != 0; next = rest.next()) {
      --tries_left;
      if (!same(next->value())) continue;
      best = *next;
      smaller = true;
      break;
    }
  }
  return best.value();
}

std::string described(const choice_list& list, const examination& how) {
  choices from(list);
  const scenario run = draw_scenario(from, how.wrong);
  const simulated_run all = simulate(run, from);
  std::string text = "  " + description(run) + description(all.logs);
  for (const scar& one : all.real.scars) {
    text += fmt::format("\n  the defect struck receiver {} before event {}, place {}", one.receiver,
                        one.event, static_cast<std::int64_t>(one.at));
  }
  constexpr std::string_view ends[] = {"completed", "stalled", "timed out", "log full"};
  text += fmt::format("\n  end: {}, final position {}\n  verdict: {}",
                      ends[static_cast<std::size_t>(all.logs.facts().ended)],
                      all.logs.facts().final_position.load(), how.judges(all.logs, nullptr).text());
  return text;
}

}  // namespace shmfifo::harness::generated
