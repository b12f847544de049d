// SPDX-License-Identifier: MIT
// Goal: children end with their parent, however and whenever it ends, unless they are to outlive
// it. Method: a child that starts children of its own is killed; a pipe that all of them hold shows
// when they are gone. Without the signal they would never be.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "pipe_ends.hpp"
#include "shmfifo/harness/support/child.hpp"

namespace shmfifo::harness {
namespace {

TEST(child, answers_its_bodys_code) {
  const pid_t child = start_child([] { return 7; });
  EXPECT_EQ(WEXITSTATUS(reap(child)), 7);
}

TEST(child, is_killed_at_once) {
  const pid_t child = start_child([]() -> int {
    for (;;) ::pause();
  });
  EXPECT_FALSE(try_reap(child).has_value());
  kill_process(child);
  EXPECT_EQ(WTERMSIG(reap(child)), SIGKILL);
  const pid_t other = start_child([]() -> int { kill_self(); });
  EXPECT_EQ(WTERMSIG(reap(other)), SIGKILL);
}

TEST(child, has_stopped_only_while_it_is_stopped) {
  const pid_t child = start_child([]() -> int {
    for (;;) ::pause();
  });
  EXPECT_FALSE(has_stopped(child));
  for (int round = 0; round < 2; ++round) {
    ::kill(child, SIGSTOP);
    while (!has_stopped(child)) ::usleep(100);
    EXPECT_FALSE(has_stopped(child)) << "it was reported already";
    ::kill(child, SIGCONT);
    EXPECT_FALSE(has_stopped(child));
  }
  ::kill(child, SIGSTOP);
  ::kill(child, SIGCONT);
  EXPECT_FALSE(has_stopped(child)) << "a stop that is over";
  EXPECT_FALSE(try_reap(child).has_value()) << "a stop is no end";
  kill_process(child);
  reap(child);
}

// The signal that it asks for will never come.
TEST(child, does_not_begin_if_its_parent_has_died_already) {
  const pid_t child = start_child([] { return 0; }, {.parent = ::getppid()});
  EXPECT_EQ(WEXITSTATUS(reap(child)), exit_orphaned);
}

TEST(child, outlives_its_parent_only_if_asked_to) {
  pipe_ends life;
  pipe_ends last;
  const pid_t parent = start_child([&]() -> int {
    last.close_writing();  // the test alone can end the grandchild
    static_cast<void>(start_child(
        [&] {
          char byte = 0;
          return ::read(last.ends[0], &byte, 1) == 0 && ::write(life.ends[1], "x", 1) == 1 ? 0 : 1;
        },
        {.death_signal = 0}));
    kill_self();
  });
  reap(parent);
  last.close_writing();
  char byte = 0;
  life.close_writing();
  EXPECT_EQ(::read(life.ends[0], &byte, 1), 1) << "it died with its parent";
}

TEST(child, ends_by_an_exception_of_its_body) {
  const pid_t child = start_child([]() -> int {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    throw std::runtime_error("expected: a body throws");
  });
  EXPECT_EQ(WTERMSIG(reap(child)), SIGABRT);
}

TEST(child, dies_with_its_parent) {
  pipe_ends pipe;
  const pid_t parent = start_child([]() -> int {
    for (int i = 0; i < 3; ++i) {
      static_cast<void>(start_child([]() -> int {
        for (;;) ::pause();
      }));
    }
    kill_self();
  });
  reap(parent);
  EXPECT_TRUE(pipe.all_gone());
}

}  // namespace
}  // namespace shmfifo::harness
