// SPDX-License-Identifier: MIT
// Goal: whichever system call of set-up fails, the caller hears of it by its number, nothing is
// left behind, and the next try works. Method: set-up runs with the first call of a kind failing,
// then the second, ... (support/wrapped_calls.hpp).
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <ostream>

#include "support/testing.hpp"
#include "support/wrapped_calls.hpp"

namespace shmfifo {
namespace {

using testing::longest_uninterrupted;
using testing::must;
using testing::on_call;
using testing::planned;
using testing::small;
using testing::without_page;

bool reserves(const std::string& call) {
  return call.starts_with("fallocate");
}

// All of set-up, once: the number of the first error, 0 if there is none.
int set_up(const std::string& name) {
  const geometry shape = small(segment_mode::ring);
  const create_options options = {.existing = if_exists::attach, .pretouch = true};
  auto home = segment::create(name, shape, options);
  if (!home) return home.error().code;
  if (const auto same = segment::create(name, shape, options); !same) return same.error().code;
  auto other = segment::attach(name, {.content_size = {}, .pretouch = true});
  if (!other) return other.error().code;
  {
    const auto writer = other->attach_producer();
    if (!writer) return writer.error().code;
    for (int times = 0; times < 2; ++times) {  // a new cursor, and one that is resumed
      const auto reader = other->attach_consumer({"billing", {}});
      if (!reader) return reader.error().code;
    }
    const auto observer = other->attach_observer();
    if (!observer) return observer.error().code;
  }
  if (const auto stat = home->stat(); !stat) return stat.error().code;
  if (const auto freed = home->recover(); !freed) return freed.error().code;
  if (const auto gone = home->forget("billing"); !gone) return gone.error().code;
  if (const auto names = list_segments(); !names) return names.error().code;
  const auto removed = segment::remove(name);
  return removed ? 0 : removed.error().code;
}

enum class outcome { told, survived, either };  // survived: there is another way
using enum outcome;

struct failing_call {
  const char* call;
  int code;
  outcome expected;

  // Or GoogleTest prints the bytes of it.
  friend std::ostream& operator<<(std::ostream& out, const failing_call& what) {
    return out << what.call << " " << what.code;
  }
};

class failing_calls : public ::testing::TestWithParam<failing_call> {};

// The file that keeps the names of this run is mapped, too.
bool maps_a_segment() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/dev/shm/") != line.npos && !line.ends_with("lock")) return true;
  }
  return false;
}

