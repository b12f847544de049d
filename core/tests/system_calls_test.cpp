// SPDX-License-Identifier: MIT
// Goal: what the kernel is asked for, in which order, and with which flags: what a flag does shows
// only where somebody else comes in between, or on a kernel and file system that differ from this
// one's. Method: the calls of one operation, as support/wrapped_calls.hpp shows them.
#include <sys/mount.h>
#include <sys/resource.h>

#include <cerrno>
#include <functional>
#include <utility>

#include "support/testing.hpp"
#include "support/wrapped_calls.hpp"

namespace shmfifo {
namespace {

using testing::must;
using testing::on_call;
using testing::planned;
using testing::small;

// The calls of an operation on the segment of this name, which is written as x; a line for each.
// Those that concern other segments are left out.
std::string calls_of(const testing::unique_name& name, const std::function<void()>& operation) {
  std::string calls;
  on_call = [&](std::string call) {
    const std::size_t place = call.find(name.get());
    if (place != call.npos) call.replace(place, name.get().size(), "x");
    const bool foreign =
        call.find("/dev/shm/") != call.npos && call.find("/dev/shm/x") == call.npos;
    if (!foreign) calls += call + "\n";
  };
  operation();
  on_call = nullptr;
  return calls;
}

constexpr const char* kept_file = "/dev/shm/x(r)";  // the descriptor of an attached mapping

// The kept descriptor is still the segment's, and nobody else's.
const std::string identified = "fstat /dev/shm/x(r)\nlseek /dev/shm/x(r) SEEK_CUR 0\n";
std::string asked(const std::string& byte) {
  return identified + "fcntl /dev/shm/x(r) F_OFD_GETLK F_WRLCK " + byte + "+1\n" + identified;
}
std::string opened(const std::string& flags) {
  return identified + "open /proc/self/fd//dev/shm/x(r) " + flags + "O_CLOEXEC -\n";
}
// A lock is asked for; `held` by another or taken.
std::string locked(const std::string& byte, bool held = false) {
  return opened("O_RDWR|") + "fstat /dev/shm/x(rw)\nfcntl /dev/shm/x(rw) F_OFD_SETLK F_WRLCK " +
         byte + "+1\n" +
         (held ? ""
               : "mmap /dev/shm/x(rw) PROT_NONE MAP_SHARED 0 4096\n"
                 "madvise MADV_DONTFORK 0 4096\n") +
         "close /dev/shm/x(rw)\n";
}
const std::string registered = "membarrier MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED 0 0\n";
const std::string unlocked = "munmap 0 4096\n";

// A segment that exists already, attached to.
class system_calls : public ::testing::Test {
 protected:
  [[nodiscard]] std::string calls(const std::function<void()>& operation) const {
    return calls_of(name, operation);
  }
  const testing::unique_name name;
  const segment made = must(segment::create(name.get(), small(segment_mode::ring)));
  const segment home = must(segment::attach(name.get()));
};

// Whoever is killed before the last line leaves nothing, and nobody sees a part.
TEST(creating, G8_G10_reserves_fills_and_names_a_file_in_this_order) {
  const testing::unique_name name;
  create_options options;
  options.pretouch = options.huge_pages = options.dump = true;
  std::optional<segment> home;
  const auto create = [&] {
    home.emplace(must(segment::create(name.get(), small(segment_mode::ring), options)));
  };
  const std::string before =
      "open /dev/shm/x O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC -\n"
      "faccessat AT_FDCWD /dev/shm 1 AT_EACCESS\n";
  const auto made = [](const std::string& mode, const std::string& advice,
                       const std::string& touches) {
    return "open /dev/shm O_TMPFILE|O_RDWR|O_CLOEXEC " + mode + "\nfchmod unnamed(rw) " + mode +
           "\ngetrandom 8 GRND_NONBLOCK\n"
           "getrlimit RLIMIT_FSIZE\n"
           "ftruncate unnamed(rw) 8192\n"
           "fstat unnamed(rw)\n"
           "open /proc/self/fd/unnamed(rw) O_CLOEXEC -\n"
           "getrandom 8 GRND_NONBLOCK\n"
           "lseek unnamed(r) SEEK_SET mark\n"
           "mmap unnamed(rw) PROT_READ|PROT_WRITE MAP_SHARED 0 8192\n" +
           advice + "fstatfs unnamed(rw)\n" +
           (touches.empty() ? "" : "madvise MADV_POPULATE_WRITE 0 8192\n") +
           "fallocate unnamed(rw) 0 0 8192\n" + touches +
           "linkat unnamed(rw)  AT_FDCWD /dev/shm/x AT_EMPTY_PATH\n";
  };
  const std::string again =
      "linkat AT_FDCWD /proc/self/fd/unnamed(rw) AT_FDCWD /dev/shm/x AT_SYMLINK_FOLLOW\n";
  const std::string seen = calls_of(name, create);
  const bool refused = seen.find(again) != seen.npos;  // before Linux 6.10, by a missing capability
  EXPECT_EQ(seen, before +
                      made("0600", "madvise MADV_HUGEPAGE 0 8192\n",
                           "madvise MADV_POPULATE_WRITE 0 8192\n") +
                      (refused ? again : "") + "close unnamed(rw)\n");
  EXPECT_EQ(calls_of(name, [&] { home.reset(); }),
            "munmap 0 8192\nfstat unnamed(r)\nlseek unnamed(r) SEEK_CUR 0\nclose unnamed(r)\n");
  ASSERT_TRUE(segment::remove(name.get()));
  options = {.permissions = 0640};
  planned = {"linkat", ENOENT};
  EXPECT_EQ(calls_of(name, create), before + made("0640", "madvise MADV_DONTDUMP 0 8192\n", "") +
                                        again + "close unnamed(rw)\n");
}

// A link is not followed, a FIFO blocks nobody, and nothing is mapped before it is checked.
TEST_F(system_calls, G9_attaching_maps_what_it_has_checked_with_the_rights_asked_for) {
  const auto attached = [&](const std::string& flags, const std::string& file,
                            const std::string& rights, const std::string& advice) {
    return "open /dev/shm/x O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC -\n"
           "fstat /dev/shm/x(r)\n"
           "pread /dev/shm/x(r) 136 0\n"
           "getrandom 8 GRND_NONBLOCK\n"
           "lseek /dev/shm/x(r) SEEK_SET mark\n" +
           opened(flags) + "fstat " + file + "\nmmap " + file + " " + rights +
           " MAP_SHARED 0 8192\n" + advice + "close " + file + "\n";
  };
  std::optional<segment> other;
  const auto attach = [&](const attach_options& options) {
    return calls([&] { other.emplace(must(segment::attach(name.get(), options))); });
  };
  const std::string left = "munmap 0 8192\n" + identified + "close /dev/shm/x(r)\n";
  const std::string writing = attached("O_RDWR|", "/dev/shm/x(rw)", "PROT_READ|PROT_WRITE",
                                       "madvise MADV_DONTDUMP 0 8192\n");
  EXPECT_EQ(attach({}), writing);
  EXPECT_EQ(calls([&] { other.reset(); }), left);
  EXPECT_EQ(attach({.pretouch = true, .huge_pages = true, .dump = true}),
            attached("O_RDWR|", "/dev/shm/x(rw)", "PROT_READ|PROT_WRITE",
                     "madvise MADV_HUGEPAGE 0 8192\nmadvise MADV_POPULATE_WRITE 0 8192\n"));
  other.reset();
  EXPECT_EQ(attach({.mode = access::read_only, .pretouch = true}),
            attached("", kept_file, "PROT_READ",
                     "madvise MADV_DONTDUMP 0 8192\nmadvise MADV_POPULATE_READ 0 8192\n"));
  other.reset();
  create_options options;
  EXPECT_EQ(
      calls([&] { EXPECT_FALSE(segment::create(name.get(), small(segment_mode::ring), options)); }),
      writing + left);
}

// The description that holds the lock has no descriptor afterwards, and no child has its page.
TEST_F(system_calls, G11_a_role_is_a_lock_that_nothing_but_a_page_holds) {
  std::optional<producer> writer;
  EXPECT_EQ(calls([&] { writer.emplace(must(home.attach_producer())); }),
            registered + locked("0") + locked("768"));
  EXPECT_EQ(calls([&] { EXPECT_EQ(home.attach_producer().error().code, EBUSY); }),
            registered + locked("0", true) + asked("768"));
  std::optional<consumer> reader;
  EXPECT_EQ(calls([&] { reader.emplace(must(home.attach_consumer())); }),
            registered + asked("768") + locked("768", true) + locked("832"));
  EXPECT_EQ(calls([&] { reader.reset(); }), unlocked);
  EXPECT_EQ(calls([&] { writer.reset(); }), unlocked + unlocked);
  EXPECT_EQ(calls([&] { EXPECT_TRUE(home.attach_observer()); }), registered);
}

// A page that children could have would keep the lock for as long as they live.
TEST_F(system_calls, G11_a_page_that_cannot_be_kept_from_children_is_given_back) {
  planned = {"dontfork", EPERM};
  const std::string seen = calls([&] { EXPECT_FALSE(home.attach_producer()); });
  EXPECT_TRUE(seen.ends_with("madvise MADV_DONTFORK 0 4096\nmunmap 0 4096\nclose /dev/shm/x(rw)\n"))
      << seen;
}

// Between the first line and the last nobody else may make, resume or forget a cursor.
TEST_F(system_calls, G7_G8_a_cursor_is_taken_and_forgotten_while_the_names_are_held) {
  std::optional<consumer> reader;
  const auto attach = [&] { reader.emplace(must(home.attach_consumer({"audit", {}}))); };
  const std::string taken = registered + locked("1") + locked("768") + unlocked;
  EXPECT_EQ(calls(attach), taken);
  EXPECT_EQ(calls([&] {
              EXPECT_FALSE(home.attach_consumer({"audit", {}}));
            }),
            registered + locked("1") + locked("768", true) + unlocked);
  EXPECT_EQ(calls([&] { EXPECT_FALSE(home.forget("audit")); }),
            registered + locked("1") + locked("768", true) + unlocked);
  EXPECT_EQ(calls([&] { EXPECT_FALSE(home.forget("other")); }),
            registered + locked("1") + unlocked);
  EXPECT_EQ(calls([&] { reader.reset(); }), unlocked);
  EXPECT_EQ(calls(attach), taken);
  reader.reset();
  EXPECT_EQ(calls([&] { EXPECT_TRUE(home.forget("audit")); }),
            registered + locked("1") + locked("768") + unlocked + unlocked);
}

// Asking opens nothing while the kept descriptor is the segment's; then the name is tried.
TEST_F(system_calls, G11_asking_who_lives_uses_the_kept_descriptor_and_then_the_name) {
  const auto writer = must(made.attach_producer());
  const auto look = [&] { EXPECT_TRUE(must(home.stat()).participants.at(0).alive); };
  EXPECT_EQ(calls(look), registered + asked("768"));
  EXPECT_EQ(calls([&] { EXPECT_EQ(must(home.recover()), 0U); }), registered + asked("768"));
  EXPECT_EQ(calls([&] { EXPECT_EQ(must(home.check_name()), name_state::same); }),
            "lstat /dev/shm/x\n");
  testing::child closed([&] {
    testing::child::close_descriptors();
    const std::string by_name =
        "O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC -\nfstat /dev/shm/x(r)\n"
        "fcntl /dev/shm/x(r) F_OFD_GETLK F_WRLCK 768+1\nclose /dev/shm/x(r)\n";
    if (calls(look) != registered + "fstat closed\nfstat closed\nopen /dev/shm/x " + by_name)
      return 1;
    const std::string taken = calls([&] { static_cast<void>(must(home.attach_consumer())); });
    return taken.find("open /dev/shm/x O_RDWR|O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC -\n") != taken.npos
               ? 0
               : 2;
  });
  EXPECT_EQ(closed.join(), 0);
}

TEST_F(system_calls, G8_a_name_is_removed_by_one_call) {
  EXPECT_EQ(calls([&] { EXPECT_TRUE(segment::remove(name.get())); }), "unlink /dev/shm/x\n");
  EXPECT_EQ(calls([&] { EXPECT_FALSE(segment::remove(name.get())); }),
            "unlink /dev/shm/x\nfaccessat AT_FDCWD /dev/shm 1 AT_EACCESS\n");
}

// In a /dev/shm of its own: a segment of others that goes meanwhile would be asked about.
TEST(listing, G9_each_header_is_read_once_and_what_was_opened_is_closed) {
  testing::child alone([] {
    if (!testing::enter_private_mounts()) return 50;
    if (::mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=1m") != 0) return 51;
    const testing::unique_name name;
    const segment made = must(segment::create(name.get(), small(segment_mode::ring)));
    const std::string calls = calls_of(name, [] { static_cast<void>(must(list_segments())); });
    return calls == "opendir /dev/shm\n"
                    "closedir\n"
                    "open /dev/shm/x O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC -\n"
                    "fstat /dev/shm/x(r)\n"
                    "pread /dev/shm/x(r) 136 0\n"
                    "close /dev/shm/x(r)\n"
               ? 0
               : 1;
  });
  EXPECT_EQ(alone.join(), 0);
}

// The descriptor that replaces one with a standard number is not for executed programs either.
TEST_F(system_calls, G3_G11_a_standard_number_is_left_at_once_for_one_above_them) {
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    testing::child silent([&] {
      ::close(standard);
      const std::string seen = calls([&] { static_cast<void>(must(segment::attach(name.get()))); });
      return seen.starts_with(
                 "open /dev/shm/x O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC -\n"
                 "fcntl /dev/shm/x(r) F_DUPFD_CLOEXEC 3\n"
                 "close /dev/shm/x(r)\n"
                 "fstat /dev/shm/x(r)\n")
                 ? 0
                 : 1;
    });
    EXPECT_EQ(silent.join(), 0) << standard;
  }
}

// Sleeps are skipped: they are to fail.
TEST_F(system_calls, G7_G8_the_names_are_asked_for_each_millisecond_for_five_seconds) {
  std_memory_model holder = home.memory();
  ASSERT_TRUE(holder.try_own(lock_naming));
  int naps = 0;
  planned = {"nanosleep", EINTR, 0, false, true};
  on_call = [&](const std::string& call) { naps += call == "nanosleep 1000000" ? 1 : 0; };
  const auto late = home.attach_consumer({"audit", {}});
  EXPECT_EQ(std::exchange(naps, 0), 5000);
  const auto kept = home.forget("audit");
  EXPECT_EQ(naps, 5000);
  on_call = nullptr;
  planned = {};
  ASSERT_FALSE(late || kept);
  EXPECT_EQ(late.error().code, EBUSY);
  EXPECT_EQ(kept.error().code, EBUSY);
}

}  // namespace
}  // namespace shmfifo
