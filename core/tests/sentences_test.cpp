// SPDX-License-Identifier: MIT
// Goal: each error of the library says what it is meant to, word for word, with its number and its
// rule. Method: every sentence of the library's own, and for system calls what they were about;
// what their errno means is in stress/fault/tests/sentences.txt.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <functional>

#include "support/testing.hpp"
#include "support/wrapped_calls.hpp"

namespace shmfifo {
namespace {

using testing::must;
using testing::planned;
using testing::put;
using testing::small;

class sentences : public ::testing::Test {
 protected:
  // "EINVAL name: ..."; the segment's name is written as x.
  template <class Result>
  [[nodiscard]] std::string of(const Result& answer) const {
    if (answer) return "no error";
    const error& why = answer.error();
    std::string text = why.text;
    for (std::size_t at; (at = text.find(name.get())) != text.npos;) {
      text.replace(at, name.get().size(), 1, 'x');
    }
    const char* const code = strerrorname_np(why.code);
    return std::string(code == nullptr ? "no errno" : code) + " " + why.rule + ": " + text;
  }
  // With a call that fails, again and again.
  template <class Operation>
  [[nodiscard]] std::string failing(const char* call, int code, const Operation& operation) const {
    planned = {call, code, 0, false, true};
    const auto answer = operation();
    planned = {};
    return of(answer);
  }
  [[nodiscard]] segment make(full_policy when_full = full_policy::reject) const {
    return must(segment::create(name.get(), small(segment_mode::ring, when_full)));
  }
  [[nodiscard]] std::string refused_name(const std::string& bad) const {
    return of(segment::attach(bad));
  }
  const testing::unique_name name;
};

TEST_F(sentences, G9_of_a_bad_name_or_directory_say_what_is_wrong_with_it) {
  EXPECT_EQ(refused_name(""), "EINVAL name: bad segment name '': it is empty");
  EXPECT_EQ(refused_name("/"), "EINVAL name: bad segment name '': it is empty");
  EXPECT_EQ(refused_name("/.a"), "EINVAL name: bad segment name '.a': it starts with a dot");
  EXPECT_EQ(refused_name("a/b"),
            "EINVAL name: bad segment name 'a/b': only the first character may be a slash");
  EXPECT_EQ(refused_name("a\n"), "EINVAL name: bad segment name 'a\n': it has a control character");
  const std::string long_one(256, 'a');
  EXPECT_EQ(refused_name(long_one),
            "ENAMETOOLONG name: bad segment name '" + long_one + "': longer than 255 bytes");
  EXPECT_EQ(of(list_segments("dev/shm")),
            "EINVAL directory: bad directory 'dev/shm': it must be absolute, as /dev/shm");
}

TEST_F(sentences, G9_G13_of_a_file_that_is_no_such_segment_have_both_values) {
  const std::string breaks = "'x' breaks the rule ";
  ASSERT_EQ(::mkfifo(name.path().c_str(), 0600), 0);
  EXPECT_EQ(of(segment::attach(name.get())),
            "EINVAL file_type: 'x' is no regular file, so it is no segment");
  ASSERT_TRUE(segment::remove(name.get()));
  const segment home = make();
  EXPECT_EQ(of(segment::attach(name.get(), {access::read_only, 15})),
            "EINVAL content_size: " + breaks + "content_size: found 16, expected 15");
  home.view().control().producer_cursor = 3;
  EXPECT_EQ(of(segment::attach(name.get())),
            "EINVAL producer_cursor: " + breaks + "producer_cursor: found 3, expected 1");
  home.view().control().producer_cursor = 6;
  home.view().slot(5).stamp = make_stamp(1, slot_state::published);
  EXPECT_EQ(of(segment::attach(name.get())),
            "EINVAL producer_cursor: " + breaks + "producer_cursor: found 6, expected 2");
  geometry shape = small(segment_mode::ring);
  shape.slot_count = 3;
  EXPECT_EQ(of(segment::create(name.get() + "-2", shape)),
            "EINVAL slot_count: 'x-2' breaks the rule slot_count: found 3, expected 4");
  EXPECT_EQ(of(segment::create(name.get(), small(segment_mode::ring), {.permissions = 01600})),
            "EINVAL permissions: " + breaks + "permissions: found 896, expected 384");
  ASSERT_EQ(::truncate(name.path().c_str(), 4096), 0);
  EXPECT_EQ(of(segment::attach(name.get())),
            "EINVAL file_size: " + breaks + "file_size: found 4096, expected 8192");
  ASSERT_EQ(::truncate(name.path().c_str(), 135), 0);
  EXPECT_EQ(of(segment::attach(name.get())),
            "EINVAL file_size: " + breaks + "file_size: found 135, expected 136");
}

TEST_F(sentences, G10_of_a_file_with_holes_have_both_values_and_the_cure) {
  static_cast<void>(make());
  const int file = ::open(name.path().c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_EQ(::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096), 0);
  ::close(file);
  EXPECT_EQ(of(segment::attach(name.get(), {access::read_only})),
            "EINVAL reserved: 'x' breaks the rule reserved: found 4096, expected 8192 bytes of "
            "memory. Whoever may write reserves the rest when it attaches: `shmfifo recover x`");
}

TEST_F(sentences, G8_of_a_name_in_use_say_what_may_be_done) {
  const segment home = make();
  EXPECT_EQ(of(segment::create(name.get(), small(segment_mode::ring))),
            "EEXIST name: 'x' exists already: attach to it, remove it, or choose another name");
  create_options attaching;
  attaching.existing = if_exists::attach;
  EXPECT_EQ(of(segment::create(name.get(), small(segment_mode::log), attaching)),
            "EEXIST mode: 'x' breaks the rule mode: found 2, expected 1");
  ASSERT_TRUE(segment::remove(name.get()));
  EXPECT_EQ(failing("linkat", EEXIST,
                    [&] { return segment::create(name.get(), small(segment_mode::ring)); }),
            "EAGAIN name: 'x' is created and removed by others again and again");
}

TEST_F(sentences, G8_of_a_role_that_is_taken_name_who_has_it) {
  const segment home = make();
  const std::string self = std::to_string(::getpid());
  const auto writer = must(home.attach_producer());
  EXPECT_EQ(of(home.attach_producer()), "EBUSY producer_role: 'x' has a producer already (pid " +
                                            self +
                                            "): end it, or create the segment for many producers");
  home.view().participant(0).role = 0;  // the role's owner has not noted its line yet
  EXPECT_EQ(of(home.attach_producer()),
            "EBUSY producer_role: 'x' has a producer already: end it, or create the segment for "
            "many producers");
  const auto reader = must(home.attach_consumer({"audit", {}}));
  const std::string in_use = "EBUSY cursor_name: the cursor 'audit' is in use (pid " + self +
                             "): only one consumer at a time may advance it";
  EXPECT_EQ(of(home.attach_consumer({"audit", {}})), in_use);
  EXPECT_EQ(of(home.forget("audit")), in_use);
  EXPECT_EQ(of(must(segment::attach(name.get(), {access::read_only})).recover()),
            "EACCES access: 'x' is attached read-only: only observers may read it so");
}

TEST_F(sentences, G7_of_a_cursor_that_cannot_be_taken_say_why) {
  const segment home = make(full_policy::wait);
  EXPECT_EQ(of(home.forget("audit")),
            "ENOENT cursor_name: 'x' has no cursor 'audit': see `shmfifo stat`");
  EXPECT_EQ(of(home.attach_consumer({std::string(cursor_name_max + 1, 'a'), {}})),
            "EINVAL cursor_name: a cursor's name has at most " + std::to_string(cursor_name_max) +
                " bytes, none zero");
  EXPECT_EQ(of(home.attach_consumer({"a\n", {}})),
            "EINVAL cursor_name: a new cursor's name must have no control characters");
  EXPECT_EQ(of(home.attach_consumer({"", start_at::at(1)})),
            "EINVAL start: a reader of 'x' may start at 0 to 0, not at 1");
  EXPECT_EQ(of(home.attach_observer(start_at::at(-1))),
            "EINVAL start: a reader of 'x' may start at 0 to " + std::to_string(number_max - 1) +
                ", not at -1");
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_consumer());
  for (std::uint64_t word = 0; word < 4; ++word) ASSERT_EQ(put(writer, word), status::ok);
  EXPECT_EQ(testing::look(reader, 3), "0:0 1:1 2:2");
  for (std::uint64_t word = 4; word < 7; ++word) ASSERT_EQ(put(writer, word), status::ok);
  EXPECT_EQ(of(home.attach_consumer({"", start_at::at(2)})),
            "ENODATA start: number 2 of 'x' may be overwritten already: ask for `oldest`");
}

TEST_F(sentences, G8_of_lines_and_names_that_others_hold_say_what_helps) {
  geometry shape = small(segment_mode::ring);
  shape.participant_count = 1;
  const segment home = must(segment::create(name.get(), shape));
  const auto only = must(home.attach_consumer());
  EXPECT_EQ(of(home.attach_consumer()),
            "EUSERS participant_count: all 1 participant lines of 'x' are in use: detach or forget "
            "one, or create with more");
  std_memory_model holder = home.memory();
  ASSERT_TRUE(holder.try_own(lock_naming));
  EXPECT_EQ(failing("nanosleep", EINTR, [&] { return home.forget("audit"); }),
            "EBUSY cursor_name: another process has been attaching or forgetting a named cursor "
            "for long");
}

TEST_F(sentences, G10_of_set_up_without_memory_are_short) {
  static_cast<void>(make());
  EXPECT_EQ(failing("_Znwm", ENOMEM, [&] { return segment::attach(name.get()); }),
            "ENOMEM memory: out of memory");
}

// The parts in front of what errno means.
TEST_F(sentences, G10_of_failing_calls_name_the_call_and_what_it_was_about) {
  const auto create = [&] {
    return segment::create(name.get(), small(segment_mode::ring), {.pretouch = true});
  };
  const auto about = [&](const char* call) {
    const std::string text = failing(call, EXDEV, create);
    return text.substr(0, text.find(" failed"));
  };
  const std::string segment_of_8192 = "the segment (8192 bytes)";
  EXPECT_EQ(about("fchmod"), "EXDEV fchmod: fchmod of the new segment");
  EXPECT_EQ(about("ftruncate"),
            "EXDEV ftruncate: ftruncate of " + segment_of_8192 + " in /dev/shm");
  EXPECT_EQ(about("fallocate"),
            "EXDEV fallocate: fallocate of " + segment_of_8192 + " in /dev/shm");
  EXPECT_EQ(about("mmap"), "EXDEV mmap: mmap of " + segment_of_8192);
  EXPECT_EQ(about("madvise"), "EXDEV madvise: madvise of " + segment_of_8192);
  EXPECT_EQ(about("linkat"), "EXDEV linkat: linkat of /dev/shm/x");
  EXPECT_EQ(about("fstat"), "EXDEV fstat: fstat of 'x'");
  const segment home = make();
  EXPECT_EQ(failing("pread", EIO, [&] { return segment::attach(name.get()); }),
            "EIO pread: pread of 'x' failed: Input/output error. Reading or writing failed below: "
            "see the kernel's log");
  EXPECT_EQ(failing("dontfork", EPERM, [&] { return home.attach_producer(); }),
            "EPERM madvise: madvise of the file of 'x' failed: Operation not permitted");
  EXPECT_EQ(failing("lstat", EIO, [&] { return home.check_name(); }),
            "EIO lstat: lstat of /dev/shm/x failed: Input/output error. Reading or writing failed "
            "below: see the kernel's log");
  EXPECT_EQ(failing("unlink", EBUSY, [&] { return segment::remove(name.get()); }),
            "EBUSY unlink: unlink of /dev/shm/x failed: Device or resource busy. Something is "
            "mounted there");
  EXPECT_EQ(failing("opendir", EMFILE, [] { return list_segments(); }),
            "EMFILE opendir: opendir of /dev/shm failed: Too many open files. Raise this process's "
            "limit of open files (ulimit -n)");
  EXPECT_EQ(failing("readdir", ENOTDIR, [] { return list_segments(); }),
            "ENOTDIR readdir: readdir of /dev/shm failed: Not a directory. That is no directory: "
            "name another one (--directory)");
}

}  // namespace
}  // namespace shmfifo
