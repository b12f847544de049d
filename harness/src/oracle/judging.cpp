// SPDX-License-Identifier: MIT
#include "judging.hpp"

#include <algorithm>

namespace shmfifo::harness {

std::string describe(const judged_run& run, const event& entry) {
  const std::string number = entry.number < 0 ? "" : fmt::format("number {}: ", entry.number);
  switch (entry.kind) {
    case event_kind::attached:
      return fmt::format("attached (incarnation {}{})", entry.number,
                         entry.killed != 0 ? ", the last one was killed" : "");
    case event_kind::message:
      if (!names_itself(entry)) {
        return fmt::format("{}message of {} bytes, raw {:#x}", number, entry.length,
                           entry.identity);
      } else {
        const message_id id = unpack(entry.identity);
        const bool known = id.producer < run.facts().producers;
        return fmt::format("{}message of {} bytes, {}{}", number, entry.length,
                           known ? fmt::format("producer {} sequence {}", id.producer, id.sequence)
                                 : "naming no producer",
                           entry.sound != 0 ? "" : ", BYTES WRONG");
      }
    case event_kind::aborted:
      return fmt::format("{}aborted, {} of them", number, entry.identity);
    case event_kind::lost:
      return fmt::format("{}lost, {} of them", number, entry.identity);
    case event_kind::invalid:
      return fmt::format("{}invalid, {} of them", number, entry.identity);
  }
  return "unknown event";
}

std::string excerpt(const judged_run& run, unsigned receiver, std::size_t at,
                    std::string_view why) {
  const auto told = run.logs.told(receiver);
  std::string text = fmt::format("{} in the history of {}:", why, run.receiver_name(receiver));
  const std::size_t first = at < 2 ? 0 : at - 2;
  const std::size_t last = std::min(told.size(), at + 2);
  for (std::size_t i = first; i < last; ++i) {
    text += fmt::format("\n  {} event {}: {}", i == at ? '>' : ' ', i, describe(run, told[i]));
  }
  return text;
}

std::string sender_line(const judged_run& run, message_id id) {
  const auto answers = run.logs.answered(id.producer);
  const std::string who = fmt::format("producer {} sequence {}", id.producer, id.sequence);
  if (id.sequence >= answers.size()) {
    const bool begun = id.sequence < run.logs.sender(id.producer).started.load();
    return who + (begun ? " was begun, without an answer yet" : " was never begun");
  }
  const std::uint64_t word = answers[id.sequence];
  if (answer::is_number(word)) return fmt::format("{} was reported as sent, number {}", who, word);
  if (word == answer::sent_unnumbered) return who + " was reported as sent";
  if (word == answer::in_doubt) return who + " is in doubt: its sender was killed inside the call";
  return who + " was refused and given up";
}

maybe judge_missing_end(const judged_run& run, rule which, const std::string& what) {
  if (!may_be_blocked(run)) return broken(which, "{}", what);
  run.leave_undecided(fmt::format("{}\n  {}", unsurvived_death, what));
  return std::nullopt;
}

std::uint64_t next_existing(const judged_run& run, unsigned producer, std::uint64_t sequence) {
  const auto answers = run.logs.answered(producer);
  while (sequence < answers.size() && answers[sequence] == answer::not_sent) ++sequence;
  return sequence;
}

gap gap_before(const judged_run& run, message_id id, std::uint64_t from) {
  gap missing;
  const auto answers = run.logs.answered(id.producer);
  const std::uint64_t end = std::min<std::uint64_t>(id.sequence, answers.size());
  for (std::uint64_t s = from; s < end; ++s) {
    if (answer::is_sent(answers[s]) && missing.certain++ == 0) missing.first = {id.producer, s};
    if (answers[s] == answer::in_doubt) ++missing.doubtful;
  }
  return missing;
}

maybe judge_report(const judged_run& run, unsigned receiver, std::size_t at,
                   std::uint64_t& aborted) {
  const event& entry = run.logs.told(receiver)[at];
  if (entry.kind == event_kind::invalid) {
    return broken(rule::invalid_message, "{}", excerpt(run, receiver, at, "an invalid number"));
  }
  if (entry.kind == event_kind::lost && !run.lossy(receiver)) {
    return broken(rule::loss_not_allowed, "{}", excerpt(run, receiver, at, "a loss"));
  }
  if (entry.kind != event_kind::aborted) return std::nullopt;
  if (entry.identity > run.figures.in_doubt - aborted) {
    return broken(rule::aborted_without_cause, "{}", excerpt(run, receiver, at, "an abort"));
  }
  aborted += entry.identity;
  run.figures.aborted = std::max(run.figures.aborted, aborted);
  return std::nullopt;
}

maybe judge_content(const judged_run& run, unsigned receiver, std::size_t at) {
  const event& entry = run.logs.told(receiver)[at];
  if (static_cast<std::uint64_t>(entry.length) > run.facts().content_size) {  // or negative
    return broken(rule::length, "{}",
                  excerpt(run, receiver, at, "a length that no message may have"));
  }
  const message_id id = unpack(entry.identity);
  if (entry.sound == 0) {
    const bool known = names_itself(entry) && id.producer < run.facts().producers;
    if (known && run.content.length(id) != static_cast<std::uint64_t>(entry.length)) {
      return broken(rule::length, "{}\n  {} bytes were sent",
                    excerpt(run, receiver, at, "a wrong length"), run.content.length(id));
    }
    return broken(rule::content, "{}", excerpt(run, receiver, at, "wrong bytes"));
  }
  if (!names_itself(entry)) return std::nullopt;
  if (id.producer >= run.facts().producers) {
    return broken(rule::phantom_message, "{}",
                  excerpt(run, receiver, at, "a message of no producer"));
  }
  const actor_state& sender = run.logs.sender(id.producer);
  const auto answers = run.logs.answered(id.producer);
  const bool refused = id.sequence < answers.size() && answers[id.sequence] == answer::not_sent;
  if (id.sequence >= sender.started.load() || refused) {
    return broken(rule::phantom_message, "{}\n  {}",
                  excerpt(run, receiver, at, "a message that nobody sent"), sender_line(run, id));
  }
  return std::nullopt;
}

maybe judge_named_content(const judged_run& run, unsigned receiver, std::size_t at) {
  if (auto found = judge_content(run, receiver, at)) return found;
  if (names_itself(run.logs.told(receiver)[at])) return std::nullopt;
  return broken(rule::content, "{}",
                excerpt(run, receiver, at, "a message that names no producer"));
}

}  // namespace shmfifo::harness
