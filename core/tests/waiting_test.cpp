// SPDX-License-Identifier: MIT
// Goal: a waiter sleeps and is woken, and threads may share a segment as processes do. Method: real
// sleepers woken by the other side, their processor time asked of the kernel; threads with roles of
// their own.
#include <sys/resource.h>

#include <atomic>
#include <thread>

#include "support/hooked_memory.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::in_ms;
using testing::look;
using testing::must;
using testing::open_memory;
using testing::put;
using testing::small;

long used_ms() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

// They sleep, use no processor time meanwhile, and are woken: a consumer, an observer (which may
// not write and so cannot be woken) and a producer.
TEST(waiting, G11_whoever_sleeps_is_woken_and_uses_no_processor) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
  const testing::unique_name full_name;
  const auto full =
      must(segment::create(full_name.get(), small(segment_mode::ring, full_policy::wait)));
  auto writer = must(home.attach_producer());
  auto releasing = must(full.attach_consumer());
  const auto reads = [&](bool observer) {
    auto reader = observer ? home.attach_observer() : home.attach_consumer();
    child::ready();
    const long before = used_ms();
    if (reader->wait() != status::ok) return 1;
    const long used = used_ms() - before;
    if (look(*reader) != "0:7") return 2;
    return used < 100 ? 0 : 3;  // of a second; spinning would have used all of it
  };
  child consuming([&] { return reads(false); });
  child observing([&] { return reads(true); });
  child producing([&] {
    auto blocked = full.attach_producer();
    for (std::uint64_t i = 0; i < 4; ++i) static_cast<void>(put(*blocked, i));
    child::ready();
    const long before = used_ms();
    const std::uint64_t word = 4;
    if (blocked->publish(testing::bytes_of(word)) != status::ok) return 1;
    return used_ms() - before < 100 ? 0 : 3;
  });
  ASSERT_TRUE(consuming.wait_ready() && observing.wait_ready() && producing.wait_ready());
  std::this_thread::sleep_for(std::chrono::seconds(1));
  ASSERT_EQ(put(writer, 7), status::ok);
  EXPECT_EQ(look(releasing), "0:0 1:1 2:2 3:3");
  EXPECT_EQ(consuming.join(), 0);
  EXPECT_EQ(observing.join(), 0);
  EXPECT_EQ(producing.join(), 0);
}

TEST(waiting, G5_G11_a_sleeping_producer_is_woken_by_a_release) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
  auto reader = must(home.attach_consumer());
  child producing([&] {
    auto writer = home.attach_producer();
    for (std::uint64_t i = 0; i < 4; ++i) static_cast<void>(put(*writer, i));
    child::ready();
    const std::uint64_t word = 4;
    return writer->publish(testing::bytes_of(word)) == status::ok ? 0 : 1;
  });
  ASSERT_TRUE(producing.wait_ready());
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(look(reader), "0:0 1:1 2:2 3:3");
  EXPECT_EQ(producing.join(), 0);
  EXPECT_EQ(look(reader), "4:4");
}

// Before the wait or in it, from another thread; one wake-up ends one wait.
TEST(waiting, G11_wake_ends_a_readers_wait_even_if_there_are_messages) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto writer = must(home.attach_producer());
  for (const bool observes : {false, true}) {
    auto reader = must(observes ? home.attach_observer(start_at::latest())
                                : home.attach_consumer({{}, start_at::latest()}));
    std::thread waking([&] { reader.wake(); });
    EXPECT_EQ(reader.wait(), status::interrupted);
    waking.join();
    EXPECT_EQ(reader.wait(in_ms(1)), status::timed_out);
    reader.wake();
    reader.wake();
    EXPECT_EQ(reader.wait(), status::interrupted);
    ASSERT_EQ(put(writer, 7), status::ok);
    reader.wake();
    EXPECT_EQ(reader.wait(), status::interrupted);
    EXPECT_EQ(reader.wait(), status::ok);
    EXPECT_EQ(reader.poll([](const record_view&) {}).answer, status::ok);
  }
}

// The message is not published, and nothing is lost.
TEST(waiting, G5_G11_wake_ends_a_producers_wait_for_room) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
  auto reader = must(home.attach_consumer());
  auto writer = must(home.attach_producer());
  const std::uint64_t words[2] = {4, 5};
  const byte_view batch[2] = {testing::bytes_of(words[0]), testing::bytes_of(words[1])};
  writer.wake();
  for (std::uint64_t i = 0; i < 3; ++i) ASSERT_EQ(writer.publish(testing::bytes_of(i)), status::ok);
  const batch_result part = writer.publish(batch);
  EXPECT_EQ(part.answer, status::interrupted);
  EXPECT_EQ(part.published, 1U);
  std::thread waking([&] { writer.wake(); });
  EXPECT_EQ(writer.publish(batch[0]), status::interrupted);
  waking.join();
  writer.wake();
  EXPECT_EQ(writer.take().answer(), status::interrupted);
  EXPECT_EQ(writer.publish(batch[0], in_ms(1)), status::timed_out);
  EXPECT_EQ(look(reader), "0:0 1:1 2:2 3:4");
  EXPECT_EQ(writer.publish(batch[0]), status::ok);
  EXPECT_EQ(look(reader), "4:4");
}

