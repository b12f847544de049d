// SPDX-License-Identifier: MIT
// Goal: processes that are killed or paused do no harm to the others. Method: real
// children, killed or stopped at points that they report themselves; the parent judges.
#include <array>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::in_ms;
using testing::kill_self;
using testing::look;
using testing::must;
using testing::put;
using testing::sleep_for_ever;
using testing::small;

TEST(processes, G1_G2_G4_G5_two_processes_pass_many_laps_without_a_fault) {
  for (const auto role : {producer_role::single, producer_role::many}) {
    const testing::unique_name name;
    geometry shape = small(segment_mode::ring, full_policy::wait, role, 64);
    const auto home = must(segment::create(name.get(), shape));
    auto reader = must(home.attach_consumer());
    constexpr std::uint64_t count = 200000;
    child producing([&] {
      auto there = segment::attach(name.get());
      auto writer = there->attach_producer();
      for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t words[2] = {i, ~i};
        if (writer->publish(std::as_bytes(std::span(words)).first(i % 17)) != status::ok) return 1;
      }
      return 0;
    });
    std::uint64_t next = 0;
    while (next < count) {
      const poll_result result = reader.poll([&](const record_view& record) {
        const std::uint64_t words[2] = {next, ~next};
        ASSERT_EQ(record.message_number, static_cast<std::int64_t>(next));
        ASSERT_EQ(record.value_length, static_cast<std::int64_t>(next % 17));
        ASSERT_EQ(std::memcmp(record.content, words, next % 17), 0);
        ++next;
      });
      if (result.answer != status::ok) {
        ASSERT_EQ(result.answer, status::empty);
        static_cast<void>(reader.wait(in_ms(1000)));
        if (::testing::Test::HasFailure()) return;
      }
    }
    EXPECT_EQ(producing.join(), 0);
  }
}

TEST(processes, G6_G11_a_killed_producer_loses_only_its_claim) {
  const testing::unique_name name;
  const auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::wait, producer_role::many, 8)));
  auto reader = must(home.attach_consumer());
  auto observer = must(home.attach_observer());
  child dying([&] {
    auto writer = home.attach_producer();
    static_cast<void>(put(*writer, 10));
    auto claim = writer->try_take();
    child::ready();
    return sleep_for_ever();
  });
  ASSERT_TRUE(dying.wait_ready());
  auto writer = must(home.attach_producer());
  ASSERT_EQ(put(writer, 20), status::ok);
  EXPECT_EQ(look(reader), "0:10");
  EXPECT_EQ(reader.wait(in_ms(50)), status::timed_out);  // the claim's owner lives
  EXPECT_EQ(observer.wait(in_ms(50)), status::ok);
  EXPECT_EQ(look(observer), "0:10");
  EXPECT_EQ(look(observer), "empty");
  EXPECT_EQ(dying.kill_and_join(), 128 + SIGKILL);
  // The observer cannot write and finds out for itself, before anybody else recovers.
  EXPECT_EQ(observer.wait(in_ms(10000)), status::ok);
  EXPECT_EQ(look(observer), "aborted 1+1");
  EXPECT_EQ(reader.wait(in_ms(10000)), status::ok);
  EXPECT_EQ(look(reader), "aborted 1+1");
  EXPECT_EQ(look(reader), "2:20");
  EXPECT_EQ(look(observer), "2:20");
  EXPECT_EQ(must(home.recover()), 1U);  // the line
  EXPECT_EQ(must(home.recover()), 0U);  // twice is as good as once
}

// A consumer that only polls gets past dead producers, too.
TEST(processes, G6_polling_alone_gets_past_a_dead_claim) {
  const testing::unique_name name;
  const auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::wait, producer_role::many)));
  auto reader = must(home.attach_consumer());
  child dying([&] {
    auto writer = home.attach_producer();
    auto claim = writer->try_take();
    child::ready();
    return sleep_for_ever();
  });
  ASSERT_TRUE(dying.wait_ready());
  EXPECT_EQ(dying.kill_and_join(), 128 + SIGKILL);
  std::string told;
  for (int i = 0; i < 5000 && told != "aborted 0+1"; ++i) told = look(reader);
  EXPECT_EQ(told, "aborted 0+1");
}

