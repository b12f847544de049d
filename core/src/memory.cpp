// SPDX-License-Identifier: MIT
// The memory of segments: the part of kernel.hpp that reserves, maps and describes it.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "kernel.hpp"
#include "memory_limit.hpp"

namespace shmfifo::kernel {
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

// Sums up what smaps says of the mappings in a range. A mapping's first line begins with its
// address, in small hexadecimal digits; the others with a word in capitals.
std::uint64_t huge_bytes_in(std::string_view text, std::uint64_t base, std::uint64_t size) {
  std::uint64_t kibibytes = 0;
  bool inside = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::uint64_t number = 0;
    if (line.starts_with("ShmemPmdMapped:") || line.starts_with("FilePmdMapped:")) {
      const std::size_t digits = line.find_first_of("0123456789");
      std::from_chars(line.data() + std::min(digits, line.size()), line.data() + line.size(),
                      number);
      if (inside) kibibytes += number;
    } else if (line.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 0) {
      std::from_chars(line.data(), line.data() + line.size(), number, 16);
      inside = number >= base && number - base < size;
    }
  }
  return kibibytes * 1024;
}

// Asked about before the first piece, or a segment far too large would fill up the machine's memory
// before its last one fails. False also where the file system does not say.
bool too_large_for(const descriptor& file, std::uint64_t missing) {
  struct ::statfs there {};
  if (::fstatfs(file.get(), &there) != 0 || there.f_blocks == 0) return false;
  return missing / static_cast<std::uint64_t>(there.f_bsize) > there.f_bfree;
}

}  // namespace

result<void> extend(const descriptor& file, const location& where, std::uint64_t size) {
  // The limit is asked about first: the kernel would answer with a signal.
  rlimit largest{RLIM_INFINITY, RLIM_INFINITY};
  static_cast<void>(::getrlimit(RLIMIT_FSIZE, &largest));
  const std::string about = describe(size) + " in " + where.directory;
  if (size > largest.rlim_cur) return failed(EFBIG, "ftruncate", about);
  const auto call = [&] { return ::ftruncate(file.get(), static_cast<off_t>(size)); };
  if (uninterrupted(call) != 0) return failed_now("ftruncate", about);
  return {};
}

result<void> reserve(const descriptor& file, const location& where, std::uint64_t size,
                     const reservation& how) {
  const std::string about = describe(size) + " in " + where.directory;
  if (too_large_for(file, how.missing)) return failed(ENOSPC, "fallocate", about);
  const memory_limits limits;
  for (std::uint64_t at = 0; at < size;) {
    if (auto allowed = limits.allow(std::min(size - at, how.missing)); !allowed) return allowed;
    const std::uint64_t piece = std::min(piece_size, size - at);
    if (how.huge_pages_at != nullptr) {
      // What this leaves out, for whatever reason, is reserved in small pages or reported below.
      ::madvise(how.huge_pages_at + at, piece, MADV_POPULATE_WRITE);
    }
    const std::uint64_t reserved = reserve_piece(file, at, piece);
    if (reserved == 0) return failed_now("fallocate", about);
    at += reserved;
  }
  return {};
}

result<std::byte*> map(const descriptor& file, std::uint64_t size, bool writable) {
  const int rights = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  void* base = ::mmap(nullptr, size, rights, MAP_SHARED, file.get(), 0);
  const int code = errno;  // which describe() could change
  if (base == MAP_FAILED) return failed(code, "mmap", describe(size));
  return static_cast<std::byte*>(base);
}

void unmap(std::byte* base, std::uint64_t size) noexcept {
  ::munmap(base, size);
}

void advise(std::byte* base, std::uint64_t size, bool huge_pages, bool dump) noexcept {
  if (huge_pages) ::madvise(base, size, MADV_HUGEPAGE);
  if (!dump) ::madvise(base, size, MADV_DONTDUMP);
}

result<void> touch(std::byte* base, std::uint64_t size, bool writable) {
  const int how = writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
  if (::madvise(base, size, how) == 0) return {};
  const int code = errno;  // which describe() could change
  if (code != EINVAL) return failed(code, "madvise", describe(size));
  // Before Linux 5.14. A load maps a page of shared memory, too.
  for (std::uint64_t i = 0; i < size; i += page_size) {
    static_cast<void>(const_cast<const volatile std::byte*>(base)[i]);
  }
  return {};
}

std::uint64_t huge_bytes(std::byte* base, std::uint64_t size) {
  constexpr std::uint64_t huge_page = std::uint64_t{2} << 20;
  if (size < huge_page) return 0;
  // A page of each is mapped, and the kernel maps a huge page as a whole.
  for (std::uint64_t at = 0; at < size; at += huge_page) {
    ::madvise(base + at, page_size, MADV_POPULATE_READ);
  }
  const std::string text = read_text("/proc/self/smaps").value_or("");
  return huge_bytes_in(text, reinterpret_cast<std::uintptr_t>(base), size);
}

}  // namespace shmfifo::kernel
