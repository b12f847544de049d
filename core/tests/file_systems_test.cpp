// SPDX-License-Identifier: MIT
// Goal: what file systems and mappings of segments may lack, or have to offer. Method: file systems
// of a child's own, in a mount namespace that ends with it.
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <filesystem>
#include <fstream>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::must;
using testing::put;
using testing::small;

// A small tmpfs over /dev/shm, in a mount namespace of the child's own.
TEST(file_systems, G10_no_space_is_an_error_of_create_and_leaves_nothing) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    if (::mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=1m") != 0) return 51;
    geometry shape = small(segment_mode::ring, full_policy::overwrite);
    shape.slot_count = 1 << 20;
    const auto created = segment::create("big", shape);
    if (created || created.error().code != ENOSPC) return 1;
    if (std::string(created.error().rule) != "fallocate") return 2;
    if (segment::attach("big").error().code != ENOENT) return 3;
    // What fits is reserved: filling the rest of the tmpfs afterwards does no harm.
    shape.slot_count = 4096;
    auto home = segment::create("fits", shape);
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

// The same errno has many causes, and only one of them helps.
TEST(file_systems, G10_a_refusal_by_a_file_system_names_its_own_cause) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    const auto says = [](const char* type, unsigned long flags, const char* with,
                         const char* cause) {
      if (::mount(type, "/dev/shm", type, flags, with) != 0) return false;
      ::close(::open("/dev/shm/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      const auto home = segment::create("any", small(segment_mode::ring));
      ::umount("/dev/shm");
      return !home && home.error().text.find(cause) != std::string::npos;
    };
    if (!says("tmpfs", 0, "nr_inodes=2", "no inode left")) return 1;
    if (!says("tmpfs", MS_RDONLY, "", "mounted read-only")) return 2;
    if (!says("tmpfs", 0, "size=4k", "file system is full")) return 3;
    return says("ramfs", 0, "", "cannot reserve memory") ? 0 : 4;
  });
  EXPECT_EQ(confined.join(), 0);
}

// So that modes count for root, too.
bool drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  return ::syscall(SYS_capset, &header, none) == 0;
}

// Nothing has the name, but the directory cannot be searched.
TEST(file_systems, G10_a_directory_that_cannot_be_searched_is_no_taken_name) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    if (::mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=1m,mode=777") != 0) return 51;
    if (::symlink("circle", "/dev/shm/circle") != 0) return 52;
    const geometry shape = small(segment_mode::ring);
    create_options options;
    options.directory = "/dev/shm/circle";
    const auto circle = segment::create("test", shape, options);
    if (circle || circle.error().code != ELOOP) return 1;
    if (circle.error().text.find("too many symbolic links") == std::string::npos) return 2;
    options.directory = "";
    if (::chmod("/dev/shm", 0) != 0 || !drop_capabilities()) return 53;
    const auto closed = segment::create("test", shape, options);
    if (closed || closed.error().code != EACCES) return 4;
    return closed.error().text.find("may not make or list files") != std::string::npos ? 0 : 5;
  });
  EXPECT_EQ(confined.join(), 0);
}

// A load from a hole can be the one for which there is no memory left.
TEST(file_systems, G10_a_file_with_holes_is_reserved_by_writers_and_refused_by_readers) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    if (::mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=1m") != 0) return 51;
    geometry shape = small(segment_mode::ring, full_policy::overwrite);
    shape.slot_count = 8192;  // half of the file system
    static_cast<void>(must(segment::create("original", shape)));
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
    if (observed || observed.error().rule != std::string("reserved")) return 1;
    const std::string values = "found 4096, expected " + std::to_string(size);
    if (observed.error().text.find(values) == std::string::npos) return 2;
    if (segment::attach("restored").error().code != ENOSPC) return 3;
    original.close();
    if (!segment::remove("original") || !segment::attach("restored")) return 4;
    return segment::attach("restored", reading) ? 0 : 5;
  });
  EXPECT_EQ(confined.join(), 0);
}

