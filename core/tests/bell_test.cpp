// SPDX-License-Identifier: MIT
// Goal: nobody sleeps through news, and news costs no system call while nobody sleeps. Method: a
// memory model that counts sleeps and wakes, with the news coming at each step of falling asleep.
#include "shmfifo/protocol/bell.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using protocol::ring_bell;
using protocol::sleep_until;
using testing::in_ms;

// What the kernel would do, counted; a sleep that nothing ends is counted as such and left.
class counting_memory : public std_memory_model {
 public:
  mutable int wakes = 0;
  mutable int relays = 0;
  mutable int sleeps = 0;
  mutable int slept_through = 0;
  mutable std::vector<unsigned> pauses = {};
  mutable std::vector<std::pair<const void*, std::uint32_t>> slept_for = {};  // bell and value
  std::function<void()> at_fetch_or = [] {};
  mutable int fences = 0;
  std::function<void()> at_fence = [] {};
  std::function<void()> at_sleep = [] {};

  template <class T>
  [[nodiscard]] T fetch_or(T& word, std::type_identity_t<T> bits, std::memory_order order,
                           site where) const {
    at_fetch_or();
    return std_memory_model::fetch_or(word, bits, order, where);
  }
  void heavy_fence(site) const {
    ++fences;
    at_fence();
  }
  void sleep(const std::uint32_t& bell, std::uint32_t value, deadline) const {
    ++sleeps;
    slept_for.emplace_back(&bell, value);
    if (bell == value) ++slept_through;
    at_sleep();
  }
  bool pause(unsigned times) const {
    pauses.push_back(times);
    return true;
  }
  void wake(const std::uint32_t&) const { ++wakes; }
  void relay(const std::uint32_t&) const { ++relays; }
};

TEST(bell, ringing_for_nobody_changes_nothing_and_calls_nobody) {
  const counting_memory memory;
  for (const std::uint32_t before : {0U, 2U, 0xfffffffeU}) {
    std::uint32_t bell = before;
    ring_bell(memory, bell);
    EXPECT_EQ(bell, before);
  }
  EXPECT_EQ(memory.wakes, 0);
}

// A sleeper that was killed leaves its bit: it costs one needless wake and no more.
TEST(bell, the_first_ring_clears_the_sleeper_bit_counts_and_wakes) {
  const counting_memory memory;
  for (const auto& [before, after] : {std::pair{1U, 2U}, {7U, 8U}, {0xffffffffU, 0U}}) {
    std::uint32_t bell = before;
    ring_bell(memory, bell);
    EXPECT_EQ(bell, after);
    ring_bell(memory, bell);
    EXPECT_EQ(bell, after);
  }
  EXPECT_EQ(memory.wakes, 3);
}

TEST(bell, a_ring_that_another_was_faster_with_wakes_nobody_again) {
  const counting_memory memory;
  std::uint32_t bell = 4;
  protocol::wake_sleepers(memory, bell, 3);  // seen before the other's ring
  EXPECT_EQ(bell, 4U);
  EXPECT_EQ(memory.wakes, 0);
}

TEST(bell, G11_what_is_ready_is_not_slept_for) {
  const counting_memory memory;
  std::uint32_t bell = 0;
  EXPECT_TRUE(sleep_until(
      memory, bell, in_ms(10000), [] { return true; }, [] {}));
  EXPECT_EQ(memory.sleeps, 0);
}

TEST(bell, a_passed_deadline_ends_the_wait_after_one_look_and_one_question) {
  const counting_memory memory;
  std::uint32_t bell = 0;
  int looks = 0;
  int questions = 0;
  EXPECT_FALSE(sleep_until(
      memory, bell, deadline::min(),
      [&] {
        ++looks;
        return false;
      },
      [&] { ++questions; }));
  EXPECT_EQ(looks, 2);
  EXPECT_EQ(questions, 1);
  EXPECT_EQ(memory.sleeps, 0);
}

