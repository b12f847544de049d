// SPDX-License-Identifier: MIT
// Goal: children end with their parent, however it ends.
// Method: a child that starts children of its own is killed; a pipe that all of them hold shows
// when they are gone.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "child.hpp"
#include "pipe_ends.hpp"

namespace shmfifo::harness {
namespace {

TEST(child, answers_its_bodys_code) {
  const pid_t child = start_child([] { return 7; });
  const auto status = reap(child, true);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(WEXITSTATUS(*status), 7);
}

TEST(child, is_killed_at_once) {
  const pid_t child = start_child([]() -> int {
    for (;;) ::pause();
  });
  EXPECT_FALSE(reap(child, false).has_value());
  kill_process(child);
  EXPECT_EQ(WTERMSIG(*reap(child, true)), SIGKILL);
  const pid_t other = start_child([]() -> int { kill_self(); });
  EXPECT_EQ(WTERMSIG(*reap(other, true)), SIGKILL);
}

TEST(child, has_stopped_only_while_it_is_stopped) {
  const pid_t child = start_child([]() -> int {
    for (;;) ::pause();
  });
  EXPECT_FALSE(has_stopped(child));
  for (int round = 0; round < 2; ++round) {
    ::kill(child, SIGSTOP);
    while (!has_stopped(child)) ::usleep(100);
    EXPECT_FALSE(has_stopped(child)) << "it was told already";
    ::kill(child, SIGCONT);
    EXPECT_FALSE(has_stopped(child));
  }
  ::kill(child, SIGSTOP);
  ::kill(child, SIGCONT);
  EXPECT_FALSE(has_stopped(child)) << "a stop that is over";
  EXPECT_FALSE(reap(child, false).has_value()) << "a stop is no end";
  kill_process(child);
  static_cast<void>(reap(child, true));
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
  static_cast<void>(reap(parent, true));
  EXPECT_TRUE(pipe.all_gone());
}

}  // namespace
}  // namespace shmfifo::harness
