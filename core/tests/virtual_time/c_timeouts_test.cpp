// SPDX-License-Identifier: MIT
// Goal: the C interface's timeouts are nanoseconds from now; 0 does not wait, a negative one waits
// for ever, and none overflows. Method: as timeouts_test.cpp.
#include "shmfifo.h"

#include <limits>

#include "support/testing.hpp"
#include "virtual_kernel.hpp"

namespace shmfifo {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

// A full ring: its producer waits for room, a reader of what comes later for messages.
struct c_scene {
  testing::unique_name name;
  shmfifo_segment* home = nullptr;
  shmfifo_producer* writer = nullptr;
  shmfifo_consumer* reader = nullptr;  // its cursor is where the ring begins
  shmfifo_consumer* waiting = nullptr;
  virtual_time::kernel kernel{};

  struct wait {
    std::function<shmfifo_status(std::int64_t)> call;
    std::function<void()> wake;
    shmfifo_status at_once;  // the answer to a timeout of 0
  };
  std::vector<wait> waits = {
      {[this](std::int64_t time) { return shmfifo_publish(writer, "seven", 5, time); },
       [this] { shmfifo_wake_producer(writer); }, SHMFIFO_FULL},
      {[this](std::int64_t time) {
         void* content = nullptr;
         return shmfifo_claim(writer, &content, time);
       },
       [this] { shmfifo_wake_producer(writer); }, SHMFIFO_FULL},
      {[this](std::int64_t time) { return shmfifo_wait(waiting, time); },
       [this] { shmfifo_wake_consumer(waiting); }, SHMFIFO_TIMED_OUT},
  };

  c_scene() {
    shmfifo_create_options options{};
    options.struct_size = sizeof options;
    options.when_full = SHMFIFO_WAIT;
    options.slot_count = 4;
    options.content_size = 16;
    home = shmfifo_create(name.get().c_str(), &options, nullptr);
    writer = shmfifo_attach_producer(home, nullptr);
    reader = shmfifo_attach_consumer(home, nullptr, SHMFIFO_OLDEST, 0, nullptr);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(shmfifo_try_publish(writer, "seven", 5), SHMFIFO_OK);
    waiting = shmfifo_attach_consumer(home, nullptr, SHMFIFO_LATEST, 0, nullptr);
  }
  ~c_scene() {
    shmfifo_close_consumer(waiting);
    shmfifo_close_consumer(reader);
    shmfifo_close_producer(writer);
    shmfifo_close(home);
  }
  c_scene(const c_scene&) = delete;
  c_scene& operator=(const c_scene&) = delete;

  void end_at(unsigned which, const std::function<void()>& wake) {
    kernel.sleeps = 0;
    kernel.at_sleep = [which, wake](unsigned number) {
      if (number == which) wake();
    };
  }
};

TEST(c_timeouts, G5_G11_a_timeout_is_of_nanoseconds_from_now) {
  c_scene one;
  for (const auto& wait : one.waits) {
    for (const std::int64_t time : {1, 999, 20'000'000, 1'000'000'007}) {
      const auto start = one.kernel.now;
      EXPECT_EQ(wait.call(time), SHMFIFO_TIMED_OUT);
      EXPECT_EQ((one.kernel.now - start).count(), time);
    }
  }
}

TEST(c_timeouts, G5_G11_a_timeout_of_0_does_not_wait) {
  c_scene one;
  for (const auto& wait : one.waits) EXPECT_EQ(wait.call(0), wait.at_once);
  EXPECT_EQ(one.kernel.sleeps, 0U);
}

// The clock is read to make the deadline, and never to see whether it has passed.
TEST(c_timeouts, G11_a_timeout_that_is_negative_or_beyond_the_clock_waits_for_ever) {
  c_scene one;
  const std::int64_t to_the_end = most - one.kernel.now.time_since_epoch().count();
  for (const auto& wait : one.waits) {
    for (const std::int64_t time : {std::int64_t{-1}, least, most, most - 1, to_the_end}) {
      one.end_at(100, wait.wake);
      one.kernel.clock_reads = 0;
      EXPECT_EQ(wait.call(time), SHMFIFO_INTERRUPTED) << time;
      EXPECT_EQ(one.kernel.sleeps, 100U) << time;
      EXPECT_EQ(one.kernel.clock_reads, 1U) << time;
      one.kernel.now -= 100 * std::chrono::milliseconds(20);
    }
    one.end_at(100, wait.wake);
    one.kernel.clock_reads = 0;
    EXPECT_EQ(wait.call(to_the_end - 1), SHMFIFO_INTERRUPTED);
    EXPECT_EQ(one.kernel.sleeps, 100U);
    EXPECT_GT(one.kernel.clock_reads, 100U);  // the last deadline before none
    one.kernel.now -= 100 * std::chrono::milliseconds(20);
  }
}

TEST(c_timeouts, G14_room_costs_no_look_at_the_clock) {
  c_scene one;
  const auto nothing = [](const shmfifo_record*, void*) { return 1; };
  EXPECT_EQ(shmfifo_poll(one.reader, nothing, nullptr, 4).count, 4);
  one.kernel.clock_reads = 0;
  for (const std::int64_t time : {std::int64_t{-1}, std::int64_t{0}, most}) {
    EXPECT_EQ(shmfifo_publish(one.writer, "seven", 5, time), SHMFIFO_OK);
  }
  void* content = nullptr;
  EXPECT_EQ(shmfifo_claim(one.writer, &content, 5), SHMFIFO_OK);
  EXPECT_EQ(shmfifo_commit(one.writer, 5), SHMFIFO_OK);
  EXPECT_EQ(one.kernel.clock_reads, 0U);
}

}  // namespace
}  // namespace shmfifo