TEST_P(failing_calls, G10_G8_each_is_told_by_its_number_and_the_next_try_works) {
  const failing_call what = GetParam();
  int failures = 0;
  for (;; ++failures) {
    const testing::unique_name name;
    planned = {what.call, what.code, failures, false, false};
    const int told = set_up(name.get());
    const bool met = planned.met;
    planned = {};
    EXPECT_FALSE(maps_a_segment()) << "after call " << failures;
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

geometry large() {
  geometry shape = small(segment_mode::log);
  shape.content_size = 1 << 20;
  shape.slot_count = 40;
  return shape;
}

// Piece by piece it would fill up the machine's memory before it fails.
TEST(failing_calls, G10_what_is_too_large_for_the_file_system_is_refused_before_the_first_piece) {
  testing::child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    if (::mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=32m") != 0) return 51;
    int reservations = 0;
    on_call = [&](const std::string& call) { reservations += reserves(call) ? 1 : 0; };
    const auto home = segment::create("any", large());
    if (home || home.error().code != ENOSPC) return 1;
    return home.error().rule == std::string("fallocate") && reservations == 0 ? 0 : 2;
  });
  EXPECT_EQ(confined.join(), 0);
}

// Before Linux 6.11 a signal undoes the whole call: under a steady timer a call that takes longer
// is always undone.
TEST(failing_calls, G10_memory_is_reserved_under_a_steady_timer) {
  const testing::unique_name name;
  longest_uninterrupted = 1 << 20;
  const auto home = segment::create(name.get(), large());
  longest_uninterrupted = 0;
  ASSERT_TRUE(home) << home.error().text;
  struct ::stat facts {};
  ASSERT_EQ(::stat(name.path().c_str(), &facts), 0);
  EXPECT_GE(facts.st_blocks * 512, facts.st_size);
}

// The kernel makes huge pages only at the first touch of a mapping that it was advised
// about; what is reserved before that consists of small ones.
TEST(failing_calls, G10_huge_pages_are_advised_and_touched_before_they_are_reserved) {
  const testing::unique_name name;
  std::string calls;
  on_call = [&](const std::string& call) {
    if (call.starts_with("madvise MADV_HUGEPAGE")) calls += "advise ";
    if (call.starts_with("madvise MADV_POPULATE_WRITE")) calls += "touch ";
    if (reserves(call)) calls += "reserve ";
  };
  const auto home = segment::create(name.get(), large(), {.huge_pages = true});
  on_call = nullptr;
  ASSERT_TRUE(home);
  EXPECT_EQ(calls, "advise touch reserve touch reserve touch reserve ");
}

// The signals leave no time for one page.
TEST(failing_calls, G10_what_is_interrupted_for_ever_ends_in_an_error) {
  const testing::unique_name name;
  for (const char* call : {"fallocate", "pread", "fcntl"}) {
    int tries = 0;
    on_call = [&](const std::string& seen) { tries += seen.starts_with(call) ? 1 : 0; };
    planned = {call, EINTR, 0, false, true};
    const int told = set_up(name.get());
    planned = {};
    on_call = nullptr;
    EXPECT_TRUE(tries == 100 || call == std::string("fallocate")) << call << tries;
    EXPECT_EQ(told, EINTR) << call;
    EXPECT_EQ(set_up(name.get()), 0) << call;
  }
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

// The kernel would end the process; a /proc of the test's own gives its limits.
TEST(failing_calls, G10_a_memory_limit_is_asked_about_before_each_piece) {
  testing::child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    if (::mount("tmpfs", "/proc", "tmpfs", 0, "size=1m") != 0) return 51;
    ::mkdir("/proc/self", 0700);
    write_file("/proc/self/cgroup", "0::/\n");
    write_file("/proc/self/mountinfo", "41 31 0:38 / /proc rw - cgroup2 cgroup2 rw\n");
    write_file("/proc/memory.current", "30000000");
    write_file("/proc/memory.max", "60000000");
    const testing::unique_name name;
    int reservations = 0;
    on_call = [&](const std::string& call) {
      if (!reserves(call)) return;
      ++reservations;
      write_file("/proc/memory.max", "50000000");
    };
    const auto refused = segment::create(name.get(), large());
    if (refused || refused.error().rule != std::string("memory_limit")) return 1;
    if (refused.error().code != ENOMEM || reservations != 0) return 2;
    write_file("/proc/memory.max", "100000000");
    const auto interrupted = segment::create(name.get(), large());
    if (interrupted || interrupted.error().rule != std::string("memory_limit")) return 3;
    return reservations == 1 && !name.exists() ? 0 : 4;
  });
  EXPECT_EQ(confined.join(), 0);
}

// The name exists whenever it is to be created, and is gone whenever it is attached to.
TEST(failing_calls, G8_a_name_made_and_removed_again_and_again_ends_in_an_error) {
  const testing::unique_name name;
  const geometry shape = small(segment_mode::ring);
  create_options options;
  options.existing = if_exists::attach;
  for (const auto& [code, told] : {std::pair{EEXIST, EAGAIN}, std::pair{ENOENT, ENOENT}}) {
    int tries = 0;
    on_call = [&](const std::string& call) {
      tries += call.find("O_TMPFILE") != call.npos ? 1 : 0;
    };
    planned = {"linkat", code, 0, false, true};
    const auto home = segment::create(name.get(), shape, options);
    planned = {};
    on_call = nullptr;
    ASSERT_FALSE(home);
    EXPECT_EQ(home.error().code, told);
    EXPECT_EQ(tries, code == EEXIST ? 100 : 1);
    EXPECT_FALSE(name.exists());
  }
}

// No lock can be taken at all, as on a file system without locks.
TEST(failing_calls, G8_who_can_take_no_line_is_told_why) {
  const testing::unique_name name;
  const auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::reject, producer_role::many)));
  planned = {"fcntl", ENOLCK, 0, false, true};
  const auto writer = home.attach_producer();
  const auto reader = home.attach_consumer();
  const auto missing = home.forget("audit");  // nobody knows: the names cannot be held
  planned = {};
  ASSERT_FALSE(writer || reader || missing);
  EXPECT_EQ(writer.error().code, ENOLCK);
  EXPECT_EQ(reader.error().code, ENOLCK);
  EXPECT_EQ(missing.error().code, ENOLCK);
}

// A kernel may answer EACCES for a lock that another process holds. Of the producers that lines
// name, only a living one is reported.
TEST(failing_calls, G8_another_ones_lock_is_no_failure) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  home.view().participant(3).role = make_role(1, participant_kind::producer);
  planned = {"fcntl", EACCES};
  const auto writer = home.attach_producer();
  planned = {};
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code, EBUSY);
  EXPECT_EQ(writer.error().text.find("pid"), std::string::npos);
}

