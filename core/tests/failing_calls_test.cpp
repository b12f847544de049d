// SPDX-License-Identifier: MIT
// Goal: whichever system call of set-up fails, the caller hears of it by its number, nothing is
// left behind, and the next try works. Method: the linker puts a wrapper before each call of the
// library (--wrap in CMakeLists.txt); set-up runs with the first call failing, then the second, ...
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdarg>
#include <new>

#include "support/testing.hpp"

namespace {

struct plan {
  std::string call;
  int code = 0;
  int successes = 0;  // before the failure
  bool met = false;
  bool for_ever = false;
} planned;

bool fails(const char* call) {
  if (planned.code == 0 || planned.call != call || planned.successes-- > 0) return false;
  errno = planned.code;
  if (!planned.for_ever) planned.code = 0;
  planned.met = true;
  return true;
}

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names.
extern "C" {
int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  std::va_list more;
  va_start(more, flags);
  const bool makes = (flags & (O_CREAT | O_TMPFILE)) != 0;
  const unsigned mode = makes ? va_arg(more, unsigned) : 0;
  va_end(more);
  return fails("open") ? -1 : __real_open(path, flags, mode);
}
int __real_fcntl(int file, int command, ...);
int __wrap_fcntl(int file, int command, ...);
int __wrap_fcntl(int file, int command, ...) {
  std::va_list more;
  va_start(more, command);
  void* argument = va_arg(more, void*);
  va_end(more);
  return fails("fcntl") ? -1 : __real_fcntl(file, command, argument);
}
#define SHMFIFO_WRAP(answer, bad, call, parameters, arguments) \
  answer __real_##call parameters;                             \
  answer __wrap_##call parameters;                             \
  answer __wrap_##call parameters {                            \
    return fails(#call) ? (bad) : __real_##call arguments;     \
  }
SHMFIFO_WRAP(int, -1, fchmod, (int file, mode_t mode), (file, mode))
SHMFIFO_WRAP(int, -1, fallocate, (int file, int mode, off_t at, off_t size), (file, mode, at, size))
SHMFIFO_WRAP(int, -1, fstat, (int file, struct stat* facts), (file, facts))
SHMFIFO_WRAP(int, -1, linkat, (int a, const char* from, int b, const char* to, int flags),
             (a, from, b, to, flags))
SHMFIFO_WRAP(int, -1, unlink, (const char* path), (path))
SHMFIFO_WRAP(int, -1, madvise, (void* at, std::size_t size, int advice), (at, size, advice))
SHMFIFO_WRAP(void*, MAP_FAILED, mmap,
             (void* at, std::size_t size, int rights, int flags, int file, off_t offset),
             (at, size, rights, flags, file, offset))
SHMFIFO_WRAP(ssize_t, -1, pread, (int file, void* to, std::size_t size, off_t at),
             (file, to, size, at))
SHMFIFO_WRAP(ssize_t, -1, getrandom, (void* to, std::size_t size, unsigned flags),
             (to, size, flags))
SHMFIFO_WRAP(DIR*, nullptr, opendir, (const char* path), (path))
SHMFIFO_WRAP(dirent*, nullptr, readdir, (DIR * folder), (folder))
#undef SHMFIFO_WRAP
void* __real__Znwm(std::size_t size);  // operator new
void* __wrap__Znwm(std::size_t size);
void* __wrap__Znwm(std::size_t size) {
  if (fails("_Znwm")) throw std::bad_alloc();
  return __real__Znwm(size);
}
}
// NOLINTEND(bugprone-reserved-identifier)

