// SPDX-License-Identifier: MIT
// Goal: creating and attaching either give a usable segment or a clear error, and leave nothing
// behind. Method: bad names and options, things of another kind in the name's place, missing
// rights, no space, no descriptors; what changes the whole process happens in a child.
#include "shmfifo/segment.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::look;
using testing::must;
using testing::put;
using testing::small;

bool no_memory = false;  // for whoever asks for an array and can do without it

std::string rule_of(const auto& r) {
  return r ? "none" : r.error().rule;
}

TEST(segment, G9_a_bad_name_is_refused) {
  const std::pair<std::string, int> names[] = {{"", EINVAL},
                                               {"/", EINVAL},
                                               {".", EINVAL},
                                               {"..", EINVAL},
                                               {".hidden", EINVAL},
                                               {"a/b", EINVAL},
                                               {"//a", EINVAL},
                                               {"../etc/passwd", EINVAL},
                                               {"a\nb", EINVAL},
                                               {"a\x7f", EINVAL},
                                               {std::string("a\0b", 3), EINVAL},
                                               {std::string(256, 'x'), ENAMETOOLONG}};
  for (const auto& [name, code] : names) {
    const auto created = segment::create(name, small(segment_mode::ring));
    ASSERT_FALSE(created) << name;
    EXPECT_EQ(created.error().code, code) << name;
    EXPECT_STREQ(created.error().rule, "name");
    EXPECT_EQ(rule_of(segment::attach(name)), "name");
    EXPECT_EQ(rule_of(segment::remove(name)), "name");
  }
  const testing::unique_name longest;
  const std::string padded = longest.get() + std::string(255 - longest.get().size(), 'x');
  EXPECT_TRUE(segment::create(padded, small(segment_mode::ring)));
  EXPECT_TRUE(segment::remove("/" + padded));  // the slash may be there or not
}

TEST(segment, G10_bad_geometry_is_refused_by_name) {
  const testing::unique_name name;
  const auto rule = [&](auto change) {
    geometry shape = small(segment_mode::ring);
    change(shape);
    return rule_of(segment::create(name.get(), shape));
  };
  EXPECT_EQ(rule([](auto& o) { o.slot_count = 0; }), "slot_count");
  EXPECT_EQ(rule([](auto& o) { o.slot_count = 3; }), "slot_count");
  EXPECT_EQ(rule([](auto& o) { o.slot_count = ~std::uint64_t{0}; }), "slot_count");
  EXPECT_EQ(rule([](auto& o) { o.content_size = 0; }), "content_size");
  EXPECT_EQ(rule([](auto& o) { o.content_size = content_size_max + 1; }), "content_size");
  EXPECT_EQ(rule([](auto& o) { o.participant_count = 0; }), "participant_count");
  EXPECT_EQ(rule([](auto& o) { o.participant_count = 257; }), "participant_count");
  EXPECT_EQ(
      rule_of(segment::create(name.get(), small(segment_mode::ring), {.permissions = 010000})),
      "permissions");
  EXPECT_EQ(rule([](auto& o) {
              o.mode = segment_mode::log;
              o.when_full = full_policy::wait;
            }),
            "full_policy");
  EXPECT_FALSE(name.exists());
}

TEST(segment, an_existing_name_is_refused_or_attached_as_asked) {
  const testing::unique_name name;
  const geometry shape = small(segment_mode::ring);
  create_options options;
  const auto first = must(segment::create(name.get(), shape, options));
  const auto second = segment::create(name.get(), shape, options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EEXIST);
  options.existing = if_exists::attach;
  EXPECT_EQ(must(must(segment::create(name.get(), shape, options)).stat()).uid,
            must(first.stat()).uid);
  const auto rule = [&](auto change) {
    geometry other = shape;
    change(other);
    return rule_of(segment::create(name.get(), other, options));
  };
  EXPECT_EQ(rule([](auto& o) { o.slot_count = 8; }), "slot_count");
  EXPECT_EQ(rule([](auto& o) { o.content_size = 17; }), "content_size");
  EXPECT_EQ(rule([](auto& o) { o.when_full = full_policy::wait; }), "full_policy");
  EXPECT_EQ(rule([](auto& o) { o.producers = producer_role::many; }), "producer_role");
  EXPECT_EQ(rule([](auto& o) { o.participant_count = 9; }), "participant_count");
  EXPECT_EQ(rule([](auto& o) { o.mode = segment_mode::log; }), "mode");
}

