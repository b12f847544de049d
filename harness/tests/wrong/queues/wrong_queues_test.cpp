// SPDX-License-Identifier: MIT
// Goal: the runner and the oracle that judge the core notice every defect of the wrong queues, by
// the rule that the defect breaks, and leave the right queues in peace. Method: one table of runs
// in real processes: queue, rule, messages; where two rules see the same defect first, both are
// named.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "shmfifo/harness/process/runner.hpp"

namespace shmfifo::harness {
namespace {

enum class disturbed : std::uint8_t {
  not_at_all,
  by_killed_senders,
  by_killed_receivers,
  by_pauses
};

struct line {
  const char* queue;
  std::vector<rule> rules;  // one of these; none: the run is ok
  std::uint64_t messages = 20000;
  disturbed how = disturbed::not_at_all;
  unsigned observers = 0;
};
std::ostream& operator<<(std::ostream& out, const line& one) {
  return out << one.queue;
}

run_result carry_out(const line& asked) {
  auto& all = queue_registration::all();
  const auto entry = std::find_if(all.begin(), all.end(), [&](const queue_entry& candidate) {
    return candidate.name == asked.queue;
  });
  if (entry == all.end()) throw std::invalid_argument(std::string("no queue ") + asked.queue);
  run_options options;
  options.queue_name = asked.queue;
  options.producers = options.consumers = 2;
  options.observers = asked.observers;
  options.messages = asked.messages;
  options.slots = options.capacity = 64;
  options.immediate = true;
  options.stall_ms = 1500;
  options.drain_ms = 500;
  options.faults.every = 1000;
  options.faults.kill_senders = asked.how == disturbed::by_killed_senders;
  options.faults.kill_receivers = asked.how == disturbed::by_killed_receivers;
  options.faults.pause = asked.how == disturbed::by_pauses;
  if (std::string(asked.queue) == "off_by_one_at_wrap") {
    // The ring must be full again and again before a message that is not read yet.
    options.slow_consumer_us = 500;
    options.release_every = 1;
  }
  if (std::string(asked.queue) == "lost_wake_up") {
    // Who sleeps through a wake-up must not be saved by a deadline.
    options.producers = options.consumers = 1;
    options.slots = options.capacity = 1;
    options.wait_ms = 3600000;
  }
  const auto tested = entry->make();
  return run(*tested, options);
}

const line wrong_ones[] = {
    {"tears_content", {rule::content}},                                        // checks G4
    {"wrong_length", {rule::length}},                                          // checks G3
    {"length_over_content_size", {rule::length}},                              // checks G3
    {"content_of_another_producer", {rule::wrong_message, rule::content}},     // checks G4
    {"second_producer_admitted", {rule::number_twice, rule::producer_order}},  // checks G2
    {"number_given_twice", {rule::number_twice}},                              // checks G2
    {"number_skipped", {rule::skipped}},                                       // checks G2
    {"aborts_without_death", {rule::aborted_without_cause}},                   // checks G2
    {"aborted_where_committed", {rule::committed_aborted}},                    // checks G6
    {"tells_sender_wrong_number", {rule::number_twice, rule::wrong_message}},  // checks G2
    {"tells_receiver_wrong_number", {rule::skipped}},                          // checks G2
    {"drops_one_in_n", {rule::skipped}},                                       // checks G2
    {"duplicates", {rule::duplicate}},                                         // checks G2
    {"invents_messages", {rule::content}},                                     // checks G4
    {"reorders_two_producers", {rule::wrong_message}},                         // checks G1
    {"breaks_producer_order", {rule::producer_order}},                         // checks G1
    {"two_orders", {rule::disagreement}},                                      // checks G1
    {"stale_lap", {rule::wrong_message}},                                      // checks G4
    {"off_by_one_at_wrap", {rule::loss_not_allowed}},                          // checks G5
    {"silent_drop_when_full", {rule::lost_message, rule::skipped}},            // checks G5
    {"full_when_room", {rule::full_with_room}},                                // checks G5
    {"timed_out_when_room", {rule::early_timeout}},                            // checks G5
    {"nothing_when_there", {rule::early_nothing, rule::empty_with_messages}},  // checks G11
    {"ignores_deadline", {rule::stuck}},                                       // checks G11
    {"lost_wake_up", {rule::stuck}},                                           // checks G11
    {"wrong_loss_count", {rule::loss_count}},                                  // checks G5
    {"loses_in_silence", {rule::skipped}},                                     // checks G5
    // A message too short to name itself is then wholly another's.
    {"reads_while_overwritten", {rule::content, rule::wrong_message}},              // checks G4
    {"observers_loss_short", {rule::loss_count}, 20000, disturbed::not_at_all, 1},  // checks G5
    // Who takes a message second moves the common position back and reads on from there: what the
    // first judged consumer sees of that is its own order broken.
    {"both_get_it", {rule::duplicate, rule::producer_order}},                  // checks G2
    {"nobody_gets_it", {rule::lost_message}},                                  // checks G2
    {"stuck_after_kill", {rule::stuck}, 40000, disturbed::by_killed_senders},  // checks G6
    {"leaks_aborted_slot",
     {rule::full_with_room, rule::stuck},
     40000,
     disturbed::by_killed_senders},  // checks G6
    {"half_message_of_the_killed",
     {rule::length, rule::content, rule::wrong_message},
     40000,
     disturbed::by_killed_senders},  // checks G6
    {"time_out_recovery",
     {rule::committed_aborted, rule::aborted_without_cause},
     40000,
     disturbed::by_pauses},  // checks G11
    {"cursor_not_saved", {rule::skipped_after_restart}, 40000, disturbed::by_killed_receivers},
    {"cursor_saved_late", {rule::redelivered_released}, 40000, disturbed::by_killed_receivers},
};

const line right_ones[] = {
    {"right", {}},
    {"right_rejecting", {}},
    {"right_overwriting", {}, 20000, disturbed::not_at_all, 1},
    {"right_unnumbered", {}},
    {"right_competing", {}},
    {"right_lingering", {}},
    {"right_lingering", {}, 40000, disturbed::by_killed_senders},
    {"right", {}, 40000, disturbed::by_killed_receivers},
    {"right_lingering", {}, 40000, disturbed::by_pauses},
};

class wrong_queues : public testing::TestWithParam<line> {};

TEST_P(wrong_queues, is_caught_by_its_rule) {
  const run_result found = carry_out(GetParam());
  EXPECT_EQ(found.judged.answer, outcome::violation) << found.judged.text();
  const auto& rules = GetParam().rules;
  EXPECT_NE(std::find(rules.begin(), rules.end(), found.judged.broken), rules.end())
      << found.judged.text();
  EXPECT_FALSE(found.judged.excerpt.empty());
}

class right_queues : public testing::TestWithParam<line> {};

TEST_P(right_queues, is_left_in_peace) {
  const run_result found = carry_out(GetParam());
  EXPECT_TRUE(found.judged.ok()) << found.judged.text();
}

std::string name_of(const testing::TestParamInfo<line>& one) {
  constexpr const char* suffixes[] = {"", "_senders_killed", "_receivers_killed", "_paused"};
  return std::string(one.param.queue) + suffixes[static_cast<std::size_t>(one.param.how)];
}

INSTANTIATE_TEST_SUITE_P(each, wrong_queues, testing::ValuesIn(wrong_ones), name_of);
INSTANTIATE_TEST_SUITE_P(each, right_queues, testing::ValuesIn(right_ones), name_of);

}  // namespace
}  // namespace shmfifo::harness
