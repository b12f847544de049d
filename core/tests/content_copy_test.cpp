// SPDX-License-Identifier: MIT
// Goal: the byte-wise atomic copies copy exactly the bytes asked for. Method: every length up to a
// few vectors and every alignment of the private side, with guard bytes around both.
#include "shmfifo/content_copy.hpp"

#include "support/testing.hpp"

namespace shmfifo {
namespace {

constexpr std::size_t most = 700;

template <class Copy>
void check_all(Copy copy, bool shared_is_target) {
  alignas(64) std::byte shared[most + 64];
  alignas(64) std::byte own[most + 128];
  for (std::size_t size = 0; size <= most; size += size < 300 ? 1 : 13) {
    for (std::size_t shift = 0; shift < 16; ++shift) {
      std::byte* target = shared_is_target ? shared + 8 : own + 8 + shift;
      std::byte* source = shared_is_target ? own + 8 + shift : shared + 8;
      std::memset(shared, 0x55, sizeof shared);
      std::memset(own, 0x55, sizeof own);
      for (std::size_t i = 0; i < size; ++i) source[i] = static_cast<std::byte>(i * 7 + size);
      copy(target, source, size);
      for (std::size_t i = 0; i < size; ++i) {
        ASSERT_EQ(target[i], static_cast<std::byte>(i * 7 + size)) << size << ' ' << shift;
      }
      for (std::size_t i = 1; i <= 8; ++i)
        ASSERT_EQ(target[-static_cast<std::ptrdiff_t>(i)], std::byte{0x55});
      for (std::size_t i = 0; i < 16; ++i) ASSERT_EQ(target[size + i], std::byte{0x55}) << size;
    }
  }
}

// checks G3 G4
TEST(content_copy, copies_in_exactly_the_bytes_asked_for) {
  check_all([](std::byte* to, const std::byte* from,
               std::size_t n) { copy_to_shared(to, from, n, std::memory_order_release); },
            true);
}
TEST(content_copy, copies_out_exactly_the_bytes_asked_for) {
  check_all([](std::byte* to, const std::byte* from,
               std::size_t n) { copy_from_shared(to, from, n, std::memory_order_acquire); },
            false);
}
// The portable copy, which other processors and the sanitizers use.
TEST(content_copy, words_copy_exactly_the_bytes_asked_for) {
  check_all([](std::byte* to, const std::byte* from,
               std::size_t n) { detail::copy_words_to(to, from, n, std::memory_order_release); },
            true);
  check_all([](std::byte* to, const std::byte* from,
               std::size_t n) { detail::copy_words_from(to, from, n, std::memory_order_acquire); },
            false);
}

}  // namespace
}  // namespace shmfifo