// On a file system of the test's own, which gives huge pages on request. Where the kernel has none,
// core.failing_calls.G10_huge_pages_are_advised_and_touched_before_they_are_reserved shows the
// order of the calls.
TEST(file_systems, G10_huge_pages_are_obtained_where_the_file_system_has_them) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    const bool possible = ::mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=64m,huge=advise") == 0;
    geometry shape = small(segment_mode::log);
    create_options options;
    shape.content_size = 1 << 20;
    shape.slot_count = 20;
    options.directory = possible ? "/dev/shm" : "";
    const testing::unique_name small_pages;
    const testing::unique_name huge_pages;
    if (must(must(segment::create(small_pages.get(), shape, options)).stat()).huge_bytes != 0)
      return 1;
    options.huge_pages = true;
    const auto home = must(segment::create(huge_pages.get(), shape, options));
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

TEST(file_systems, core_dumps_leave_segments_out_unless_asked) {
  const testing::unique_name name;
  const auto left_out = [&] {
    return mapping_flags(name.path()).find(" dd ") != std::string::npos;
  };
  const geometry shape = small(segment_mode::ring);
  create_options options;
  options.existing = if_exists::attach;
  attach_options attaching;
  for (const bool dump : {false, true}) {
    options.dump = attaching.dump = dump;
    const auto made = segment::create(name.get(), shape, options);
    EXPECT_EQ(left_out(), !dump);
  }
  for (const bool dump : {false, true}) {
    options.dump = attaching.dump = dump;
    const auto attached = segment::attach(name.get(), attaching);
    EXPECT_EQ(left_out(), !dump);
  }
}

TEST(file_systems, G10_another_directory_holds_names_of_its_own) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    if (::mount("tmpfs", "/mnt", "tmpfs", 0, "size=1m") != 0) return 51;
    const geometry shape = small(segment_mode::ring);
    create_options options;
    options.directory = "/mnt";
    const testing::unique_name name;
    auto home = segment::create(name.get(), shape, options);
    if (!home || ::access(("/mnt/" + name.get()).c_str(), F_OK) != 0) return 1;
    if (name.exists() || segment::attach(name.get())) return 2;
    attach_options there;
    there.directory = "/mnt";
    if (!segment::attach(name.get(), there) || !home->attach_producer()) return 3;
    if (must(list_segments("/mnt")) != std::vector{name.get()}) return 4;
    if (segment::create(name.get(), shape, options).error().code != EEXIST) return 5;
    return segment::remove(name.get(), "/mnt") && must(list_segments("/mnt")).empty() ? 0 : 6;
  });
  EXPECT_EQ(confined.join(), 0);
}

TEST(file_systems, G10_a_bad_directory_is_refused_and_named) {
  const geometry shape = small(segment_mode::ring);
  create_options options;
  for (const std::string& bad :
       {std::string("dev/shm"), std::string("."), std::string("/dev/shm\0x", 10)}) {
    options.directory = bad;
    EXPECT_STREQ(segment::create("any", shape, options).error().rule, "directory") << bad;
    EXPECT_STREQ(segment::remove("any", bad).error().rule, "directory") << bad;
    EXPECT_STREQ(list_segments(bad).error().rule, "directory") << bad;
  }
  const std::pair<const char*, int> useless[] = {
      {"/nowhere/at all", ENOENT}, {"/proc/version", ENOTDIR}, {"/proc", EOPNOTSUPP}};
  for (const auto& [directory, code] : useless) {
    options.directory = directory;
    const auto home = segment::create("any", shape, options);
    ASSERT_FALSE(home) << directory;
    EXPECT_EQ(home.error().code, code) << directory;
    EXPECT_NE(home.error().text.find(directory), std::string::npos) << home.error().text;
  }
}

// As before a container's /proc is mounted, or in a foreign mount namespace.
TEST(file_systems, G10_without_proc_a_segment_is_created_or_the_cause_is_named) {
  const testing::unique_name name;
  child confined([&] {
    if (!testing::enter_private_mounts()) return 50;
    if (::mount("tmpfs", "/proc", "tmpfs", 0, "size=1m") != 0) return 51;
    const int file = ::open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    const bool possible =
        ::linkat(file, "", AT_FDCWD, (name.path() + "-probe").c_str(), AT_EMPTY_PATH) == 0;
    ::unlink((name.path() + "-probe").c_str());
    const auto home = segment::create(name.get(), small(segment_mode::ring));
    if (home) return possible && segment::attach(name.get()) ? 0 : 1;
    return !possible && home.error().text.find("mount /proc") != std::string::npos ? 0 : 2;
  });
  EXPECT_EQ(confined.join(), 0);
}

}  // namespace
}  // namespace shmfifo