// A file that has the name and is no segment is neither attached to nor replaced.
TEST(segment, G9_a_name_that_something_else_has_is_refused) {
  const testing::unique_name name;
  std::ofstream(name.path()) << std::string(8192, 'x');
  const geometry shape = small(segment_mode::ring);
  create_options options;
  options.existing = if_exists::attach;
  EXPECT_EQ(rule_of(segment::create(name.get(), shape, options)), "magic");
  EXPECT_TRUE(name.exists());
}

TEST(segment, G13_another_record_size_is_refused_with_both_values) {
  const testing::unique_name name;
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  const auto attached = segment::attach(name.get(), {access::read_write, 1024, false});
  ASSERT_FALSE(attached);
  EXPECT_STREQ(attached.error().rule, "content_size");
  EXPECT_NE(attached.error().text.find("found 16, expected 1024"), std::string::npos);
  EXPECT_TRUE(segment::attach(name.get(), {access::read_write, 16, false}));
}

TEST(segment, G9_what_is_no_segment_is_refused) {
  const testing::unique_name name;
  EXPECT_EQ(segment::attach(name.get()).error().code, ENOENT);
  EXPECT_EQ(segment::remove(name.get()).error().code, ENOENT);
  ASSERT_EQ(::symlink("/etc/passwd", name.path().c_str()), 0);
  EXPECT_EQ(segment::attach(name.get()).error().code, ELOOP);
  EXPECT_FALSE(segment::create(name.get(), small(segment_mode::ring)));
  ASSERT_EQ(::unlink(name.path().c_str()), 0);
  ASSERT_EQ(::mkfifo(name.path().c_str(), 0600), 0);
  EXPECT_EQ(rule_of(segment::attach(name.get())), "file_type");  // and does not block
  ASSERT_EQ(::unlink(name.path().c_str()), 0);
  ASSERT_EQ(::mkdir(name.path().c_str(), 0700), 0);
  EXPECT_EQ(rule_of(segment::attach(name.get())), "file_type");
  EXPECT_EQ(rule_of(segment::attach(name.get(), {access::read_only, {}, false})), "file_type");
  ASSERT_EQ(::rmdir(name.path().c_str()), 0);
  const auto names = must(list_segments());
  EXPECT_EQ(std::count(names.begin(), names.end(), name.get()), 0);
}

