// SPDX-License-Identifier: MIT
// Goal: no right queue is accused, however suspicious it looks, and no wrong one gets away, however
// innocent. Method: one table of runs in real processes, each over several seeds (SHMFIFO_SEEDS;
// with twenty or more also over three densities of faults): queue, disturbance, and the verdict
// that is due. Each verdict must be the expected one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "shmfifo/harness/process/runner.hpp"

namespace shmfifo::harness {
namespace {

using change = void (*)(run_options&);

struct due {
  outcome answer;
  std::vector<rule> rules;  // of a violation: one of these
  const char* text = "";    // which the verdict contains
};
const due ok{outcome::ok, {}};
due violation(std::vector<rule> rules, const char* text = "") {
  return {outcome::violation, std::move(rules), text};
}
due unknown(const char* text = "") {
  return {outcome::unknown, {}, text};
}

struct row {
  const char* name;
  const char* queue;
  due verdict;
  change by;
};
std::ostream& operator<<(std::ostream& out, const row& line) {
  return out << line.name;
}

constexpr std::uint64_t messages = 3000;

void undisturbed(run_options&) {}
void killed(run_options& run) {
  run.faults.kill_senders = run.faults.kill_receivers = true;
}
void killed_and_paused(run_options& run) {
  killed(run);
  run.faults.pause = true;
}
void receivers_killed(run_options& run) {
  run.faults.kill_receivers = true;
}
void senders_killed(run_options& run) {
  run.faults.kill_senders = true;
}
void paused(run_options& run) {
  run.faults.pause = true;
}
void room_for_all(run_options& run) {
  run.slots = messages + 64;
}
void senders_killed_in_big_ring(run_options& run) {
  senders_killed(run);
  room_for_all(run);
}
void paused_in_big_ring(run_options& run) {
  paused(run);
  room_for_all(run);
}
void two_consumers(run_options& run) {
  run.consumers = 2;
}
void two_consumers_killed(run_options& run) {
  run.consumers = 2;
  receivers_killed(run);
}
void two_to_two(run_options& run) {
  run.producers = run.consumers = 2;
}
void strict(run_options& run) {
  run.capacity = run.slots;
  run.immediate = true;
}
void long_look(run_options& run) {
  run.wait_ms = 20;
  run.last_look_ms = 400;
}
void intruded(run_options& run) {
  run.intruder = true;
}
void senders_killed_under_short_limit(run_options& run) {
  senders_killed(run);
  run.stall_ms = 600;
}
void never_killed(run_options& run) {
  killed(run);
  run.faults.every = 1'000'000;
}

// Then the run need not be patient. On a busy machine a right queue can be still for as long.
bool stands_still(const due& verdict) {
  return verdict.answer == outcome::unknown ||
         std::count(verdict.rules.begin(), verdict.rules.end(), rule::stuck) != 0;
}

run_result carry_out(const row& line, std::uint64_t seed, std::uint64_t fault_every) {
  auto& all = queue_registration::all();
  const auto entry = std::find_if(all.begin(), all.end(), [&](const queue_entry& candidate) {
    return candidate.name == line.queue;
  });
  if (entry == all.end()) throw std::invalid_argument(std::string("no queue ") + line.queue);
  run_options options;
  options.seed = seed;
  options.queue_name = line.queue;
  options.messages = messages;
  options.slots = 64;
  if (stands_still(line.verdict)) options.stall_ms = 800;
  options.drain_ms = 300;
  options.faults.every = fault_every;
  line.by(options);
  return run(*entry->make(), options);
}

bool as_due(const due& expected, const verdict& found) {
  return found.answer == expected.answer &&
         (expected.rules.empty() ||
          std::count(expected.rules.begin(), expected.rules.end(), found.broken) != 0) &&
         found.text().find(expected.text) != std::string::npos;
}

const rule lost = rule::lost_message;

const row rows[] = {
    // Messages too short to name themselves, and deaths.
    {"G2_short_messages_survive_kills", "right_plain", ok, killed},
    {"G2_short_messages_survive_all_faults", "right_plain", ok, killed_and_paused},
    {"G2_rejecting_survives_kills", "right_plain_rejecting", ok, killed},
    {"G5_lossy_survives_kills", "right_lossy_unnumbered", ok, killed},
    {"G2_messages_fetched_ahead_are_lost", "fetches_ahead", violation({lost}), receivers_killed},
    // Nothing comes behind a dead claim.
    {"G2_dead_claim_blocks_big_ring", "right_blocked", unknown("recoverable"),
     senders_killed_in_big_ring},
    {"G2_dead_claim_blocks_small_ring", "right_blocked", unknown("recoverable"), senders_killed},
    {"G2_loss_before_a_dead_claim", "blocked_and_loses", violation({lost}),
     senders_killed_in_big_ring},
    // Repetitions after restarts.
    {"G7_durable_receiver_killed_often", "right_unnumbered", ok, two_consumers_killed},
    {"G7_durable_receiver_killed_alone", "right_durable_plain", ok, receivers_killed},
    {"G7_resumed_one_too_far", "resumes_one_too_far",
     violation({rule::skipped_after_restart, lost}), receivers_killed},
    // Losses counted again after an attachment.
    {"G5_lossy_receivers_attached_again", "right_lossy_unnumbered", ok, two_consumers_killed},
    {"G5_count_short_when_attached_again", "counts_short_when_attached_again",
     violation({rule::loss_count}), two_consumers_killed},
    // The words that take a promise back.
    {"G2_buffered", "right_buffered", ok, killed},
    {"G2_buffered_and_loses", "buffered_and_loses", violation({lost}), killed},
    {"G11_fallible_ends_early", "right_fallible", ok, senders_killed},
    {"G11_fallible_undeclared", "ends_early_after_death", violation({rule::early_nothing}),
     senders_killed},
    {"G8_fallible_fails", "right_failing", ok, senders_killed},
    {"G8_failure_undeclared", "fails_after_death", violation({rule::failure}), senders_killed},
    {"G8_failure_unprovoked", "fails_unprovoked", violation({rule::failure}), undisturbed},
    {"G1_unordered", "right_unordered", ok, undisturbed},
    {"G2_unordered_and_repeats", "unordered_and_repeats", violation({rule::duplicate}),
     undisturbed},
    {"G1_divergent", "right_divergent", ok, two_to_two},
    {"G1_divergent_undeclared", "two_orders", violation({rule::disagreement}), two_to_two},
    {"G1_divergent_in_one_producer", "divergent_in_one_producer", violation({rule::producer_order}),
     two_to_two},
    {"G8_permanent_senders", "right_permanent", ok, senders_killed},
    {"G8_permanent_undeclared", "admits_once", violation({rule::failure}), senders_killed},
    {"G2_permanent_and_loses", "permanent_and_loses", violation({lost}), senders_killed},
    {"G11_recovers_slowly", "right_recovering", ok, senders_killed_under_short_limit},
    {"G11_recovery_undeclared", "recovers_slowly", violation({rule::stuck}),
     senders_killed_under_short_limit},
    {"G1_exclusive", "right_exclusive", ok, intruded},
    {"G1_exclusive_admits_two", "admits_two", violation({rule::second_producer}), intruded},
    // Attaching that is a handshake.
    {"G8_attached_together", "right_handshake", ok, killed},
    {"G8_senders_first", "right_senders_first", ok, killed},
    {"G11_never_attached", "never_attaches", violation({rule::stuck}, "attach"), undisturbed},
    // A loss for each attachment.
    {"G2_loses_one_at_attach", "loses_one_at_attach", violation({lost}), receivers_killed},
    // Promises that need a late receiver, and a full ring.
    {"G2_forgets_early_messages", "forgets_early_messages", violation({lost}), undisturbed},
    {"G5_overwrites_in_silence", "overwrites_in_silence", violation({lost}), undisturbed},
    // Nobody goes on after a pause.
    {"G11_goes_on_after_pauses", "right_plain", ok, paused},
    {"G11_stands_still_after_pause", "stands_still_after_pause", violation({rule::stuck}),
     paused_in_big_ring},
    // The last look, and what comes after it.
    {"G2_repeats_the_last_soon", "repeats_the_last_soon", violation({rule::duplicate}), long_look},
    {"G2_repeats_the_last_late", "repeats_the_last_late", ok, long_look},
    // Losses that leave enough to judge, or not.
    {"G5_lossy_receivers_see_enough", "right_lossy_unnumbered", ok, undisturbed},
    {"G2_lossy_duplicates", "lossy_duplicates", violation({rule::duplicate, rule::loss_count}),
     undisturbed},
    {"G5_starving_receivers_show_nothing", "right_starving", unknown("%"), two_consumers},
    {"G2_starving_duplicates", "starving_duplicates", unknown("%"), two_consumers},
    // Faults that never happen.
    {"G6_no_fault_happened", "right_plain", unknown("did not happen"), never_killed},
    // One slot short, and waits.
    {"G5_strict_about_a_whole_ring", "right_plain", ok, strict},
    {"G5_one_slot_short", "one_slot_short", violation({rule::full_with_room}), strict},
    // The name of what is wrong.
    {"G1_swaps_neighbours", "swaps_neighbours", violation({rule::producer_order}), undisturbed},
    {"G11_hangs_in_receive", "hangs_in_receive", violation({rule::stuck}, "receive"), undisturbed},
};

class fair_verdicts : public testing::TestWithParam<row> {};

TEST_P(fair_verdicts, are_reached) {
  const char* asked = std::getenv("SHMFIFO_SEEDS");
  const unsigned seeds = asked != nullptr ? static_cast<unsigned>(std::atoi(asked)) : 2;
  std::vector<std::uint64_t> densities{60};
  if (seeds >= 20) densities = {25, 60, 150};
  std::map<std::string, unsigned> seen;
  for (const std::uint64_t fault_every : densities) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const verdict found = carry_out(GetParam(), seed, fault_every).judged;
      ++seen[std::string(to_string(found.answer)) + " " + std::string(to_string(found.broken))];
      EXPECT_TRUE(as_due(GetParam().verdict, found))
          << "seed " << seed << ", a fault every " << fault_every << ": " << found.text();
    }
  }
  for (const auto& [answer, times] : seen) {
    std::printf("%s: %s: %u\n", GetParam().name, answer.c_str(), times);
  }
}

INSTANTIATE_TEST_SUITE_P(each, fair_verdicts, testing::ValuesIn(rows),
                         [](const auto& line) { return std::string(line.param.name); });

}  // namespace
}  // namespace shmfifo::harness
