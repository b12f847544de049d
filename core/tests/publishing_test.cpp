// SPDX-License-Identifier: MIT
// Goal: a producer's calls come to an end, and ask about others, as publish.hpp says, whatever
// others do at each step. Method: a memory model in which others act just before an access, and
// one that counts the questions about who is alive.
#include <algorithm>
#include <vector>

#include "support/hooked_memory.hpp"

namespace shmfifo {
namespace {

using testing::bytes_of;
using testing::hooked_memory;
using testing::must;
using testing::once_at;
using testing::put;
using testing::small;

constexpr std::uint64_t published_word = 7;

struct publishing : ::testing::Test {
  void make(full_policy when_full, producer_role role) {
    if (home) {
      EXPECT_TRUE(segment::remove(name.get()));
    }
    home.emplace(must(segment::create(name.get(), small(segment_mode::ring, when_full, role))));
  }
  [[nodiscard]] control_block& control() const { return home->view().control(); }
  [[nodiscard]] participant_line& line(unsigned i) const { return home->view().participant(i); }
  [[nodiscard]] std::uint64_t& stamp(std::uint64_t number) const {
    return home->view().slot(number).stamp;
  }
  // On line 2, whose lock it does not have.
  basic_producer<hooked_memory> producer(hooked_memory::hook before = [](site) {}) {
    return {home->view(), hooked_memory(home->memory(), std::move(before)), 2};
  }
  testing::unique_name name;
  std::optional<segment> home;
};

// Each slot that a new producer looks at seems to hold the next number.
TEST_F(publishing, G8_G9_a_new_producer_looks_at_each_slot_once_whatever_others_write) {
  using enum slot_state;
  make(full_policy::overwrite, producer_role::single);
  std::uint64_t looks = 0;
  const auto writer = producer([&](site where) {
    if (where != site::find_stamp || looks > 100) return;
    stamp(looks) = make_stamp(looks, published);
    ++looks;
  });
  EXPECT_EQ(looks, 4U);
  EXPECT_EQ(control().producer_cursor, 4U);
}

// Others go round the ring while each of its copies is made.
TEST_F(publishing, G5_a_message_that_is_overtaken_is_tried_as_often_as_there_are_slots) {
  using enum slot_state;
  make(full_policy::overwrite, producer_role::many);
  std::uint64_t tries = 0;
  auto writer = producer([&](site where) {
    if (where != site::commit_exchange) return;
    stamp(tries) = make_stamp(tries, held, 2);
    ++tries;
  });
  EXPECT_EQ(put(writer, published_word), status::full);
  EXPECT_EQ(tries, 4U);
  for (std::uint64_t number = 0; number < 4; ++number) {
    EXPECT_EQ(stamp(number), make_stamp(number, aborted));
  }
}

TEST_F(publishing, G14_one_producer_exchanges_nothing) {
  for (const auto when_full : {full_policy::overwrite, full_policy::wait}) {
    make(when_full, producer_role::single);
    std::vector<std::string_view> sites;
    auto writer = producer([&](site where) { sites.push_back(to_string(where)); });
    EXPECT_EQ(put(writer, published_word), status::ok);
    EXPECT_EQ(put(writer, published_word), status::ok);
    EXPECT_EQ(std::count(sites.begin(), sites.end(), "publish_stamp"), 2);
    for (const char* exchange : {"claim_exchange", "claim_help", "commit_exchange"}) {
      EXPECT_EQ(std::count(sites.begin(), sites.end(), exchange), 0) << exchange;
    }
  }
}

// The last number that a stamp can hold is never given out.
TEST_F(publishing, G2_the_number_before_the_last_is_that_of_the_last_message) {
  using enum slot_state;
  for (const auto role : {producer_role::single, producer_role::many}) {
    make(full_policy::overwrite, role);
    control().producer_cursor = number_max - 1;
    stamp(number_max - 1) = make_stamp(number_max - 5, published);
    auto writer = producer();
    EXPECT_EQ(put(writer, published_word), status::ok);
    EXPECT_EQ(writer.last_number(), static_cast<std::int64_t>(number_max - 1));
    EXPECT_EQ(put(writer, published_word), status::exhausted);
    EXPECT_EQ(control().producer_cursor, number_max);
  }
}

// Counts the questions about who is alive, and says that everybody is.
class asking_memory : public std_memory_model {
 public:
  asking_memory(std_memory_model&& memory, int& questions)
      : std_memory_model(std::move(memory)), questions_(&questions) {}
  [[nodiscard]] bool alive(unsigned) const {
    ++*questions_;
    return true;
  }

