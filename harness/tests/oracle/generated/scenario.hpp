// SPDX-License-Identifier: MIT
#pragma once
// What one history is about: the kind of queue, its geometry, how often senders and receivers are
// killed, and the one defect that the queue has, if any.

#include <cstdint>
#include <span>
#include <string_view>

#include "choices.hpp"
#include "shmfifo/harness/oracle/history.hpp"

namespace shmfifo::harness::generated {

struct queue_kind {
  std::string_view name;
  capabilities can;          // the rest of the promises is drawn
  bool reuses_slots = true;  // false: a log
  bool calm = false;         // nobody is killed: then short messages do without a name
};

[[nodiscard]] std::span<const queue_kind> queue_kinds() noexcept;

// What a queue with a defect does wrong, once in a run or, for `loses_at_attach`, again and again.
#define SHMFIFO_DEFECTS(X)                                                                 \
  X(none, "nothing")                                                                       \
  X(loses, "a receiver never gets one message")                                            \
  X(loses_last, "a receiver never gets the last messages")                                 \
  X(loses_at_attach, "a receiver that attaches again never gets the next message")         \
  X(repeats, "a receiver gets a message twice")                                            \
  X(swaps, "a receiver gets two neighbours in the other order")                            \
  X(corrupts, "one bit of a message is wrong")                                             \
  X(shortens, "a message is reported with another length")                                 \
  X(renumbers, "a receiver gets a message under a number that is one too high or too low") \
  X(stale, "a receiver gets an older message again under the number of a newer one")       \
  X(miscounts_loss, "one message too many or too few is reported as lost")                 \
  X(false_loss, "a message is reported as lost by a queue that loses nothing")             \
  X(hides_loss, "a loss is not reported")                                                  \
  X(aborts_committed, "a message that was sent is reported as aborted")                    \
  X(aborts_nothing, "a number is aborted although no sender died")                         \
  X(hides_abort, "an aborted number is not reported")                                      \
  X(skips_number, "a number is never given out")                                           \
  X(invents, "a message arrives that nobody sent")                                         \
  X(revives, "a message arrives although its sender was killed before the call")           \
  X(resends, "the message of a sender killed in the call is there twice")                  \
  X(resumes_early, "a durable receiver gets messages again that it had released")          \
  X(resumes_late, "a durable receiver resumes beyond messages it had not seen")            \
  X(shares, "two competing receivers get the same message")                                \
  X(answers_twice, "two messages are answered with the same number")                       \
  X(answers_wrong, "a sender is answered with the next message's number")                  \
  X(divides, "a message in doubt reaches one receiver of a broadcast and not another")     \
  X(fails, "a call fails without a reason")                                                \
  X(hangs, "everybody waits although nobody was killed")

enum class defect : std::uint8_t {
#define SHMFIFO_DEFECT_NAME(name, text) name,
  SHMFIFO_DEFECTS(SHMFIFO_DEFECT_NAME)
#undef SHMFIFO_DEFECT_NAME
      count
};
[[nodiscard]] std::string_view to_string(defect which) noexcept;
[[nodiscard]] std::string_view meaning_of(defect which) noexcept;

struct scenario {
  const queue_kind* kind = nullptr;
  history_shape shape;
  bool claims = false;           // a number is claimed before the message is committed
  bool reports_holes = false;    // without numbers: what a dead sender left is reported as aborted
  std::size_t kill_senders = 0;  // one in so many turns; 0: nobody
  std::size_t kill_receivers = 0;
  std::size_t cut_short = 0;  // likewise: the time limit passes
  std::size_t release_every = 1;
  std::size_t churn = 0;        // one in so many releases a durable receiver leaves and comes back
  std::size_t buffer_size = 0;  // messages that stay in a sender's own memory
  bool pauses = false;
  defect planted = defect::none;
  std::size_t chances_first = 0;  // opportunities that the queue lets pass before its defect
};

// With a defect if `wrong`.
[[nodiscard]] scenario draw_scenario(choices& from, bool wrong);

// May a judge say that a queue with this defect breaks this rule?
[[nodiscard]] bool may_break(defect which, rule broken) noexcept;

// Can a queue of this kind have it?
[[nodiscard]] bool applies(defect which, const scenario& run) noexcept;

}  // namespace shmfifo::harness::generated
