// SPDX-License-Identifier: MIT
// Goal: each wait lasts as long as it was asked to, in slices of the length that the design names.
// Method: the virtual kernel's clock and its journal; lengths are compared by value, and no time is
// waited for.
#include "kernel.hpp"
#include "shmfifo/protocol/memory_model.hpp"
#include "support/testing.hpp"
#include "virtual_kernel.hpp"

namespace shmfifo {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::must;
using testing::put;
using testing::small;

byte_view seven() {
  static constexpr std::uint64_t word = 7;
  return testing::bytes_of(word);
}

struct scene {
  testing::unique_name name;
  segment home;
  virtual_time::kernel kernel{};

  explicit scene(full_policy when_full = full_policy::wait)
      : home(must(segment::create(name.get(), small(segment_mode::ring, when_full)))) {}
  [[nodiscard]] deadline in(nanoseconds time) const { return kernel.now + time; }
};

// A ring with no room, and the waits of its producer.
struct full_scene : scene {
  producer writer = must(home.attach_producer());
  consumer reader = must(home.attach_consumer());
  std::vector<byte_view> batch{2, seven()};
  std::vector<std::function<status(deadline)>> waits = {
      [this](deadline until) { return writer.publish(seven(), until); },
      [this](deadline until) { return writer.publish("text", until); },
      [this](deadline until) { return writer.publish(batch, until).answer; },
      [this](deadline until) { return writer.take(until).answer(); },
  };

