// SPDX-License-Identifier: MIT
// Goal: processes that are killed, paused or forked do no harm to the others. Method: real
// children, killed or stopped at points that they report themselves; the parent judges.
#include <map>
#include <thread>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::in_ms;
using testing::look;
using testing::must;
using testing::put;
using testing::sleep_for_ever;
using testing::small;

// checks G1 G2 G4 G5
TEST(processes, two_processes_pass_many_laps_without_a_fault) {
  for (const auto role : {producer_role::single, producer_role::many}) {
    const testing::unique_name name;
    create_options options = small(segment_mode::ring, full_policy::wait, role, 64);
    const auto home = must(segment::create(name.get(), options));
    auto reader = must(home.attach_consumer());
    constexpr std::uint64_t count = 200000;
    child producing([&] {
      auto there = segment::attach(name.get());
      auto writer = there->attach_producer();
      for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t words[2] = {i, ~i};
        if (writer->publish(words, static_cast<std::int64_t>(i % 17)) != status::ok) return 1;
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

// checks G8: one name, many creators
TEST(processes, thirty_two_creators_of_one_name_share_one_segment) {
  for (int round = 0; round < 5; ++round) {
    const testing::unique_name name;
    int gate[2];
    int answers[2];
    ASSERT_EQ(::pipe(gate) + ::pipe(answers), 0);
    std::vector<std::unique_ptr<child>> all;
    for (int i = 0; i < 32; ++i) {
      all.push_back(std::make_unique<child>([&] {
        char c = 0;
        ::close(gate[1]);
        if (::read(gate[0], &c, 1) != 0) return 1;  // released when the parent closes its end
        create_options options = small(segment_mode::ring);
        options.existing = if_exists::attach;
        auto home = segment::create(name.get(), options);
        if (!home) return 2;
        const std::uint64_t uid = home->stat()->uid;
        return ::write(answers[1], &uid, sizeof uid) == sizeof uid ? 0 : 3;
      }));
    }
    ::close(gate[0]);
    ::close(gate[1]);
    for (auto& one : all) EXPECT_EQ(one->join(), 0);
    std::map<std::uint64_t, int> uids;
    for (int i = 0; i < 32; ++i) {
      std::uint64_t uid = 0;
      ASSERT_EQ(::read(answers[0], &uid, sizeof uid), static_cast<ssize_t>(sizeof uid));
      ++uids[uid];
    }
    EXPECT_EQ(uids.size(), 1U);
    ::close(answers[0]);
    ::close(answers[1]);
  }
}

// checks G8: and one of those who insist on a new one has it
TEST(processes, of_many_creators_that_refuse_an_existing_name_one_wins) {
  const testing::unique_name name;
  int gate[2];
  ASSERT_EQ(::pipe(gate), 0);
  std::vector<std::unique_ptr<child>> all;
  for (int i = 0; i < 32; ++i) {
    all.push_back(std::make_unique<child>([&] {
      char c = 0;
      ::close(gate[1]);
      if (::read(gate[0], &c, 1) != 0) return 1;
      const auto home = segment::create(name.get(), small(segment_mode::ring));
      return home ? 42 : home.failure().code == EEXIST ? 0 : 2;
    }));
  }
  ::close(gate[0]);
  ::close(gate[1]);
  int winners = 0;
  for (auto& one : all) {
    const int code = one->join();
    EXPECT_TRUE(code == 0 || code == 42) << code;
    winners += code == 42 ? 1 : 0;
  }
  EXPECT_EQ(winners, 1);
  EXPECT_TRUE(segment::attach(name.get()));
}

// checks G8: killed while creating, at ever later moments
TEST(processes, a_killed_creator_leaves_nothing_or_a_whole_segment) {
  int whole = 0;
  int nothing = 0;
  for (int round = 0; round < 60; ++round) {
    const testing::unique_name name;
    child creating([&] {
      create_options options = small(segment_mode::log);
      options.slot_count = 20000;
      options.pretouch = true;
      child::ready();
      static_cast<void>(segment::create(name.get(), options));
      return sleep_for_ever();
    });
    ASSERT_TRUE(creating.wait_ready());
    std::this_thread::sleep_for(std::chrono::microseconds(round * round));
    EXPECT_EQ(creating.kill_and_join(), 128 + SIGKILL);
    const auto attached = segment::attach(name.get());
    if (attached) {
      ++whole;
    } else {
      EXPECT_EQ(attached.failure().code, ENOENT) << attached.failure().text;
      ++nothing;
    }
    create_options options = small(segment_mode::log);
    options.slot_count = 20000;
    options.existing = if_exists::attach;
    EXPECT_TRUE(segment::create(name.get(), options));
  }
  EXPECT_EQ(whole + nothing, 60);
}

// checks G6 G11
TEST(processes, a_killed_producer_loses_only_its_claim) {
  const testing::unique_name name;
  const auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::wait, producer_role::many, 8)));
  auto reader = must(home.attach_consumer());
  auto observer = must(home.attach_observer());
  child dying([&] {
    auto writer = home.attach_producer();
    static_cast<void>(put(*writer, 10));
    std::span<std::byte> content;
    static_cast<void>(writer->try_claim(content));
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

// checks G6: who only polls gets past the dead, too
TEST(processes, polling_alone_gets_past_a_dead_claim) {
  const testing::unique_name name;
  const auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::wait, producer_role::many)));
  auto reader = must(home.attach_consumer());
  child dying([&] {
    auto writer = home.attach_producer();
    std::span<std::byte> content;
    static_cast<void>(writer->try_claim(content));
    child::ready();
    return sleep_for_ever();
  });
  ASSERT_TRUE(dying.wait_ready());
  EXPECT_EQ(dying.kill_and_join(), 128 + SIGKILL);
  std::string told;
  for (int i = 0; i < 5000 && told != "aborted 0+1"; ++i) told = look(reader);
  EXPECT_EQ(told, "aborted 0+1");
}

// checks G2 G6: the single producer's successor uses the number again
TEST(processes, a_single_producer_killed_in_a_claim_uses_up_no_number) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto reader = must(home.attach_consumer());
  child dying([&] {
    auto writer = home.attach_producer();
    static_cast<void>(put(*writer, 10));
    std::span<std::byte> content;
    static_cast<void>(writer->try_claim(content));
    child::ready();
    return sleep_for_ever();
  });
  ASSERT_TRUE(dying.wait_ready());
  EXPECT_EQ(home.attach_producer().failure().code, EBUSY);
  EXPECT_EQ(dying.kill_and_join(), 128 + SIGKILL);
  auto writer = must(home.attach_producer());
  ASSERT_EQ(put(writer, 20), status::ok);
  EXPECT_EQ(look(reader), "0:10 1:20");
}

