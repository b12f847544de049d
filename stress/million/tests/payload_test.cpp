// SPDX-License-Identifier: MIT
// Goal: what is sent is what the rows say, no two laps of a slot hold the same bytes, and whoever
// checks a message notices each wrong byte; the bare ring loses and repeats nothing. Method: each
// payload byte by byte; messages with one fault; a ring that is filled and emptied around its end.
#include "payload.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "bare_ring.hpp"
#include "slow_producer.hpp"
#include "streams.hpp"

namespace shmfifo::million {
namespace {

constexpr kind kinds[] = {kind::text, kind::structured, kind::block_1024, kind::word_8};

std::string original_of(kind what) {
  if (what == kind::text) {
    std::string text;
    while (text.size() < 128) text += "hola";
    return text + "adios";
  }
  if (what == kind::structured) {
    using namespace std::string_literals;
    return "254784512658411\0"s + "214021245145781\0"s + "123456987412547896\0"s;
  }
  return std::string(what == kind::word_8 ? 8 : 1024, 'x');
}

std::string bytes_of(const std::byte* from, std::size_t size) {
  return {reinterpret_cast<const char*>(from), size};
}

TEST(payload, G14_each_variant_is_the_original_but_for_a_letter_in_every_word) {
  for (const kind what : kinds) {
    const payloads all(what);
    ASSERT_EQ(all.size(), original_of(what).size());
    ASSERT_EQ(all.size(), size_of(what));
    for (unsigned v = 0; v < payloads::variants; ++v) {
      std::string expected = original_of(what);
      for (std::size_t i = 3; i < expected.size(); i += 8) {
        expected[i] = static_cast<char>('a' + v);
      }
      EXPECT_EQ(bytes_of(all.variant(v), all.size()), expected) << to_string(what) << v;
      const auto distance = static_cast<std::size_t>(all.variant(v) - all.variant(0));
      EXPECT_EQ(distance, v * ((all.size() + 63) / 64 * 64)) << "whole cache lines";
    }
  }
  EXPECT_EQ(ring_slots % payloads::variants, 4U) << "coprime: a slot never holds the same twice";
}

TEST(payload, G14_variants_come_in_turn) {
  const payloads all(kind::word_8);
  payload_walk walk(all);
  for (unsigned i = 0; i < 40; ++i) EXPECT_EQ(walk.next(), all.variant(i % payloads::variants));
}

TEST(payload, G14_a_wrong_number_length_or_byte_is_noticed) {
  for (const kind what : kinds) {
    const payloads all(what);
    const auto size = static_cast<std::int64_t>(all.size());
    checker right(all);
    for (std::int64_t n = 0; n < 40; ++n) {
      EXPECT_EQ(right.count(), n);
      EXPECT_TRUE(right.take(n, size, all.variant(static_cast<unsigned>(n) % payloads::variants)));
    }
    const auto refused = [&](std::int64_t number, std::int64_t length, const std::byte* content) {
      return !checker(all).take(number, length, content);
    };
    EXPECT_TRUE(refused(1, size, all.variant(0)));
    EXPECT_TRUE(refused(-1, size, all.variant(0)));
    EXPECT_TRUE(refused(0, size - 1, all.variant(0)));
    EXPECT_TRUE(refused(0, size + 1, all.variant(0)));
    EXPECT_TRUE(refused(0, size, all.variant(1)));
    std::string torn = bytes_of(all.variant(0), all.size());
    for (char& byte : torn) {
      byte ^= 1;
      EXPECT_TRUE(refused(0, size, reinterpret_cast<const std::byte*>(torn.data())));
      byte ^= 1;
    }
    EXPECT_FALSE(refused(0, size, reinterpret_cast<const std::byte*>(torn.data())));
  }
}

TEST(bare_ring, G14_holds_as_many_as_it_has_slots_and_gives_them_back_in_order) {
  for (const kind what : {kind::word_8, kind::text}) {
    const payloads all(what);
    const std::size_t slot = (all.size() + 63) / 64 * 64;
    const std::size_t size = sizeof(bare_ring) + ring_slots * slot;
    const std::unique_ptr<std::byte[], decltype(&std::free)> memory(
        static_cast<std::byte*>(std::aligned_alloc(128, (size + 127) / 128 * 128)), &std::free);
    std::memset(memory.get(), 0, size);
    auto& ring = *reinterpret_cast<bare_ring*>(memory.get());
    bare_writer out(ring, all.size());
    bare_reader in(ring, all.size());
    payload_walk sent(all), expected(all);
    std::vector<std::byte> copy(all.size());
    const auto pop = [&] {
      if (!in.pop(copy.data())) return false;
      EXPECT_EQ(std::memcmp(copy.data(), expected.next(), copy.size()), 0);
      return true;
    };
    EXPECT_FALSE(pop());
    for (std::uint64_t i = 0; i < ring_slots; ++i) ASSERT_TRUE(out.push(sent.next()));
    EXPECT_FALSE(out.push(all.variant(0)));
    EXPECT_EQ(ring.written, ring_slots);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(pop());
    EXPECT_EQ(ring.read, 3U);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(out.push(sent.next()));
    EXPECT_FALSE(out.push(all.variant(0)));
    for (std::uint64_t i = 0; i < ring_slots; ++i) ASSERT_TRUE(pop()) << i;
    EXPECT_FALSE(pop());
    EXPECT_EQ(std::memcmp(ring.payloads + 5 * slot, all.variant(5), all.size()), 0);
  }
}

TEST(payload, G14_the_space_that_is_asked_for_is_that_of_the_largest_log) {
  geometry log;
  log.mode = segment_mode::log;
  log.content_size = 1024;
  for (const std::int64_t messages : {10'000, 1'000'000}) {
    log.slot_count = static_cast<std::uint64_t>(messages);
    EXPECT_EQ(space_needed(messages), log.segment_size());
  }
}

TEST(payload, G14_times_are_added_each_to_its_own) {
  stream_times sum{1, 2, 3, 4, 5};
  sum += stream_times{10, 200, 3000, 40000, 500000};
  EXPECT_EQ(sum.create, 11);
  EXPECT_EQ(sum.attach, 202);
  EXPECT_EQ(sum.writer, 3003);
  EXPECT_EQ(sum.reader, 40004);
  EXPECT_EQ(sum.copy_loop, 500005);
}

}  // namespace
}  // namespace shmfifo::million
