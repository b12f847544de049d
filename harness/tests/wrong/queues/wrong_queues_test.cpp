// SPDX-License-Identifier: MIT
// Goal: every wrong queue is caught by the rule that its defect breaks, within its budget of
// messages, and the right queues pass the very same runs. Method: one table; each line is a run in
// real processes with its kills and stops, the rule, and the budget.
#include <gtest/gtest.h>

#include <ostream>

#include "trial.hpp"

namespace shmfifo::harness::queues {
namespace {

struct line {
  const char* queue;
  const char* rule;
  std::int64_t budget;  // messages of a run
  const char* right;    // the queue that passes where this one fails
  trial run = {};
};
std::ostream& operator<<(std::ostream& out, const line& one) {
  return out << one.queue;
}

trial with(faults which) {
  trial run;
  run.faults = which;
  return run;
}
trial narrow() {
  trial run;
  run.producers = run.consumers = 1;
  run.slots = 1;
  return run;
}
trial watched() {
  trial run;
  run.observers = 1;
  return run;
}

const trial killing = with(faults::kill_producers);
const trial killing_consumers = with(faults::kill_consumers);
const trial stopping = with(faults::stop_producers);

const line table[] = {
    {"tears_content", "content", 2'000, "right"},                                   // checks G4
    {"wrong_length", "length", 2'000, "right"},                                     // checks G3
    {"length_over_content_size", "bounds", 2'000, "right"},                         // checks G3
    {"content_of_another_producer", "number", 20'000, "right"},                     // checks G4
    {"second_producer_admitted", "number", 20'000, "right_lingering"},              // checks G2
    {"number_given_twice", "number", 5'000, "right"},                               // checks G2
    {"number_skipped", "continuity", 2'000, "right"},                               // checks G2
    {"aborts_without_death", "aborted", 2'000, "right"},                            // checks G2
    {"aborted_where_committed", "aborted", 2'000, "right"},                         // checks G6
    {"tells_sender_wrong_number", "number", 2'000, "right"},                        // checks G2
    {"tells_receiver_wrong_number", "number", 2'000, "right"},                      // checks G2
    {"drops_one_in_n", "continuity", 2'000, "right"},                               // checks G2
    {"duplicates", "continuity", 2'000, "right"},                                   // checks G2
    {"invents_messages", "content", 20'000, "right"},                               // checks G4
    {"reorders_two_producers", "number", 20'000, "right_lingering"},                // checks G1
    {"breaks_producer_order", "producer_order", 5'000, "right_unnumbered"},         // checks G1
    {"two_orders", "total_order", 20'000, "right_unnumbered"},                      // checks G1
    {"stale_lap", "number", 5'000, "right"},                                        // checks G4
    {"off_by_one_at_wrap", "loss", 20'000, "right"},                                // checks G5
    {"silent_drop_when_full", "delivery", 5'000, "right_rejecting"},                // checks G5
    {"full_when_room", "full", 5'000, "right_rejecting"},                           // checks G5
    {"timed_out_when_room", "full", 2'000, "right"},                                // checks G5
    {"nothing_when_there", "nothing", 20'000, "right"},                             // checks G11
    {"ignores_deadline", "deadline", 1'000, "right"},                               // checks G11
    {"lost_wake_up", "nothing", 1'000, "right", narrow()},                          // checks G11
    {"wrong_loss_count", "loss", 20'000, "right_overwriting"},                      // checks G5
    {"loses_in_silence", "continuity", 20'000, "right_overwriting"},                // checks G5
    {"reads_while_overwritten", "content", 20'000, "right_overwriting"},            // checks G4
    {"observers_loss_short", "loss", 20'000, "right", watched()},                   // checks G5
    {"both_get_it", "delivery", 20'000, "right_competing"},                         // checks G2
    {"nobody_gets_it", "delivery", 5'000, "right_competing"},                       // checks G2
    {"stuck_after_kill", "stuck", 20'000, "right_lingering", killing},              // checks G6
    {"leaks_aborted_slot", "stuck", 20'000, "right_lingering", killing},            // checks G6
    {"half_message_of_the_killed", "content", 40'000, "right_lingering", killing},  // checks G6
    {"time_out_recovery", "aborted", 40'000, "right_lingering", stopping},          // checks G11
    {"cursor_not_saved", "continuity", 40'000, "right", killing_consumers},         // checks G7
    {"cursor_saved_late", "continuity", 40'000, "right", killing_consumers},        // checks G7
};

verdict judged(const char* name, const line& one) {
  for (const queue_entry& entry : queue_registration::all()) {
    if (entry.name != name) continue;
    const std::unique_ptr<queue> under_test = entry.make();
    trial run = one.run;
    run.messages = one.budget;
    run.exact_room = !under_test->promises().competing && !under_test->promises().lossy;
    return judge(carry_out(*under_test, run));
  }
  return {judgement::violation, "no such queue", name};
}

class wrong_queues : public testing::TestWithParam<line> {};

TEST_P(wrong_queues, is_caught_by_its_rule) {
  const verdict found = judged(GetParam().queue, GetParam());
  EXPECT_EQ(found.is, judgement::violation);
  EXPECT_EQ(found.rule, GetParam().rule) << found.excerpt;
  EXPECT_FALSE(found.excerpt.empty());
}

TEST_P(wrong_queues, leaves_the_right_queue_in_peace) {
  const verdict found = judged(GetParam().right, GetParam());
  EXPECT_EQ(found.is, judgement::ok) << found.rule << ": " << found.excerpt;
}

INSTANTIATE_TEST_SUITE_P(each, wrong_queues, testing::ValuesIn(table),
                         [](const auto& one) { return std::string(one.param.queue); });

}  // namespace
}  // namespace shmfifo::harness::queues