 private:
  int* questions_;
};

// So often by the same cursor or claim; another one has not held it back yet.
TEST_F(publishing, G6_G7_who_does_not_wait_asks_about_the_dead_after_256_vain_attempts_more) {
  using enum slot_state;
  for (const bool by_claim : {false, true}) {
    make(full_policy::reject, producer_role::many);
    int questions = 0;
    basic_producer<asking_memory> writer(home->view(), asking_memory(home->memory(), questions), 2);
    line(0).role = make_role(1, participant_kind::consumer);
    for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(put(writer, i), status::ok);
    const auto attempts_until_it_asks = [&](int most) {
      questions = 0;
      int attempts = 0;
      while (questions == 0 && attempts < most) {
        EXPECT_EQ(put(writer, published_word), status::full);
        ++attempts;
      }
      return attempts;
    };
    if (by_claim) {
      line(0).consumer_cursor = 4;
      stamp(0) = make_stamp(0, claimed, 0);
    }
    EXPECT_EQ(attempts_until_it_asks(1000), 257);
    EXPECT_EQ(attempts_until_it_asks(1000), 256);
    EXPECT_EQ(attempts_until_it_asks(100), 100);
    if (by_claim) {
      stamp(1) = make_stamp(1, claimed, 0);
      control().producer_cursor = 5;
    } else {
      line(0).consumer_cursor = 1;
      EXPECT_EQ(put(writer, published_word), status::ok);
    }
    EXPECT_EQ(attempts_until_it_asks(1000), 257);
  }
}

// A single producer waits for nobody's claim: what a stamp says makes its slot no less its own.
TEST_F(publishing, G5_G9_where_one_producer_writes_room_is_what_the_consumers_left) {
  using enum slot_state;
  make(full_policy::wait, producer_role::single);
  line(0).role = make_role(1, participant_kind::durable);
  auto writer = producer(once_at(site::bell_announce, [this] {
    line(0).consumer_cursor = 4;
    stamp(0) = make_stamp(0, claimed, 7);
  }));
  for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(put(writer, i), status::ok);
  EXPECT_EQ(writer.publish(bytes_of(published_word), deadline{}), status::ok);
}

// Makes room before the first look of a spin.
class roomy_memory : public std_memory_model {
 public:
  roomy_memory(std_memory_model&& memory, std::uint64_t& cursor)
      : std_memory_model(std::move(memory)), cursor_(&cursor) {}
  bool pause(unsigned) const {
    *cursor_ = 4;
    return true;
  }

 private:
  std::uint64_t* cursor_;
};

TEST_F(publishing, G11_a_wake_ends_the_next_wait_though_there_would_be_room_at_once) {
  make(full_policy::wait, producer_role::single);
  line(0).role = make_role(1, participant_kind::durable);
  basic_producer<roomy_memory> writer(home->view(),
                                      roomy_memory(home->memory(), line(0).consumer_cursor), 2);
  for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(put(writer, i), status::ok);
  writer.wake();
  EXPECT_EQ(writer.publish(bytes_of(published_word)), status::interrupted);
  EXPECT_EQ(writer.publish(bytes_of(published_word)), status::ok);
}

// Is woken from its sleep when there is room, too.
class sleepy_memory : public std_memory_model {
 public:
  sleepy_memory(std_memory_model&& memory, std::function<void()> at_sleep)
      : std_memory_model(std::move(memory)), at_sleep_(std::move(at_sleep)) {}
  static bool pause(unsigned) { return false; }
  void sleep(const std::uint32_t&, std::uint32_t, deadline) const { at_sleep_(); }

 private:
  std::function<void()> at_sleep_;
};

TEST_F(publishing, G11_a_wake_ends_the_wait_though_there_is_room_by_then) {
  make(full_policy::wait, producer_role::single);
  line(0).role = make_role(1, participant_kind::durable);
  std::function<void()> wake;
  basic_producer<sleepy_memory> writer(home->view(), sleepy_memory(home->memory(), [&] { wake(); }),
                                       2);
  wake = [&] {
    writer.wake();
    line(0).consumer_cursor = 4;
  };
  for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(put(writer, i), status::ok);
  EXPECT_EQ(writer.publish(bytes_of(published_word)), status::interrupted);
  EXPECT_EQ(writer.publish(bytes_of(published_word)), status::ok);
}

}  // namespace
}  // namespace shmfifo
