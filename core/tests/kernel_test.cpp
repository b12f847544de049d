// SPDX-License-Identifier: MIT
// Goal: each function of the kernel's layer does what its comment says, also where calls give less
// than was asked for, fail at their second attempt, or describe something else by then. Method: the
// functions themselves, and others' acts between two of their system calls.
#include "kernel.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "support/testing.hpp"
#include "support/wrapped_calls.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::must;
using testing::on_call;
using testing::planned;
using testing::small;

// Lets something happen once, just before the first call whose text has these words.
void before_call(const std::string& words, const std::function<void()>& act) {
  on_call = [=, over = false](const std::string& call) mutable {
    if (over || call.find(words) == call.npos) return;
    over = true;
    act();
  };
}

TEST(kernel, time_is_that_of_the_calendar_in_nanoseconds) {
  const auto now = [] {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                          std::chrono::system_clock::now().time_since_epoch())
                                          .count());
  };
  const testing::unique_name name;
  const std::uint64_t before = now();
  const std::uint64_t between = kernel::realtime_ns();
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  const std::uint64_t after = now();
  EXPECT_LE(before, between);
  EXPECT_LE(between, must(home.stat()).created_ns);
  EXPECT_LE(must(home.stat()).created_ns, after);
}

// Where the kernel has no random bits yet, those of a clock that change first are the high ones.
TEST(kernel, random_words_differ_in_their_high_bits_also_without_random_bits) {
  for (const char* call : {"none", "getrandom", "long_getrandom"}) {
    std::uint64_t differing = 0;
    planned = {call, EAGAIN, 0, false, true};
    std::uint64_t last = kernel::random_word();
    for (int i = 0; i < 20; ++i) {
      const std::uint64_t next = kernel::random_word();
      EXPECT_NE(next, last);
      differing |= next ^ last;
      last = next;
    }
    planned = {};
    EXPECT_GT(differing >> 56, 0U) << call;
    if (call == std::string("none")) {
      EXPECT_GT(differing << 56, 0U);
    }
  }
}

TEST(kernel, G9_a_header_that_is_read_in_pieces_is_the_same) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  const auto file = must(kernel::open_readable(kernel::location{name.get()}));
  const segment_header whole = must(kernel::read_header(file, name.get()));
  planned = {"long_pread", EINTR, 0, false, true};  // each call gives three bytes
  const segment_header pieces = must(kernel::read_header(file, name.get()));
  EXPECT_TRUE(segment::attach(name.get()));
  planned = {};
  EXPECT_EQ(std::memcmp(&whole, &pieces, sizeof whole), 0);
  EXPECT_EQ(whole.checksum, header_checksum(whole));
  EXPECT_EQ(whole.uid, must(home.stat()).uid);
}

// A file of limits is longer than a piece, is read whole or not at all, and may be missing.
TEST(kernel, G10_a_text_is_read_to_its_end_or_not_at_all) {
  const testing::unique_name name;
  const std::string text = std::string(10'000, 'x') + "end";
  std::ofstream(name.path()) << text;
  EXPECT_EQ(kernel::read_text(name.path()), text);
  planned = {"read", EINTR};
  EXPECT_EQ(kernel::read_text(name.path()), text);
  EXPECT_TRUE(planned.met);
  for (const int successes : {0, 1, 3}) {
    planned = {"read", EIO, successes};
    EXPECT_EQ(kernel::read_text(name.path()), std::nullopt) << successes;
  }
  EXPECT_EQ(kernel::read_text(name.path() + "-none"), std::nullopt);
}

TEST(kernel, names_come_in_order) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    if (::mount("tmpfs", "/mnt", "tmpfs", 0, "size=1m") != 0) return 51;
    create_options options;
    options.directory = "/mnt";
    const std::string longest(255, 'd');
    for (const std::string& name :
         {std::string("b"), longest, std::string("a"), std::string("c")}) {
      static_cast<void>(must(segment::create(name, small(segment_mode::ring), options)));
    }
    const std::vector<std::string> sorted{"a", "b", "c", longest};
    return must(list_segments("/mnt")) == sorted ? 0 : 1;
  });
  EXPECT_EQ(confined.join(), 0);
}

