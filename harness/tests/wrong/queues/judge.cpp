// SPDX-License-Identifier: MIT
// The judge of a small run. Each rule is a function from the record to the calls that break it; the
// first rule that is broken names the verdict, so rules about single answers come before those
// about what follows from them.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <unordered_map>

#include "trial.hpp"

namespace shmfifo::harness::queues {
namespace {

using what = event::what;
using role = actor_history::role;
using finding = std::optional<std::string>;

const char* name_of(what is) {
  constexpr const char* names[] = {"sent",    "refused",  "unknown",   "gave up",
                                   "message", "nothing",  "aborted",   "lost",
                                   "failed",  "released", "restarted", "late"};
  return names[static_cast<std::size_t>(is)];
}

std::string show(const actor_history& actor, const event& line) {
  std::ostringstream out;
  const char* roles[] = {"producer ", "consumer ", "observer "};
  out << roles[static_cast<std::size_t>(actor.is)] << actor.id << ": " << name_of(line.is);
  if (line.number >= 0) out << " number " << line.number;
  if (line.length >= 0) out << " length " << line.length;
  if (line.signal > 0) out << ", ended by signal " << line.signal;
  if (line.count > 0) out << " count " << line.count;
  if (line.sequence >= 0)
    out << " (message " << line.sequence << " of producer " << line.producer << ')';
  constexpr const char* defects[] = {"", ", content wrong", ", length wrong",
                                     ", length out of bounds"};
  out << defects[static_cast<std::size_t>(line.wrong)];
  return out.str();
}

struct message_key {
  std::uint64_t word;
  explicit message_key(const event& line)
      : word(static_cast<std::uint64_t>(line.producer) << 48U |
             static_cast<std::uint64_t>(line.sequence)) {}
};

struct fact {
  const actor_history* who;
  const event* line;
};

// What the producers were told, by message and by number.
struct facts {
  const record_of_trial& record;
  std::unordered_map<std::uint64_t, fact> sent, unknown;
  std::unordered_map<std::int64_t, fact> numbers;
  explicit facts(const record_of_trial& all) : record(all) {}
};

template <class Visit>
finding each(const record_of_trial& record, Visit visit) {
  for (const actor_history& actor : record.actors) {
    for (const event& line : actor.events) {
      if (finding found = visit(actor, line)) return found;
    }
  }
  return {};
}

finding failed(const facts& all) {
  return each(all.record, [](const actor_history& actor, const event& line) -> finding {
    if (line.is == what::failed) return show(actor, line);
    return {};
  });
}

finding late(const facts& all) {
  return each(all.record, [](const actor_history& actor, const event& line) -> finding {
    if (line.is == what::late) return show(actor, line) + " in a call after its deadline";
    return {};
  });
}

template <event::defect wanted>
finding defective(const facts& all) {
  for (const actor_history& actor : all.record.actors) {
    const event* before = nullptr;
    for (const event& line : actor.events) {
      if (line.is != what::message) continue;
      if (line.wrong == wanted) {
        return (before ? show(actor, *before) + "\n" : "") + show(actor, line);
      }
      before = &line;
    }
  }
  return {};
}

finding invented(const facts& all) {
  return each(all.record, [&](const actor_history& actor, const event& line) -> finding {
    if (line.is != what::message) return {};
    const std::uint64_t key = message_key(line).word;
    if (all.sent.contains(key) || all.unknown.contains(key)) return {};
    return show(actor, line) + ", which was never sent";
  });
}

// A number means one message, to its producer and to everybody who sees it.
finding number(const facts& all) {
  if (!all.record.promises.numbered) return {};
  std::unordered_map<std::int64_t, fact> meaning;
  return each(all.record, [&](const actor_history& actor, const event& line) -> finding {
    if (line.is != what::message && line.is != what::sent) return {};
    if (line.wrong != event::defect::none) return {};  // who knows which message that was
    const auto [known, fresh] = meaning.try_emplace(line.number, fact{&actor, &line});
    const event& first = *known->second.line;
    const bool twice = !fresh && line.is == what::sent && first.is == what::sent;
    if (!twice && (fresh || message_key(first).word == message_key(line).word)) return {};
    return show(*known->second.who, first) + "\n" + show(actor, line);
  });
}

finding aborted(const facts& all) {
  std::set<std::int64_t> numbers;
  finding found = each(all.record, [&](const actor_history& actor, const event& line) -> finding {
    if (line.is != what::aborted) return {};
    for (std::int64_t n = line.number; n < line.number + line.count; ++n) {
      numbers.insert(n);
      const auto told = all.numbers.find(n);
      if (told == all.numbers.end()) continue;
      return show(*told->second.who, *told->second.line) + "\n" + show(actor, line);
    }
    return {};
  });
  if (found || numbers.size() <= all.unknown.size()) return found;
  return std::to_string(numbers.size()) + " numbers aborted, but only " +
         std::to_string(all.unknown.size()) + " sends were cut short; the first is " +
         std::to_string(*numbers.begin());
}

// Numbers follow one another; what is passed over is said, and only a queue that may lose loses.
finding continuity(const facts& all, bool about_loss) {
  for (const actor_history& actor : all.record.actors) {
    if (actor.is == role::producer || !all.record.promises.numbered) continue;
    if (all.record.promises.competing) continue;
    std::int64_t next = actor.is == role::consumer ? 0 : -1, kept = 0;
    bool after_loss = false, resumed = false;
    const event* before = nullptr;
    for (const event& line : actor.events) {
      const bool tells =
          line.is == what::message || line.is == what::aborted || line.is == what::lost;
      if (line.is == what::released) kept = line.number;
      if (line.is == what::restarted) resumed = true, next = actor.is == role::consumer ? next : -1;
      if (!tells) continue;
      const bool may_lose = actor.is == role::observer || all.record.promises.lossy;
      if (about_loss && line.is == what::lost && !may_lose) return show(actor, line);
      const bool fits = next < 0 || line.number == next ||
                        (resumed && line.number >= kept && line.number <= next);
      if (!fits && about_loss == after_loss) {
        return (before ? show(actor, *before) + "\n" : "") + show(actor, line);
      }
      next = line.number + std::max<std::int64_t>(line.count, 1);
      after_loss = line.is == what::lost;
      resumed = false;
      before = &line;
    }
  }
  return {};
}
finding loss(const facts& all) {
  return continuity(all, true);
}
finding order(const facts& all) {
  return continuity(all, false);
}

// Of one producer, each consumer sees later messages later, and (unless told otherwise) each once.
finding producer_order(const facts& all) {
  for (const actor_history& actor : all.record.actors) {
    if (actor.is == role::producer || actor.events.empty()) continue;
    std::map<unsigned, const event*> last;
    for (const event& line : actor.events) {
      if (line.is == what::restarted) last.clear();
      if (line.is != what::message) continue;
      const event*& before = last[line.producer];
      if (before && before->sequence >= line.sequence) {
        return show(actor, *before) + "\n" + show(actor, line);
      }
      before = &line;
    }
  }
  return {};
}

finding total_order(const facts& all) {
  if (!all.record.promises.broadcast || all.record.promises.numbered) return {};
  std::vector<fact> first;
  for (const actor_history& actor : all.record.actors) {
    if (actor.is != role::consumer) continue;
    std::vector<fact> mine;
    for (const event& line : actor.events) {
      if (line.is == what::message) mine.push_back({&actor, &line});
    }
    for (std::size_t i = 0; i < std::min(first.size(), mine.size()); ++i) {
      if (message_key(*first[i].line).word == message_key(*mine[i].line).word) continue;
      return show(*first[i].who, *first[i].line) + "\n" + show(actor, *mine[i].line);
    }
    if (first.empty()) first = mine;
  }
  return {};
}

// Each message that was sent reaches every consumer, or exactly one if they share.
finding delivery(const facts& all) {
  const bool share = all.record.promises.competing;
  if (all.record.promises.lossy) return {};
  std::unordered_map<std::uint64_t, fact> seen;
  for (const actor_history& actor : all.record.actors) {
    if (actor.is != role::consumer) continue;
    if (!share) seen.clear();
    for (const event& line : actor.events) {
      if (line.is != what::message) continue;
      const auto [known, fresh] = seen.try_emplace(message_key(line).word, fact{&actor, &line});
      if (fresh || !share) continue;
      return show(*known->second.who, *known->second.line) + "\n" + show(actor, line);
    }
    if (share) continue;
    for (const auto& [key, told] : all.sent) {
      if (seen.contains(key)) continue;
      return show(*told.who, *told.line) + "\nconsumer " + std::to_string(actor.id) +
             " never saw it";
    }
  }
  for (const auto& [key, told] : all.sent) {
    if (share && !seen.contains(key)) return show(*told.who, *told.line) + "\nnobody saw it";
  }
  return {};
}

// "Nothing" is untrue if the number that comes next was already its producer's before the deadline.
finding nothing(const facts& all) {
  if (!all.record.promises.numbered || all.record.promises.competing) return {};
  for (const actor_history& actor : all.record.actors) {
    if (actor.is != role::consumer) continue;
    std::int64_t next = 0;
    for (const event& line : actor.events) {
      if (line.is == what::restarted) next = -1;
      if (line.is == what::message || line.is == what::aborted || line.is == what::lost) {
        next = line.number + std::max<std::int64_t>(line.count, 1);
      }
      const auto told = all.numbers.find(next);
      if (line.is != what::nothing || told == all.numbers.end()) continue;
      if (told->second.line->ended >= line.until) continue;
      return show(*told->second.who, *told->second.line) + "\n" + show(actor, line) +
             " later, though " + std::to_string(next) + " came next";
    }
  }
  return {};
}

// "Full" is untrue if all that can have been sent until then, less all that everybody had released
// before the call, does not fill the slots.
finding full(const facts& all) {
  if (!all.record.asked.exact_room) return {};
  std::vector<std::int64_t> begins;
  std::vector<std::vector<event>> releases;
  for (const actor_history& actor : all.record.actors) {
    if (actor.is == role::consumer) releases.emplace_back();
    for (const event& line : actor.events) {
      if (line.is == what::sent || line.is == what::unknown) begins.push_back(line.began);
      if (line.is == what::released) releases.back().push_back(line);
    }
  }
  std::sort(begins.begin(), begins.end());
  return each(all.record, [&](const actor_history& actor, const event& line) -> finding {
    if (line.is != what::refused) return {};
    const auto most = std::upper_bound(begins.begin(), begins.end(), line.ended) - begins.begin();
    std::int64_t least = most;
    for (const auto& one : releases) {
      const auto at = std::upper_bound(
          one.begin(), one.end(), line.began,
          [](std::int64_t time, const event& release) { return time < release.ended; });
      least = std::min(least, at == one.begin() ? 0 : std::prev(at)->number);
    }
    // A call that is still going on may hold a number, too: one for each other producer.
    const std::int64_t holds = most - least + all.record.asked.producers - 1;
    if (holds >= static_cast<std::int64_t>(all.record.asked.slots)) return {};
    return show(actor, line) + ", though at most " + std::to_string(holds) + " of " +
           std::to_string(all.record.asked.slots) + " slots were in use";
  });
}

finding stuck(const facts& all) {
  return each(all.record, [](const actor_history& actor, const event& line) -> finding {
    if (line.is == what::gave_up) return show(actor, line) + " after seconds of refusals";
    return {};
  });
}

}  // namespace

verdict judge(const record_of_trial& record) {
  facts all(record);
  for (const actor_history& actor : record.actors) {
    for (const event& line : actor.events) {
      if (line.is == what::sent) all.sent.try_emplace(message_key(line).word, fact{&actor, &line});
      if (line.is == what::unknown)
        all.unknown.try_emplace(message_key(line).word, fact{&actor, &line});
      if (line.is == what::sent && line.number >= 0)
        all.numbers.try_emplace(line.number, fact{&actor, &line});
    }
  }
  const std::pair<const char*, finding (*)(const facts&)> rules[] = {
      {"failed", failed},
      {"number", number},
      {"bounds", defective<event::defect::bounds>},
      {"content", defective<event::defect::content>},
      {"length", defective<event::defect::length>},
      {"invented", invented},
      {"aborted", aborted},
      {"loss", loss},
      {"continuity", order},
      {"producer_order", producer_order},
      {"total_order", total_order},
      {"full", full},
      {"nothing", nothing},
      {"deadline", late},
      {"stuck", stuck},
      {"delivery", delivery},
  };
  for (const auto& [name, rule] : rules) {
    if (const finding found = rule(all)) return {judgement::violation, name, *found};
  }
  return {};
}

}  // namespace shmfifo::harness::queues
