// SPDX-License-Identifier: MIT
// Goal: what is sent is what the rows say, no two laps of a slot hold the same bytes, and whoever
// checks a message notices each wrong byte; the bare ring loses and repeats nothing. Method: each
// payload byte by byte; messages with one fault; a ring that is filled and emptied around its end.
#include "payload.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>

#include "bare_ring.hpp"
#include "chunk_watch.hpp"
#include "flag_lines.hpp"
#include "slow_producer.hpp"
#include "streams.hpp"

namespace shmfifo::million {
namespace {

constexpr kind kinds[] = {kind::text, kind::structured, kind::block_1024, kind::word_8,
                          kind::block_64};

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
  return std::string(what == kind::word_8 ? 8 : what == kind::block_64 ? 64 : 1024, 'x');
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

TEST(payload, G14_two_producers_send_different_letters) {
  const payloads first(kind::text), second(kind::text, second_letter);
  for (unsigned v = 0; v < payloads::variants; ++v) {
    std::string expected = bytes_of(first.variant(v), first.size());
    for (std::size_t i = 3; i < expected.size(); i += 8) expected[i] -= 'a' - 'A';
    EXPECT_EQ(bytes_of(second.variant(v), second.size()), expected);
  }
}

TEST(payload, G14_one_of_several_producers_is_checked_without_its_numbers) {
  const payloads all(kind::word_8);
  checker check(all);
  EXPECT_TRUE(check.take_in_turn(8, all.variant(0)));
  EXPECT_TRUE(check.take_in_turn(8, all.variant(1)));
  EXPECT_EQ(check.count(), 2);
  EXPECT_FALSE(check.take_in_turn(7, all.variant(2)));
  EXPECT_FALSE(check.take_in_turn(8, all.variant(1)));
}

TEST(payload, G14_of_two_producers_each_is_checked_in_its_own_order) {
  const payloads first(kind::text), second(kind::text, second_letter);
  const auto size = static_cast<std::int64_t>(first.size());
  // Of the first producer twice as many.
  const auto in_order = [&](std::int64_t count) {
    two_checkers check(first, second);
    payload_walk of_first(first), of_second(second);
    for (std::int64_t n = 0; n < count; ++n) {
      EXPECT_TRUE(check.take(n, size, n % 3 == 2 ? of_second.next() : of_first.next())) << n;
    }
    EXPECT_EQ(check.count(), count);
    EXPECT_EQ(check.of_second(), count / 3);
    return check;
  };
  in_order(100);
  EXPECT_TRUE(in_order(3).take(3, size, first.variant(2)));
  EXPECT_TRUE(in_order(3).take(3, size, second.variant(1)));
  EXPECT_FALSE(in_order(3).take(3, size, first.variant(1))) << "twice";
  EXPECT_FALSE(in_order(3).take(3, size, first.variant(3))) << "one is missing";
  EXPECT_FALSE(in_order(3).take(3, size, second.variant(0))) << "twice";
  EXPECT_FALSE(in_order(3).take(3, size, second.variant(2))) << "one is missing";
  EXPECT_FALSE(in_order(3).take(4, size, first.variant(2))) << "a number is missing";
  EXPECT_FALSE(in_order(3).take(3, size - 1, first.variant(2)));
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

// A ring of a baseline, in zeroed memory, with its two sides.
template <class Ring, class Writer, class Reader>
struct baseline {
  explicit baseline(kind what) : all(what) { std::memset(memory.get(), 0, bytes); }

  bool push() { return out.push(sent.next()); }
  bool pop() {
    if (!in.pop(copy.data())) return false;
    EXPECT_EQ(std::memcmp(copy.data(), expected.next(), copy.size()), 0);
    return true;
  }

  payloads all;
  std::size_t bytes = (sizeof(Ring) + ring_slots * Ring::stride(all.size()) + 127) / 128 * 128;
  std::unique_ptr<std::byte[], decltype(&std::free)> memory{
      static_cast<std::byte*>(std::aligned_alloc(128, bytes)), &std::free};
  Ring& ring = *reinterpret_cast<Ring*>(memory.get());
  Writer out{ring, all.size()};
  Reader in{ring, all.size()};
  payload_walk sent{all}, expected{all};
  std::vector<std::byte> copy = std::vector<std::byte>(all.size());
};

TEST(bare_ring, G14_holds_as_many_as_it_has_slots_and_gives_them_back_in_order) {
  for (const kind what : {kind::word_8, kind::text}) {
    baseline<bare_ring, bare_writer, bare_reader> of(what);
    EXPECT_FALSE(of.pop());
    for (std::uint64_t i = 0; i < ring_slots; ++i) ASSERT_TRUE(of.push());
    EXPECT_FALSE(of.out.push(of.all.variant(0)));
    EXPECT_EQ(of.ring.written, ring_slots);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(of.pop());
    EXPECT_EQ(of.ring.read, 3U);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(of.push());
    EXPECT_FALSE(of.out.push(of.all.variant(0)));
    for (std::uint64_t i = 0; i < ring_slots; ++i) ASSERT_TRUE(of.pop()) << i;
    EXPECT_FALSE(of.pop());
    const std::byte* slot = of.ring.payloads + 5 * bare_ring::stride(of.all.size());
    EXPECT_EQ(std::memcmp(slot, of.all.variant(5), of.all.size()), 0);
  }
}

TEST(flag_lines, G14_holds_as_many_as_it_has_slots_and_gives_room_back_every_64_messages) {
  for (const kind what : {kind::word_8, kind::block_64, kind::text}) {
    baseline<flag_lines, flag_writer, flag_reader> of(what);
    EXPECT_FALSE(of.pop());
    for (std::uint64_t i = 0; i < ring_slots; ++i) ASSERT_TRUE(of.push());
    EXPECT_FALSE(of.out.push(of.all.variant(0)));
    for (int i = 0; i < 63; ++i) ASSERT_TRUE(of.pop());
    EXPECT_EQ(of.ring.read, 0U);
    EXPECT_FALSE(of.out.push(of.all.variant(0)));
    ASSERT_TRUE(of.pop());
    EXPECT_EQ(of.ring.read, 64U);
    for (int i = 0; i < 64; ++i) ASSERT_TRUE(of.push());
    EXPECT_FALSE(of.out.push(of.all.variant(0)));
    for (std::uint64_t i = 0; i < ring_slots; ++i) ASSERT_TRUE(of.pop()) << i;
    EXPECT_FALSE(of.pop());
    const std::byte* slot = of.ring.slots + 70 * flag_lines::stride(of.all.size());
    EXPECT_EQ(std::memcmp(slot + 8, of.all.variant(70 % 17), of.all.size()), 0);
    std::uint64_t flag = 0;
    std::memcpy(&flag, slot, sizeof flag);
    EXPECT_EQ(flag, 1U) << "the first lap";
    std::memcpy(&flag, of.ring.slots, sizeof flag);
    EXPECT_EQ(flag, 2U) << "the second lap";
  }
}

// A millisecond for each message, and more where a test says so.
struct slow_clock {
  using duration = std::chrono::milliseconds;
  using time_point = std::chrono::time_point<std::chrono::steady_clock, duration>;
  static inline time_point time;
  static time_point now() { return time; }
};

// `stalled(i)`: message i takes a second more. `step`: as many messages at once.
template <class Stalled>
timing watched(std::int64_t messages, Stalled&& stalled, std::int64_t step = 1) {
  chunk_watch<slow_clock> watch(messages);
  for (std::int64_t i = 1; i <= messages; ++i) {
    slow_clock::time += std::chrono::milliseconds(stalled(i) ? 1001 : 1);
    if (i % step == 0 || i == messages) watch.note(i);
  }
  return watch.finish();
}

TEST(chunk_watch, G14_a_stall_in_less_than_half_of_the_chunks_is_in_the_whole_only) {
  constexpr std::int64_t chunk = chunk_watch<>::chunk_messages_min;
  const auto stalls_of = [&](std::int64_t count) {
    return [count](std::int64_t i) { return i % chunk == 1 && i / chunk < count; };
  };
  for (const std::int64_t count : {0, 1, 4}) {
    const timing times = watched(10 * chunk, stalls_of(count));
    EXPECT_EQ(times.ms, static_cast<double>(10 * chunk + 1000 * count));
    EXPECT_EQ(times.chunk_ms, 10 * chunk);
  }
  EXPECT_EQ(watched(10 * chunk, stalls_of(6)).chunk_ms, 10 * chunk + 10 * 1000);
}

TEST(chunk_watch, G14_a_chunk_is_a_hundredth_but_some_laps_at_least_and_the_rest_counts_as_well) {
  const auto never = [](std::int64_t) { return false; };
  for (const std::int64_t messages : {1, 3'000, 50'000, 1'000'000, 1'000'007}) {
    const auto whole = static_cast<double>(messages);
    EXPECT_EQ(watched(messages, never).ms, whole);
    EXPECT_NEAR(watched(messages, never).chunk_ms, whole, whole / 1e9);
    EXPECT_NEAR(watched(messages, never, 16).chunk_ms, whole, whole / 100);
  }
  // Only the second chunk of a million messages is slow, so it is no median; of 8,192 messages with
  // two chunks it is a half of one.
  const auto in_second = [](std::int64_t i) { return i == 8'000; };
  EXPECT_EQ(watched(1'000'000, in_second).chunk_ms, 1'000'000);
  EXPECT_EQ(watched(8'192, in_second).chunk_ms, 8'192 + 1'000);
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
  stream_times sum{1, 2, {3, 4}, {5, 6}, {7, 8}};
  sum += stream_times{10, 200, {3000, 40000}, {50, 60}, {70, 80}};
  EXPECT_EQ(sum.create, 11);
  EXPECT_EQ(sum.attach, 202);
  EXPECT_EQ(sum.writer.ms, 3003);
  EXPECT_EQ(sum.writer.chunk_ms, 40004);
  EXPECT_EQ(sum.reader.ms, 55);
  EXPECT_EQ(sum.reader.chunk_ms, 66);
  EXPECT_EQ(sum.copy_loop.ms, 77);
  EXPECT_EQ(sum.copy_loop.chunk_ms, 88);
}

}  // namespace
}  // namespace shmfifo::million