// The same errno is meant of the directory only if that is why it cannot be searched.
TEST(kernel, G10_a_failure_is_the_directorys_only_if_its_own_is_the_same) {
  const testing::unique_name name;
  const auto told_of = [&](const std::string& directory, const char* call, int code) {
    create_options options;
    options.directory = directory;
    planned = {call, code};
    const auto home = segment::create(name.get(), small(segment_mode::ring), options);
    planned = {};
    return home ? "no error" : home.error().text;
  };
  const std::string missing = "/dev/shm/" + name.get() + "-none";
  EXPECT_NE(told_of(missing, "open", EMFILE).find("open of " + missing + "/"), std::string::npos);
  EXPECT_NE(told_of("/dev/shm", "open", EACCES).find("open of /dev/shm/" + name.get()),
            std::string::npos);
  // The directory loses its name when the segment is about to get one.
  ASSERT_EQ(::mkdir(missing.c_str(), 0700), 0);
  const std::string moved = missing + "-moved";
  before_call("linkat", [&] { ASSERT_EQ(::rename(missing.c_str(), moved.c_str()), 0); });
  const std::string text = told_of(missing, "", 0);
  on_call = nullptr;
  EXPECT_EQ(::rmdir(moved.c_str()), 0);
  EXPECT_NE(text.find("linkat of " + missing + " failed"), std::string::npos) << text;
  EXPECT_NE(text.find("There is no such directory"), std::string::npos) << text;
}

// Something that cannot be looked at may have the name, or nothing: only its own lookup says so.
TEST(kernel, G10_create_tells_a_taken_name_from_a_lookup_that_failed) {
  const testing::unique_name taken;
  const testing::unique_name missing;
  static_cast<void>(must(segment::create(taken.get(), small(segment_mode::ring))));
  const auto told = [&](const testing::unique_name& name, const char* call, int code) {
    planned = {call, code};
    const auto home = segment::create(name.get(), small(segment_mode::ring));
    planned = {};
    return home ? 0 : home.error().code;
  };
  for (const int code : {EACCES, ELOOP, ENXIO}) {
    EXPECT_EQ(told(taken, "open", code), EEXIST) << code;
    EXPECT_EQ(told(missing, "open", code), code);
  }
  EXPECT_EQ(told(taken, "open", EMFILE), EMFILE);
  EXPECT_EQ(told(taken, "fstat", ENOMEM), ENOMEM);
  EXPECT_EQ(told(taken, "pread", EIO), EIO);
  EXPECT_EQ(told(taken, "mmap", ENOMEM), ENOMEM);
  // What can be looked at and is no segment has the name all the same.
  ASSERT_EQ(::truncate(taken.path().c_str(), 100), 0);
  EXPECT_EQ(told(taken, "", 0), EEXIST);
  ASSERT_TRUE(segment::remove(taken.get()));
  ASSERT_EQ(::mkfifo(taken.path().c_str(), 0600), 0);
  EXPECT_EQ(told(taken, "", 0), EEXIST);
}

// Somebody else takes the name between the lookup and the naming.
TEST(kernel, G8_a_creator_that_comes_second_attaches_or_is_refused_as_it_asked) {
  const testing::unique_name name;
  create_options options;
  for (const auto existing : {if_exists::attach, if_exists::refuse}) {
    options.existing = existing;
    std::optional<segment> first;
    before_call("linkat", [&] {
      first.emplace(must(segment::create(name.get(), small(segment_mode::ring))));
    });
    const auto second = segment::create(name.get(), small(segment_mode::ring), options);
    on_call = nullptr;
    if (existing == if_exists::attach) {
      ASSERT_TRUE(second);
      EXPECT_EQ(must(second->stat()).uid, must(first->stat()).uid);
    } else {
      ASSERT_FALSE(second);
      EXPECT_EQ(second.error().code, EEXIST);
      EXPECT_STREQ(second.error().rule, "name");
    }
    ASSERT_TRUE(segment::remove(name.get()));
  }
}

// A list that is short for want of means is no list.
TEST(kernel, G10_a_list_leaves_out_what_is_no_segment_and_reports_want_of_means) {
  const testing::unique_name name;
  const testing::unique_name similar;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  std::ofstream(similar.path()) << "shmfifX" << std::string(200, '\0');
  const auto names = must(list_segments());
  EXPECT_EQ(std::count(names.begin(), names.end(), name.get()), 1);
  EXPECT_EQ(std::count(names.begin(), names.end(), similar.get()), 0);
  for (const char* call : {"open", "fstat", "pread"}) {
    for (const int code : {EMFILE, ENFILE, ENOMEM}) {
      planned = {call, code};
      const auto failed = list_segments();
      ASSERT_FALSE(failed) << call;
      EXPECT_EQ(failed.error().code, code) << call;
    }
    planned = {call, EACCES};
    EXPECT_TRUE(list_segments()) << call;
    EXPECT_TRUE(planned.met);
    planned = {};
  }
}