// Only what is not there yet is asked about, and what the question brings is not slept for.
TEST(bell, G11_news_of_the_question_is_not_slept_for) {
  const counting_memory memory;
  std::uint32_t bell = 0;
  int questions = 0;
  bool news = true;
  const auto sleep = [&] {
    return sleep_until(
        memory, bell, no_deadline, [&] { return news; },
        [&] {
          ++questions;
          news = true;
        });
  };
  EXPECT_TRUE(sleep());
  EXPECT_EQ(questions, 0);
  news = false;
  EXPECT_TRUE(sleep());
  EXPECT_EQ(questions, 1);
  EXPECT_EQ(memory.sleeps, 0);
}

// Who is woken by what it slept for announces no further sleep, which would cost a needless ring.
TEST(bell, G11_whoever_is_woken_asks_no_more_to_be_woken) {
  counting_memory memory;
  std::uint32_t bell = 0;
  int announcements = 0;
  bool news = false;
  memory.at_fetch_or = [&] { ++announcements; };
  memory.at_sleep = [&] {
    news = memory.sleeps == 2;
    ring_bell(memory, bell);
  };
  EXPECT_TRUE(sleep_until(
      memory, bell, no_deadline, [&] { return news; }, [] {}));
  EXPECT_EQ(announcements, 2);
  EXPECT_EQ(bell, 4U);  // rung twice
}

// The kernel compares: another value would end each sleep at once, a bell without the bit would be
// rung for nobody.
TEST(bell, G11_a_sleep_is_for_the_value_that_says_that_somebody_sleeps) {
  counting_memory memory;
  std::uint32_t bell = 6;
  bool news = false;
  memory.at_sleep = [&] {
    EXPECT_EQ(bell, memory.slept_for.back().second);
    if (memory.sleeps == 2) ring_bell(memory, bell);
    news = memory.sleeps == 3;
  };
  EXPECT_TRUE(sleep_until(
      memory, bell, no_deadline, [&] { return news; }, [] {}));
  const std::vector<std::pair<const void*, std::uint32_t>> expected = {
      {&bell, 7}, {&bell, 7}, {&bell, 9}};
  EXPECT_EQ(memory.slept_for, expected);
}

// A fence interrupts every processor on which a producer runs.
TEST(bell, G11_G14_one_announcement_is_enough_until_the_bell_is_rung) {
  counting_memory memory;
  std::uint32_t bell = 0;
  bool news = false;
  int announcements = 0;
  memory.at_fetch_or = [&] { ++announcements; };
  const auto sleep_till_ring = [&](int last) {
    memory.at_sleep = [&, last] {
      if (memory.sleeps < last) return;
      news = true;
      ring_bell(memory, bell);
    };
    EXPECT_TRUE(sleep_until(
        memory, bell, no_deadline, [&] { return news; }, [] {}));
    news = false;
  };
  sleep_till_ring(100);
  EXPECT_EQ(announcements, 1);
  EXPECT_EQ(memory.fences, 1);
  sleep_till_ring(102);
  EXPECT_EQ(announcements, 2);
  EXPECT_EQ(memory.fences, 2);
}

// A ring wakes few. Who wakes for another reason relays nothing, or sleepers would wake each other
// for ever.
TEST(bell, G11_whoever_a_ring_wakes_wakes_others_be_the_news_its_own_or_not) {
  counting_memory memory;
  std::uint32_t bell = 0;
  bool news = false;
  const auto relays_after = [&](int sleeps, bool rung, bool ours) {
    memory.sleeps = memory.relays = 0;
    memory.at_sleep = [&, sleeps, rung, ours] {
      if (memory.sleeps == sleeps && rung) ring_bell(memory, bell);
      news = memory.sleeps == (ours ? sleeps : sleeps + 1);
    };
    EXPECT_TRUE(sleep_until(
        memory, bell, no_deadline, [&] { return news; }, [] {}));
    news = false;
    return memory.relays;
  };
  EXPECT_EQ(relays_after(1, true, true), 1);
  EXPECT_EQ(relays_after(3, true, true), 1);
  EXPECT_EQ(relays_after(3, true, false), 1);
  EXPECT_EQ(relays_after(3, false, true), 0);
}

