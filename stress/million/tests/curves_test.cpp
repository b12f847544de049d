// SPDX-License-Identifier: MIT
// Goal: each curve has a cost at each point, with so many participants as it says, and a message
// that is lost, repeated or wrong is noticed. Method: few messages between two real processes, and
// made-up messages.
#include "curves.hpp"

#include <gtest/gtest.h>

#include "played.hpp"
#include "shmfifo/shmfifo.hpp"
#include "stamps.hpp"

namespace shmfifo::million {
namespace {

constexpr std::int64_t messages = 3200;

TEST(million_curves, G14_each_point_of_each_curve_has_a_cost_in_each_execution) {
  std::vector<curve> curves;
  const run_outcome got = measure_curves({.messages = messages, .executions = 2}, curves);
  ASSERT_TRUE(got.ok) << got.failure;
  ASSERT_EQ(curves.size(), 9U);
  for (const curve& one : curves) {
    EXPECT_GE(one.points.size(), 5U) << one.name;
    std::uint64_t last = 0;
    for (const curve_point& point : one.points) {
      EXPECT_GT(point.parameter, last) << one.name;
      last = point.parameter;
      ASSERT_EQ(point.costs.size(), 2U) << one.name;
      for (const double cost : point.costs) EXPECT_GT(cost, 0) << one.name << " " << last;
    }
  }
}

TEST(million_curves, G14_one_process_returns_the_cost_of_a_point) {
  struct measured_side {
    point_measure measure;
    side who;
  };
  for (const measured_side one :
       {measured_side{stream_by_producers, side::reader},
        measured_side{full_ring_publish, side::writer}, measured_side{stat_call, side::reader}}) {
    const run_outcome got = played(
        [one](actor& self) {
          const double cost = one.measure(self, 2);
          if ((cost > 0) != (self.writes() == (one.who == side::writer))) self.fail("wrong side");
        },
        messages);
    EXPECT_TRUE(got.ok) << got.failure;
  }
}

run_outcome played_point(point_measure measure, std::uint64_t parameter) {
  return played([=](actor& self) { static_cast<void>(measure(self, parameter)); });
}

TEST(million_curves, G14_so_many_participants_are_attached) {
  const run_outcome all_lines = played_point(stat_call, participants_max);
  EXPECT_TRUE(all_lines.ok) << all_lines.failure;
  const run_outcome one_more = played_point(attach_consumer_call, participants_max);
  EXPECT_FALSE(one_more.ok);
  EXPECT_NE(one_more.failure.find("all 256 participant lines"), std::string::npos)
      << one_more.failure;
  // The producer takes a line, too.
  EXPECT_TRUE(played_point(full_ring_publish, participants_max - 1).ok);
  EXPECT_FALSE(played_point(full_ring_publish, participants_max).ok);
}

struct stamped {
  std::int64_t number;
  stamp mark;
};

// The index of the first message that the checker refuses; as many as there are if it takes all.
std::size_t refused(const std::vector<stamped>& stream, std::size_t size = 20) {
  stamp_checker check(20, 2);
  std::vector<std::byte> content(size);
  for (std::size_t i = 0; i < stream.size(); ++i) {
    write_stamp(content, stream[i].mark);
    if (!check.take(stream[i].number, content)) return i;
  }
  return stream.size();
}

TEST(million_stamps, G14_messages_of_each_producer_in_its_order_are_right) {
  EXPECT_EQ(refused({{0, {0, 0}}, {1, {1, 0}}, {2, {1, 1}}, {3, {0, 1}}}), 4U);
}

TEST(million_stamps, G14_a_lost_repeated_or_foreign_message_is_refused) {
  EXPECT_EQ(refused({{0, {0, 0}}, {1, {0, 2}}}), 1U);
  EXPECT_EQ(refused({{0, {0, 0}}, {1, {0, 0}}}), 1U);
  EXPECT_EQ(refused({{0, {2, 0}}}), 0U);
}

TEST(million_stamps, G14_a_wrong_number_or_length_is_refused) {
  EXPECT_EQ(refused({{0, {0, 0}}, {2, {0, 1}}}), 1U);
  EXPECT_EQ(refused({{0, {0, 0}}}, 19), 0U);
  EXPECT_EQ(refused({{0, {0, 0}}}, 21), 0U);
}

TEST(million_stamps, G14_a_torn_message_is_refused) {
  for (const std::size_t torn : {0U, 7U, 12U, 19U}) {
    stamp_checker check(20, 2);
    std::vector<std::byte> content(20);
    write_stamp(content, {0, 0});
    content[torn] ^= std::byte{1};
    EXPECT_FALSE(check.take(0, content)) << torn;
  }
}

}  // namespace
}  // namespace shmfifo::million