// Opened again for writing, a file is looked at again; both of its calls may fail.
TEST(kernel, G10_a_failing_call_of_attach_is_the_rule_of_its_error) {
  const testing::unique_name name;
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  for (const char* call : {"open", "fstat", "pread", "mmap"}) {
    int failures = 0;
    for (;; ++failures) {
      planned = {call, ENOMEM, failures};
      const auto home = segment::attach(name.get());
      const bool met = planned.met;
      planned = {};
      if (!met) break;
      if (home) continue;  // there was another way
      EXPECT_EQ(home.error().code, ENOMEM);
      EXPECT_STREQ(home.error().rule, call);
    }
    EXPECT_GT(failures, 0);
  }
}

// Inode numbers repeat from one file system to the next.
TEST(kernel, G11_a_file_of_another_file_system_with_the_same_inode_is_another_one) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    const auto mounted = [] { return ::mount("tmpfs", "/mnt", "tmpfs", 0, "size=1m") == 0; };
    const auto inode = [] {
      struct ::stat facts {};
      return ::stat("/mnt/test", &facts) == 0 ? facts.st_ino : 0;
    };
    create_options options;
    options.directory = "/mnt";
    if (!mounted()) return 51;
    const auto lower = must(segment::create("test", small(segment_mode::ring), options));
    const ino_t first = inode();
    if (must(lower.check_name()) != name_state::same) return 1;
    for (int tries = 0; tries < 3; ++tries) {
      if (!mounted()) return 51;
      const auto upper = must(segment::create("test", small(segment_mode::ring), options));
      if (inode() == first) return must(lower.check_name()) == name_state::replaced ? 0 : 2;
    }
    return 0;  // inode numbers are those of the whole machine: no two files share one
  });
  EXPECT_EQ(confined.join(), 0);
}

// Also if the close in between leaves something else in errno.
TEST(kernel, G10_a_standard_number_that_cannot_be_replaced_is_told_by_its_own_error) {
  const testing::unique_name name;
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  child silent([&] {
    ::close(STDIN_FILENO);
    planned = {"fcntl", EMFILE};
    const auto home = segment::attach(name.get());
    if (home || home.error().code != EMFILE) return 1;
    return ::fcntl(STDIN_FILENO, F_GETFD) == -1 ? 0 : 2;
  });
  EXPECT_EQ(silent.join(), 0);
}

TEST(kernel, a_participants_pid_is_its_processs_in_every_thread) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  std::thread([&] {
    const auto writer = must(home.attach_producer());
    const auto reader = must(home.attach_consumer({"audit", {}}));
    for (const participant_stat& one : must(home.stat()).participants) {
      EXPECT_EQ(one.pid, static_cast<std::uint32_t>(::getpid()));
    }
  }).join();
}

// The number of the kept descriptor.
int kept_number(const testing::unique_name& name) {
  for (int number = 3; number < 1000; ++number) {
    char path[300] = {};
    const std::string link = "/proc/self/fd/" + std::to_string(number);
    if (::readlink(link.c_str(), path, sizeof path - 1) > 0 && path == name.path()) return number;
  }
  return -1;
}

// The application may reuse a number at any moment: what another file says about locks is not
// believed, and the question is put to the right one.
TEST(kernel, G11_a_descriptor_that_is_replaced_while_a_lock_is_asked_about_is_noticed) {
  const testing::unique_name name;
  const testing::unique_name foreign_name;
  const auto made = must(segment::create(name.get(), small(segment_mode::ring)));
  static_cast<void>(must(segment::create(foreign_name.get(), small(segment_mode::ring))));
  for (const bool lives : {true, false}) {
    for (const char* moment : {"fcntl", "lseek", "fstat"}) {
      child application([&] {
        const auto home = must(segment::attach(name.get()));
        std_memory_model owner = must(segment::attach(foreign_name.get())).memory();
        if (lives) owner = must(segment::attach(name.get())).memory();
        if (!owner.try_own(3)) return 1;
        const std::unique_ptr<const std_memory_model> asking(new std_memory_model(home.memory()));
        const int foreign = ::open(foreign_name.path().c_str(), O_RDONLY | O_CLOEXEC);
        const int kept = kept_number(name);
        before_call(moment, [&] { ::dup2(foreign, kept); });
        const bool told = asking->alive(3);
        on_call = nullptr;
        return told == lives ? 0 : 2;
      });
      EXPECT_EQ(application.join(), 0) << moment << (lives ? " of a living one" : "");
    }
  }
}