// checks G11: a paused producer keeps its claim and its role
TEST(processes, a_paused_producer_is_not_dead) {
  const testing::unique_name name;
  const auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::wait, producer_role::many, 8)));
  auto reader = must(home.attach_consumer());
  auto writer = must(home.attach_producer());
  int go[2];
  ASSERT_EQ(::pipe(go), 0);
  child pausing([&] {
    auto own = home.attach_producer();
    std::span<std::byte> content;
    static_cast<void>(own->try_claim(content));
    child::ready();
    char c = 0;
    if (::read(go[0], &c, 1) != 1) return 1;
    const std::uint64_t word = 10;
    std::memcpy(content.data(), &word, sizeof word);
    return own->commit(8) == status::ok ? 0 : 2;
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

// checks G5 G7
TEST(processes, a_killed_consumer_without_a_name_blocks_nobody) {
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
  EXPECT_EQ(writer.publish(&word, 8, in_ms(50)), status::timed_out);
  EXPECT_TRUE(must(home.stat()).participants[2].holds_back);
  EXPECT_EQ(dying.kill_and_join(), 128 + SIGKILL);
  EXPECT_FALSE(must(home.stat()).participants[2].alive);
  EXPECT_EQ(writer.publish(&word, 8, in_ms(10000)), status::ok);
  EXPECT_EQ(look(reader), "4:4");
}

// checks G7: also for a producer that never waits
TEST(processes, trying_again_gets_past_a_dead_consumer) {
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

// checks G5 G7: what a consumer was told and did not live to act upon is told again
TEST(processes, a_consumer_killed_with_an_answer_in_hand_leaves_it_to_its_successor) {
  for (const auto policy : {full_policy::wait, full_policy::overwrite}) {
    const testing::unique_name name;
    const auto home = must(segment::create(name.get(), small(segment_mode::ring, policy)));
    auto writer = must(home.attach_producer());
    { const auto named = must(home.attach_consumer({"billing", {}})); }
    if (policy == full_policy::overwrite) {
      for (std::uint64_t i = 0; i < 7; ++i) ASSERT_EQ(put(writer, i), status::ok);  // 4 slots
    } else {
      std::span<std::byte> content;
      ASSERT_EQ(writer.try_claim(content), status::ok);
      ASSERT_EQ(writer.abort(), status::ok);
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

// checks G7
TEST(processes, a_killed_durable_consumer_resumes_with_nothing_skipped) {
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
  EXPECT_EQ(home.attach_consumer({"billing", {}}).failure().code, EBUSY);
  EXPECT_EQ(dying.kill_and_join(), 128 + SIGKILL);
  // Nobody reads, and nothing may be skipped: the producer is told why it has to wait.
  status answer = status::ok;
  std::uint64_t word = 4;
  for (int i = 0; i < 3 && answer == status::ok; ++i) answer = writer.publish(&word, 8, in_ms(20));
  EXPECT_EQ(answer, status::peer_dead);
  auto reader = must(home.attach_consumer({"billing", {}}));
  std::int64_t next = reader.position();
  EXPECT_LE(next, 2);
  EXPECT_EQ(reader.poll([&](const record_view& r) { EXPECT_EQ(r.message_number, next++); }).answer,
            status::ok);
  EXPECT_EQ(next, writer.last_number() + 1);
}

// checks G11
TEST(processes, a_handle_in_a_forked_child_is_refused_and_keeps_nobody_alive) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  int report[2];
  int end[2];
  ASSERT_EQ(::pipe(report) + ::pipe(end), 0);
  child parent([&] {
    auto writer = must(home.attach_producer());
    auto reader = must(home.attach_consumer({"mine", {}}));
    if (put(writer, 1) != status::ok) return 1;
    const pid_t grandchild = ::fork();
    if (grandchild == 0) {
      ::prctl(PR_SET_PDEATHSIG, 0);
      std::span<std::byte> content;
      std::uint64_t word = 2;
      const bool refused = put(writer, 2) == status::wrong_process &&
                           writer.publish(&word, 8) == status::wrong_process &&
                           writer.try_claim(content) == status::wrong_process &&
                           reader.wait() == status::wrong_process &&
                           reader.poll([](const record_view&) {}).answer == status::wrong_process;
      // A segment handle is not a role: the child may take roles of its own with it.
      const bool busy = home.attach_producer().failure().code == EBUSY;
      const char answer = refused && busy ? 'y' : 'n';
      static_cast<void>(!::write(report[1], &answer, 1));
      ::close(end[1]);
      char c = 0;
      static_cast<void>(!::read(end[0], &c, 1));  // lives until the test's end
      exit_child(0);
    }
    child::ready();
    return sleep_for_ever();
  });
  ASSERT_TRUE(parent.wait_ready());
  char answer = 0;
  ASSERT_EQ(::read(report[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  for (const participant_stat& p : must(home.stat()).participants) EXPECT_TRUE(p.alive);
  EXPECT_EQ(parent.kill_and_join(), 128 + SIGKILL);
  // The grandchild lives, and holds nothing.
  for (const participant_stat& p : must(home.stat()).participants) EXPECT_FALSE(p.alive);
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_consumer({"mine", {}}));
  EXPECT_EQ(look(reader), "0:1");
  for (const int fd : {report[0], report[1], end[0], end[1]}) ::close(fd);
}

// checks G11: a child's destructors do not end the parent's roles
TEST(processes, a_forked_child_that_ends_does_not_detach_the_parent) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto writer = std::make_unique<producer>(must(home.attach_producer()));
  auto reader = std::make_unique<consumer>(must(home.attach_consumer()));
  child ending([&] {
    writer.reset();
    reader.reset();
    return 0;
  });
  EXPECT_EQ(ending.join(), 0);
  EXPECT_EQ(must(home.stat()).participants.size(), 2U);
  EXPECT_EQ(put(*writer, 3), status::ok);
  EXPECT_EQ(look(*reader), "0:3");
  for (const participant_stat& p : must(home.stat()).participants) EXPECT_TRUE(p.alive);
}

}  // namespace
}  // namespace shmfifo