// Without the kernel's fence a wake-up is late by one slice of the sleep, but not lost.
TEST(failing_calls, G11_who_sleeps_without_the_kernels_fence_is_woken) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_consumer());
  planned = {"membarrier", EPERM, 0, false, true};
  EXPECT_EQ(reader.wait(testing::in_ms(1)), status::timed_out);
  EXPECT_TRUE(planned.met);
  planned = {};
  ASSERT_EQ(testing::put(writer, 5), status::ok);
  EXPECT_EQ(reader.wait(), status::ok);
}

// A name that cannot be looked up is neither this segment's nor gone.
TEST(failing_calls, G10_a_name_that_cannot_be_looked_up_is_an_error) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  planned = {"lstat", EACCES};
  const auto state = home.check_name();
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code, EACCES);
  EXPECT_STREQ(state.error().rule, "lstat");
}

// The text of the refusal needs memory itself.
TEST(failing_calls, G10_a_refusal_without_memory_for_its_text_is_still_an_error) {
  const testing::unique_name name;
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  const auto observing = must(segment::attach(name.get(), {access::read_only, {}, false}));
  planned = {"_Znwm", ENOMEM, 0, false, true};
  const auto freed = observing.recover();
  const auto forgotten = observing.forget("billing");
  const auto named = observing.check_name();
  const auto writer = observing.attach_producer();
  planned = {};
  ASSERT_FALSE(freed || forgotten || named || writer);
  EXPECT_EQ(freed.error().code, ENOMEM);
  EXPECT_EQ(forgotten.error().code, ENOMEM);
  EXPECT_EQ(named.error().code, ENOMEM);
  EXPECT_EQ(writer.error().code, ENOMEM);
}

// A process that did not get the page that the kernel wipes at a fork. It is this program again,
// since the page is obtained before main.
TEST(failing_calls, G11_a_process_without_the_page_for_forks_refuses_handles_in_children_too) {
  if (std::getenv(without_page) == nullptr) {
    testing::child again([] {
      ::setenv(without_page, "1", 1);
      const std::string filter =
          std::string("--gtest_filter=") +
          ::testing::UnitTest::GetInstance()->current_test_info()->test_suite_name() + "." +
          ::testing::UnitTest::GetInstance()->current_test_info()->name();
      ::execl("/proc/self/exe", "failing_calls", filter.c_str(), nullptr);
      return 50;
    });
    EXPECT_EQ(again.join(), 0);
    return;
  }
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto writer = must(home.attach_producer());
  testing::child heir([&] { return testing::put(writer, 1) == status::wrong_process ? 0 : 1; });
  EXPECT_EQ(heir.join(), 0);
  EXPECT_EQ(testing::put(writer, 1), status::ok);
}

INSTANTIATE_TEST_SUITE_P(
    set_up, failing_calls,
    ::testing::Values(
        failing_call{"open", ENFILE, told}, failing_call{"open", EMFILE, told},
        failing_call{"open", ENOMEM, told}, failing_call{"mmap", ENOMEM, told},
        failing_call{"mmap", EEXIST, told}, failing_call{"readdir", EIO, told},
        failing_call{"fchmod", EPERM, told}, failing_call{"unlink", EROFS, told},
        failing_call{"_Znwm", ENOMEM, told}, failing_call{"pread", ENOMEM, told},
        failing_call{"linkat", ENOMEM, told}, failing_call{"linkat", ENOENT, survived},
        failing_call{"madvise", ENOMEM, told}, failing_call{"opendir", ENFILE, told},
        failing_call{"dontfork", ENOMEM, told}, failing_call{"ftruncate", EFBIG, told},
        failing_call{"ftruncate", EINTR, survived}, failing_call{"fallocate", ENOSPC, told},
        failing_call{"open_of_limits", EACCES, survived}, failing_call{"read", EIO, survived},
        failing_call{"read", EINTR, survived}, failing_call{"fallocate", EINTR, survived},
        failing_call{"fstat", ENOMEM, either}, failing_call{"advice", EINVAL, survived},
        failing_call{"fstatfs", ENOSYS, survived}, failing_call{"madvise", EINVAL, survived},
        failing_call{"pread", EINTR, survived}, failing_call{"getrandom", EAGAIN, survived},
        failing_call{"fcntl", ENOLCK, either}, failing_call{"fcntl", EINTR, survived}),
    [](const auto& one) {
      return std::string(one.param.call) + "_" + strerrorname_np(one.param.code);
    });

}  // namespace
}  // namespace shmfifo