// Sleeps that nothing but a wake ends: no slice wakes whom a relay forgot.
class sound_sleeper : public std_memory_model {
 public:
  void sleep(const std::uint32_t& bell, std::uint32_t value, deadline) const {
    ::syscall(SYS_futex, &bell, FUTEX_WAIT, value, nullptr);
  }
};

TEST(bell, G11_one_ring_wakes_every_sleeper) {
  constexpr unsigned sleepers = 50;
  std::uint32_t bell = 0;
  std::atomic<unsigned> asleep{0};
  std::atomic<bool> news{false};
  std::vector<std::jthread> all;
  for (unsigned i = 0; i < sleepers; ++i) {
    all.emplace_back([&] {
      const sound_sleeper memory;
      EXPECT_TRUE(sleep_until(
          memory, bell, no_deadline, [&] { return news.load(); }, [&] { ++asleep; }));
    });
  }
  while (asleep < sleepers) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // most are in the kernel by then
  news = true;
  ring_bell(sound_sleeper(), bell);
}

TEST(bell, G11_G14_a_spin_that_found_nothing_is_left_out_seven_times) {
  const counting_memory memory;
  protocol::patient_spin spin;
  bool news = false;
  const auto spins = [&] {
    memory.pauses.clear();
    const bool found = spin(memory, [&] { return news; });
    EXPECT_EQ(found, news && !memory.pauses.empty());
    return memory.pauses;
  };
  const std::vector<unsigned> whole(64, 32);
  EXPECT_EQ(spins(), whole);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 7; ++i) EXPECT_EQ(spins(), std::vector<unsigned>());
    EXPECT_EQ(spins(), whole);
  }
  news = true;
  for (int i = 0; i < 7; ++i) EXPECT_EQ(spins(), std::vector<unsigned>());
  for (int i = 0; i < 9; ++i) EXPECT_EQ(spins(), std::vector<unsigned>(1, 32));
  news = false;
  EXPECT_EQ(spins(), whole);
  EXPECT_EQ(spins(), std::vector<unsigned>());
}

// The looks before a sleep are counted, and each follows a pause of so many hints.
TEST(bell, G11_a_spin_ends_with_the_news_or_after_its_rounds) {
  const counting_memory memory;
  int looks = 0;
  const auto third_look = [&] { return ++looks == 3; };
  EXPECT_TRUE(protocol::spin(memory, 5, 7, third_look));
  EXPECT_EQ(memory.pauses, std::vector<unsigned>(3, 7));
  EXPECT_FALSE(protocol::spin(memory, 5, 8, third_look));
  EXPECT_EQ(looks, 8);
  EXPECT_FALSE(protocol::spin(memory, 0, 8, third_look));
  EXPECT_EQ(looks, 8);
}

// The news and the ring of the bell come at each step of falling asleep.
TEST(bell, G11_news_at_any_step_is_not_slept_through) {
  enum step { announcing, fence, first_look, question, second_look, steps };
  for (int when = 0; when < steps; ++when) {
    counting_memory memory;
    std::uint32_t bell = 0;
    bool news = false;
    int looks = 0;
    const auto happen = [&](step now) {
      if (when != now || news) return;
      news = true;
      ring_bell(memory, bell);
    };
    memory.at_fetch_or = [&] { happen(announcing); };
    memory.at_fence = [&] { happen(fence); };
    EXPECT_TRUE(sleep_until(
        memory, bell, in_ms(10000),
        [&] {
          const bool seen = news;
          happen(++looks == 1 ? first_look : second_look);  // just after the look
          return seen;
        },
        [&] { happen(question); }))
        << when;
    EXPECT_EQ(memory.slept_through, 0) << when;
  }
}

}  // namespace
}  // namespace shmfifo
