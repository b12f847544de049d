// SPDX-License-Identifier: MIT
// Goal: every field that stat gives is that of this segment and of this participant. Method: a
// segment with one participant of each kind, living and dead, whose figures all differ.
#include <sys/stat.h>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::look;
using testing::must;
using testing::put;
using testing::small;

const participant_stat* find(const segment_stat& seen, participant_kind kind,
                             const std::string& name = "") {
  for (const participant_stat& one : seen.participants) {
    if (one.kind == kind && one.name == name) return &one;
  }
  return nullptr;
}

TEST(stat, describes_the_segment) {
  const testing::unique_name name;
  geometry shape = small(segment_mode::ring, full_policy::overwrite, producer_role::many, 8);
  shape.content_size = 24;
  shape.participant_count = 5;
  const auto made = must(segment::create(name.get(), shape));
  const auto home = must(segment::attach("/" + name.get()));
  const segment_stat seen = must(home.stat());
  struct ::stat facts {};
  ASSERT_EQ(::stat(name.path().c_str(), &facts), 0);
  EXPECT_EQ(seen.name, name.get());
  EXPECT_EQ(home.name(), name.get());
  EXPECT_NE(seen.uid, 0U);
  EXPECT_EQ(seen.uid, must(made.stat()).uid);
  EXPECT_EQ(seen.created_ns, must(made.stat()).created_ns);
  EXPECT_EQ(seen.shape.mode, shape.mode);
  EXPECT_EQ(seen.shape.when_full, shape.when_full);
  EXPECT_EQ(seen.shape.producers, shape.producers);
  EXPECT_EQ(seen.shape.slot_count, shape.slot_count);
  EXPECT_EQ(seen.shape.content_size, shape.content_size);
  EXPECT_EQ(seen.shape.participant_count, shape.participant_count);
  EXPECT_EQ(seen.segment_size, static_cast<std::uint64_t>(facts.st_size));
  EXPECT_TRUE(seen.participants.empty());
}

TEST(stat, describes_each_participant) {
  const testing::unique_name name;
  const auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::wait, producer_role::many)));
  child dead([&] {
    const auto idle = must(home.attach_consumer({"dead", {}}));
    child::ready();
    return testing::sleep_for_ever();
  });
  ASSERT_TRUE(dead.wait_ready());
  const auto dead_pid = static_cast<std::uint32_t>(dead.pid());
  EXPECT_EQ(dead.kill_and_join(), 128 + SIGKILL);
  auto writer = must(home.attach_producer());
  for (std::uint64_t word = 0; word < 3; ++word) ASSERT_EQ(put(writer, word), status::ok);
  auto reader = must(home.attach_consumer());
  EXPECT_EQ(look(reader, 2), "0:0 1:1");
  { const auto left = must(home.attach_consumer({"left", start_at::latest()})); }
  const segment_stat seen = must(home.stat());
  const auto self = static_cast<std::uint32_t>(::getpid());
  ASSERT_EQ(seen.participants.size(), 4U);
  EXPECT_EQ(seen.producer_cursor, 3);

  const auto* producing = find(seen, participant_kind::producer);
  ASSERT_NE(producing, nullptr);
  EXPECT_EQ(producing->index, 1U);
  EXPECT_TRUE(producing->alive);
  EXPECT_EQ(producing->pid, self);
  EXPECT_EQ(producing->cursor, 0);
  EXPECT_EQ(producing->lag, 0);
  const auto* reading = find(seen, participant_kind::consumer);
  ASSERT_NE(reading, nullptr);
  EXPECT_EQ(reading->index, 2U);
  EXPECT_TRUE(reading->alive);
  EXPECT_EQ(reading->pid, self);
  EXPECT_EQ(reading->cursor, 2);
  EXPECT_EQ(reading->lag, 1);
  const auto* killed = find(seen, participant_kind::durable, "dead");
  ASSERT_NE(killed, nullptr);
  EXPECT_EQ(killed->index, 0U);
  EXPECT_FALSE(killed->alive);
  EXPECT_EQ(killed->pid, dead_pid);
  EXPECT_EQ(killed->cursor, 0);
  EXPECT_EQ(killed->lag, 3);
  const auto* left = find(seen, participant_kind::durable, "left");
  ASSERT_NE(left, nullptr);
  EXPECT_EQ(left->index, 3U);
  EXPECT_FALSE(left->alive);
  EXPECT_EQ(left->pid, 0U);
  EXPECT_EQ(left->cursor, 3);
  EXPECT_EQ(left->lag, 0);
  const auto resumed = must(home.attach_consumer({"dead", {}}));
  const segment_stat now = must(home.stat());
  EXPECT_EQ(find(now, participant_kind::durable, "dead")->pid, self);
  EXPECT_TRUE(find(now, participant_kind::durable, "dead")->alive);
}