namespace shmfifo {
namespace {

using testing::small;

// All of set-up, once: the number of the first error, 0 if there is none.
int set_up(const std::string& name) {
  create_options options = small(segment_mode::ring);
  options.pretouch = true;
  options.existing = if_exists::attach;
  auto home = segment::create(name, options);
  if (!home) return home.failure().code;
  auto other = segment::attach(name);
  if (!other) return other.failure().code;
  {
    const auto writer = other->attach_producer();
    if (!writer) return writer.failure().code;
    for (int times = 0; times < 2; ++times) {  // a new cursor, and one that is resumed
      const auto reader = other->attach_consumer({"billing", {}});
      if (!reader) return reader.failure().code;
    }
    const auto observer = other->attach_observer();
    if (!observer) return observer.failure().code;
  }
  if (const auto stat = home->stat(); !stat) return stat.failure().code;
  if (const auto freed = home->recover(); !freed) return freed.failure().code;
  if (const auto gone = home->forget("billing"); !gone) return gone.failure().code;
  if (const auto names = list_segments(); !names) return names.failure().code;
  const auto removed = segment::remove(name);
  return removed ? 0 : removed.failure().code;
}

enum class outcome { told, survived, either };  // survived: there is another way

struct failing_call {
  const char* call;
  int code;
  outcome expected;
};

class failing_calls : public ::testing::TestWithParam<failing_call> {};

// checks G8 G10
TEST_P(failing_calls, each_is_told_by_its_number_and_the_next_try_works) {
  const failing_call what = GetParam();
  int failures = 0;
  for (;; ++failures) {
    const testing::unique_name name;
    planned = {what.call, what.code, failures, false, false};
    const int told = set_up(name.get());
    const bool met = planned.met;
    planned = {};
    if (!met) {
      EXPECT_EQ(told, 0);
      break;
    }
    const bool may_be_told = what.expected != outcome::survived;
    const bool may_survive = what.expected != outcome::told;
    EXPECT_TRUE((may_be_told && told == what.code) || (may_survive && told == 0))
        << "call " << failures << ": " << told;
    EXPECT_EQ(set_up(name.get()), 0) << "after call " << failures;
    EXPECT_FALSE(name.exists());
  }
  EXPECT_GT(failures, 0);  // the wrapper was there
}

// checks G8: a name that is there for who would make it, and gone for who would attach
TEST(failing_calls, a_name_made_and_removed_again_and_again_ends_in_an_error) {
  const testing::unique_name name;
  create_options options = small(segment_mode::ring);
  options.existing = if_exists::attach;
  planned = {"linkat", EEXIST, 0, false, true};
  const auto home = segment::create(name.get(), options);
  planned = {};
  ASSERT_FALSE(home);
  EXPECT_EQ(home.failure().code, EAGAIN);
  EXPECT_FALSE(name.exists());
}

INSTANTIATE_TEST_SUITE_P(set_up, failing_calls,
                         ::testing::Values(failing_call{"open", ENFILE, outcome::told},
                                           failing_call{"fchmod", EPERM, outcome::told},
                                           failing_call{"fallocate", ENOSPC, outcome::told},
                                           failing_call{"fallocate", EINTR, outcome::survived},
                                           failing_call{"fstat", ENOMEM, outcome::told},
                                           failing_call{"linkat", ENOMEM, outcome::told},
                                           failing_call{"unlink", EROFS, outcome::told},
                                           failing_call{"madvise", ENOMEM, outcome::told},
                                           failing_call{"madvise", EINVAL, outcome::survived},
                                           failing_call{"mmap", ENOMEM, outcome::told},
                                           failing_call{"_Znwm", ENOMEM, outcome::told},
                                           failing_call{"pread", ENOMEM, outcome::told},
                                           failing_call{"pread", EINTR, outcome::survived},
                                           failing_call{"getrandom", EAGAIN, outcome::survived},
                                           failing_call{"opendir", ENFILE, outcome::told},
                                           failing_call{"readdir", EIO, outcome::told},
                                           failing_call{"fcntl", ENOLCK, outcome::either},
                                           failing_call{"fcntl", EINTR, outcome::survived}),
                         [](const auto& one) {
                           return std::string(one.param.call) + "_" +
                                  strerrorname_np(one.param.code);
                         });

}  // namespace
}  // namespace shmfifo