// Whoever cannot be asked about lives: also if the kept descriptor itself refuses to answer.
TEST(kernel, G11_a_refused_question_is_put_by_name_and_then_means_alive) {
  const testing::unique_name name;
  const auto home = must(segment::attach(
      (static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring)))),
       name.get())));
  std_memory_model owner = home.memory();
  const std_memory_model asking = home.memory();
  planned = {"fcntl", ENOLCK};
  EXPECT_FALSE(asking.alive(3));
  EXPECT_TRUE(planned.met);
  planned = {"fcntl", ENOLCK, 0, false, true};
  EXPECT_TRUE(asking.alive(3));
  planned = {};
  ASSERT_TRUE(owner.try_own(3));
  planned = {"fcntl", ENOLCK};
  EXPECT_TRUE(asking.alive(3));
}

// Others sleep in other processes; a deadline shortens a slice and nothing lengthens it.
TEST(kernel, G11_sleepers_are_woken_in_every_process_and_sleep_a_slice_at_most) {
  const std_memory_model memory;
  const std::uint32_t bell = 5;
  std::string calls;
  on_call = [&](const std::string& call) { calls += call + "\n"; };
  const deadline far = std::chrono::steady_clock::now() + std::chrono::hours(1);
  for (const deadline until : {no_deadline, far, deadline::min()}) {
    memory.sleep(bell, 4, until);
    memory.nap(until);
  }
  memory.wake(bell);
  memory.relay(bell);
  memory.heavy_fence(site::bell_heavy_fence);
  on_call = nullptr;
  EXPECT_EQ(calls,
            "futex FUTEX_WAIT 4 20000000\nnanosleep 1000000\n"
            "futex FUTEX_WAIT 4 20000000\nnanosleep 1000000\n"
            "futex FUTEX_WAIT 4 0\nnanosleep 0\n"
            "futex FUTEX_WAKE 2 \nfutex FUTEX_WAKE 2 \n"
            "membarrier MEMBARRIER_CMD_GLOBAL_EXPEDITED 0 0\n");
}

TEST(kernel, G8_a_failure_to_ask_for_a_lock_moves_with_its_handle) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  std_memory_model memory = home.memory();
  planned = {"fcntl", ENOLCK};
  EXPECT_FALSE(memory.try_own(3));
  std_memory_model moved(std::move(memory));
  EXPECT_EQ(moved.lock_failure().code, ENOLCK);
  EXPECT_STREQ(moved.lock_failure().call, "fcntl");
  EXPECT_FALSE(moved.try_own(3));  // and asks no more
  EXPECT_FALSE(home.memory().alive(3));
}

// As each handle's end does for the places that are free.
TEST(kernel, G11_giving_back_a_lock_that_is_not_held_unmaps_nothing) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  {
    std_memory_model memory = home.memory();
    const std_memory_model witness = home.memory();
    for (const unsigned lock : {3U, lock_naming, lock_producer_role}) {
      ASSERT_TRUE(memory.try_own(lock));
    }
    std::string calls;
    on_call = [&](const std::string& call) { calls += call + "\n"; };
    memory.disown(4);
    EXPECT_EQ(calls, "");
    memory.disown(lock_naming);
    EXPECT_EQ(calls, "munmap 0 4096\n");
    memory.disown(lock_naming);
    EXPECT_EQ(calls, "munmap 0 4096\n");
    on_call = nullptr;
    EXPECT_TRUE(witness.alive(3) && witness.alive(lock_producer_role));
    EXPECT_FALSE(witness.alive(lock_naming));
    on_call = [&](const std::string& call) { calls += call + "\n"; };
    calls.clear();
    { const std_memory_model ending(std::move(memory)); }
    on_call = nullptr;
    EXPECT_EQ(calls, "munmap 0 4096\nmunmap 0 4096\n");
  }
}

}  // namespace
}  // namespace shmfifo
