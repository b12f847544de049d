// SPDX-License-Identifier: MIT
// The memory of segments: the part of system.hpp that reserves, maps and describes it.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "memory_limit.hpp"
#include "system.hpp"

namespace shmfifo::system {
namespace {

// Reserved at once. Before Linux 6.11 a signal undoes the whole call, and under a steady timer a
// call that takes longer than its period never succeeds.
constexpr std::uint64_t piece_size = std::uint64_t{16} << 20;

std::string describe(std::uint64_t size) {
  return "the segment (" + std::to_string(size) + " bytes)";
}

// Reserves the piece, or a part of it if signals leave no time for more. How many bytes; 0, with
// errno, if it fails.
std::uint64_t reserve_piece(const descriptor& file, std::uint64_t at, std::uint64_t size) {
  for (unsigned tries = 0; tries < interruptions_most; ++tries) {
    if (::fallocate(file.get(), 0, static_cast<off_t>(at), static_cast<off_t>(size)) == 0) {
      return size;
    }
    if (errno != EINTR) break;
    size = std::max(size / 2 / page_size * page_size, page_size);
  }
  return 0;
}

}  // namespace

result<done> reserve(const descriptor& file, const location& where, std::uint64_t size) {
  // Both limits are asked about first: the kernel would answer with a signal.
  rlimit largest{RLIM_INFINITY, RLIM_INFINITY};
  static_cast<void>(::getrlimit(RLIMIT_FSIZE, &largest));
  const std::string about = describe(size) + " in " + where.directory;
  if (size > largest.rlim_cur) return failed(EFBIG, "fallocate", about);
  const memory_limits limits;
  for (std::uint64_t at = 0; at < size;) {
    if (auto allowed = limits.allow(size - at); !allowed) return allowed;
    const std::uint64_t reserved = reserve_piece(file, at, std::min(piece_size, size - at));
    if (reserved == 0) return failed_now("fallocate", about);
    at += reserved;
  }
  return done{};
}

result<std::byte*> map(const descriptor& file, std::uint64_t size, bool writable, bool populate) {
  void* base = ::mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_READ,
                      populate ? MAP_SHARED | MAP_POPULATE : MAP_SHARED, file.get(), 0);
  if (base == MAP_FAILED) return failed_now("mmap", describe(size));
  return static_cast<std::byte*>(base);
}

void unmap(std::byte* base, std::uint64_t size) noexcept {
  ::munmap(base, size);
}

void advise_huge_pages(std::byte* base, std::uint64_t size) noexcept {
  ::madvise(base, size, MADV_HUGEPAGE);  // advice: a kernel that has none to give changes nothing
}

result<done> touch(std::byte* base, std::uint64_t size) {
  if (::madvise(base, size, MADV_POPULATE_WRITE) == 0) return done{};
  if (errno != EINVAL) return failed_now("madvise", describe(size));
  // Before Linux 5.14: nobody else has the segment yet, so plain stores may do it.
  for (std::uint64_t i = 0; i < size; i += page_size) const_cast<volatile std::byte*>(base)[i] = {};
  return done{};
}

}  // namespace shmfifo::system
