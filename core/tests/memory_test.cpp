// SPDX-License-Identifier: MIT
// Goal: memory is asked for in the amounts and pieces that are needed, no earlier and no more, and
// what is asked beforehand is exact. Method: file systems and limits with room for exactly as much
// as is needed, or a page less; the sizes of the calls.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <vector>

#include "support/testing.hpp"
#include "support/wrapped_calls.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::longest_uninterrupted;
using testing::must;
using testing::on_call;
using testing::planned;
using testing::small;

constexpr std::uint64_t page = 4096;

// A log of so many pages, one slot each but for the first page.
geometry of_pages(std::uint64_t pages) {
  geometry shape = small(segment_mode::log);
  shape.content_size = page - content_offset;
  shape.slot_count = pages - 1;
  return shape;
}

// The calls whose text begins so, without that; a line for each.
template <class Operation>
std::string calls_of(const std::string& beginning, const Operation& operation) {
  std::string calls;
  on_call = [&](const std::string& call) {
    if (call.starts_with(beginning)) calls += call.substr(beginning.size()) + "\n";
  };
  operation();
  on_call = nullptr;
  return calls;
}

const std::string reservations = "fallocate unnamed(rw) 0 ";

TEST(memory, G10_is_reserved_in_pieces_of_16_mib_and_populated_before_by_the_same_ones) {
  const testing::unique_name name;
  create_options options;
  options.huge_pages = true;
  const auto create = [&] {
    static_cast<void>(must(segment::create(name.get(), of_pages(10241), options)));
    ASSERT_TRUE(segment::remove(name.get()));
  };
  EXPECT_EQ(calls_of(reservations, create), "0 16777216\n16777216 16777216\n33554432 8392704\n");
  EXPECT_EQ(calls_of("madvise MADV_POPULATE_WRITE ", create),
            "0 16777216\n16777216 16777216\n33554432 8392704\n");
}

// Halves are whole pages, and one page is the least.
TEST(memory, G10_an_interrupted_piece_is_tried_again_by_half) {
  const testing::unique_name name;
  const auto create = [&](std::uint64_t pages, off_t longest) {
    longest_uninterrupted = longest;
    std::string code;
    const std::string calls = calls_of(reservations, [&] {
      const auto home = segment::create(name.get(), of_pages(pages));
      code = home ? "" : "error " + std::to_string(home.error().code);
    });
    longest_uninterrupted = 0;
    static_cast<void>(segment::remove(name.get()));
    return calls + code;
  };
  EXPECT_EQ(create(5, 3 * page), "0 8192\n8192 12288\n");
  EXPECT_EQ(create(3, page), "0 4096\n4096 4096\n8192 4096\n");
  EXPECT_EQ(create(4, 2 * page), "0 8192\n8192 8192\n");
  // The half of a piece that is no whole pages; sizes at which a page is counted as a byte less.
  EXPECT_EQ(create(4095, 2047 * page), "0 8384512\n8384512 4194304\n12578816 4194304\n");
  EXPECT_EQ(create(3, page - 1), "error " + std::to_string(EINTR));
}

TEST(memory, G10_a_file_system_with_exactly_the_room_is_enough_and_a_page_less_is_refused_at_once) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    if (::mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=1m") != 0) return 51;
    const auto reserved = [&](std::uint64_t pages, int code) {
      int answer = 0;
      const std::string calls = calls_of("fallocate", [&] {
        const auto home = segment::create("test", of_pages(pages));
        answer = home ? 0 : home.error().code;
      });
      return answer == code && calls.empty() == (code != 0);
    };
    if (!reserved(257, ENOSPC) || !reserved(256, 0)) return 1;
    if (!segment::remove("test")) return 2;
    static_cast<void>(must(segment::create("half", of_pages(128))));
    return reserved(129, ENOSPC) && reserved(128, 0) ? 0 : 3;  // of what is free, not of all
  });
  EXPECT_EQ(confined.join(), 0);
}