// The single producer's successor uses the number again.
TEST(processes, G6_G2_a_single_producer_killed_in_a_claim_uses_up_no_number) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto reader = must(home.attach_consumer());
  child dying([&] {
    auto writer = home.attach_producer();
    static_cast<void>(put(*writer, 10));
    auto claim = writer->try_take();
    child::ready();
    return sleep_for_ever();
  });
  ASSERT_TRUE(dying.wait_ready());
  EXPECT_EQ(home.attach_producer().error().code, EBUSY);
  EXPECT_EQ(dying.kill_and_join(), 128 + SIGKILL);
  auto writer = must(home.attach_producer());
  ASSERT_EQ(put(writer, 20), status::ok);
  EXPECT_EQ(look(reader), "0:10 1:20");
}

// A paused producer keeps its claim and its role.
TEST(processes, G11_a_paused_producer_is_not_dead) {
  const testing::unique_name name;
  const auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::wait, producer_role::many, 8)));
  auto reader = must(home.attach_consumer());
  auto writer = must(home.attach_producer());
  int go[2];
  ASSERT_EQ(::pipe(go), 0);
  child pausing([&] {
    auto own = home.attach_producer();
    auto claim = own->try_take();
    child::ready();
    char c = 0;
    if (::read(go[0], &c, 1) != 1) return 1;
    const std::uint64_t word = 10;
    std::memcpy(claim.content().data(), &word, sizeof word);
    return std::move(claim).commit(8) == status::ok ? 0 : 2;
  });
  ASSERT_TRUE(pausing.wait_ready());
  pausing.signal(SIGSTOP);
  for (std::uint64_t i = 0; i < 7; ++i) ASSERT_EQ(put(writer, 20 + i), status::ok);
  EXPECT_EQ(must(home.recover()), 0U);
  EXPECT_EQ(reader.wait(in_ms(200)), status::timed_out);  // longer than any bound in the code
  EXPECT_EQ(put(writer, 27), status::full);
  EXPECT_EQ(look(reader), "empty");
  pausing.signal(SIGCONT);
  ASSERT_EQ(::write(go[1], "g", 1), 1);
  EXPECT_EQ(pausing.join(), 0);
  EXPECT_EQ(reader.wait(in_ms(10000)), status::ok);
  EXPECT_EQ(look(reader), "0:10 1:20 2:21 3:22 4:23 5:24 6:25 7:26");
  ::close(go[0]);
  ::close(go[1]);
}

TEST(processes, G7_G5_a_killed_consumer_without_a_name_blocks_nobody) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_consumer());
  child dying([&] {
    const auto other = home.attach_consumer();
    child::ready();
    return sleep_for_ever();
  });
  ASSERT_TRUE(dying.wait_ready());
  for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(put(writer, i), status::ok);
  EXPECT_EQ(look(reader), "0:0 1:1 2:2 3:3");
  std::uint64_t word = 4;
  EXPECT_EQ(writer.publish(testing::bytes_of(word), in_ms(50)), status::timed_out);
  EXPECT_TRUE(must(home.stat()).participants[2].holds_back);
  EXPECT_EQ(dying.kill_and_join(), 128 + SIGKILL);
  EXPECT_FALSE(must(home.stat()).participants[2].alive);
  EXPECT_EQ(writer.publish(testing::bytes_of(word), in_ms(10000)), status::ok);
  EXPECT_EQ(look(reader), "4:4");
}

// Also for a producer that never waits.
TEST(processes, G7_trying_again_gets_past_a_dead_consumer) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_consumer());
  child dying([&] {
    const auto other = home.attach_consumer();
    child::ready();
    return sleep_for_ever();
  });
  ASSERT_TRUE(dying.wait_ready());
  EXPECT_EQ(dying.kill_and_join(), 128 + SIGKILL);
  for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(put(writer, i), status::ok);
  EXPECT_EQ(look(reader), "0:0 1:1 2:2 3:3");
  status answer = status::full;
  for (int i = 0; i < 2000 && answer == status::full; ++i) answer = put(writer, 4);
  EXPECT_EQ(answer, status::ok);
}

