// SPDX-License-Identifier: MIT
// Goal: a wrapped call does what the call itself does, whatever it is given, unless it is to fail;
// and it fails as the plan says. Method: each call with arguments of which every one shows.
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>

#include "shmfifo/harness/fault/faults.hpp"
#include "shmfifo/harness/support/names.hpp"

namespace shmfifo::harness::fault {
namespace {

// A file of 100 known bytes.
class wrappers : public ::testing::Test {
 protected:
  wrappers() {
    file = ::open(path("one").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    for (std::size_t i = 0; i < sizeof bytes; ++i) bytes[i] = static_cast<char>('0' + i);
    EXPECT_EQ(::write(file, bytes, sizeof bytes), static_cast<ssize_t>(sizeof bytes));
  }
  ~wrappers() override {
    ::close(file);
    for (const char* name : {"one", "two"}) ::unlink(path(name).c_str());
  }
  [[nodiscard]] std::string path(const char* name) const { return own.path() + name; }
  [[nodiscard]] struct stat facts() const {
    struct stat now {};
    EXPECT_EQ(::fstat(file, &now), 0);
    return now;
  }

  const unique_name own;
  char bytes[100] = {};
  int file = -1;
};

TEST_F(wrappers, files_are_opened_changed_and_named_as_asked) {
  const mode_t before = ::umask(0);
  const int made = ::open(path("two").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0604);
  ::umask(before);
  ASSERT_GE(made, 0);
  EXPECT_EQ(::fcntl(made, F_GETFL) & O_ACCMODE, O_WRONLY);
  EXPECT_EQ(::fcntl(made, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(made, F_SETFD, 0), 0);
  EXPECT_EQ(::fcntl(made, F_GETFD), 0);
  struct stat two {};
  EXPECT_EQ(::lstat(path("two").c_str(), &two), 0);
  EXPECT_EQ(two.st_mode & 0777U, 0604U);
  EXPECT_EQ(::close(made), 0);
  EXPECT_EQ(::fcntl(made, F_GETFD), -1) << "closed";
  EXPECT_EQ(::unlink(path("two").c_str()), 0);
  EXPECT_NE(::lstat(path("two").c_str(), &two), 0);

  EXPECT_EQ(::fchmod(file, 0601), 0);
  EXPECT_EQ(facts().st_mode & 0777U, 0601U);
  EXPECT_EQ(::ftruncate(file, 50), 0);
  EXPECT_EQ(facts().st_size, 50);
  EXPECT_EQ(::fallocate(file, FALLOC_FL_KEEP_SIZE, 60, 10), 0);
  EXPECT_EQ(facts().st_size, 50);
  EXPECT_EQ(::fallocate(file, 0, 60, 15), 0);
  EXPECT_EQ(facts().st_size, 75);
}

TEST_F(wrappers, a_second_name_is_given_in_the_folder_that_is_asked_for) {
  const int here = ::open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int elsewhere = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::string one = own.get() + "one", second = own.get() + "two";
  EXPECT_EQ(::linkat(here, one.c_str(), elsewhere, path("two").c_str() + 1, 0), 0);
  struct stat two {};
  EXPECT_EQ(::lstat(path("two").c_str(), &two), 0);
  EXPECT_EQ(two.st_ino, facts().st_ino);
  EXPECT_EQ(::unlink(path("two").c_str()), 0);
  const std::string open_file = "/proc/self/fd/" + std::to_string(file);
  EXPECT_EQ(::linkat(elsewhere, open_file.c_str() + 1, here, second.c_str(), AT_SYMLINK_FOLLOW), 0);
  EXPECT_EQ(facts().st_nlink, 2U);
  EXPECT_NE(::linkat(elsewhere, one.c_str(), here, second.c_str(), 0), 0);
  ::close(here);
  ::close(elsewhere);
}

TEST_F(wrappers, bytes_are_read_from_where_they_are_asked_for) {
  char got[8] = {};
  EXPECT_EQ(::pread(file, got, 5, 20), 5);
  EXPECT_EQ(std::string(got), std::string(bytes + 20, 5));
  EXPECT_EQ(::lseek(file, 30, SEEK_SET), 30);
  EXPECT_EQ(::read(file, got, 4), 4);
  EXPECT_EQ(std::string(got), std::string(bytes + 30, 4) + bytes[24]);
}

TEST_F(wrappers, memory_is_mapped_advised_and_given_back) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  ASSERT_EQ(::ftruncate(file, static_cast<off_t>(3 * page)), 0);
  ASSERT_EQ(::pwrite(file, "x", 1, static_cast<off_t>(page)), 1);
  void* const hint = ::mmap(nullptr, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(hint, MAP_FAILED);
  auto* const at =
      static_cast<char*>(::mmap(hint, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                                file, static_cast<off_t>(page)));
  ASSERT_EQ(at, hint);
  EXPECT_EQ(*at, 'x');
  at[1] = 'y';
  char got = 0;
  EXPECT_EQ(::pread(file, &got, 1, static_cast<off_t>(page + 1)), 1);
  EXPECT_EQ(got, 'y');
  EXPECT_EQ(::munmap(at, page), 0);
  unsigned char resident[3] = {};
  EXPECT_NE(::mincore(at, page, resident), 0) << "given back";
  EXPECT_EQ(::mincore(at + page, page, resident), 0) << "the second page is still there";
  EXPECT_EQ(::munmap(at + page, 2 * page), 0);
  // Advice that is not asked for would be no error, but one that throws the content away shows.
  auto* const mine = static_cast<char*>(
      ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(mine, MAP_FAILED);
  mine[0] = mine[page] = 'z';
  EXPECT_EQ(::madvise(mine, page, MADV_DONTNEED), 0);
  EXPECT_EQ(mine[0], 0);
  EXPECT_EQ(mine[page], 'z');
  EXPECT_EQ(::madvise(mine + 1, page, MADV_NORMAL), -1) << "not the beginning of a page";
  EXPECT_EQ(::munmap(mine, 2 * page), 0);
}

TEST_F(wrappers, a_folder_is_listed) {
  DIR* const listing = ::opendir("/dev/shm");
  ASSERT_NE(listing, nullptr);
  std::string names;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string name = entry->d_name;
    if (name.starts_with(own.get())) names += name.substr(own.get().size());
  }
  EXPECT_EQ(names, "one");
  EXPECT_EQ(::closedir(listing), 0);
}

TEST_F(wrappers, all_six_arguments_of_a_system_call_arrive) {
  const auto page = ::sysconf(_SC_PAGESIZE);
  ASSERT_EQ(::ftruncate(file, 2 * page), 0);
  ASSERT_EQ(::pwrite(file, "q", 1, page), 1);
  const long at =
      ::syscall(SYS_mmap, 0L, page, long{PROT_READ}, long{MAP_SHARED}, long{file}, page);
  ASSERT_NE(at, -1);
  EXPECT_EQ(*reinterpret_cast<const char*>(at), 'q');
  EXPECT_EQ(::syscall(SYS_munmap, at, page), 0);
  EXPECT_EQ(::syscall(SYS_getpid), ::getpid());
}

TEST_F(wrappers, sleeping_takes_its_time_unless_a_failure_lasts) {
  const timespec wrong{0, 1'000'000'000};  // the kernel's own answer shows that it was asked
  const timespec none{0, 0};
  EXPECT_EQ(::nanosleep(&none, nullptr), 0);
  const auto refused = [&] { return ::nanosleep(&wrong, nullptr) == -1 && errno == EINVAL; };
  EXPECT_TRUE(refused());
  struct failing {
    bool forever;
    int code;
    bool struck, skipped;
  };
  for (const failing& how : {failing{true, EIO, true, true}, failing{true, EIO, false, false},
                             failing{false, EIO, true, false}, failing{true, EINTR, true, false}}) {
    arm({call::fchmod, 1, how.forever, how.code});
    if (how.struck) {
      EXPECT_EQ(::fchmod(file, 0600), -1);
    }
    EXPECT_EQ(refused(), !how.skipped) << how.forever << how.code << how.struck;
    static_cast<void>(disarm());
    EXPECT_TRUE(refused()) << "disarmed";
  }
}

TEST_F(wrappers, a_short_result_is_three_bytes) {
  arm({call::pread, 1, false, 0});
  char got[8] = {};
  errno = EXDEV;
  EXPECT_EQ(::pread(file, got, 5, 40), 3);
  EXPECT_EQ(errno, EXDEV);
  EXPECT_EQ(std::string(got), std::string(bytes + 40, 3));
  EXPECT_EQ(::pread(file, got, 5, 40), 5);
  arm({call::pread, 1, true, 0});
  for (const std::size_t size : {std::size_t{4}, std::size_t{3}, std::size_t{2}}) {
    EXPECT_EQ(::pread(file, got, size, 40), static_cast<ssize_t>(std::min<std::size_t>(size, 3)));
  }
  arm({call::getrandom, 1, false, 0});
  EXPECT_EQ(::getrandom(got, sizeof got, 0), 3);
  EXPECT_EQ(::getrandom(got, sizeof got, 0), static_cast<ssize_t>(sizeof got));
  EXPECT_EQ(::getrandom(got, sizeof got, ~0U), -1) << "no such flags";
  static_cast<void>(disarm());
  char random[32] = {};
  EXPECT_EQ(::getrandom(random, sizeof random, 0), 32);
  EXPECT_NE(std::string(random, 32), std::string(32, '\0'));
}

TEST_F(wrappers, what_is_closed_or_given_back_is_gone_though_it_is_reported_to_fail) {
  const int second = ::dup(file);
  arm({call::close, 1, false, EIO});
  EXPECT_EQ(::close(second), -1);
  EXPECT_EQ(errno, EIO);
  static_cast<void>(disarm());
  EXPECT_EQ(::fcntl(second, F_GETFD), -1);
  EXPECT_EQ(::close(second), -1);
  EXPECT_EQ(errno, EBADF) << "the kernel's own answer";
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* const at = ::mmap(nullptr, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  arm({call::munmap, 1, false, EPERM});
  EXPECT_EQ(::munmap(at, page), -1);
  EXPECT_EQ(errno, EPERM);
  static_cast<void>(disarm());
  unsigned char resident = 0;
  EXPECT_NE(::mincore(at, page, &resident), 0);
  EXPECT_EQ(::munmap(static_cast<char*>(at) + 1, page), -1);
  EXPECT_EQ(errno, EINVAL) << "the kernel's own answer";
}

TEST_F(wrappers, calls_are_counted_only_while_a_plan_is_armed) {
  arm({});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(::fchmod(file, 0600), 0);
  auto made = disarm();
  EXPECT_EQ(made[static_cast<std::size_t>(call::fchmod)], 3U);
  EXPECT_EQ(std::count(made.begin(), made.end(), 0U), static_cast<long>(call_count) - 1);
  EXPECT_EQ(::fchmod(file, 0600), 0);
  EXPECT_EQ(disarm(), made);
  arm({});
  made = disarm();
  EXPECT_EQ(std::count(made.begin(), made.end(), 0U), static_cast<long>(call_count));
}

TEST_F(wrappers, blocks_of_memory_are_counted_and_a_handler_may_help) {
  const long before = live_blocks();
  int* const one = new int(7);
  __asm__ volatile("" : : "r"(one) : "memory");
  EXPECT_EQ(live_blocks(), before + 1);
  ::operator delete(nullptr);
  EXPECT_EQ(live_blocks(), before + 1);
  delete one;
  EXPECT_EQ(live_blocks(), before);
  void* const other = ::operator new(1);
  ::operator delete(other);
  EXPECT_EQ(live_blocks(), before);
  static int helped;
  helped = 0;
  std::set_new_handler([] { ++helped; });
  arm({call::allocation, 1, false, ENOMEM});
  void* const third = ::operator new(1);
  static_cast<void>(disarm());
  std::set_new_handler(nullptr);
  EXPECT_NE(third, nullptr);
  EXPECT_EQ(helped, 1);
  EXPECT_EQ(live_blocks(), before + 1);
  ::operator delete(third);
}

TEST(faults, each_failure_has_the_number_that_its_name_says) {
  for (std::size_t i = 0; i < call_count; ++i) {
    for (const failure_code& code : codes_of(static_cast<call>(i))) {
      const std::string name = code.name;
      EXPECT_EQ(code.code == 0, name == "short");
      // glibc has two names for this one.
      if (code.code == 0) continue;
      const char* const known = ::strerrorname_np(code.code);
      EXPECT_EQ(name == "ENOTSUP" ? "EOPNOTSUPP" : name, known);
    }
  }
  EXPECT_EQ(to_string(call::open), "open");
  EXPECT_EQ(to_string(call::allocation), "allocation");
}

}  // namespace
}  // namespace shmfifo::harness::fault
