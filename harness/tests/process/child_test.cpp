// SPDX-License-Identifier: MIT
// Goal: children end with their parent, however it ends, and names go with the last of them.
// Method: a child that starts children of its own is killed; a pipe that all of them hold shows
// when they are gone.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "child.hpp"

namespace shmfifo::harness {
namespace {

struct pipe_ends {
  pipe_ends() { EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0); }
  ~pipe_ends() {
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
  // Waits until every process that holds the other end is gone.
  bool all_gone() {
    ::close(ends[1]);
    ends[1] = -1;
    char byte = 0;
    return ::read(ends[0], &byte, 1) == 0;
  }
  int ends[2] = {-1, -1};
};

std::string test_name() {
  return "shmfifo-test-" + std::to_string(::getpid()) + "-child-";
}

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
  kill_child(child);
  EXPECT_EQ(WTERMSIG(*reap(child, true)), SIGKILL);
  const pid_t other = start_child([]() -> int { kill_self(); });
  EXPECT_EQ(WTERMSIG(*reap(other, true)), SIGKILL);
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

TEST(guardian, removes_the_names_of_a_killed_process_and_no_others) {
  const std::string mine = test_name();
  const std::string other = mine.substr(0, mine.size() - 1) + "x";
  const int kept = ::open(("/dev/shm/" + other).c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  ASSERT_GE(kept, 0);
  pipe_ends pipe;
  const pid_t parent = start_child([&]() -> int {
    const guardian guard(mine.c_str());
    ::close(::open(("/dev/shm/" + mine + "left").c_str(), O_CREAT | O_RDWR, 0600));
    kill_self();
  });
  static_cast<void>(reap(parent, true));
  EXPECT_TRUE(pipe.all_gone());  // the guardian, too
  EXPECT_NE(::access(("/dev/shm/" + mine + "left").c_str(), F_OK), 0);
  EXPECT_EQ(::access(("/dev/shm/" + other).c_str(), F_OK), 0);
  ::close(kept);
  EXPECT_EQ(remove_names(other.c_str()), 1U);
}

TEST(guardian, touches_nothing_when_all_is_well) {
  const std::string mine = test_name();
  const std::string path = "/dev/shm/" + mine + "kept";
  pipe_ends pipe;
  {
    const guardian guard(mine.c_str());
    ::close(::open(path.c_str(), O_CREAT | O_RDWR, 0600));
  }
  EXPECT_TRUE(pipe.all_gone());
  EXPECT_EQ(::access(path.c_str(), F_OK), 0);
  EXPECT_EQ(remove_names(mine.c_str()), 1U);
}

}  // namespace
}  // namespace shmfifo::harness
