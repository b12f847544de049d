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
#include "shmfifo/harness/names.hpp"

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

// A file in /dev/shm with the beginning of a name.
void make(const std::string& name) {
  const int file = ::open(("/dev/shm/" + name).c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  ::close(file);
}
bool exists(const std::string& name) {
  return ::access(("/dev/shm/" + name).c_str(), F_OK) == 0;
}

TEST(run_names, of_a_killed_process_are_removed_by_the_guardian_and_no_others) {
  const run_names others("childtest");
  const std::string other = others.beginning() + "x";
  make(other);
  char name[128] = {};
  pipe_ends told;
  pipe_ends life;
  const pid_t parent = start_child([&]() -> int {
    run_names names("childtest");
    const std::string left = names.next();
    make(left);
    static_cast<void>(!::write(told.ends[1], left.c_str(), left.size()));
    kill_self();
  });
  EXPECT_GT(::read(told.ends[0], name, sizeof name - 1), 0);
  static_cast<void>(reap(parent, true));
  told.all_gone();
  EXPECT_TRUE(life.all_gone());  // the guardian, too
  EXPECT_FALSE(exists(name));
  EXPECT_TRUE(exists(other));
}

TEST(run_names, go_when_the_run_ends) {
  std::string name;
  {
    run_names names("childtest");
    name = names.next();
    make(name);
    EXPECT_EQ(names.next().size(), name.size());
  }
  EXPECT_FALSE(exists(name));
}

TEST(run_names, of_dead_owners_are_removed_by_the_next_run) {
  const run_names living("childtest");
  make(living.beginning() + "living");
  const std::string pid = std::to_string(::getpid());
  make("shmfifo-childtest-" + pid +
       "-1-0-dead");  // a process of this pid that began at another time
  const run_names next("childtest");
  EXPECT_FALSE(exists("shmfifo-childtest-" + pid + "-1-0-dead"));
  EXPECT_TRUE(exists(living.beginning() + "living"));
}

}  // namespace
}  // namespace shmfifo::harness
