// SPDX-License-Identifier: MIT
// Goal: the byte-wise atomic copies copy exactly the bytes asked for. Method: every length up to a
// few vectors and every alignment of the private side, with guard bytes around both.
#include "shmfifo/protocol/content_copy.hpp"

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
      std::memset(own, 0xaa, sizeof own);
      const std::byte guard = target[-1];  // the source has other bytes around it
      for (std::size_t i = 0; i < size; ++i) source[i] = static_cast<std::byte>(i * 7 + size);
      copy(target, source, size);
      for (std::size_t i = 0; i < size; ++i) {
        ASSERT_EQ(target[i], static_cast<std::byte>(i * 7 + size)) << size << ' ' << shift;
      }
      for (std::size_t i = 1; i <= 8; ++i)
        ASSERT_EQ(target[-static_cast<std::ptrdiff_t>(i)], guard) << size;
      for (std::size_t i = 0; i < 16; ++i) ASSERT_EQ(target[size + i], guard) << size;
    }
  }
}

TEST(content_copy, G3_G4_copies_in_exactly_the_bytes_asked_for) {
  check_all(
      [](std::byte* to, const std::byte* from, std::size_t n) {
        copy_content<shared_end::to>(to, from, n, std::memory_order_release);
      },
      true);
}
TEST(content_copy, copies_out_exactly_the_bytes_asked_for) {
  check_all(
      [](std::byte* to, const std::byte* from, std::size_t n) {
        copy_content<shared_end::from>(to, from, n, std::memory_order_acquire);
      },
      false);
}
// The portable copy, which other processors and the sanitizers use.
TEST(content_copy, words_copy_exactly_the_bytes_asked_for) {
  check_all(
      [](std::byte* to, const std::byte* from, std::size_t n) {
        detail::copy_words<shared_end::to>(to, from, n, std::memory_order_release);
      },
      true);
  check_all(
      [](std::byte* to, const std::byte* from, std::size_t n) {
        detail::copy_words<shared_end::from>(to, from, n, std::memory_order_acquire);
      },
      false);
}

#if defined(__x86_64__) && !defined(SHMFIFO_VISIBLE_COPY)
// What a processor without AVX runs; its own bounds begin at 16 bytes.
TEST(content_copy, vectors_copy_exactly_the_bytes_asked_for_without_avx) {
  for (const bool shared_is_target : {true, false}) {
    check_all(
        [](std::byte* to, const std::byte* from, std::size_t n) {
          if (n < 16) return std::copy_n(from, n, to), void();
          detail::copy_vectors(to, from, n, false);
        },
        shared_is_target);
  }
}
#endif

#if defined(__x86_64__)
using four_doubles = double __attribute__((vector_size(32)));

// Built as an application may build all of its code: with wide registers, in which values live on
// across the copy.
[[gnu::target("avx"), gnu::noinline, gnu::flatten]] double sum_across_a_copy(
    std::byte* to, const std::byte* from) {
  four_doubles sums[8];
  for (int i = 0; i < 8; ++i) sums[i] = four_doubles{1, 10, 100, 1000};
  asm volatile(""
               : "+x"(sums[0]), "+x"(sums[1]), "+x"(sums[2]), "+x"(sums[3]), "+x"(sums[4]),
                 "+x"(sums[5]), "+x"(sums[6]), "+x"(sums[7]));
  copy_content<shared_end::to>(to, from, 256, std::memory_order_release);
  asm volatile(""
               : "+x"(sums[0]), "+x"(sums[1]), "+x"(sums[2]), "+x"(sums[3]), "+x"(sums[4]),
                 "+x"(sums[5]), "+x"(sums[6]), "+x"(sums[7]));
  double sum = 0;
  for (const four_doubles& one : sums) sum += one[0] + one[1] + one[2] + one[3];
  return sum;
}

#if !defined(SHMFIFO_VISIBLE_COPY)
// Whether a copy leaves the upper half of a wide register as it was, which the widest moves clear.
template <class Copy>
bool spares_upper_halves(const Copy& copy) {
  alignas(64) std::byte from[256] = {};
  alignas(64) std::byte to[256];
  const four_doubles before = {1, 2, 3, 4};
  four_doubles after = {};
  asm volatile("vmovups %0, %%ymm15" : : "m"(before) : "xmm15");
  copy(to, from);
  asm volatile("vmovups %%ymm15, %0" : "=m"(after) : : "xmm15");
  EXPECT_TRUE(after[3] == 4 || after[3] == 0);
  return after[3] == 4;
}

// The bytes are the same either way.
TEST(content_copy, G14_takes_the_widest_moves_from_128_bytes_on_where_the_processor_has_them) {
  if (__builtin_cpu_supports("avx") == 0) return;  // then there is no wider move to choose
  const auto spares = [](std::size_t size, bool avx) {
    return spares_upper_halves(
        [=](std::byte* to, const std::byte* from) { detail::copy_vectors(to, from, size, avx); });
  };
  EXPECT_TRUE(spares(127, true));
  EXPECT_FALSE(spares(128, true));
  EXPECT_FALSE(spares(256, true));
  EXPECT_TRUE(spares(128, false));
  EXPECT_TRUE(spares(256, false));
  EXPECT_FALSE(spares_upper_halves([](std::byte* to, const std::byte* from) {
    copy_content<shared_end::to>(to, from, 128, std::memory_order_release);
  }));
}
#endif

// The copy is the library's, the registers are the caller's.
TEST(content_copy, G4_leaves_the_callers_wide_registers_alone) {
  if (__builtin_cpu_supports("avx") == 0) return;  // no wide registers, nothing to lose
  alignas(64) std::byte from[256] = {};
  alignas(64) std::byte to[256];
  EXPECT_EQ(sum_across_a_copy(to, from), 8 * 1111.0);
}
#endif

// In a slot and in a reader's copy; the sanitizer of alignment judges the load.
TEST(content_copy, G4_content_is_aligned_wherever_it_is_handed_out) {
  // Not a vector type: g++ aligns those of 32 bytes to 16 unless AVX is asked for.
  struct [[gnu::may_alias]] alignas(content_alignment) block {
    std::uint64_t words[content_alignment / 8];
  };
  const auto first_of = [](const void* content) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(content) % content_alignment, 0U);
    const block whole = *static_cast<const block*>(content);
    return whole.words[0];
  };
  for (const auto policy : {full_policy::reject, full_policy::overwrite}) {
    const testing::unique_name name;
    geometry shape = testing::small(segment_mode::ring, policy);
    shape.content_size = (1 << 20) + 8;  // malloc gives such a copy pages, and begins 16 behind
    const auto home = testing::must(segment::create(name.get(), shape));
    auto writer = testing::must(home.attach_producer());
    auto claim = writer.try_take();
    ASSERT_EQ(claim.answer(), status::ok);
    const std::span<std::byte> content = claim.content();
    std::memset(content.data(), 7, content_alignment);
    EXPECT_EQ(first_of(content.data()), 0x0707070707070707U);
    ASSERT_EQ(std::move(claim).commit(content_alignment), status::ok);
    consumer readers[] = {testing::must(home.attach_consumer()),
                          testing::must(home.attach_observer())};
    for (consumer& reader : readers) {
      const auto look = [&](const record_view& seen) {
        EXPECT_EQ(first_of(seen.content), 0x0707070707070707U);
      };
      EXPECT_EQ(reader.poll(look).count, 1);
    }
  }
}

}  // namespace
}  // namespace shmfifo
