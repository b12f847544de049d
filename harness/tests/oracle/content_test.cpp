// SPDX-License-Identifier: MIT
// Goal: a message's bytes follow from (seed, producer, sequence), and any damage to them is
// noticed. Method: fill, damage at every byte, check; and count how often each edge comes as a
// length.
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace shmfifo::harness
