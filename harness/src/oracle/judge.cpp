// SPDX-License-Identifier: MIT
#include "shmfifo/harness/oracle/judge.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

#include "judging.hpp"

namespace shmfifo::harness {
namespace {

void count(const judged_run& run) {
  judge_figures& all = run.figures;
  const auto add = [&](const actor_state& who) {
    all.kills += who.kills;
    all.stops += who.stops;
    all.restarts += who.restarts;
  };
  for (unsigned i = 0; i < run.logs.senders(); ++i) {
    const actor_state& who = run.logs.sender(i);
    add(who);
    all.fulls += who.fulls;
    all.timeouts += who.timeouts;
    for (const std::uint64_t word : run.logs.answered(i)) {
      all.sent += answer::is_sent(word) ? 1U : 0U;
      all.in_doubt += word == answer::in_doubt ? 1U : 0U;
    }
  }
  for (unsigned i = 0; i < run.logs.receivers(); ++i) {
    add(run.logs.receiver(i));
    for (const event& entry : run.logs.told(i)) {
      all.delivered += entry.kind == event_kind::message ? 1U : 0U;
      all.lost += entry.kind == event_kind::lost ? entry.identity : 0;
    }
  }
  all.kills += run.facts().meddler_kills;
}

[[nodiscard]] std::string complaint_text(const actor_state& who, const std::string& name) {
  const std::uint64_t* facts = who.complained.facts;
  switch (who.complained.broken.load()) {
    case rule::failure:
      return fmt::format("{}: {}", name, who.text);
    case rule::full_with_room:
      return fmt::format(
          "{}: twice in a row there was no room, although at most {} messages had been begun "
          "besides its own, at least {} had been released before, and {} fit",
          name, facts[0], facts[1], facts[2]);
    case rule::full_not_promised:
      return fmt::format("{}: message {} was answered with {}, which this queue does not promise",
                         name, facts[1], facts[0] != 0 ? "full" : "timed out") +
             (facts[0] != 0 ? " (rejects)" : " (waits)");
    case rule::early_timeout:
      return fmt::format(
          "{}: message {} was answered with timed out, {} us before the deadline; {} are permitted",
          name, facts[0], facts[1], facts[2]);
    case rule::early_nothing:
      return fmt::format("{}: after event {}, {} us before the deadline; {} are permitted", name,
                         facts[0], facts[1], facts[2]);
    case rule::empty_with_messages:
      return fmt::format(
          "{}: after event {} it stood at number {}; before it asked, the message "
          "with number {} had been reported as sent and nobody was sending",
          name, facts[0], facts[1], facts[2] - 1);
    default:
      return fmt::format("{}: {} {} {}", name, facts[0], facts[1], facts[2]);
  }
}

// Asks for what each actor, by its name, shows alone.
template <class Judge>
[[nodiscard]] maybe judge_each(const judged_run& run, Judge&& judge_one) {
  for (unsigned i = 0; i < run.logs.senders(); ++i) {
    if (auto found = judge_one(run.logs.sender(i), fmt::format("producer {}", i))) return found;
  }
  for (unsigned i = 0; i < run.logs.receivers(); ++i) {
    if (auto found = judge_one(run.logs.receiver(i), run.receiver_name(i))) return found;
  }
  return std::nullopt;
}
[[nodiscard]] maybe judge_crashes(const judged_run& run) {
  return judge_each(run, [](const actor_state& who, const std::string& name) -> maybe {
    if (who.died_of == 0) return std::nullopt;
    return broken(rule::crashed, "{} died of signal {}", name, who.died_of);
  });
}
// `applies` says which rules to look for.
template <class Predicate>
[[nodiscard]] maybe judge_complaints(const judged_run& run, Predicate&& applies) {
  return judge_each(run, [&](const actor_state& who, const std::string& name) -> maybe {
    const rule which = who.complained.broken.load(std::memory_order_acquire);
    if (which == rule::none || !applies(which)) return std::nullopt;
    return broken(which, "{}", complaint_text(who, name));
  });
}

// The call in which an actor is, and where it stands against its deadline.
[[nodiscard]] std::string call_of(const run_facts& facts, const actor_state& who,
                                  std::string_view call, bool inside) {
  if (who.now.load() != stage::running) return {};
  if (!inside) return ", outside its calls";
  const std::int64_t deadline = who.call_deadline.load();
  if (deadline == 0 || facts.ended_at == 0) return fmt::format(", inside {}", call);
  const bool past = facts.ended_at >= deadline;
  const std::uint64_t from = static_cast<std::uint64_t>(past ? deadline : facts.ended_at);
  const std::uint64_t until = static_cast<std::uint64_t>(past ? facts.ended_at : deadline);
  return fmt::format(", inside {}, {} ms {} its deadline", call, (until - from) / 1'000'000,
                     past ? "past" : "before");
}

[[nodiscard]] std::string where_they_stand(const judged_run& run) {
  std::string text;
  constexpr std::string_view stages[] = {"absent",  "attaching", "ready",
                                         "running", "finished",  "dead"};
  const auto stage_of = [&](const actor_state& who) {
    return stages[static_cast<std::size_t>(who.now.load()) % std::size(stages)];
  };
  for (unsigned i = 0; i < run.logs.senders(); ++i) {
    const actor_state& who = run.logs.sender(i);
    text += fmt::format("\n  producer {}: {}, {} of {} answered{}, {} kills", i, stage_of(who),
                        who.logged.load(), run.logs.quota(i),
                        call_of(run.facts(), who, "send", who.in_call.load() != 0), who.kills);
  }
  for (unsigned i = 0; i < run.logs.receivers(); ++i) {
    const actor_state& who = run.logs.receiver(i);
    text += fmt::format("\n  {}: {}, stands at {}{}, {} kills", run.receiver_name(i), stage_of(who),
                        who.position.load(),
                        call_of(run.facts(), who, "receive", who.in_call.load() == 2), who.kills);
  }
  return text;
}

// Where nearly everything was overwritten, hardly anything was judged: why it is not ok, or empty.
// Of fewer messages than `enough` the share means nothing.
[[nodiscard]] std::string too_little_seen(const judged_run& run) {
  constexpr std::uint64_t one_in = 10;
  constexpr std::uint64_t enough = 100;
  std::uint64_t arrived = 0;
  std::uint64_t possible = 0;
  for (unsigned i = 0; i < run.logs.receivers(); ++i) {
    if (!run.lossy(i)) continue;
    const auto told = run.logs.told(i);
    arrived +=
        static_cast<std::uint64_t>(std::count_if(told.begin(), told.end(), [](const event& entry) {
          return entry.kind == event_kind::message;
        }));
    const bool shares = run.can.competing && !run.logs.is_observer(i) && i != 0;
    possible += shares ? 0 : run.figures.sent;
  }
  if (possible < enough || arrived * one_in >= possible) return {};
  return fmt::format(
      "too little was seen to judge: {} of {} messages arrived where messages may "
      "be lost; below {} % a run shows next to nothing",
      arrived, possible, 100 / one_in);
}

// The numbers of a queue that is judged by names: each is given out once, and its message arrives
// under it.
[[nodiscard]] maybe judge_given_numbers(const judged_run& run) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> given;  // with the packed message
  for (unsigned p = 0; p < run.logs.senders(); ++p) {
    const auto answers = run.logs.answered(p);
    for (std::uint64_t s = 0; s < answers.size(); ++s) {
      if (answer::is_number(answers[s])) given.emplace_back(answers[s], pack({p, s}));
    }
  }
  std::sort(given.begin(), given.end());
  const auto twice = std::adjacent_find(
      given.begin(), given.end(), [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice != given.end()) {
    return broken(rule::number_twice, "{}\n  {}", sender_line(run, unpack(twice->second)),
                  sender_line(run, unpack(std::next(twice)->second)));
  }
  for (unsigned i = 0; i < run.logs.receivers(); ++i) {
    const auto told = run.logs.told(i);
    for (std::size_t e = 0; e < told.size(); ++e) {
      if (told[e].kind != event_kind::message || !names_itself(told[e])) continue;
      const message_id id = unpack(told[e].identity);
      const auto answers = run.logs.answered(id.producer);
      if (id.sequence >= answers.size() || !answer::is_number(answers[id.sequence]) ||
          static_cast<std::uint64_t>(told[e].number) == answers[id.sequence]) {
        continue;
      }
      return broken(rule::wrong_message, "{}\n  {}",
                    excerpt(run, i, e, "a message under another number"), sender_line(run, id));
    }
  }
  return std::nullopt;
}

[[nodiscard]] maybe judge_named(const judged_run& run) {
  if (run.can.unordered) return judge_unordered(run);
  if (auto found = judge_sequences(run)) return found;
  return run.can.competing ? judge_competing(run) : judge_one_order(run);
}

[[nodiscard]] maybe judge_deliveries(const judged_run& run) {
  if (judged_by_number(run.can)) return judge_numbered(run);
  if (auto found = judge_named(run)) return found;
  return run.can.numbered ? judge_given_numbers(run) : std::nullopt;
}

// May a call of this queue do this, because a process was killed?
[[nodiscard]] bool forgives(const judged_run& run, rule which) noexcept {
  return run.can.fallible && run.figures.kills != 0 &&
         (which == rule::failure || which == rule::early_timeout || which == rule::early_nothing);
}

[[nodiscard]] verdict as_verdict(maybe&& found) {
  return {outcome::violation, found->broken, std::move(found->excerpt)};
}

[[nodiscard]] verdict unknown(const judged_run& run, std::string_view why) {
  return {outcome::unknown, rule::none, std::string(why) + where_they_stand(run)};
}

// No actor made progress: a violation unless a death that the queue need not survive explains it.
// A process that was only paused went on.
[[nodiscard]] verdict judge_stall(const judged_run& run) {
  if (may_be_blocked(run)) return unknown(run, unsurvived_death);
  const std::uint64_t quiet = run.facts().quiet_ms;
  return {outcome::violation, rule::stuck,
          "  the run stood still" +
              (quiet == 0 ? "" : fmt::format(": no actor went on for {} ms", quiet)) +
              where_they_stand(run)};
}

}  // namespace

bool judged_by_number(const capabilities& promises) noexcept {
  return promises.numbered && !promises.competing && !promises.buffered && !promises.unordered &&
         !promises.divergent;
}

verdict judge(const histories& logs, judge_figures* figures) {
  queue_shape shape;
  shape.slots = logs.facts().slots;
  return judge(logs, logs.facts().promises, shape, figures);
}

verdict judge(const histories& logs, const capabilities& promises, const queue_shape& shape,
              judge_figures* figures) {
  judge_figures own;
  judge_figures& counted = figures != nullptr ? *figures : own;
  counted = {};
  std::string undecided;
  const judged_run run{logs, promises, shape.slots, logs.content(), counted, undecided};
  count(run);
  if (auto found = judge_crashes(run)) return as_verdict(std::move(found));
  // Deliveries first: they say most about what is wrong.
  if (auto found = judge_deliveries(run)) return as_verdict(std::move(found));
  if (promises.exclusive && logs.facts().second_producer != 0) {
    return as_verdict(broken(rule::second_producer,
                             "a producer attached while the only one was attached and alive"));
  }
  const auto forgiven = [&](rule which) { return forgives(run, which); };
  if (auto found = judge_complaints(run, std::not_fn(forgiven)))
    return as_verdict(std::move(found));
  if (auto found = judge_complaints(run, forgiven)) {
    return unknown(run,
                   "a call failed after a process was killed, which this queue does not "
                   "promise to survive (fallible)\n" +
                       found->excerpt);
  }
  switch (logs.facts().ended) {
    case run_end::completed:
      run.leave_undecided(too_little_seen(run));
      if (!undecided.empty()) return unknown(run, undecided);
      return {outcome::ok, rule::none, ""};
    case run_end::stalled:
      return judge_stall(run);
    case run_end::timed_out:
      return unknown(run, "the time limit of the run passed");
    case run_end::log_full:
      return unknown(run, "a receiver got more than its log holds");
  }
  return {outcome::unknown, rule::none, "the history does not say how the run ended"};
}

}  // namespace shmfifo::harness