  full_scene() {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(put(writer, 1), status::ok);
    kernel.journal.clear();
  }
  // So many messages make room in the `which`-th sleep.
  void read_at(unsigned which, std::int64_t messages) {
    kernel.sleeps = 0;
    kernel.at_sleep = [this, which, messages](unsigned number) {
      if (number != which) return;
      EXPECT_EQ(reader.poll([](const record_view&) {}, messages).count, messages);
    };
  }
};

struct slice {
  nanoseconds left;
  const char* sleep;
  const char* nap;
};
constexpr slice slices[] = {
    {nanoseconds(0), "futex 0", "nap 0"},
    {nanoseconds(-1), "futex 0", "nap 0"},
    {-hours(1), "futex 0", "nap 0"},
    {nanoseconds(1), "futex 1", "nap 1"},
    {nanoseconds(999'999), "futex 999999", "nap 999999"},
    {nanoseconds(1'000'001), "futex 1000001", "nap 1000000"},
    {nanoseconds(19'999'999), "futex 19999999", "nap 1000000"},
    {nanoseconds(20'000'001), "futex 20000000", "nap 1000000"},
    {seconds(1), "futex 20000000", "nap 1000000"},
    {hours(24 * 365), "futex 20000000", "nap 1000000"},
};

TEST(timeouts, G11_a_sleep_lasts_what_is_left_but_one_slice_at_the_most) {
  virtual_time::kernel kernel;
  const std_memory_model memory;
  const std::uint32_t bell = 5;
  for (const slice& one : slices) {
    const deadline until = kernel.now + one.left;
    memory.sleep(bell, 5, until);
    EXPECT_EQ(kernel.asked(), one.sleep) << one.left.count();
    EXPECT_EQ(kernel.slept_on, &bell);
    memory.nap(kernel.now + one.left);
    EXPECT_EQ(kernel.asked(), one.nap) << one.left.count();
  }
  kernel.clock_reads = 0;
  memory.sleep(bell, 5, no_deadline);
  memory.nap(no_deadline);
  EXPECT_EQ(kernel.asked(), "futex 20000000, nap 1000000");
  EXPECT_EQ(kernel.clock_reads, 0U);
}

TEST(timeouts, G11_a_sleep_ends_at_once_if_the_bell_rang_and_a_ring_wakes_two) {
  virtual_time::kernel kernel;
  const std_memory_model memory;
  const std::uint32_t bell = 6;
  memory.sleep(bell, 5, no_deadline);
  memory.wake(bell);
  EXPECT_EQ(kernel.asked(), "changed, wake 2");
}

TEST(timeouts, G11_time_is_over_from_the_deadline_on) {
  const virtual_time::kernel kernel;
  EXPECT_FALSE(std_memory_model::expired(kernel.now + nanoseconds(1)));
  EXPECT_TRUE(std_memory_model::expired(kernel.now));
  EXPECT_TRUE(std_memory_model::expired(kernel.now - nanoseconds(1)));
}

TEST(timeouts, G11_a_consumer_waits_until_the_deadline_in_slices_of_20_ms) {
  scene one;
  consumer reader = must(one.home.attach_consumer());
  one.kernel.journal.clear();
  const deadline until = one.in(milliseconds(50));
  EXPECT_EQ(reader.wait(until), status::peer_dead);
  EXPECT_EQ(one.kernel.now, until);
  EXPECT_EQ(one.kernel.slept_on, &one.home.view().control().data_bell);
  EXPECT_EQ(one.kernel.asked(), "membarrier 2 0, 2 x futex 20000000, futex 10000000");
  producer writer = must(one.home.attach_producer());
  one.kernel.journal.clear();
  EXPECT_EQ(reader.wait(one.in(nanoseconds(3))), status::timed_out);
  EXPECT_EQ(one.kernel.asked(), "membarrier 2 0, futex 3");
}

TEST(timeouts, G11_an_observer_naps_until_the_deadline_a_millisecond_at_a_time) {
  scene one;
  consumer reader = must(one.home.attach_observer());
  one.kernel.journal.clear();
  const deadline until = one.in(nanoseconds(40'000'007));
  EXPECT_EQ(reader.wait(until), status::peer_dead);
  EXPECT_EQ(one.kernel.now, until);
  EXPECT_EQ(one.kernel.asked(), "40 x nap 1000000, nap 7");
}

TEST(timeouts, G5_G11_a_producer_waits_for_room_until_the_deadline_in_slices_of_20_ms) {
  full_scene one;
  for (const auto& wait : one.waits) {
    const deadline until = one.in(milliseconds(30));
    EXPECT_EQ(wait(until), status::timed_out);
    EXPECT_EQ(one.kernel.now, until);
    EXPECT_EQ(one.kernel.slept_on, &one.home.view().control().space_bell);
    EXPECT_EQ(one.kernel.asked(), "membarrier 2 0, futex 20000000, futex 10000000");
  }
}

// The deadline is of the whole batch: a part that went in does not prolong the rest's.
TEST(timeouts, G5_G11_a_batch_has_one_deadline) {
  full_scene one;
  one.read_at(2, 1);
  const deadline until = one.in(milliseconds(70));
  const batch_result part = one.writer.publish(one.batch, until);
  EXPECT_EQ(part.answer, status::timed_out);
  EXPECT_EQ(part.published, 1U);
  EXPECT_EQ(one.kernel.now, until);
  EXPECT_EQ(one.kernel.sleeps, 4U);
}

TEST(timeouts, G11_a_deadline_that_has_passed_is_not_slept_for) {
  full_scene one;
  consumer late = must(one.home.attach_consumer({{}, start_at::latest()}));
  consumer observer = must(one.home.attach_observer(start_at::latest()));
  const deadline passed[] = {deadline::min(), deadline(), one.in(nanoseconds(-1)), one.kernel.now};
  for (const deadline until : passed) {
    for (const auto& wait : one.waits) EXPECT_EQ(wait(until), status::timed_out);
    EXPECT_EQ(late.wait(until), status::timed_out);
    EXPECT_EQ(observer.wait(until), status::timed_out);
    EXPECT_EQ(one.reader.wait(until), status::ok);  // there is something
  }
  EXPECT_EQ(one.kernel.sleeps, 0U);
}

// Not even the clock is asked.
TEST(timeouts, G11_without_a_deadline_a_wait_goes_on_until_it_is_ended) {
  full_scene one;
  consumer late = must(one.home.attach_consumer({{}, start_at::latest()}));
  consumer observer = must(one.home.attach_observer(start_at::latest()));
  one.kernel.clock_reads = 0;
  const auto end_in_the_thousandth = [&](const std::function<void()>& wake) {
    one.kernel.sleeps = 0;
    one.kernel.at_sleep = [wake](unsigned number) {
      if (number == 1000) wake();
    };
  };
  for (const auto& wait : one.waits) {
    end_in_the_thousandth([&] { one.writer.wake(); });
    EXPECT_EQ(wait(no_deadline), status::interrupted);
    EXPECT_EQ(one.kernel.sleeps, 1000U);
  }
  end_in_the_thousandth([&] { late.wake(); });
  EXPECT_EQ(late.wait(), status::interrupted);
  EXPECT_EQ(one.kernel.sleeps, 1000U);
  end_in_the_thousandth([&] { observer.wake(); });
  EXPECT_EQ(observer.wait(), status::interrupted);
  EXPECT_EQ(one.kernel.sleeps, 1000U);
  EXPECT_EQ(one.kernel.clock_reads, 0U);
}

// The last deadline before none is one.
TEST(timeouts, G11_a_deadline_in_the_farthest_future_is_no_overflow) {
  full_scene one;
  const deadline last = no_deadline - nanoseconds(1);
  one.read_at(3, 1);
  one.kernel.clock_reads = 0;
  EXPECT_EQ(one.writer.publish(seven(), last), status::ok);
  EXPECT_EQ(one.kernel.sleeps, 3U);
  EXPECT_NE(one.kernel.clock_reads, 0U);
  EXPECT_EQ(one.kernel.asked(), "membarrier 2 0, 3 x futex 20000000, 2 x wake 2");
}

// A signal ends a system call, not the wait.
TEST(timeouts, G11_a_wait_that_signals_interrupt_lasts_as_long) {
  scene one;
  consumer reader = must(one.home.attach_consumer());
  consumer observer = must(one.home.attach_observer());
  one.kernel.journal.clear();
  one.kernel.interrupt = [](nanoseconds time) {
    return std::min<nanoseconds>(time, milliseconds(15));
  };
  deadline until = one.in(milliseconds(31));
  EXPECT_EQ(reader.wait(until), status::peer_dead);
  EXPECT_EQ(one.kernel.now, until);
  EXPECT_EQ(one.kernel.asked(), "membarrier 2 0, futex 20000000, futex 16000000, futex 1000000");
  one.kernel.interrupt = [](nanoseconds time) { return (time + nanoseconds(1)) / 2; };
  until = one.in(milliseconds(2));
  EXPECT_EQ(observer.wait(until), status::peer_dead);
  EXPECT_EQ(one.kernel.now, until);
}

// What is there is not waited for, and costs no look at the clock.
TEST(timeouts, G14_room_and_messages_cost_no_look_at_the_clock) {
  scene one;
  producer writer = must(one.home.attach_producer());
  consumer reader = must(one.home.attach_consumer());
  one.kernel.clock_reads = 0;
  one.kernel.journal.clear();
  EXPECT_EQ(writer.publish(seven(), one.in(seconds(1))), status::ok);
  EXPECT_EQ(writer.take(one.in(seconds(1))).commit(1), status::ok);
  EXPECT_EQ(reader.wait(one.in(seconds(1))), status::ok);
  EXPECT_EQ(one.kernel.clock_reads, 0U);
  EXPECT_EQ(one.kernel.asked(), "");
}

// Somebody else is making or forgetting a named cursor: tried every millisecond, for five seconds.
TEST(timeouts, G8_whoever_needs_the_naming_lock_waits_five_seconds_for_it) {
  scene one;
  auto other = one.home.memory();
  ASSERT_TRUE(other.try_own(lock_naming));
  one.kernel.journal.clear();
  const auto attached = one.home.attach_consumer({"billing", {}});
  ASSERT_FALSE(attached);
  EXPECT_EQ(attached.error().code, EBUSY);
  EXPECT_STREQ(attached.error().rule, "cursor_name");
  EXPECT_EQ(one.kernel.asked(), "membarrier 4 0, 5000 x nap 1000000");
  const auto forgotten = one.home.forget("billing");
  ASSERT_FALSE(forgotten);
  EXPECT_EQ(forgotten.error().code, EBUSY);
  EXPECT_EQ(one.kernel.asked(), "membarrier 4 0, 5000 x nap 1000000");
  one.kernel.sleeps = 0;
  one.kernel.at_sleep = [&](unsigned number) {
    if (number == 5000) other.disown(lock_naming);
  };
  EXPECT_TRUE(one.home.attach_consumer({"billing", {}}));
  EXPECT_EQ(one.kernel.sleeps, 5000U);
}

TEST(timeouts, the_sleep_between_two_questions_takes_a_millisecond) {
  virtual_time::kernel kernel;
  shmfifo::kernel::sleep_a_millisecond();
  EXPECT_EQ(kernel.asked(), "nap 1000000");
}

TEST(timeouts, G13_a_segment_says_when_it_was_made_in_nanoseconds_of_real_time) {
  const virtual_time::kernel kernel;
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::log)));
  EXPECT_EQ(must(home.stat()).created_ns, 1'700'000'000'123'456'789U);
}

}  // namespace
}  // namespace shmfifo
