// SPDX-License-Identifier: MIT
// Goal: the memory limits of control groups are found and understood as kernels and container
// runtimes show them. Method: files of /proc and of the groups that exist only in the test.
#include "memory_limit.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>

namespace shmfifo::kernel {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;
constexpr const char* mount_one =
    "36 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
constexpr const char* mount_two = "41 31 0:38 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n";

// The files that a process sees, and what the limits among them allow.
class files {
 public:
  files(const std::string& groups, const std::string& mounts) {
    add("/proc/self/cgroup", groups);
    add("/proc/self/mountinfo", "22 27 0:21 / /proc rw,relatime - proc proc rw\n" + mounts +
                                    "25 24 0:23 / /dev/shm rw - tmpfs tmpfs rw\n");
  }
  files& add(const std::string& path, const std::string& text) {
    texts_[path] = text;
    return *this;
  }
  files& mebibytes(const std::string& path, std::uint64_t count) {
    return add(path, std::to_string(count * mebibyte) + "\n");
  }
  // A group of version 1, or 2; in MiB.
  files& one(const std::string& directory, std::uint64_t limit, std::uint64_t usage) {
    return mebibytes(directory + "/memory.limit_in_bytes", limit)
        .mebibytes(directory + "/memory.usage_in_bytes", usage);
  }
  files& two(const std::string& directory, std::uint64_t limit, std::uint64_t usage) {
    return mebibytes(directory + "/memory.max", limit)
        .mebibytes(directory + "/memory.current", usage);
  }
  [[nodiscard]] result<void> allow(std::uint64_t count) const {
    return allow_bytes(count * mebibyte);
  }
  [[nodiscard]] result<void> allow_bytes(std::uint64_t count) const {
    const auto read = [this](const std::string& path) -> std::optional<std::string> {
      const auto found = texts_.find(path);
      if (found == texts_.end()) return std::nullopt;
      return found->second;
    };
    return memory_limits(read).allow(count);
  }
  // The most that is allowed; 1 TiB if nothing limits.
  [[nodiscard]] std::uint64_t room() const {
    std::uint64_t count = 0;
    for (std::uint64_t bit = std::uint64_t{1} << 20; bit != 0; bit /= 2) {
      if (allow(count + bit)) count += bit;
    }
    return count;
  }

