// SPDX-License-Identifier: MIT
// Goal: fork, at any moment and in any thread, neither keeps the dead alive nor takes a role
// from the living; nor does the end of the program find anything gone. Method: a process that
// forks in one thread while it attaches in another is killed, and its children live on; a role
// in a static object.
#include <atomic>
#include <cstdlib>
#include <thread>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::exit_child;
using testing::look;
using testing::must;
using testing::put;
using testing::sleep_for_ever;
using testing::small;

// Made before anything of the library, and so destroyed after whatever the library might destroy.
std::optional<producer> role_of_the_program;

// The children must hold none of the locks that their parent was just taking.
TEST(forking, G11_a_fork_during_an_attach_keeps_nobody_alive) {
  const testing::unique_name name;
  geometry shape = small(segment_mode::ring);
  shape.participant_count = 200;
  const auto home = must(segment::create(name.get(), shape));
  int end[2];
  ASSERT_EQ(::pipe(end), 0);
  child dying([&] {
    ::close(end[1]);
    std::atomic<int> forks{0};
    std::thread forking([&] {
      for (; forks < 60; ++forks) {
        const auto live_until_the_tests_end = [&] {
          char c = 0;
          return ::read(end[0], &c, 1) == 0 ? 0 : 1;
        };
        static_cast<void>(harness::start_child(live_until_the_tests_end, {.death_signal = 0}));
      }
    });
    std::vector<consumer> readers;
    while (forks < 60 && readers.size() < 200) readers.push_back(must(home.attach_consumer()));
    forking.join();
    child::ready();
    return sleep_for_ever();
  });
  ASSERT_TRUE(dying.wait_ready());
  EXPECT_EQ(dying.kill_and_join(), 128 + SIGKILL);
  int alive = 0;
  for (const participant_stat& p : must(home.stat()).participants) alive += p.alive ? 1 : 0;
  EXPECT_EQ(alive, 0);  // also of children that have not run yet
  for (const int descriptor : end) ::close(descriptor);
}

// Locks of the library that another thread held at the fork are free in the child.
TEST(forking, G11_a_child_may_attach_whatever_other_threads_were_doing) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  child parent([&] {
    std::atomic<bool> over{false};
    std::thread attaching([&] {
      while (!over) static_cast<void>(must(home.attach_observer()));
    });
    int bad = 0;
    for (int i = 0; i < 100; ++i) {
      child grandchild([&] { return home.attach_observer() ? 0 : 1; });
      bad += grandchild.join();
    }
    over = true;
    attaching.join();
    return bad;
  });
  EXPECT_EQ(parent.join(), 0);
}

// Not even a fork during the very first use leaves the child waiting for a lock
// that only the parent's other thread could free. Each round is a process of its own.
TEST(forking, G11_a_child_may_attach_though_another_thread_was_at_its_first_use) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  int bad = 0;
  for (int round = 0; round < 300; ++round) {
    child parent([&] {
      std::atomic<int> together{0};
      std::atomic<bool> forked{false};
      std::thread attaching([&] {
        ++together;
        while (together != 2) {
        }
        static_cast<void>(must(home.attach_observer()));
        // A thread that had ended before the fork would be a leak in the child, which cannot join
        // it: ThreadSanitizer says so.
        forked.wait(false);
      });
      ++together;
      while (together != 2) {
      }
      for (int moment = 0; moment < round * 10; ++moment) asm volatile("");
      child grandchild([&] {
        ::alarm(20);  // instead of waiting for ever
        return home.attach_observer() ? 0 : 1;
      });
      forked = true;
      forked.notify_one();
      const int ended = grandchild.join();
      attaching.join();
      return ended;
    });
    bad += parent.join() == 0 ? 0 : 1;
  }
  EXPECT_EQ(bad, 0);
}

// A role that ends with the program ends in good order.
TEST(forking, G8_a_role_in_a_static_object_ends_with_the_program) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  child ending([&]() -> int {
    role_of_the_program.emplace(must(home.attach_producer()));
    static_cast<void>(put(*role_of_the_program, 3));
    std::exit(7);
  });
  EXPECT_EQ(ending.join(), 7);
  EXPECT_TRUE(must(home.stat()).participants.empty());
  auto reader = must(home.attach_consumer());
  EXPECT_EQ(look(reader), "0:3");
}

// A child's copies may end in any order, and change nothing.
TEST(forking, G11_a_claim_in_a_forked_child_outlives_its_producer) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  std::optional<producer> writer(must(home.attach_producer()));
  claim open = writer->try_take();
  ASSERT_TRUE(open);
  child forked([&] {
    writer.reset();
    return open.answer() == status::no_claim && open.content().empty() ? 0 : 1;
  });
  EXPECT_EQ(forked.join(), 0);
  EXPECT_EQ(std::move(open).commit(8), status::ok);
}

TEST(forking, G11_a_handle_in_a_forked_child_is_refused_and_keeps_nobody_alive) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  int report[2];
  int end[2];
  ASSERT_EQ(::pipe(report) + ::pipe(end), 0);
  child parent([&] {
    auto writer = must(home.attach_producer());
    auto reader = must(home.attach_consumer({"mine", {}}));
    if (put(writer, 1) != status::ok) return 1;
    auto claim = writer.try_take();
    const auto grandchild = [&] {
      const std::uint64_t word = 2;
      const bool refused = put(writer, 2) == status::wrong_process &&
                           writer.publish(testing::bytes_of(word)) == status::wrong_process &&
                           writer.try_take().answer() == status::wrong_process &&
                           std::move(claim).commit(0) == status::wrong_process &&
                           std::move(claim).abort() == status::wrong_process &&
                           claim.answer() == status::no_claim &&
                           reader.wait() == status::wrong_process &&
                           reader.read({}).answer == status::wrong_process &&
                           reader.poll([](const record_view&) {}).answer == status::wrong_process;
      // A segment handle is not a role: the child may take roles of its own with it.
      const bool busy = home.attach_producer().error().code == EBUSY;
      const char answer = refused && busy ? 'y' : 'n';
      static_cast<void>(!::write(report[1], &answer, 1));
      ::close(end[1]);
      char c = 0;
      return ::read(end[0], &c, 1) == 0 ? 0 : 1;  // lives until the test's end
    };
    static_cast<void>(harness::start_child(grandchild, {.death_signal = 0}));
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

// A child's destructors do not end the parent's roles.
TEST(forking, G11_a_forked_child_that_ends_does_not_detach_the_parent) {
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