TEST(segment, list_names_segments_only) {
  const testing::unique_name ours;
  const testing::unique_name foreign;
  static_cast<void>(must(segment::create(ours.get(), small(segment_mode::ring))));
  ::close(::open(foreign.path().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  const auto names = must(list_segments());
  EXPECT_EQ(std::count(names.begin(), names.end(), ours.get()), 1);
  EXPECT_EQ(std::count(names.begin(), names.end(), foreign.get()), 0);
}

TEST(segment, permissions_are_0600_or_as_asked_whatever_the_umask) {
  const testing::unique_name first;
  const testing::unique_name second;
  const mode_t mask = ::umask(0777);
  static_cast<void>(must(segment::create(first.get(), small(segment_mode::ring))));
  const geometry shape = small(segment_mode::ring);
  create_options options;
  options.permissions = 0644;
  static_cast<void>(must(segment::create(second.get(), shape, options)));
  ::umask(mask);
  struct ::stat facts {};
  ASSERT_EQ(::stat(first.path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600U);
  ASSERT_EQ(::stat(second.path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0644U);
}

TEST(segment, G10_somebody_without_rights_is_refused_and_may_observe_if_allowed) {
  const testing::unique_name closed;
  const testing::unique_name open;
  const geometry shape = small(segment_mode::ring);
  create_options options;
  static_cast<void>(must(segment::create(closed.get(), shape, options)));
  options.permissions = 0644;
  auto home = must(segment::create(open.get(), shape, options));
  auto writer = must(home.attach_producer());
  ASSERT_EQ(put(writer, 5), status::ok);
  child nobody([&] {
    // Effective ids, so that the end of the child is root's again, who may write what is counted.
    if (::setegid(65534) != 0 || ::seteuid(65534) != 0) return 50;
    if (segment::attach(closed.get()).error().code != EACCES) return 1;
    if (segment::attach(open.get()).error().code != EACCES) return 2;
    auto seen = segment::attach(open.get(), {access::read_only, {}, false});
    if (!seen) return 3;
    if (seen->attach_producer().error().code != EACCES) return 4;
    if (seen->attach_consumer().error().code != EACCES) return 5;
    if (seen->recover().error().code != EACCES) return 6;
    if (seen->forget("x").error().code != EACCES) return 7;
    auto reader = seen->attach_observer();
    if (!reader || look(*reader) != "0:5") return 8;
    auto stat = seen->stat();
    if (!stat || stat->participants.size() != 1 || !stat->participants[0].alive) return 9;
    return ::seteuid(0);
  });
  // Only root can become somebody else; without it there is nothing to test here.
  const int code = nobody.join();
  EXPECT_EQ(code, ::geteuid() == 0 ? 0 : 50);
}

// A wait that times out can ask why nobody comes.
TEST(segment, G11_a_name_that_is_removed_or_made_again_is_noticed) {
  const testing::unique_name name;
  const auto old = must(segment::create(name.get(), small(segment_mode::ring)));
  attach_options reading;
  reading.mode = access::read_only;
  const auto seen = must(segment::attach(name.get(), reading));
  EXPECT_EQ(must(old.check_name()), name_state::same);
  EXPECT_EQ(must(seen.check_name()), name_state::same);
  static_cast<void>(must(segment::remove(name.get())));
  EXPECT_EQ(must(old.check_name()), name_state::removed);
  const auto made = must(segment::create(name.get(), small(segment_mode::ring)));
  EXPECT_EQ(must(old.check_name()), name_state::replaced);
  EXPECT_EQ(must(seen.check_name()), name_state::replaced);
  EXPECT_EQ(must(made.check_name()), name_state::same);
  static_cast<void>(must(segment::remove(name.get())));
  ASSERT_EQ(::symlink("/dev/null", name.path().c_str()), 0);  // whatever it is: not this segment
  EXPECT_EQ(must(made.check_name()), name_state::replaced);
}

TEST(segment, G10_more_than_the_limit_of_file_size_is_an_error_and_no_signal) {
  const testing::unique_name name;
  child confined([&] {
    rlimit limit{};
    if (::getrlimit(RLIMIT_FSIZE, &limit) != 0) return 50;
    const rlimit before = limit;
    limit.rlim_cur = 1000;
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 51;
    const auto home = segment::create(name.get(), small(segment_mode::ring));
    if (home || home.error().code != EFBIG || name.exists()) return 1;
    return ::setrlimit(RLIMIT_FSIZE, &before);
  });
  EXPECT_EQ(confined.join(), 0);
}

TEST(segment, G10_no_descriptors_is_a_clear_error_and_the_next_try_works) {
  const testing::unique_name name;
  child poor([&] {
    rlimit few{};
    if (::getrlimit(RLIMIT_NOFILE, &few) != 0) return 51;
    for (rlim_t limit = 3;; ++limit) {
      few.rlim_cur = limit;
      if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return 50;
      auto home = segment::create(name.get(), small(segment_mode::ring));
      if (!home) {
        if (home.error().code != EMFILE || name.exists()) return 1;
        continue;
      }
      auto writer = home->attach_producer();
      if (writer) return limit > 4 ? 0 : 2;
      if (writer.error().code != EMFILE) return 3;
      if (!segment::remove(name.get())) return 4;
    }
  });
  EXPECT_EQ(poor.join(), 0);
}

TEST(segment, participant_lines_run_out_with_a_clear_error) {
  const testing::unique_name name;
  geometry shape = small(segment_mode::ring);
  shape.participant_count = 2;
  const auto home = must(segment::create(name.get(), shape));
  auto first = must(home.attach_consumer());
  {
    auto second = must(home.attach_consumer());
    const auto third = home.attach_consumer();
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, EUSERS);
    EXPECT_EQ(home.attach_producer().error().code, EUSERS);
    EXPECT_TRUE(home.attach_observer());  // needs no line
  }
  EXPECT_TRUE(home.attach_producer());  // the failed attempt did not keep the role
}

TEST(segment, a_second_single_producer_is_refused_with_the_pid_of_the_first) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  {
    const auto first = must(home.attach_producer());
    const auto second = home.attach_producer();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, EBUSY);
    EXPECT_NE(second.error().text.find(std::to_string(::getpid())), std::string::npos);
  }
  EXPECT_TRUE(home.attach_producer());
}

TEST(segment, a_removed_and_remade_segment_is_another_one) {
  const testing::unique_name name;
  const auto first = must(segment::create(name.get(), small(segment_mode::ring)));
  auto writer = must(first.attach_producer());
  ASSERT_TRUE(segment::remove(name.get()));
  const auto second = must(segment::create(name.get(), small(segment_mode::ring)));
  EXPECT_NE(must(first.stat()).uid, must(second.stat()).uid);
  ASSERT_EQ(put(writer, 1), status::ok);  // whoever has the first goes on with it
  auto reader = must(second.attach_consumer());
  EXPECT_EQ(look(reader), "empty");
  auto old_reader = must(first.attach_consumer());  // the name is not needed to take a role
  EXPECT_EQ(look(old_reader), "0:1");
}

TEST(segment, pretouch_and_huge_pages_are_accepted) {
  const testing::unique_name name;
  const geometry shape =
      small(segment_mode::log, full_policy::reject, producer_role::single, 50000);
  create_options options;
  options.pretouch = options.huge_pages = true;
  const auto home = must(segment::create(name.get(), shape, options));
  const auto again = must(segment::attach(name.get(), {access::read_only, {}, true}));
  EXPECT_EQ(again.shape().slot_count, 50000U);
  EXPECT_FALSE(again.writable());
}

TEST(segment, G10_no_memory_for_a_readers_buffer_is_an_error_and_takes_no_line) {
  const testing::unique_name name;
  const auto home =
      must(segment::create(name.get(), small(segment_mode::ring, full_policy::overwrite)));
  const testing::unique_name in_place;
  const auto lossless = must(segment::create(in_place.get(), small(segment_mode::ring)));
  no_memory = true;
  const auto observer = home.attach_observer();
  const auto reader = home.attach_consumer({"billing", {}});
  const bool needs_none = static_cast<bool>(lossless.attach_consumer());
  no_memory = false;
  EXPECT_TRUE(needs_none);  // it reads in place
  ASSERT_FALSE(observer);
  ASSERT_FALSE(reader);
  EXPECT_EQ(observer.error().code, ENOMEM);
  EXPECT_STREQ(reader.error().rule, "buffer");
  EXPECT_EQ(
      reader.error().text,
      "no memory for a reader's buffer of 16 bytes, the content size of '" + name.get() + "'");
  EXPECT_TRUE(must(home.stat()).participants.empty());
  EXPECT_TRUE(home.attach_consumer({"billing", {}}));
}

// Whoever says nothing gets what the headers say.
TEST(segment, what_is_not_asked_for_has_the_documented_value) {
  const geometry shape;
  EXPECT_EQ(shape.mode, segment_mode::ring);
  EXPECT_EQ(shape.when_full, full_policy::reject);
  EXPECT_EQ(shape.producers, producer_role::single);
  EXPECT_EQ(shape.slot_count, 1024U);
  EXPECT_EQ(shape.content_size, 1024U);
  EXPECT_EQ(shape.participant_count, 64U);
  const create_options creating;
  EXPECT_EQ(creating.permissions, 0600U);
  EXPECT_EQ(creating.existing, if_exists::refuse);
  EXPECT_FALSE(creating.pretouch || creating.huge_pages || creating.dump);
  const attach_options attaching;
  EXPECT_EQ(attaching.mode, access::read_write);
  EXPECT_FALSE(attaching.pretouch || attaching.huge_pages || attaching.dump);
  EXPECT_FALSE(attaching.content_size);
  for (const owner_rule& rule : {creating.owner, attaching.owner, owner_rule::caller_or_root()}) {
    EXPECT_EQ(rule.accepted, owner_rule::kind::caller_or_root);
    EXPECT_EQ(rule.uid, 0U);
  }
  for (const start_at& start : {consumer_options{}.start, start_at::oldest()}) {
    EXPECT_EQ(start.where, start_at::place::oldest);
    EXPECT_EQ(start.number, 0);
  }
  const participant_stat one;
  EXPECT_EQ(one.kind, participant_kind::none);
  EXPECT_FALSE(one.alive || one.holds_back);
  EXPECT_TRUE(one.index == 0 && one.pid == 0 && one.cursor == 0 && one.lag == 0);
  const segment_stat all;
  EXPECT_TRUE(all.uid == 0 && all.created_ns == 0 && all.segment_size == 0);
  EXPECT_TRUE(all.huge_bytes == 0 && all.producer_cursor == 0 && all.oldest == 0);
}

}  // namespace
}  // namespace shmfifo

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return shmfifo::no_memory ? nullptr : ::operator new[](size);
}
