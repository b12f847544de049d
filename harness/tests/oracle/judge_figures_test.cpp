// SPDX-License-Identifier: MIT
// Goal: the oracle counts what happened in a run, each thing once and under its own name. Method:
// histories made by hand in which every count differs from every other.
#include <gtest/gtest.h>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

judge_figures counted(const hand_made& run) {
  judge_figures figures;
  figures.sent = figures.in_doubt = figures.delivered = figures.redelivered = 1000;  // of old
  figures.aborted = figures.lost = figures.kills = figures.stops = 1000;
  figures.restarts = figures.fulls = figures.timeouts = 1000;
  EXPECT_TRUE(judge(run.logs, &figures).ok()) << run.judged().text();
  return figures;
}

TEST(judge_figures, counts_the_answers_and_faults_of_all_actors) {
  hand_made_shape shape;
  shape.producers = 2;
  shape.consumers = 2;
  shape.observers = 1;
  shape.promises = numbered_promises();
  hand_made run(shape);
  std::uint32_t bit = 1;
  for (unsigned i = 0; i < 5; ++i) {
    actor_state& who = i < 2 ? run.logs.sender(i) : run.logs.receiver(i - 2);
    who.kills = bit;
    who.stops = bit << 5U;
    who.restarts = bit << 10U;
    bit <<= 1U;
  }
  run.logs.facts().meddler_kills = 32;
  run.logs.sender(0).fulls = 5;
  run.logs.sender(1).fulls = 50;
  run.logs.sender(0).timeouts = 7;
  run.logs.sender(1).timeouts = 70;
  const judge_figures figures = counted(run);
  EXPECT_EQ(figures.kills, 31U + 32U);
  EXPECT_EQ(figures.stops, 31U << 5U);
  EXPECT_EQ(figures.restarts, 31U << 10U);
  EXPECT_EQ(figures.fulls, 55U);
  EXPECT_EQ(figures.timeouts, 77U);
  EXPECT_EQ(figures.sent + figures.in_doubt + figures.delivered + figures.lost, 0U);
  EXPECT_EQ(figures.redelivered + figures.aborted, 0U);
}

TEST(judge_figures, counts_messages_by_what_became_of_them) {
  hand_made_shape shape;
  shape.observers = 1;
  shape.promises = numbered_promises();
  hand_made run(shape);
  for (std::uint64_t n = 0; n < 20; ++n) run.sends(0, n);
  for (int i = 0; i < 3; ++i) run.is_killed_sending(0);
  run.is_refused(0);
  run.sends(0, 22);
  for (std::uint64_t n = 0; n < 20; ++n) run.gets(0, {0, n}, static_cast<std::int64_t>(n));
  run.is_told(1, event_kind::lost, 0, 11);
  for (std::uint64_t n = 11; n < 20; ++n) run.gets(1, {0, n}, static_cast<std::int64_t>(n));
  for (unsigned r = 0; r < 2; ++r) {
    run.is_told(r, event_kind::aborted, 20, 2);  // two numbers, whoever is told of them
    run.gets(r, {0, 24}, 22);
  }
  const judge_figures figures = counted(run);
  EXPECT_EQ(figures.sent, 21U);
  EXPECT_EQ(figures.in_doubt, 3U);
  EXPECT_EQ(figures.delivered, 21U + 10U);
  EXPECT_EQ(figures.lost, 11U);
  EXPECT_EQ(figures.aborted, 2U);
  EXPECT_EQ(figures.redelivered, 0U);
}

TEST(judge_figures, G7_counts_each_message_that_came_again_and_nothing_else) {
  hand_made_shape shape;
  shape.promises = numbered_promises();
  hand_made run(shape);
  for (std::uint64_t n = 0; n < 2; ++n) run.sends(0, n);
  run.is_killed_sending(0);
  for (std::uint64_t n = 3; n < 6; ++n) run.sends(0, n);
  const auto gets = [&](std::uint64_t from, std::uint64_t end) {
    for (std::uint64_t n = from; n < end; ++n) {
      if (n == 2) run.is_told(0, event_kind::aborted, 2);
      if (n != 2) run.gets(0, {0, n}, static_cast<std::int64_t>(n));
    }
  };
  gets(0, 4);
  run.is_killed_and_comes_back(0);
  gets(1, 3);  // 1 again; that 2 is aborted is no message
  run.is_killed_and_comes_back(0);
  gets(0, 6);  // 0, 1 and 3 again; 4 and 5 for the first time
  EXPECT_EQ(counted(run).redelivered, 4U);

  hand_made_shape without;
  without.promises.durable = without.promises.recoverable = true;
  hand_made other(without);
  for (int i = 0; i < 4; ++i) other.sends(0);
  for (std::uint64_t s = 0; s < 3; ++s) other.gets(0, {0, s});
  other.is_killed_and_comes_back(0);
  for (std::uint64_t s = 1; s < 4; ++s) other.gets(0, {0, s});
  EXPECT_EQ(counted(other).redelivered, 2U);
  EXPECT_EQ(counted(other).sent, 4U);
  EXPECT_EQ(counted(other).delivered, 6U);
}

}  // namespace
}  // namespace shmfifo::harness