 private:
  std::map<std::string, std::string> texts_;
};

constexpr std::uint64_t no_limit = (1 << 21) - 1;

// Every limit on the way up counts, and the tightest decides.
TEST(memory_limit, G10_of_both_versions_holds_up_the_tree) {
  files one("4:memory:/a/b\n1:cpu:/\n0::/\n", mount_one);
  one.one("/sys/fs/cgroup/memory/a/b", 300, 10).one("/sys/fs/cgroup/memory/a", 200, 20);
  EXPECT_EQ(one.room(), 178U);  // less what the kernel needs itself
  one.one("/sys/fs/cgroup/memory", 150, 30);
  EXPECT_EQ(one.room(), 119U);
  files two("0::/a/b\n", mount_two);
  two.two("/sys/fs/cgroup/a/b", 300, 10).two("/sys/fs/cgroup/a", 200, 20);
  EXPECT_EQ(two.room(), 178U);
  two.two("/sys/fs/cgroup/a/b", 100, 120);
  EXPECT_EQ(two.room(), 0U);
}

TEST(memory_limit, G10_is_refused_with_both_values_the_file_and_the_cure) {
  files seen("0::/a\n", mount_two);
  const auto allowed = seen.two("/sys/fs/cgroup/a", 64, 16).allow(100);
  ASSERT_FALSE(allowed);
  EXPECT_EQ(allowed.error().code, ENOMEM);
  EXPECT_STREQ(allowed.error().rule, "memory_limit");
  const std::string text =
      "the segment needs 104857600 more bytes of memory, but this container (control group) has a "
      "limit of 67108864 bytes, of which 16777216 are in use. Raise the limit (Docker: --memory; "
      "Kubernetes: resources.limits.memory; systemd: MemoryMax), or ask for fewer slots. The limit "
      "is in /sys/fs/cgroup/";
  EXPECT_EQ(allowed.error().text, text + "a/memory.max");
  files old("4:memory:/\n", mount_one);
  EXPECT_EQ(old.one("/sys/fs/cgroup/memory", 64, 16).allow(100).error().text,
            text + "memory/memory.limit_in_bytes");
}

// The kernel takes the pages of files back before it ends anybody.
TEST(memory_limit, G10_does_not_count_the_pages_of_files_as_used) {
  files two("0::/\n", mount_two);
  two.two("/sys/fs/cgroup", 200, 190);
  two.add("/sys/fs/cgroup/memory.stat",
          "anon 1\ninactive_file 52428800\nactive_file 52428800\nslab 1\n");
  EXPECT_EQ(two.room(), 109U);
  files one("4:memory:/\n", mount_one);
  one.one("/sys/fs/cgroup/memory", 200, 190);
  one.add("/sys/fs/cgroup/memory/memory.stat",
          "inactive_file 1\nactive_file 1\ntotal_inactive_file 104857600\ntotal_active_file 0\n");
  EXPECT_EQ(one.room(), 109U);
}

// With free swap space nobody is ended at the limit of memory.
TEST(memory_limit, G10_counts_swap_space_that_is_free_and_allowed) {
  files two("0::/\n", mount_two);
  two.two("/sys/fs/cgroup", 100, 0).add("/proc/meminfo", "MemFree: 1 kB\nSwapFree: 204800 kB\n");
  EXPECT_EQ(two.room(), 297U);
  two.mebibytes("/sys/fs/cgroup/memory.swap.max", 60);
  two.mebibytes("/sys/fs/cgroup/memory.swap.current", 10);
  EXPECT_EQ(two.room(), 148U);
  two.add("/sys/fs/cgroup/memory.swap.max", "max\n");
  EXPECT_EQ(two.room(), 297U);
  files one("4:memory:/\n", mount_one);
  one.one("/sys/fs/cgroup/memory", 100, 0).add("/proc/meminfo", "SwapFree: 204800 kB\n");
  EXPECT_EQ(one.room(), 297U);
  one.mebibytes("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", 120);
  one.mebibytes("/sys/fs/cgroup/memory/memory.memsw.usage_in_bytes", 20);
  EXPECT_EQ(one.room(), 99U);
  // Of what the second limit counts, the pages of files can be taken back, too.
  one.add("/sys/fs/cgroup/memory/memory.stat", "total_inactive_file 10485760\n");
  EXPECT_EQ(one.room(), 109U);
}

// A file that says how much is in use may be missing: then nothing is.
TEST(memory_limit, G10_allows_the_last_byte_and_no_more) {
  constexpr std::uint64_t size = 128 * 1024;  // for which the kernel needs another KiB
  const auto allows_exactly = [](files& seen, const std::string& path, std::uint64_t room) {
    seen.add(path, std::to_string(room));
    const bool enough = bool(seen.allow_bytes(size));
    seen.add(path, std::to_string(room - 1));
    return enough && !seen.allow_bytes(size);
  };
  files two("0::/\n", mount_two);
  two.two("/sys/fs/cgroup", 0, 0);
  EXPECT_TRUE(allows_exactly(two, "/sys/fs/cgroup/memory.max", size + 1024));
  two.two("/sys/fs/cgroup", 0, 0).add("/proc/meminfo", "SwapFree: 204800 kB\n");
  EXPECT_TRUE(allows_exactly(two, "/sys/fs/cgroup/memory.swap.max", size + 1024));
  files one("4:memory:/\n", mount_one);
  one.one("/sys/fs/cgroup/memory", 0, 0);
  EXPECT_TRUE(allows_exactly(one, "/sys/fs/cgroup/memory/memory.limit_in_bytes", size + 1024));
  one.one("/sys/fs/cgroup/memory", 100, 0);
  EXPECT_TRUE(
      allows_exactly(one, "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", size + 1024));
}

// Docker with version 1 shows the host's path and mounts the group itself.
TEST(memory_limit, G10_is_found_where_the_mount_shows_only_a_part_of_the_hierarchy) {
  files seen("4:cpu,memory:/docker/1f/app\n",
             "36 31 0:32 /docker/1f /sys/fs/cgroup/memory ro - cgroup cgroup rw,cpu,memory\n");
  seen.one("/sys/fs/cgroup/memory/app", 90, 0).one("/sys/fs/cgroup/memory", 100, 50);
  EXPECT_EQ(seen.room(), 49U);
}

// A group's path is relative to the cgroup namespace, and ".." leads out of it.
TEST(memory_limit, G10_is_found_in_a_namespace_of_control_groups) {
  files own("0::/\n", mount_two);
  EXPECT_EQ(own.two("/sys/fs/cgroup", 100, 0).room(), 99U);
  files from_outside("0::/a\n", "41 31 0:38 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(from_outside.two("/sys/fs/cgroup", 100, 0).room(), 99U);
  files moved_out("0::/../b\n", "41 31 0:38 /.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(moved_out.two("/sys/fs/cgroup/b", 100, 0).room(), 99U);
}

// Another group's limit is none of this process's.
TEST(memory_limit, G10_of_other_groups_is_ignored) {
  files outside("0::/../b\n", mount_two);
  EXPECT_EQ(outside.two("/sys/fs/cgroup", 100, 0).room(), no_limit);
  files neighbour("0::/b\n", "41 31 0:38 /a /mnt rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(neighbour.two("/mnt", 100, 0).two("/mnt/b", 100, 0).room(), no_limit);
  files similar("0::/ab\n", "41 31 0:38 /a /mnt rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(similar.two("/mnt", 100, 0).two("/mntb", 100, 0).room(), no_limit);
}

// Systemd's mixture: memory is counted by version 1, and version 2 is there without it.
TEST(memory_limit, G10_of_version_1_holds_beside_a_version_2_without_memory) {
  files seen("4:memory:/user\n0::/user\n",
             std::string("41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
                         "39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n") +
                 mount_one);
  EXPECT_EQ(seen.room(), no_limit);
  EXPECT_EQ(seen.one("/sys/fs/cgroup/memory/user", 100, 0).room(), 99U);
}

TEST(memory_limit, G10_that_is_unlimited_missing_or_nonsense_limits_nothing) {
  files unlimited("4:memory:/\n0::/\n", std::string(mount_one) + mount_two);
  unlimited.add("/sys/fs/cgroup/memory.max", "max\n").add("/sys/fs/cgroup/memory.current", "5\n");
  unlimited.add("/sys/fs/cgroup/memory/memory.usage_in_bytes", "62300160\n");
  unlimited.add("/proc/meminfo", "SwapFree: 204800 kB\n");
  for (const char* highest : {"9223372036854771712\n", "18446744073709551615\n"}) {
    unlimited.add("/sys/fs/cgroup/memory/memory.limit_in_bytes", highest);
    EXPECT_EQ(unlimited.room(), no_limit) << highest;
  }
  files nonsense("0::/a\n\nx\n::\n", std::string(mount_two) + " - cgroup\n - cgroup2 x y\nx\n");
  nonsense.add("/sys/fs/cgroup/a/memory.max", "much\n")
      .mebibytes("/sys/fs/cgroup/a/memory.current", 5);
  nonsense.mebibytes("/sys/fs/cgroup/memory.max", 5).add("/sys/fs/cgroup/memory.current", "");
  EXPECT_EQ(nonsense.room(), no_limit);
  EXPECT_FALSE(files("0:cpu:/\n0::/\n", mount_two)
                   .two("/sys/fs/cgroup", 5, 0)
                   .allow_bytes(segment_size_max));
  EXPECT_EQ(files("0::/a\n", "41 31 0:38 / /sys/odd\\name rw - cgroup2 cgroup2 rw\n")
                .two("/sys/odd\\name/a", 5, 0)
                .room(),
            4U);
  EXPECT_EQ(files("0::/a\n", "41 31 0:38 /a /sys/own rw - cgroup2 cgroup2 rw\n")
                .two("/sys/own", 5, 0)
                .room(),
            4U);
  EXPECT_EQ(files("0::/../b\n", "41 31 0:38 /../.. /sys/up rw - cgroup2 cgroup2 rw\n")
                .two("/sys/up", 5, 0)
                .room(),
            no_limit);
  const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
  EXPECT_TRUE(memory_limits(nothing).allow(UINT64_MAX));
}

TEST(memory_limit, is_found_below_a_mount_with_a_space_in_its_name) {
  files seen("0::/\n", "41 31 0:38 / /my\\040groups\\x rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(seen.two("/my groups\\x", 100, 0).room(), 99U);
  files digits("0::/\n", "41 31 0:38 / /\\0407\\1347\\04x\\04 rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(digits.two("/ 7\\7\\04x\\04", 100, 0).room(), 99U);
}

}  // namespace
}  // namespace shmfifo::kernel