TEST(memory, G10_a_file_as_long_as_the_limit_of_file_size_is_made) {
  const testing::unique_name name;
  child limited([&] {
    rlimit limit{};
    if (::getrlimit(RLIMIT_FSIZE, &limit) != 0) return 50;
    const auto code = [&](rlim_t size) {
      limit.rlim_cur = size;
      if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return -1;
      const auto home = segment::create(name.get(), of_pages(3));
      limit.rlim_cur = limit.rlim_max;
      ::setrlimit(RLIMIT_FSIZE, &limit);
      return home ? 0 : home.error().code;
    };
    return code(3 * page - 1) == EFBIG && code(3 * page) == 0 ? 0 : 1;
  });
  EXPECT_EQ(limited.join(), 0);
}

// A file of which the first pages have memory and the others are holes.
void restore_with_holes(const std::string& from, const std::string& to, std::uint64_t size,
                        std::uint64_t reserved) {
  std::vector<char> bytes(reserved);
  std::ifstream(from, std::ios::binary).read(bytes.data(), static_cast<long>(reserved));
  std::ofstream(to, std::ios::binary).write(bytes.data(), static_cast<long>(reserved));
  ASSERT_EQ(::truncate(to.c_str(), static_cast<off_t>(size)), 0);
}

TEST(memory, G10_for_holes_only_what_they_miss_is_needed) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    for (const char* there : {"/mnt", "/dev/shm"}) {
      if (::mount("tmpfs", there, "tmpfs", 0, "size=1m") != 0) return 51;
    }
    create_options elsewhere;
    elsewhere.directory = "/mnt";
    static_cast<void>(must(segment::create("original", of_pages(160), elsewhere)));
    const auto attached = [&](std::uint64_t reserved, std::uint64_t others, access mode) {
      restore_with_holes("/mnt/original", "/dev/shm/restored", 160 * page, reserved * page);
      std::ofstream("/dev/shm/others") << std::string(others * page, 'x');
      attach_options options;
      options.mode = mode;
      std::string told;
      const std::string calls = calls_of("fallocate", [&] {
        const auto home = segment::attach("restored", options);
        told = home ? "ok" : home.error().rule;
      });
      ::unlink("/dev/shm/restored");
      ::unlink("/dev/shm/others");
      return told + (calls.empty() ? "" : " reserves");
    };
    if (attached(100, 96, access::read_write) != "ok reserves") return 1;  // 60 miss, 60 are free
    if (attached(100, 97, access::read_write) != "fallocate") return 2;
    if (attached(20, 116, access::read_write) != "fallocate") return 3;  // 140 miss, 120 are free
    if (attached(160, 96, access::read_write) != "ok") return 4;
    if (attached(160, 96, access::read_only) != "ok") return 5;
    return attached(159, 0, access::read_only) == "reserved" ? 0 : 6;
  });
  EXPECT_EQ(confined.join(), 0);
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

// The group's use grows by what each piece adds, and what is left to reserve shrinks with it.
TEST(memory, G10_a_limit_with_exactly_the_room_is_enough_and_a_byte_less_is_refused) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    const testing::unique_name name;
    const testing::unique_name holes;
    const geometry shape = of_pages(10240);  // 40 MiB
    static_cast<void>(must(segment::create(name.get(), shape)));
    restore_with_holes(name.path(), holes.path(), 10240 * page, 20 << 20);
    if (::mount("tmpfs", "/proc", "tmpfs", 0, "size=1m") != 0) return 51;
    ::mkdir("/proc/self", 0700);
    write_file("/proc/self/cgroup", "0::/\n");
    write_file("/proc/self/mountinfo", "41 31 0:38 / /proc rw - cgroup2 cgroup2 rw\n");
    // Room for so many bytes and what the kernel adds to them.
    const auto told = [&](std::uint64_t room, std::uint64_t reserved, auto act) {
      write_file("/proc/memory.max", std::to_string(room + room / 128));
      write_file("/proc/memory.current", "0");
      on_call = [&](const std::string& call) {
        std::istringstream words(call);
        std::string name_of_call, file;
        std::uint64_t mode = 0, at = 0, size = 0;
        if (words >> name_of_call >> file >> mode >> at >> size; name_of_call != "fallocate")
          return;
        const std::uint64_t used = std::max(at + size, reserved) - reserved;
        write_file("/proc/memory.current", std::to_string(used + used / 128));
      };
      const auto home = act();
      on_call = nullptr;
      return std::string(home ? "ok" : home.error().rule);
    };
    const auto create = [&] { return segment::create(name.get() + "-2", shape); };
    const auto attach = [&] { return segment::attach(holes.get()); };
    constexpr std::uint64_t mebibyte = 1 << 20;
    if (told(40 * mebibyte - 128, 0, create) != "memory_limit") return 1;
    if (told(40 * mebibyte, 0, create) != "ok") return 2;
    if (!segment::remove(name.get() + "-2")) return 3;
    if (told(20 * mebibyte - 128, 20 * mebibyte, attach) != "memory_limit") return 4;
    return told(20 * mebibyte, 20 * mebibyte, attach) == "ok" ? 0 : 5;
  });
  EXPECT_EQ(confined.join(), 0);
}

