// SPDX-License-Identifier: MIT
// Goal: what adapters share keeps its word. Method: count the tries around a deadline; write from a
// child process; messages of every edge length, and a broken one.
#include "shmfifo/harness/adapters/shared_memory.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "shmfifo/harness/support/child.hpp"

namespace shmfifo::harness {
namespace {

using clock = std::chrono::steady_clock;

TEST(retry_until, G11_tries_once_after_a_deadline_that_is_past) {
  unsigned tries = 0;
  EXPECT_FALSE(retry_until(clock::now() - std::chrono::hours(1), [&] { return ++tries == 2; }));
  EXPECT_EQ(tries, 1U);
  EXPECT_TRUE(retry_until(clock::now() - std::chrono::hours(1), [] { return true; }));
}

TEST(retry_until, G11_tries_again_when_a_try_lasts_beyond_the_deadline) {
  const deadline until = clock::now() + std::chrono::milliseconds(20);
  unsigned tries = 0;
  bool began_late = false;  // on a busy machine: then it may give up at once
  const bool found = retry_until(until, [&] {
    if (++tries > 1) return true;
    began_late = clock::now() >= until;
    std::this_thread::sleep_until(until);
    return false;
  });
  EXPECT_TRUE(found || began_late);
}

TEST(retry_until, G11_returns_with_the_try_that_succeeds) {
  unsigned tries = 0;
  EXPECT_TRUE(retry_until(clock::now() + std::chrono::hours(1), [&] { return ++tries == 1000; }));
  EXPECT_EQ(tries, 1000U);
}

TEST(shared_object, G4_is_seen_by_children_and_survives_them) {
  struct counters {
    std::atomic<int> first = 7;
  };
  const shared_object<counters> shared(64);
  EXPECT_EQ(shared->first, 7);
  EXPECT_EQ(shared.extra()[63], std::byte{0});
  const int status = reap(start_child([&] {
    shared->first = 8;
    shared.extra()[63] = std::byte{9};
    return 0;
  }));
  EXPECT_EQ(status, 0);
  EXPECT_EQ(shared->first, 8);
  EXPECT_EQ(shared.extra()[63], std::byte{9});
}

TEST(shared_object, G10_missing_memory_is_an_error_with_a_cure) {
  try {
    const shared_object<int> too_large(std::size_t{1} << 60);
    FAIL() << "there was memory";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("ask for fewer"), std::string::npos) << error.what();
  }
}

TEST(fixed_message, G4_returns_the_bytes_that_were_put) {
  for (const std::size_t length : {0U, 1U, 15U, 16U}) {
    std::vector<std::byte> sent(length, std::byte{0x5a});
    fixed_message<16> message;
    message.put(sent);
    std::vector<std::byte> buffer(16);
    const received got = message.get(buffer);
    EXPECT_EQ(got.answer, receive_answer::message);
    EXPECT_EQ(got.length, static_cast<std::int64_t>(length));
    buffer.resize(length);
    EXPECT_EQ(buffer, sent);
  }
}

TEST(fixed_message, G3_copies_no_more_than_there_is_room_for_and_reports_the_length_as_it_is) {
  fixed_message<16> message;
  message.put(std::vector<std::byte>(16, std::byte{1}));
  std::vector<std::byte> buffer(8);
  EXPECT_EQ(message.get(std::span(buffer).first(4)).length, 16);
  EXPECT_EQ(buffer[3], std::byte{1});
  EXPECT_EQ(buffer[4], std::byte{0});
  message.length = 1000;
  std::vector<std::byte> larger(64);
  EXPECT_EQ(message.get(larger).length, 1000);
  EXPECT_EQ(larger[16], std::byte{0});
}

TEST(fixed_message, G3_refuses_a_run_with_longer_messages) {
  queue_shape shape;
  shape.content_size = 16;
  EXPECT_NO_THROW(fixed_message<16>::require_fit(shape));
  shape.content_size = 17;
  EXPECT_THROW(fixed_message<16>::require_fit(shape), std::runtime_error);
}

}  // namespace
}  // namespace shmfifo::harness
