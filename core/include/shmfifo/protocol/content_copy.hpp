// SPDX-License-Identifier: MIT
#pragma once
// Copies message bytes into and out of memory that another process may be touching at the same
// moment: the byte-wise atomic copy of WG21 P1478, which no compiler offers yet. On x86-64 it is
// written with vector moves that the compiler must neither split nor reorder: the processor keeps
// stores in order and loads in order (Intel SDM vol. 3, 9.2; AMD APM vol. 2, 7.2), so release and
// acquire cost nothing. Elsewhere, and under sanitizers, which must see each access, it copies word
// by word with atomics.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SHMFIFO_VISIBLE_COPY 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer) || \
    __has_feature(memory_sanitizer)
#define SHMFIFO_VISIBLE_COPY 1
#endif
#endif

namespace shmfifo {

// Tells the processor that this thread turns in a loop.
inline void spin_hint() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");  // `yield` is a no-op on most cores; isb waits some cycles
#else
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

// Orders earlier stores before later plain ones, for writers that fill a slot in place.
inline void order_stores() noexcept {
#if defined(__aarch64__)
  asm volatile("dmb ishst" ::: "memory");
#elif defined(__x86_64__) || defined(__i386__)
  asm volatile("" ::: "memory");
#else
  __sync_synchronize();
#endif
}

// Which end of a copy lies in the segment.
enum class shared_end { to, from };

namespace detail {

template <shared_end end, class Word>
inline void copy_part(std::byte* to, const std::byte* from, std::memory_order order) noexcept {
  auto* word = reinterpret_cast<Word*>(end == shared_end::to ? to : const_cast<std::byte*>(from));
  Word value;
  if constexpr (end == shared_end::to) {
    std::memcpy(&value, from, sizeof value);
    std::atomic_ref<Word>(*word).store(value, order);
  } else {
    value = std::atomic_ref<Word>(*word).load(order);
    std::memcpy(to, &value, sizeof value);
  }
}

// Content starts on an 8-byte boundary, so whole words are aligned and the rest goes byte by byte.
template <shared_end end>
inline void copy_words(std::byte* to, const std::byte* from, std::size_t size,
                       std::memory_order order) noexcept {
  const std::size_t words_end = size - size % 8;
  for (std::size_t i = 0; i < words_end; i += 8) {
    copy_part<end, std::uint64_t>(to + i, from + i, order);
  }
  for (std::size_t i = words_end; i < size; ++i) {
    copy_part<end, std::uint8_t>(to + i, from + i, order);
  }
}

#if defined(__x86_64__) && !defined(SHMFIFO_VISIBLE_COPY)
// True once the processor and the kernel are known to support AVX. Read at every copy of 64 bytes
// or more.
inline const bool have_avx = __builtin_cpu_supports("avx") != 0;

// Moves of one width at consecutive offsets: all loads, then all stores, which the processor keeps
// in order among themselves.
inline void move_16(std::byte* to, const std::byte* from) noexcept {
  asm volatile("movups (%1), %%xmm0\n\tmovups %%xmm0, (%0)"
               :
               : "r"(to), "r"(from)
               : "memory", "xmm0");
}
inline void move_64(std::byte* to, const std::byte* from) noexcept {
  asm volatile(
      "movups (%1), %%xmm0\n\tmovups 16(%1), %%xmm1\n\t"
      "movups 32(%1), %%xmm2\n\tmovups 48(%1), %%xmm3\n\t"
      "movups %%xmm0, (%0)\n\tmovups %%xmm1, 16(%0)\n\t"
      "movups %%xmm2, 32(%0)\n\tmovups %%xmm3, 48(%0)"
      :
      : "r"(to), "r"(from)
      : "memory", "xmm0", "xmm1", "xmm2", "xmm3");
}
inline void move_128_avx(std::byte* to, const std::byte* from) noexcept {
  asm volatile(
      "vmovups (%1), %%ymm0\n\tvmovups 32(%1), %%ymm1\n\t"
      "vmovups 64(%1), %%ymm2\n\tvmovups 96(%1), %%ymm3\n\t"
      "vmovups %%ymm0, (%0)\n\tvmovups %%ymm1, 32(%0)\n\t"
      "vmovups %%ymm2, 64(%0)\n\tvmovups %%ymm3, 96(%0)"
      :
      : "r"(to), "r"(from)
      : "memory", "xmm0", "xmm1", "xmm2", "xmm3");
}

// 16 bytes and more; the last 16 may overlap bytes already copied, with the same values. The tests
// choose `avx`, so that what older processors run is run here, too.
inline void copy_vectors(std::byte* to, const std::byte* from, std::size_t size,
                         bool avx = have_avx) noexcept {
  std::size_t i = 0;
  if (size >= 128 && avx) {
    for (; i + 128 <= size; i += 128) move_128_avx(to + i, from + i);
    // It clears the upper halves of all sixteen registers, and the caller may be compiled to keep
    // values of its own in them.
    asm volatile("vzeroupper" ::
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
  }
  for (; i + 64 <= size; i += 64) move_64(to + i, from + i);
  for (; i + 16 <= size; i += 16) move_16(to + i, from + i);
  if (size % 16 != 0) move_16(to + size - 16, from + size - 16);
}
#endif

}  // namespace detail

// Copies a message into its slot, or out of it. The end that lies in the segment is on an 8-byte
// boundary. Each byte is stored there (or loaded from there) with at least `order`.
template <shared_end end>
inline void copy_content(std::byte* to, const std::byte* from, std::size_t size,
                         std::memory_order order) noexcept {
#if defined(__x86_64__) && !defined(SHMFIFO_VISIBLE_COPY)
  if (size >= 16) return detail::copy_vectors(to, from, size);
#endif
  detail::copy_words<end>(to, from, size, order);
}

}  // namespace shmfifo