// The handler runs at any instruction of the wait, and its wake-up is not lost.
TEST(waiting, G11_a_signal_handler_may_wake) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  for (const bool observes : {false, true}) {
    child waiter([&] {
      static consumer* waiting;
      auto reader = must(observes ? home.attach_observer() : home.attach_consumer());
      waiting = &reader;
      ::signal(SIGUSR1, [](int) { waiting->wake(); });
      child::ready();
      for (int i = 0; i < 100; ++i) {
        if (reader.wait() != status::interrupted) return 1;
        child::ready();
      }
      return 0;
    });
    for (int i = 0; i < 100 && waiter.wait_ready(); ++i) waiter.signal(SIGUSR1);
    EXPECT_EQ(waiter.join(), 0);
  }
}

// Roles of threads, all on one mapping.
TEST(waiting, G1_G2_G4_threads_share_a_segment_handle) {
  for (const auto policy : {full_policy::wait, full_policy::overwrite}) {
    const testing::unique_name name;
    const auto home = must(
        segment::create(name.get(), small(segment_mode::ring, policy, producer_role::many, 64)));
    constexpr std::uint64_t each = 20000;
    constexpr std::uint64_t producers = 3;
    std::vector<consumer> readers;
    readers.push_back(must(home.attach_consumer()));
    readers.push_back(must(home.attach_consumer()));
    readers.push_back(must(home.attach_observer()));
    std::vector<std::thread> threads;
    std::atomic<std::uint64_t> writing{producers};
    for (std::uint64_t p = 0; p < producers; ++p) {
      threads.emplace_back([&, p] {
        auto writer = must(home.attach_producer());
        for (std::uint64_t i = 0; i < each; ++i) {
          const std::uint64_t words[2] = {p << 32 | i, ~(p << 32 | i)};
          EXPECT_EQ(writer.publish(std::as_bytes(std::span(words))), status::ok);
        }
        --writing;
      });
    }
    std::vector<std::uint64_t> seen(readers.size());
    std::vector<std::uint64_t> missed(readers.size());
    for (std::size_t r = 0; r < readers.size(); ++r) {
      threads.emplace_back([&, r] {
        std::uint64_t next[producers] = {};
        for (;;) {
          const bool last_look = writing == 0;
          const poll_result result = readers[r].poll([&](const record_view& record) {
            std::uint64_t words[2];
            std::memcpy(words, record.content, 16);
            EXPECT_EQ(words[0], ~words[1]);
            const std::uint64_t p = words[0] >> 32;
            ASSERT_LT(p, producers);
            EXPECT_GE(words[0] & 0xffffffff, next[p]);
            next[p] = (words[0] & 0xffffffff) + 1;
          });
          if (result.answer == status::empty) {
            if (last_look) break;
            static_cast<void>(readers[r].wait(in_ms(20)));
          } else {
            (result.answer == status::ok ? seen : missed)[r] +=
                static_cast<std::uint64_t>(result.count);
          }
        }
      });
    }
    for (auto& thread : threads) thread.join();
    const auto total = static_cast<std::uint64_t>(must(home.stat()).producer_cursor);
    EXPECT_GE(total, each * producers);
    for (std::size_t r = 0; r < readers.size(); ++r) {
      EXPECT_EQ(seen[r] + missed[r], total) << r;
      EXPECT_TRUE(policy == full_policy::overwrite || r == 2 || seen[r] == each * producers) << r;
    }
  }
}

// Says after three looks that looking again brings nothing.
class impatient_memory : public std_memory_model {
 public:
  explicit impatient_memory(std_memory_model&& other) : std_memory_model(std::move(other)) {}
  bool pause(unsigned) const noexcept { return ++pauses_ % 4 != 0; }

 private:
  mutable unsigned pauses_ = 0;
};

TEST(waiting, G11_who_may_not_spin_sleeps_until_the_deadline) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
  using memory = impatient_memory;
  basic_consumer<memory> observer(home.view(), memory(open_memory(name)), std::nullopt, 0, nullptr);
  EXPECT_EQ(observer.wait(in_ms(1)), status::peer_dead);
  auto reader = must(home.attach_consumer());
  basic_producer<memory> writer(home.view(), memory(open_memory(name)), 5);
  const std::uint64_t word = 7;
  for (int i = 0; i < 4; ++i) ASSERT_EQ(writer.publish(testing::bytes_of(word)), status::ok);
  EXPECT_EQ(observer.wait(), status::ok);
  EXPECT_EQ(writer.publish(testing::bytes_of(word), in_ms(1)), status::timed_out);
}

