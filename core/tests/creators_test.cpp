// SPDX-License-Identifier: MIT
// Goal: a segment is there whole or not at all, and once, whoever creates it and however that ends.
// Method: many children create one name at once; one is killed at ever later moments of it.
#include <map>
#include <thread>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::must;
using testing::sleep_for_ever;
using testing::small;

// The exit codes of so many children that do this at once: all wait at a pipe until it is closed.
std::vector<int> at_once(int count, const std::function<int()>& body) {
  int gate[2];
  if (::pipe(gate) != 0) return {};
  std::vector<std::unique_ptr<child>> all;
  all.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    all.push_back(std::make_unique<child>([&] {
      char c = 0;
      ::close(gate[1]);
      return ::read(gate[0], &c, 1) == 0 ? body() : -1;
    }));
  }
  ::close(gate[0]);
  ::close(gate[1]);
  std::vector<int> codes;
  codes.reserve(all.size());
  for (auto& one : all) codes.push_back(one->join());
  return codes;
}

// One name, many creators.
TEST(creators, G8_thirty_two_creators_of_one_name_share_one_segment) {
  for (int round = 0; round < 5; ++round) {
    const testing::unique_name name;
    int answers[2];
    ASSERT_EQ(::pipe(answers), 0);
    const std::vector<int> codes = at_once(32, [&] {
      const geometry shape = small(segment_mode::ring);
      create_options options;
      options.existing = if_exists::attach;
      auto home = segment::create(name.get(), shape, options);
      if (!home) return 2;
      const std::uint64_t uid = home->stat()->uid;
      return ::write(answers[1], &uid, sizeof uid) == sizeof uid ? 0 : 3;
    });
    ::close(answers[1]);  // so that a child without an answer is an end, and no wait
    EXPECT_EQ(codes, std::vector<int>(32, 0));
    std::map<std::uint64_t, int> uids;
    for (int i = 0; i < 32; ++i) {
      std::uint64_t uid = 0;
      ASSERT_EQ(::read(answers[0], &uid, sizeof uid), static_cast<ssize_t>(sizeof uid));
      ++uids[uid];
    }
    EXPECT_EQ(uids.size(), 1U);
    ::close(answers[0]);
  }
}

// Of those that insist on a new segment, one gets it.
TEST(creators, G8_of_many_creators_that_refuse_an_existing_name_one_wins) {
  const testing::unique_name name;
  int winners = 0;
  const std::vector<int> codes = at_once(32, [&] {
    const auto home = segment::create(name.get(), small(segment_mode::ring));
    return home ? 42 : home.error().code == EEXIST ? 0 : 2;
  });
  EXPECT_EQ(codes.size(), 32U);
  for (const int code : codes) {
    EXPECT_TRUE(code == 0 || code == 42) << code;
    winners += code == 42 ? 1 : 0;
  }
  EXPECT_EQ(winners, 1);
  EXPECT_TRUE(segment::attach(name.get()));
}

// Killed while creating, at ever later moments.
TEST(creators, G8_a_killed_creator_leaves_nothing_or_a_whole_segment) {
  int whole = 0;
  int nothing = 0;
  for (int round = 0; round < 60; ++round) {
    const testing::unique_name name;
    child creating([&] {
      geometry shape = small(segment_mode::log);
      create_options options;
      shape.slot_count = 20000;
      options.pretouch = true;
      child::ready();
      static_cast<void>(segment::create(name.get(), shape, options));
      return sleep_for_ever();
    });
    ASSERT_TRUE(creating.wait_ready());
    std::this_thread::sleep_for(std::chrono::microseconds(round * round));
    EXPECT_EQ(creating.kill_and_join(), 128 + SIGKILL);
    const auto attached = segment::attach(name.get());
    if (attached) {
      ++whole;
    } else {
      EXPECT_EQ(attached.error().code, ENOENT) << attached.error().text;
      ++nothing;
    }
    geometry shape = small(segment_mode::log);
    create_options options;
    shape.slot_count = 20000;
    options.existing = if_exists::attach;
    EXPECT_TRUE(segment::create(name.get(), shape, options));
  }
  EXPECT_EQ(whole + nothing, 60);
}

}  // namespace
}  // namespace shmfifo