// An answer that a consumer did not live to act upon is reported again.
TEST(processes, G7_G5_a_consumer_killed_with_an_answer_in_hand_leaves_it_to_its_successor) {
  for (const auto policy : {full_policy::wait, full_policy::overwrite}) {
    const testing::unique_name name;
    const auto home = must(segment::create(name.get(), small(segment_mode::ring, policy)));
    auto writer = must(home.attach_producer());
    { const auto named = must(home.attach_consumer({"billing", {}})); }
    if (policy == full_policy::overwrite) {
      for (std::uint64_t i = 0; i < 7; ++i) ASSERT_EQ(put(writer, i), status::ok);  // 4 slots
    } else {
      ASSERT_EQ(writer.try_take().abort(), status::ok);
      ASSERT_EQ(put(writer, 1), status::ok);
    }
    child dying([&]() -> int {
      auto reader = home.attach_consumer({"billing", {}});
      static_cast<void>(reader->poll([](const record_view&) {}));
      kill_self();
    });
    ASSERT_EQ(dying.join(), 128 + SIGKILL);
    auto reader = must(home.attach_consumer({"billing", {}}));
    const auto none = [](const record_view&) {};
    const poll_result again = reader.poll(none);
    EXPECT_EQ(again.answer, policy == full_policy::wait ? status::aborted : status::lost);
    EXPECT_EQ(again.first, 0);
    EXPECT_EQ(again.count, policy == full_policy::wait ? 1 : 3);
    EXPECT_EQ(reader.poll(none).answer, status::ok);
  }
}

TEST(processes, G7_a_consumer_killed_with_a_copy_in_hand_leaves_the_message_to_its_successor) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
  auto writer = must(home.attach_producer());
  { const auto named = must(home.attach_consumer({"billing", {}})); }
  for (std::uint64_t i = 0; i < 3; ++i) ASSERT_EQ(put(writer, i), status::ok);
  child dying([&]() -> int {
    auto reader = home.attach_consumer({"billing", {}});
    std::array<std::byte, 8> copy{};
    for (int i = 0; i < 2; ++i) static_cast<void>(reader->read(copy));
    kill_self();
  });
  ASSERT_EQ(dying.join(), 128 + SIGKILL);
  auto reader = must(home.attach_consumer({"billing", {}}));
  EXPECT_EQ(look(reader), "1:1 2:2");  // 0 was released when 1 was asked for
}

TEST(processes, G7_a_killed_durable_consumer_resumes_with_nothing_skipped) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
  auto writer = must(home.attach_producer());
  child dying([&] {
    auto reader = home.attach_consumer({"billing", {}});
    child::ready();
    while (reader->wait() == status::ok) {
      static_cast<void>(reader->poll([](const record_view& record) {
        if (record.message_number == 2) {
          child::ready();
          sleep_for_ever();  // 2 is not released
        }
      }));
    }
    return 1;
  });
  ASSERT_TRUE(dying.wait_ready());
  for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(put(writer, i), status::ok);
  ASSERT_TRUE(dying.wait_ready());
  EXPECT_EQ(home.attach_consumer({"billing", {}}).error().code, EBUSY);
  EXPECT_EQ(dying.kill_and_join(), 128 + SIGKILL);
  // Nobody reads, and nothing may be skipped: the producer is told why it has to wait.
  status answer = status::ok;
  std::uint64_t word = 4;
  for (int i = 0; i < 3 && answer == status::ok; ++i)
    answer = writer.publish(testing::bytes_of(word), in_ms(20));
  EXPECT_EQ(answer, status::peer_dead);
  auto reader = must(home.attach_consumer({"billing", {}}));
  std::int64_t next = reader.position();
  EXPECT_LE(next, 2);
  EXPECT_EQ(reader.poll([&](const record_view& r) { EXPECT_EQ(r.message_number, next++); }).answer,
            status::ok);
  EXPECT_EQ(next, writer.last_number() + 1);
}

}  // namespace
}  // namespace shmfifo
