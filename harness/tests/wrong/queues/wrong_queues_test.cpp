// SPDX-License-Identifier: MIT
// Goal: the runner and the oracle that judge the core notice every defect of the wrong queues, by
// the rule that the defect breaks, and find nothing in the right queues. Method: one table of runs
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
  const char* name;         // the queue's, behind the guarantee that the queue breaks
  std::vector<rule> rules;  // one of these; none: the run is ok
  std::uint64_t messages = 20000;
  disturbed disturbance = disturbed::not_at_all;
  unsigned observers = 0;

  [[nodiscard]] std::string queue() const {
    const std::string whole = name;
    return whole[0] == 'G' ? whole.substr(whole.find('_') + 1) : whole;
  }
};
std::ostream& operator<<(std::ostream& out, const line& row) {
  return out << row.name;
}

run_result carry_out(const line& asked) {
  auto& all = queue_registration::all();
  const auto entry = std::find_if(all.begin(), all.end(), [&](const queue_entry& candidate) {
    return candidate.name == asked.queue();
  });
  if (entry == all.end()) throw std::invalid_argument("no queue " + asked.queue());
  run_options options;
  options.queue_name = asked.queue();
  options.producers = options.consumers = 2;
  options.observers = asked.observers;
  options.messages = asked.messages;
  options.slots = options.capacity = 64;
  options.immediate = true;
  options.stall_ms = 1500;
  options.drain_ms = 500;
  options.faults.every = 1000;
  options.faults.kill_senders = asked.disturbance == disturbed::by_killed_senders;
  options.faults.kill_receivers = asked.disturbance == disturbed::by_killed_receivers;
  options.faults.pause = asked.disturbance == disturbed::by_pauses;
  if (asked.queue() == "off_by_one_at_wrap") {
    // The ring must be full again and again before a message that is not read yet.
    options.slow_consumer_us = 500;
    options.release_every = 1;
  }
  // It keeps 32 released messages, to repeat them.
  if (asked.queue() == "cursor_saved_late") options.capacity = 32;
  if (asked.queue() == "lost_wake_up") {
    // A deadline must not save a receiver that sleeps through a wake-up.
    options.producers = options.consumers = 1;
    options.slots = options.capacity = 1;
    options.wait_ms = 3600000;
  }
  const auto tested = entry->make();
  return run(*tested, options);
}

const line wrong_ones[] = {
    {"G4_tears_content", {rule::content}},
    {"G3_wrong_length", {rule::length}},
    {"G3_length_over_content_size", {rule::length}},
    {"G4_content_of_another_producer", {rule::wrong_message, rule::content}},
    {"G2_second_producer_admitted", {rule::number_twice, rule::producer_order}},
    {"G2_number_given_twice", {rule::number_twice}},
    {"G2_number_skipped", {rule::skipped}},
    {"G2_aborts_without_death", {rule::aborted_without_cause}},
    {"G6_aborted_where_committed", {rule::committed_aborted}},
    {"G2_tells_sender_wrong_number", {rule::number_twice, rule::wrong_message}},
    {"G2_tells_receiver_wrong_number", {rule::skipped}},
    {"G2_drops_one_in_n", {rule::skipped}},
    {"G2_duplicates", {rule::duplicate}},
    {"G4_invents_messages", {rule::content}},
    {"G1_reorders_two_producers", {rule::wrong_message}},
    {"G1_breaks_producer_order", {rule::producer_order}},
    {"G1_two_orders", {rule::disagreement}},
    {"G4_stale_lap", {rule::wrong_message}},
    {"G5_off_by_one_at_wrap", {rule::loss_not_allowed}},
    {"G5_silent_drop_when_full", {rule::lost_message, rule::skipped}},
    {"G5_full_when_room", {rule::full_with_room}},
    {"G5_timed_out_when_room", {rule::early_timeout}},
    {"G11_nothing_when_there", {rule::early_nothing, rule::empty_with_messages}},
    {"G11_ignores_deadline", {rule::stuck}},
    {"G11_lost_wake_up", {rule::stuck}},
    {"G5_wrong_loss_count", {rule::loss_count}},
    {"G5_loses_in_silence", {rule::skipped}},
    // A message too short to name itself is then wholly another's.
    {"G4_reads_while_overwritten", {rule::content, rule::wrong_message}},
    {"G5_observers_loss_short", {rule::loss_count}, 20000, disturbed::not_at_all, 1},
    // The second consumer to take a message moves the common position back and continues from
    // there: the consumer that is judged first sees its own order broken.
    {"G2_both_get_it", {rule::duplicate, rule::producer_order}},
    {"G2_nobody_gets_it", {rule::lost_message}},
    {"G6_stuck_after_kill", {rule::stuck}, 40000, disturbed::by_killed_senders},
    {"G6_leaks_aborted_slot",
     {rule::full_with_room, rule::stuck},
     40000,
     disturbed::by_killed_senders},
    {"G6_half_message_of_the_killed",
     {rule::length, rule::content, rule::wrong_message},
     40000,
     disturbed::by_killed_senders},
    {"G11_time_out_recovery",
     {rule::committed_aborted, rule::aborted_without_cause},
     40000,
     disturbed::by_pauses},
    {"G7_cursor_not_saved", {rule::skipped_after_restart}, 40000, disturbed::by_killed_receivers},
    {"G7_cursor_saved_late", {rule::redelivered_released}, 40000, disturbed::by_killed_receivers},
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

std::string name_of(const testing::TestParamInfo<line>& row) {
  constexpr const char* suffixes[] = {"", "_senders_killed", "_receivers_killed", "_paused"};
  return std::string(row.param.name) + suffixes[static_cast<std::size_t>(row.param.disturbance)];
}

INSTANTIATE_TEST_SUITE_P(each, wrong_queues, testing::ValuesIn(wrong_ones), name_of);
INSTANTIATE_TEST_SUITE_P(each, right_queues, testing::ValuesIn(right_ones), name_of);

}  // namespace
}  // namespace shmfifo::harness
