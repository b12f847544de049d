// SPDX-License-Identifier: MIT
#pragma once
// What the parts of the judge share: the run as they see it, and the text of a finding.

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shmfifo/harness/oracle/judge.hpp"

namespace shmfifo::harness {

struct finding {
  rule broken = rule::none;
  std::string excerpt;
};
using maybe = std::optional<finding>;

template <class... Arguments>
[[nodiscard]] maybe broken(rule which, fmt::format_string<Arguments...> text,
                           Arguments&&... arguments) {
  return finding{which, "  " + fmt::format(text, std::forward<Arguments>(arguments)...)};
}

struct judged_run {
  const histories& logs;
  capabilities can;
  std::uint64_t slots = 0;
  content_source content;
  judge_figures& figures;
  std::string& undecided;  // why a run without a violation is not ok either

  [[nodiscard]] const run_facts& facts() const noexcept { return logs.facts(); }
  // May messages be lost on the way to this receiver?
  [[nodiscard]] bool lossy(unsigned receiver) const noexcept {
    return facts().reuses_slots != 0 && (can.lossy || logs.is_observer(receiver));
  }
  [[nodiscard]] std::string receiver_name(unsigned i) const {
    return logs.is_observer(i) ? fmt::format("observer {}", i - facts().consumers)
                               : fmt::format("consumer {}", i);
  }
  // Did it receive everything, and end by itself?
  [[nodiscard]] bool complete(unsigned receiver) const noexcept {
    return logs.receiver(receiver).now.load() == stage::finished &&
           facts().ended == run_end::completed;
  }
  void leave_undecided(std::string why) const {
    if (undecided.empty()) undecided = std::move(why);
  }
};

[[nodiscard]] std::string describe(const judged_run& run, const event& entry);
// The entries of a receiver's log around this one, one a line.
[[nodiscard]] std::string excerpt(const judged_run& run, unsigned receiver, std::size_t at,
                                  std::string_view why);
// What the sender of a message logged about it.
[[nodiscard]] std::string sender_line(const judged_run& run, message_id id);

// Length, bytes and existence of one message, without asking whether it is the right one.
[[nodiscard]] maybe judge_content(const judged_run& run, unsigned receiver, std::size_t at);
// The same where each message must name itself.
[[nodiscard]] maybe judge_named_content(const judged_run& run, unsigned receiver, std::size_t at);

// A value for each message that each producer began.
template <class T>
[[nodiscard]] std::vector<std::vector<T>> message_table(const histories& logs) {
  std::vector<std::vector<T>> values;
  for (unsigned p = 0; p < logs.senders(); ++p) {
    values.emplace_back(logs.sender(p).started.load());
  }
  return values;
}

// Is this the message `id`, by its length and identity?
[[nodiscard]] inline bool fits(const judged_run& run, const event& entry, message_id id) noexcept {
  return static_cast<std::uint64_t>(entry.length) == run.content.length(id) &&
         entry.identity == run.content.identity(id);
}
[[nodiscard]] inline bool names_itself(const event& entry) noexcept {
  return entry.length >= static_cast<std::int32_t>(content_source::self_naming);
}

// A death that this queue need not survive: what was sent behind it may be kept back forever.
inline constexpr std::string_view unsurvived_death =
    "nobody goes on after a process was killed, which this queue does not promise to survive "
    "(recoverable)";
[[nodiscard]] inline bool may_be_blocked(const judged_run& run) noexcept {
  return run.figures.kills != 0 && !run.can.recoverable;
}
// A message that is missing, like everything sent after it: broken unless a death may explain it.
[[nodiscard]] maybe judge_missing_end(const judged_run& run, rule which, const std::string& what);

// The first message of this producer from `sequence` on that was not refused.
[[nodiscard]] std::uint64_t next_existing(const judged_run& run, unsigned producer,
                                          std::uint64_t sequence);

// Messages that may be missing between two messages of one producer.
struct gap {
  std::uint64_t certain = 0;  // reported as sent
  std::uint64_t doubtful = 0;
  message_id first;  // of the certain ones
};
[[nodiscard]] gap gap_before(const judged_run& run, message_id id, std::uint64_t from);

// A report about messages that do not come, without numbers. `aborted`: of this incarnation.
[[nodiscard]] maybe judge_report(const judged_run& run, unsigned receiver, std::size_t at,
                                 std::uint64_t& aborted);

// Passes the events of a receiver without numbers on, until something is found: attach(event, e),
// message(e), which may find something, and loss(count).
template <class Attach, class Message, class Loss>
[[nodiscard]] maybe judge_events(const judged_run& run, unsigned receiver, Attach&& attach,
                                 Message&& message, Loss&& loss) {
  const auto told = run.logs.told(receiver);
  std::uint64_t aborted = 0;
  for (std::size_t e = 0; e < told.size(); ++e) {
    if (told[e].kind == event_kind::attached) {
      aborted = 0;
      attach(told[e], e);
    } else if (told[e].kind == event_kind::message) {
      if (auto found = message(e)) return found;
    } else if (auto found = judge_report(run, receiver, e, aborted)) {
      return found;
    } else if (told[e].kind == event_kind::lost) {
      loss(told[e].identity);
    }
  }
  return std::nullopt;
}

// A message too short to name itself that is not the one that must come. One producer, no numbers.
[[nodiscard]] maybe judge_misplaced(const judged_run& run, unsigned receiver, std::size_t at,
                                    message_id due);

// Does this message, which is missing before the one at this event, arrive after it?
[[nodiscard]] bool came_late(const judged_run& run, unsigned receiver, std::size_t at,
                             message_id missing);

[[nodiscard]] maybe judge_numbered(const judged_run& run);
// Queues without numbers.
[[nodiscard]] maybe judge_sequences(const judged_run& run);
[[nodiscard]] maybe judge_one_order(const judged_run& run);  // after them
[[nodiscard]] maybe judge_competing(const judged_run& run);
[[nodiscard]] maybe judge_unordered(const judged_run& run);

}  // namespace shmfifo::harness
