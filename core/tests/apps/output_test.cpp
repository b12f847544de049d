// SPDX-License-Identifier: MIT
// Goal: what cannot be written is a failure, and what is printed goes into no file that is opened
// later. Method: children with standard descriptors that are full or closed.
#include "standard_output.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <functional>

#include "cli.hpp"

namespace shmfifo::apps {
namespace {

// The exit code of a child.
int in_child(const std::function<int()>& body) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// A bit for each descriptor that is the null device, opened so that its use fails.
int occupied() {
  int found = 0;
  for (const int number : {0, 1, 2}) {
    struct stat about {};
    if (::fstat(number, &about) != 0 || about.st_rdev != makedev(1, 3)) continue;
    const int rights = ::fcntl(number, F_GETFL) & O_ACCMODE;
    if (rights == (number == 0 ? O_WRONLY : O_RDONLY)) found |= 1 << number;
  }
  return found;
}

TEST(apps_standard_output, closed_descriptors_are_occupied_and_still_fail) {
  for (int closed = 0; closed < 8; ++closed) {
    const int found = in_child([&] {
      for (const int number : {0, 1, 2}) {
        if ((closed >> number & 1) != 0) ::close(number);
      }
      occupy_closed_standard_descriptors();
      return occupied();
    });
    EXPECT_EQ(found, closed);
  }
}

// The exit code of an instrument whose standard output is this file, and its standard error.
std::pair<int, std::string> instrument(const char* file, int code) {
  ::testing::internal::CaptureStderr();
  const int seen = in_child([&] {
    if (std::freopen(file, "w", stdout) == nullptr) return 99;
    return run_with_output_checked("it", 5, [&] {
      std::fputs("result\n", stdout);
      return code;
    });
  });
  return {seen, ::testing::internal::GetCapturedStderr()};
}

TEST(apps_standard_output, an_instrument_whose_output_is_lost_says_so_and_does_not_succeed) {
  EXPECT_EQ(instrument("/dev/null", 0), std::pair(0, std::string()));
  EXPECT_EQ(instrument("/dev/null", 3), std::pair(3, std::string()));
  const std::string lost = "it: standard output: No space left on device\n";
  EXPECT_EQ(instrument("/dev/full", 0), std::pair(5, lost));
  EXPECT_EQ(instrument("/dev/full", 3), std::pair(3, lost));
  EXPECT_EQ(in_child([] {
              ::close(STDOUT_FILENO);
              return run_with_output_checked("it", 5, [] { return occupied(); });
            }),
            1 << STDOUT_FILENO);
}

// Why writing so many bytes into a full file fails, and whether it was said at once.
std::string written_to_full(std::size_t size) {
  ::testing::internal::CaptureStderr();
  const int code = in_child([&] {
    if (std::freopen("/dev/full", "w", stdout) == nullptr) return 99;
    std::setvbuf(stdout, nullptr, _IOFBF, 4096);
    try {
      write_output(std::string(size, 'x'));
    } catch (const output_error& problem) {
      std::fprintf(stderr, "at once: %s", problem.what());
      return 0;
    }
    try {
      flush_output();
    } catch (const output_error& problem) {
      std::fprintf(stderr, "later: %s", problem.what());
    }
    return 0;
  });
  EXPECT_EQ(code, 0);
  return ::testing::internal::GetCapturedStderr();
}

TEST(apps_standard_output, a_failure_is_told_at_once_or_by_the_flush) {
  const std::string why = "standard output: No space left on device";
  EXPECT_EQ(written_to_full(1), "later: " + why);
  EXPECT_EQ(written_to_full(10000), "at once: " + why);
}

TEST(apps_standard_output, a_program_whose_output_is_lost_says_so_and_fails) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(in_child([] {
              if (std::freopen("/dev/full", "w", stdout) == nullptr) return 99;
              CLI::App app{"", "prog"};
              char name[] = "prog";
              char* words[] = {name};
              return run_program(app, 1, words, false, [] {
                write_output("result");
                return 0;
              });
            }),
            1);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "prog: standard output: No space left on device\n");
}

// What was lost before the flush succeeded is lost all the same.
TEST(apps_standard_output, an_earlier_failure_is_not_forgotten) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(in_child([] {
              if (std::freopen("/dev/full", "w", stdout) == nullptr) return 99;
              std::setvbuf(stdout, nullptr, _IONBF, 0);
              std::fputs("lost", stdout);
              return run_with_output_checked("it", 5, [] { return 0; });
            }),
            5);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "it: standard output: some of it could not be written\n");
}

}  // namespace
}  // namespace shmfifo::apps
