// SPDX-License-Identifier: MIT
// Goal: all memory of a segment is there from the beginning, as it was asked for, or a clear error
// says what is missing. Method: small file systems of the test's own, files with holes, and what
// the kernel notes of a mapping.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::must;
using testing::put;
using testing::small;

// checks G10: a small tmpfs over /dev/shm, in a mount namespace of the child's own
TEST(reservation, no_space_is_an_error_of_create_and_leaves_nothing) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    if (::mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=1m") != 0) return 51;
    create_options options = small(segment_mode::ring, full_policy::overwrite);
    options.slot_count = 1 << 20;
    const auto created = segment::create("big", options);
    if (created || created.failure().code != ENOSPC) return 1;
    if (std::string(created.failure().rule) != "fallocate") return 2;
    if (segment::attach("big").failure().code != ENOENT) return 3;
    // What fits is reserved: filling the rest of the tmpfs afterwards does no harm.
    options.slot_count = 4096;
    auto home = segment::create("fits", options);
    if (!home) return 4;
    const int filler = ::open("/dev/shm/filler", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    const std::vector<char> block(1 << 16, 'x');
    while (::write(filler, block.data(), block.size()) > 0) {
    }
    auto writer = home->attach_producer();
    if (!writer) return 5;
    for (std::uint64_t i = 0; i < 5000; ++i) {
      if (put(*writer, i) != status::ok) return 6;
    }
    return 0;
  });
  EXPECT_EQ(confined.join(), 0);
}

// checks G10: the same errno has many causes, and only one of them helps
TEST(reservation, a_refusal_by_a_file_system_names_its_own_cause) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    const auto says = [](const char* type, unsigned long flags, const char* with,
                         const char* cause) {
      if (::mount(type, "/dev/shm", type, flags, with) != 0) return false;
      ::close(::open("/dev/shm/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      const auto home = segment::create("any", small(segment_mode::ring));
      ::umount("/dev/shm");
      return !home && home.failure().text.find(cause) != std::string::npos;
    };
    if (!says("tmpfs", 0, "nr_inodes=2", "no inode left")) return 1;
    if (!says("tmpfs", MS_RDONLY, "", "mounted read-only")) return 2;
    if (!says("tmpfs", 0, "size=4k", "file system is full")) return 3;
    return says("ramfs", 0, "", "cannot reserve memory") ? 0 : 4;
  });
  EXPECT_EQ(confined.join(), 0);
}

// checks G10: a load from a hole can be the one for which there is no memory left
TEST(reservation, a_file_with_holes_is_reserved_by_writers_and_refused_by_readers) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    if (::mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=1m") != 0) return 51;
    create_options options = small(segment_mode::ring, full_policy::overwrite);
    options.slot_count = 8192;  // half of the file system
    static_cast<void>(must(segment::create("original", options)));
    std::ifstream original("/dev/shm/original", std::ios::binary);
    std::vector<char> page(4096);
    original.read(page.data(), 4096);
    const auto size = static_cast<off_t>(std::filesystem::file_size("/dev/shm/original"));
    const int restored = ::open("/dev/shm/restored", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (::ftruncate(restored, size) != 0 || ::write(restored, page.data(), 4096) != 4096) return 52;
    const int filler = ::open("/dev/shm/filler", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    while (::write(filler, page.data(), page.size()) > 0) {
    }
    attach_options reading;
    reading.mode = access::read_only;
    const auto observed = segment::attach("restored", reading);
    if (observed || observed.failure().rule != std::string("reserved")) return 1;
    const std::string values = "found 4096, expected " + std::to_string(size);
    if (observed.failure().text.find(values) == std::string::npos) return 2;
    if (segment::attach("restored").failure().code != ENOSPC) return 3;
    original.close();
    if (!segment::remove("original") || !segment::attach("restored")) return 4;
    return segment::attach("restored", reading) ? 0 : 5;
  });
  EXPECT_EQ(confined.join(), 0);
}

// checks G10: on a file system of the test's own, which gives huge pages to whom asks for them.
// Where the kernel has none, core.failing_calls.huge_pages_are_advised_and_touched_before_they_are_
// reserved shows the order of the calls.
TEST(reservation, huge_pages_are_obtained_where_the_file_system_has_them) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    const bool possible = ::mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=64m,huge=advise") == 0;
    create_options options = small(segment_mode::log);
    options.content_size = 1 << 20;
    options.slot_count = 20;
    options.directory = possible ? "/dev/shm" : "";
    const testing::unique_name small_pages;
    const testing::unique_name huge_pages;
    if (must(must(segment::create(small_pages.get(), options)).stat()).huge_bytes != 0) return 1;
    options.huge_pages = true;
    const auto home = must(segment::create(huge_pages.get(), options));
    attach_options attaching;
    attaching.huge_pages = attaching.pretouch = true;
    const auto other = must(segment::attach(huge_pages.get(), attaching));
    const std::uint64_t found = must(other.stat()).huge_bytes;
    if (!possible) return found == 0 ? 0 : 2;
    return found >= 2 << 20 && found <= must(home.stat()).segment_size ? 0 : 3;
  });
  EXPECT_EQ(confined.join(), 0);
}

// What the kernel notes of the mapping of a file, in two letters each.
std::string mapping_flags(const std::string& path) {
  struct ::stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return "";
  const std::string inode = " " + std::to_string(facts.st_ino) + " ";
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find(inode) != std::string::npos) inside = true;
    if (inside && line.starts_with("VmFlags:")) return line + " ";
  }
  return "";
}

TEST(reservation, core_dumps_leave_segments_out_unless_asked) {
  const testing::unique_name name;
  const auto left_out = [&] {
    return mapping_flags(name.path()).find(" dd ") != std::string::npos;
  };
  create_options options = small(segment_mode::ring);
  options.existing = if_exists::attach;
  attach_options attaching;
  for (const bool dump : {false, true}) {
    options.dump = attaching.dump = dump;
    const auto made = segment::create(name.get(), options);
    EXPECT_EQ(left_out(), !dump);
  }
  for (const bool dump : {false, true}) {
    options.dump = attaching.dump = dump;
    const auto attached = segment::attach(name.get(), attaching);
    EXPECT_EQ(left_out(), !dump);
  }
}

// checks G10
TEST(reservation, more_than_the_limit_of_file_size_is_an_error_and_no_signal) {
  const testing::unique_name name;
  child confined([&] {
    rlimit limit{};
    if (::getrlimit(RLIMIT_FSIZE, &limit) != 0) return 50;
    const rlimit before = limit;
    limit.rlim_cur = 1000;
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 51;
    const auto home = segment::create(name.get(), small(segment_mode::ring));
    if (home || home.failure().code != EFBIG || name.exists()) return 1;
    return ::setrlimit(RLIMIT_FSIZE, &before);
  });
  EXPECT_EQ(confined.join(), 0);
}

TEST(reservation, pretouch_and_huge_pages_are_accepted) {
  const testing::unique_name name;
  create_options options =
      small(segment_mode::log, full_policy::reject, producer_role::single, 50000);
  options.pretouch = options.huge_pages = true;
  const auto home = must(segment::create(name.get(), options));
  const auto again = must(segment::attach(name.get(), {access::read_only, {}, true}));
  EXPECT_EQ(again.shape().slot_count, 50000U);
  EXPECT_FALSE(again.writable());
}

}  // namespace
}  // namespace shmfifo
