// SPDX-License-Identifier: MIT
#pragma once
// What the oracle says of a run, and the rules that a queue can break. A rule is a stable name for
// tests and reports; harness/README.md explains each.

#include <cstdint>
#include <string>
#include <string_view>

namespace shmfifo::harness {

// name, guarantee, what it says
#define SHMFIFO_RULES(X)                                                                        \
  X(none, "", "nothing is broken")                                                              \
  X(crashed, "G9", "an actor died of a signal that nobody sent")                                \
  X(failure, "G8", "a call failed though nothing forbids it")                                   \
  X(stuck, "G11", "nobody goes on although there is something to do")                           \
  X(second_producer, "G1", "a second producer was let in where only one may be")                \
  X(number_twice, "G2", "two messages were told the same number")                               \
  X(producer_order, "G1", "the messages of one producer come out of their order")               \
  X(order, "G1", "numbers come out of order")                                                   \
  X(skipped, "G2", "a number was passed over in silence")                                       \
  X(duplicate, "G2", "a message came twice to whom it must come once")                          \
  X(lost_message, "G2", "a message answered as sent never came")                                \
  X(phantom_message, "G4", "a message came that nobody sent")                                   \
  X(wrong_message, "G4", "a number came with the message of another number")                    \
  X(content, "G4", "bytes of a message are not those that were sent")                           \
  X(length, "G3", "a message has a length that was not sent, or that fits no slot")             \
  X(disagreement, "G1", "two receivers were told different things of one place in the order")   \
  X(committed_aborted, "G6", "a message answered as sent was reported as aborted")              \
  X(aborted_without_cause, "G2", "more numbers were aborted than producers died or gave up")    \
  X(loss_count, "G5", "the count of lost messages is wrong")                                    \
  X(loss_not_allowed, "G5", "messages were lost by a queue that promises to lose none")         \
  X(lost_not_overwritten, "G5",                                                                 \
    "a message was reported as lost that nothing can have overwritten")                         \
  X(full_with_room, "G5", "full or timed out was answered although there was room")             \
  X(full_not_promised, "G5", "full or timed out was answered by a queue that never does so")    \
  X(early_timeout, "G5", "timed out was answered before the deadline")                          \
  X(early_nothing, "G11", "nothing was answered before the deadline")                           \
  X(empty_with_messages, "G11", "nothing was answered although messages were there")            \
  X(skipped_after_restart, "G7", "a durable receiver resumed behind something it had not seen") \
  X(redelivered_released, "G7", "a durable receiver was given again what it had released")      \
  X(invalid_message, "G9", "a number was reported as invalid although nobody touched the bytes")

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