// Notes how long it is told to spin.
class pausing_memory : public std_memory_model {
 public:
  pausing_memory(std_memory_model&& other, std::vector<unsigned>& pauses)
      : std_memory_model(std::move(other)), pauses_(&pauses) {}
  bool pause(unsigned times) const {
    pauses_->push_back(times);
    return true;
  }

 private:
  std::vector<unsigned>* pauses_;
};

// core/DESIGN.md, decision 11.
TEST(waiting, G11_G14_looks_before_a_sleep_are_many_at_first) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
  std::vector<unsigned> pauses;
  using memory = pausing_memory;
  basic_consumer<memory> reader(home.view(), memory(open_memory(name), pauses), std::nullopt, 0,
                                nullptr);
  std::vector<unsigned> expected(64, 1);
  expected.insert(expected.end(), 64, 32);
  EXPECT_EQ(reader.wait(deadline::min()), status::peer_dead);
  EXPECT_EQ(pauses, expected);
  basic_producer<memory> writer(home.view(), memory(open_memory(name), pauses), 5);
  for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(put(writer, i), status::ok);
  pauses.clear();
  EXPECT_EQ(writer.publish("text", deadline::min()), status::peer_dead);
  EXPECT_EQ(pauses, std::vector<unsigned>(64, 32));
}

// core/DESIGN.md, decision 9: every 32nd wait that was for nothing is followed by a try, which is
// kept and doubled while it brings many messages.
TEST(waiting, G14_a_reader_of_a_stream_pauses_before_it_looks) {
  const testing::unique_name name;
  geometry shape = small(segment_mode::ring, full_policy::overwrite);
  shape.slot_count = 256;
  const auto home = must(segment::create(name.get(), shape));
  auto writer = must(home.attach_producer());
  std::vector<unsigned> pauses;
  using memory = pausing_memory;
  alignas(content_alignment) std::byte buffer[16];
  basic_consumer<memory> reader(home.view(), memory(open_memory(name), pauses), std::nullopt, 0,
                                buffer);
  struct round {
    unsigned pause;  // before the first look; 0: none
    int messages;    // that the poll brings
  };
  std::vector<round> rounds(32, {0, 1});
  for (const round next : {round{4, 1}, {0, 63}}) rounds.push_back(next);
  rounds.insert(rounds.end(), 31, {0, 100});
  for (const round next : {round{4, 2},
                           {8, 63},
                           {16, 64},
                           {16, 128},
                           {16, 63},
                           {32, 63},
                           {64, 63},
                           {128, 63},
                           {128, 129},
                           {64, 129},
                           {32, 129},
                           {16, 129},
                           {8, 129},
                           {4, 129},
                           {4, 64},
                           {4, 0},
                           {0, 1}}) {
    rounds.push_back(next);
  }
  int number = 0;
  for (const round& next : rounds) {
    for (int i = 0; i < std::max(next.messages, 1); ++i) ASSERT_EQ(put(writer, 1), status::ok);
    pauses.clear();
    ASSERT_EQ(reader.wait(), status::ok);
    EXPECT_EQ(pauses, std::vector<unsigned>(next.pause != 0 ? 1 : 0, next.pause)) << number;
    static_cast<void>(reader.poll([](const record_view&) {}, next.messages));
    if (next.messages == 0) {
      static_cast<void>(reader.poll([](const record_view&) {}));
    }
    ++number;
  }
}

// What a reader learns about streams changes when it looks, not what it sees.
TEST(waiting, G1_G2_however_many_come_at_once_each_is_seen_once) {
  const testing::unique_name name;
  geometry shape = small(segment_mode::ring);
  shape.slot_count = 1024;
  auto home = must(segment::create(name.get(), shape));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_consumer());
  std::vector<int> rounds(32, 1);  // so often does it learn that waiting brings nothing
  for (const int many : {10, 30, 60, 10, 10, 10, 10, 200, 500, 1000, 130, 130, 130, 1, 1}) {
    rounds.push_back(many);
  }
  std::int64_t next = 0;
  for (const int many : rounds) {
    for (int i = 0; i < many; ++i) ASSERT_EQ(put(writer, 1), status::ok);
    ASSERT_EQ(reader.wait(), status::ok);
    const std::int64_t end = next + many;
    const auto in_order = [&](const record_view& seen) { EXPECT_EQ(seen.message_number, next++); };
    EXPECT_EQ(reader.poll(in_order, 1024).count, many);
    EXPECT_EQ(next, end);
  }
}

}  // namespace
}  // namespace shmfifo
