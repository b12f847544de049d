// SPDX-License-Identifier: MIT
#pragma once
// What the oracle says of a run, and the rules that a queue can break. A rule's name is stable, for
// tests and reports.

#include <cstdint>
#include <string>
#include <string_view>

namespace shmfifo::harness {

// name, guarantee, what it says
#define SHMFIFO_RULES(X)                                                                       \
  X(none, "", "nothing is broken")                                                             \
  X(crashed, "G9", "an actor died of a signal that nobody sent")                               \
  X(failure, "G8", "a call failed without a permitted reason")                                 \
  X(stuck, "G11", "no actor makes progress although there is something to do")                 \
  X(second_producer, "G1", "a second producer was admitted where only one is allowed")         \
  X(number_twice, "G2", "two messages got the same number")                                    \
  X(producer_order, "G1", "one producer's messages arrived out of order")                      \
  X(order, "G1", "numbers arrived out of order")                                               \
  X(skipped, "G2", "a number was skipped without a report")                                    \
  X(duplicate, "G2", "a receiver got the same message twice")                                  \
  X(lost_message, "G2", "a message reported as sent never arrived")                            \
  X(phantom_message, "G4", "a message arrived that nobody sent")                               \
  X(wrong_message, "G4", "a number arrived with the message of another number")                \
  X(content, "G4", "a message's bytes differ from those that were sent")                       \
  X(length, "G3", "a message's length differs from the one sent, or fits no slot")             \
  X(disagreement, "G1", "two receivers disagree about one place in the order")                 \
  X(committed_aborted, "G6", "a message reported as sent was also reported as aborted")        \
  X(aborted_without_cause, "G2", "more numbers were aborted than producers died or gave up")   \
  X(loss_count, "G5", "the count of lost messages is wrong")                                   \
  X(loss_not_allowed, "G5", "a queue that promises to lose nothing lost messages")             \
  X(lost_not_overwritten, "G5",                                                                \
    "a message was reported as lost that nothing can have overwritten")                        \
  X(full_with_room, "G5", "full or timed out was returned although there was room")            \
  X(full_not_promised, "G5", "full or timed out was returned by a queue that never does so")   \
  X(early_timeout, "G5", "timed out was returned before the deadline")                         \
  X(early_nothing, "G11", "a receive returned nothing before its deadline")                    \
  X(empty_with_messages, "G11", "a receive returned nothing although messages were there")     \
  X(skipped_after_restart, "G7",                                                               \
    "a durable receiver resumed beyond a message that it had not seen")                        \
  X(redelivered_released, "G7", "a durable receiver got a message again that it had released") \
  X(invalid_message, "G9", "a number was reported as invalid although nobody changed the bytes")

// A rule that a queue can break.
enum class rule : std::uint32_t {
#define SHMFIFO_RULE_NAME(name, guarantee, text) name,
  SHMFIFO_RULES(SHMFIFO_RULE_NAME)
#undef SHMFIFO_RULE_NAME
      count
};

// Its own name.
[[nodiscard]] std::string_view to_string(rule broken) noexcept;
// The guarantee it checks, such as G4.
[[nodiscard]] std::string_view guarantee_of(rule broken) noexcept;
// What it says when it is broken.
[[nodiscard]] std::string_view meaning_of(rule broken) noexcept;

// The verdict in one word.
enum class outcome : std::uint8_t { ok, violation, unknown };
// Its own name.
[[nodiscard]] std::string_view to_string(outcome answer) noexcept;

// What the oracle says.
struct verdict {
  outcome answer = outcome::unknown;  // unknown is never ok
  rule broken = rule::none;           // of a violation
  std::string excerpt;  // of a violation: the shortest piece of history that shows it; else why

  // Neither a violation nor unknown.
  [[nodiscard]] bool ok() const noexcept { return answer == outcome::ok; }
  [[nodiscard]] std::string text() const;  // one line, then the excerpt
};

}  // namespace shmfifo::harness
