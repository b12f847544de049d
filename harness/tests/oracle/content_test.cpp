// SPDX-License-Identifier: MIT
// Goal: a message's bytes follow from (seed, producer, sequence), and any damage to them is
// noticed. Method: fill, damage at every byte, check; and count how often each edge comes as a
// length. Saved histories are judged by later versions: the bytes themselves are compared, too.
#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <vector>

#include "shmfifo/harness/oracle/content.hpp"

namespace shmfifo::harness {
namespace {

constexpr std::uint64_t size_max = 200;

TEST(content, G4_names_itself_and_checks_every_byte) {
  const content_source source(3, size_max, 0);
  std::vector<std::byte> buffer(size_max);
  for (std::uint64_t s = 0; s < 300; ++s) {
    const message_id id{s % 3 == 0 ? 63U : 2U, s << 20 | s};
    const std::uint64_t size = source.fill(id, buffer.data());
    ASSERT_EQ(size, source.length(id));
    const content_check whole = source.check({buffer.data(), size});
    ASSERT_TRUE(whole.sound);
    ASSERT_EQ(whole.identity, source.identity(id));
    if (size < content_source::self_naming) continue;
    ASSERT_EQ(unpack(whole.identity), id);
    for (std::uint64_t i = 0; i < size; ++i) {
      buffer[i] ^= std::byte{1};
      // Damage to the name makes it another message, which the judge does not expect there.
      const content_check damaged = source.check({buffer.data(), size});
      ASSERT_FALSE(damaged.sound && damaged.identity == whole.identity) << i << " of " << size;
      buffer[i] ^= std::byte{1};
    }
  }
}

TEST(content, G4_tells_short_messages_apart_by_their_raw_bytes) {
  const content_source source(3, size_max, 0);
  std::map<std::uint64_t, unsigned> of_seven_bytes;
  for (std::uint64_t s = 0; s < 5000; ++s) {
    if (source.length({0, s}) == 7) ++of_seven_bytes[source.identity({0, s})];
  }
  EXPECT_GT(of_seven_bytes.size(), 50U);
  for (const auto& [bytes, count] : of_seven_bytes) EXPECT_EQ(count, 1U) << bytes;
}

TEST(content, G3_notices_the_wrong_length_and_another_runs_message) {
  const content_source source(3, size_max, 0);
  const content_source other(4, size_max, 0);
  std::vector<std::byte> buffer(size_max);
  for (std::uint64_t s = 0; s < 300; ++s) {
    const std::uint64_t size = source.fill({1, s}, buffer.data());
    if (size <= content_source::self_naming) continue;
    EXPECT_FALSE(source.check({buffer.data(), size - 1}).sound);
    EXPECT_FALSE(other.check({buffer.data(), size}).sound);
  }
}

TEST(content, G3_favours_the_edges_and_keeps_to_the_bounds) {
  for (const std::uint64_t largest : {1U, 7U, 8U, 63U, 1000U}) {
    for (const std::uint64_t shortest : {0U, 8U}) {
      const content_source source(9, largest, shortest);
      std::map<std::uint64_t, unsigned> lengths;
      for (std::uint64_t s = 0; s < 4000; ++s) ++lengths[source.length({0, s})];
      EXPECT_EQ(lengths.begin()->first, std::min(shortest, largest));
      EXPECT_EQ(lengths.rbegin()->first, largest);
      EXPECT_GT(lengths[largest], 4000U / 32);
    }
  }
}

// What splitmix64 returns first when it begins with 0 (Vigna's reference implementation).
TEST(content, mixes_as_splitmix64_does) {
  EXPECT_EQ(mix(0x9e3779b97f4a7c15), 0xe220a8397b1dcdaf);
  EXPECT_EQ(mix(2 * 0x9e3779b97f4a7c15), 0x6e789e6aa1b965f4);
}

TEST(content, names_a_message_in_one_word) {
  EXPECT_EQ(message_id{}, (message_id{0, 0}));
  for (const message_id id :
       {message_id{0, 0}, {1, 0}, {0, (std::uint64_t{1} << 40) - 1}, {(1U << 24) - 1, 12345}}) {
    EXPECT_EQ(unpack(pack(id)), id);
    EXPECT_EQ(pack(id), (std::uint64_t{id.producer} << 40) + id.sequence);
  }
}

// Of messages with this number of bytes at most: a digest (FNV-1a) of all that they consist of, for
// the shortest lengths 0, 3 and 8.
struct digests {
  std::uint64_t largest;
  std::uint64_t expected[3];
};
constexpr digests digests_by_size[] = {
    {1, {0xdf8e45c61d4c0a85, 0x2b0e73b788c91852, 0x2b0e73b788c91852}},
    {6, {0x6513184af102fd37, 0x8c4a1915e6b094aa, 0x658f938871d4aba8}},
    {7, {0x96b314829964666a, 0xccb3484e2f377cb0, 0x57490c7b1686f110}},
    {8, {0x0bf54b1b0c70d064, 0xe901ddaf68dddca7, 0x39d0309edd1ae36e}},
    {9, {0xae824ccf37e3a938, 0x5a50e0590a452e7c, 0x9b7758d5af2a2432}},
    {62, {0xf3298b66e66d0eef, 0xdfa0b8f68b95952e, 0x7addc493ed8116dd}},
    {63, {0xc50b89526830e236, 0x5963c8d09db34f5f, 0x598d98fca8d3af60}},
    {64, {0xc216ea2b1e7d687d, 0xbcde2f626a53fdb6, 0xd45ea94f03986118}},
    {65, {0x5733ccb76d92a104, 0x76b2899f4ff2b164, 0x653da614ed7308a0}},
    {200, {0x62faebd2704fb0c4, 0x062da2f868e25188, 0xd424602c097d8098}},
    {1000, {0x1f35e5bb4efcac09, 0x2e263f639c37655c, 0xdab7800b6fcecd92}},
};

TEST(content, G3_G4_is_the_same_in_every_version) {
  constexpr std::size_t room_behind = 8;  // stays as it was
  constexpr std::uint64_t shortest[] = {0, 3, 8};
  for (const auto& [largest, expected] : digests_by_size) {
    for (std::size_t i = 0; i < std::size(shortest); ++i) {
      const content_source source(9, largest, shortest[i]);
      std::uint64_t digest = 14695981039346656037U;
      const auto add = [&](std::uint64_t word) { digest = (digest ^ word) * 1099511628211U; };
      for (std::uint64_t s = 0; s < 500; ++s) {
        const message_id id{static_cast<std::uint32_t>(s % 3), s};
        std::vector<std::byte> bytes(largest + room_behind, std::byte{0xa5});
        const std::uint64_t size = source.fill(id, bytes.data());
        const content_check found = source.check({bytes.data(), size});
        for (const std::uint64_t word : {size, source.length(id), source.identity(id)}) add(word);
        for (const std::byte byte : bytes) add(std::to_integer<std::uint64_t>(byte));
        add(found.sound ? 1 : 0);
        add(found.identity);
      }
      EXPECT_EQ(digest, expected[i]) << largest << ", " << shortest[i] << " at least";
    }
  }
}

TEST(content, G3_takes_no_message_for_sound_that_is_shorter_than_the_shortest) {
  const content_source source(3, size_max, 3);
  const std::vector<std::byte> bytes(7);
  EXPECT_FALSE(content_check{}.sound);
  EXPECT_EQ(content_check{}.identity, 0U);
  for (std::size_t size = 0; size < 8; ++size) {
    EXPECT_EQ(source.check({bytes.data(), size}).sound, size >= 3) << size;
  }
}

}  // namespace
}  // namespace shmfifo::harness
