// SPDX-License-Identifier: MIT
#pragma once
// The constants that all headers share, and SHMFIFO_ASSERT, which checks what only a programmer's
// error can break. It includes nothing of the library; numbers of the file's format are in
// geometry.hpp and protocol/layout.hpp.

// Before any other header: a cause in one sentence, not its consequences in many.
#if !defined(__linux__) || !defined(__LP64__)
#error "shmfifo is for 64-bit Linux only: compile without -m32 or -mx32, see limits.md"
#endif
#include <version>
#if !defined(__cpp_lib_atomic_ref) || !defined(__cpp_using_enum)
#error "shmfifo needs -std=c++20, by g++ 11 or clang 13, with libstdc++ 11 or libc++ 19, or newer"
#endif

#include <cstddef>
#include <cstdint>
#include <cstdio>   // the assertion's message
#include <cstdlib>  // std::abort

// A programmer's error, never an operational one. Active in every build of the project's own
// developers, release included; a program that only uses the library pays nothing unless it asks,
// by defining SHMFIFO_ASSERTIONS in all of its files.
#if defined(SHMFIFO_ASSERTIONS)
#define SHMFIFO_ASSERT(condition, sentence)                                                        \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      std::fprintf(stderr, "%s:%d: shmfifo: %s (%s)\n", __FILE__, __LINE__, sentence, #condition); \
      std::abort();                                                                                \
    }                                                                                              \
  } while (false)
#else
#define SHMFIFO_ASSERT(condition, sentence) static_cast<void>(0)
#endif

// The same for set-up, where the compiler may rely on it: else it warns of what follows a breach.
#if defined(SHMFIFO_ASSERTIONS)
#define SHMFIFO_ASSUME(condition, sentence) SHMFIFO_ASSERT(condition, sentence)
#else
#define SHMFIFO_ASSUME(condition, sentence) \
  static_cast<void>((condition) ? 0 : (__builtin_unreachable(), 0))
#endif

// What a program may call in the shared library. All the rest of it stays hidden
// (core/exported_symbols.txt lists what is left).
#define SHMFIFO_EXPORT __attribute__((visibility("default")))

namespace shmfifo {

inline constexpr std::size_t cache_line = 64;  // bytes; slots and lines of participants keep to it
// Two lines, since processors fetch lines in pairs: words of different writers are this far apart.
inline constexpr std::size_t destructive_distance = 128;

// Bytes: wherever the library hands content out, in a slot or in its own copy, vector loads may
// take it to be aligned so.
inline constexpr std::size_t content_alignment = 32;

inline constexpr std::uint64_t default_content_size = 1024;  // the original's MESSAGE_CONTENT_SIZE
inline constexpr std::uint64_t content_size_max = std::uint64_t{1} << 30;  // bytes
inline constexpr std::uint64_t slot_count_max = std::uint64_t{1} << 40;    // whatever their size
// Bytes of the whole file.
inline constexpr std::uint64_t segment_size_max = std::uint64_t{1} << 46;

inline constexpr std::uint32_t default_participants = 64;  // producers and consumers at once
inline constexpr std::uint32_t participants_max = 256;     // the stamp's owner field has eight bits

}  // namespace shmfifo
