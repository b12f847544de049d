// SPDX-License-Identifier: MIT
// Goal: a child dies of the requested signal even if its counters cannot be written. Method: a
// writer of counters that ends the process as an interrupted allocator does.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "shmfifo/harness/support/coverage.hpp"

namespace {

int fails_by = 0;  // the signal; 0: it does not

}  // namespace

// Instead of clang's runtime, which this build does not link.
int __llvm_profile_write_file() {
  if (fails_by != 0) ::raise(fails_by);
  return 0;
}

namespace shmfifo::testing {
namespace {

TEST(deaths, are_those_asked_for_though_writing_fails) {
  for (const int how : {0, SIGABRT, SIGSEGV}) {
    fails_by = how;
    const pid_t child = fork_counted();
    if (child == 0) {
      for (;;) ::pause();
    }
    kill_process(child);
    int state = 0;
    ASSERT_EQ(::waitpid(child, &state, 0), child);
    EXPECT_TRUE(WIFSIGNALED(state));
    EXPECT_EQ(WTERMSIG(state), SIGKILL) << how;
  }
}

}  // namespace
}  // namespace shmfifo::testing