// One that was given a cursor beyond the producers is not behind them.
TEST(stat, G9_a_cursor_ahead_of_the_producers_has_no_lag) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  const auto reader = must(home.attach_consumer());
  home.view().participant(0).consumer_cursor = 9;
  EXPECT_EQ(must(home.stat()).participants.at(0).cursor, 9);
  EXPECT_EQ(must(home.stat()).participants.at(0).lag, 0);
}

// Full because of this one, and of nobody else: not a message earlier, and in no other ring.
TEST(stat, G5_only_the_furthest_behind_in_a_full_lossless_ring_holds_producers_back) {
  for (const auto policy : {full_policy::wait, full_policy::reject, full_policy::overwrite}) {
    const testing::unique_name name;
    const auto home = must(segment::create(name.get(), small(segment_mode::ring, policy)));
    auto writer = must(home.attach_producer());
    auto slow = must(home.attach_consumer({"slow", {}}));
    auto equally_slow = must(home.attach_consumer({"equally", {}}));
    auto fast = must(home.attach_consumer({"fast", {}}));
    const auto held_by = [&] {
      std::string names;
      for (const participant_stat& one : must(home.stat()).participants) {
        if (one.holds_back) names += one.name;
      }
      return names;
    };
    for (std::uint64_t word = 0; word < 4; ++word) {
      EXPECT_EQ(held_by(), "");
      ASSERT_EQ(put(writer, word), status::ok);
    }
    EXPECT_EQ(look(fast), "0:0 1:1 2:2 3:3");
    EXPECT_EQ(held_by(), policy == full_policy::overwrite ? "" : "slow");
    EXPECT_EQ(look(slow, 1), "0:0");
    EXPECT_EQ(held_by(), policy == full_policy::overwrite ? "" : "equally");
    EXPECT_EQ(look(equally_slow, 1), "0:0");
    EXPECT_EQ(held_by(), "");
  }
}

// The number at which a new reader would begin.
TEST(stat, the_oldest_number_is_a_new_readers_first) {
  struct one_case {
    segment_mode mode;
    full_policy policy;
    std::int64_t oldest;
  };
  for (const one_case& one : {one_case{segment_mode::log, full_policy::reject, 0},
                              one_case{segment_mode::ring, full_policy::wait, 2},
                              one_case{segment_mode::ring, full_policy::overwrite, 3}}) {
    const testing::unique_name name;
    const auto home =
        must(segment::create(name.get(), small(one.mode, one.policy, producer_role::single,
                                               one.mode == segment_mode::log ? 8 : 4)));
    auto writer = must(home.attach_producer());
    EXPECT_EQ(must(home.stat()).oldest, 0);
    {
      auto reader = must(home.attach_consumer());
      for (std::uint64_t word = 0; word < 2; ++word) ASSERT_EQ(put(writer, word), status::ok);
      EXPECT_EQ(look(reader), "0:0 1:1");
      for (std::uint64_t word = 2; word < 4; ++word) ASSERT_EQ(put(writer, word), status::ok);
    }
    EXPECT_EQ(must(home.stat()).oldest, one.policy == full_policy::wait ? 2 : 0);
    if (one.policy == full_policy::wait) continue;
    for (std::uint64_t word = 4; word < 7; ++word) ASSERT_EQ(put(writer, word), status::ok);
    EXPECT_EQ(must(home.stat()).oldest, one.oldest);
    EXPECT_EQ(must(home.attach_observer()).position(), one.oldest);
    EXPECT_EQ(must(home.attach_observer(start_at::latest())).position(), 7);
  }
}

}  // namespace
}  // namespace shmfifo
