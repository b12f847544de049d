// SPDX-License-Identifier: MIT
#pragma once
// A pipe that shows when the last process that holds it is gone.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace shmfifo::harness {

struct pipe_ends {
  pipe_ends() { EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0); }
  pipe_ends(const pipe_ends&) = delete;
  pipe_ends& operator=(const pipe_ends&) = delete;
  ~pipe_ends() {
    ::close(ends[0]);
    close_writing();
  }
  void close_writing() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
  // Waits until every process that holds the other end is gone.
  bool all_gone() {
    close_writing();
    char byte = 0;
    return ::read(ends[0], &byte, 1) == 0;
  }
  int ends[2] = {-1, -1};
};

}  // namespace shmfifo::harness