// The amounts that smaps gives, of the segment's own mappings alone, whichever of the two words the
// kernel uses. A page of each huge one is mapped before, or smaps would not count it.
TEST(memory, huge_pages_are_counted_within_the_mapping) {
  child confined([] {
    if (!testing::enter_private_mounts()) return 50;
    const testing::unique_name name;
    const testing::unique_name smallest;
    const auto home = must(segment::create(name.get(), of_pages(1537)));  // 6 MiB and a page
    const auto two_mebibytes = must(segment::create(smallest.get(), of_pages(512)));
    if (::mount("tmpfs", "/proc", "tmpfs", 0, "size=1m") != 0) return 51;
    ::mkdir("/proc/self", 0700);
    const auto at = [&](std::intptr_t offset, const std::string& figures) {
      const auto base = reinterpret_cast<std::intptr_t>(&home.view().control()) - 256;
      char line[100];
      std::snprintf(line, sizeof line, "%lx-ffffffffffff rw-s 00000000 00:01 7 /dev/shm/x\n",
                    static_cast<unsigned long>(base + offset));
      return line + ("Size: 999 kB\n" + figures + "VmFlags: rd wr\n");
    };
    constexpr std::intptr_t size = 1537 * page;
    write_file("/proc/self/smaps", at(-4096, "ShmemPmdMapped: 1 kB\n") +
                                       at(0, "ShmemPmdMapped:     2048 kB\n") +
                                       at(4096, "FilePmdMapped: 10 kB\nShmemPmdMapped: 0 kB\n") +
                                       at(size - 4096, "ShmemPmdMapped: 300 kB\n") +
                                       at(size, "ShmemPmdMapped: 5 kB\n"));
    std::uint64_t bytes = 0;
    const std::string calls =
        calls_of("madvise MADV_POPULATE_READ ", [&] { bytes = must(home.stat()).huge_bytes; });
    if (bytes != std::uint64_t{2358} * 1024) return 1;
    if (calls != "0 4096\n2097152 4096\n4194304 4096\n6291456 4096\n") return 2;
    const auto look = [&] { static_cast<void>(must(two_mebibytes.stat())); };
    if (calls_of("madvise MADV_POPULATE_READ ", look) != "0 4096\n") return 3;
    const auto below = must(segment::create(name.get() + "-2", of_pages(511)));
    if (!segment::remove(name.get() + "-2")) return 4;
    const auto look_below = [&] { static_cast<void>(must(below.stat())); };
    return calls_of("madvise", look_below).empty() ? 0 : 5;
  });
  EXPECT_EQ(confined.join(), 0);
}

// As before Linux 5.14: a load maps a page, and its neighbours at most.
TEST(memory, a_kernel_that_cannot_populate_maps_every_page_by_a_load) {
  const testing::unique_name name;
  planned = {"madvise", EINVAL, 0, false, true};
  create_options options;
  options.pretouch = true;
  const auto home = must(segment::create(name.get(), of_pages(1024), options));
  planned = {};
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  std::string mapped;
  const auto base = reinterpret_cast<std::uintptr_t>(&home.view().control()) - 256;
  for (std::string line; std::getline(maps, line);) {
    if (line.find(" rw-s ") != line.npos) {
      inside = std::stoull(line, nullptr, 16) == base;
    }
    if (inside && line.starts_with("Rss:") && mapped.empty()) mapped = line;
  }
  EXPECT_NE(mapped.find(" 4096 kB"), std::string::npos) << mapped;
}

}  // namespace
}  // namespace shmfifo
