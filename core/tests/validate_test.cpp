// SPDX-License-Identifier: MIT
// Goal: a header that breaks a rule is refused by the rule's name, with both values. Method: a
// sound header, each field spoilt in turn; then the same bytes as a file that attach has to refuse.
#include "shmfifo/protocol/validate.hpp"

#include <fcntl.h>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::must;

segment_header sound_header(const testing::unique_name& name) {
  static_cast<void>(must(segment::create(name.get(), testing::small(segment_mode::ring))));
  segment_header header{};
  const int file = ::open(name.path().c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(::pread(file, &header, sizeof header, 0), static_cast<ssize_t>(sizeof header));
  ::close(file);
  return header;
}

struct spoil {
  const char* rule;
  std::function<void(segment_header&)> how;
};

std::vector<spoil> spoils() {
  return {{"magic", [](segment_header& h) { h.magic[0] = 'S'; }},
          {"layout_version", [](segment_header& h) { h.layout_version = 0; }},
          {"layout_version", [](segment_header& h) { h.layout_version = 3; }},
          {"byte_order", [](segment_header& h) { h.byte_order = 0x04030201; }},
          {"word_size", [](segment_header& h) { h.word_size = 4; }},
          {"header_size", [](segment_header& h) { h.header_size = 128; }},
          {"mode", [](segment_header& h) { h.mode = 0; }},
          {"mode", [](segment_header& h) { h.mode = 3; }},
          {"full_policy", [](segment_header& h) { h.full_policy = 4; }},
          {"full_policy",
           [](segment_header& h) {
             h.mode = 1;
             h.full_policy = 2;
           }},
          {"producer_role", [](segment_header& h) { h.producer_role = 3; }},
          {"participant_count", [](segment_header& h) { h.participant_count = 0; }},
          {"participant_count", [](segment_header& h) { h.participant_count = 257; }},
          {"content_size", [](segment_header& h) { h.content_size = 0; }},
          {"content_size", [](segment_header& h) { h.content_size = ~std::uint64_t{0}; }},
          {"slot_count", [](segment_header& h) { h.slot_count = 0; }},
          {"slot_count", [](segment_header& h) { h.slot_count = 3; }},
          {"slot_count",
           [](segment_header& h) {
             h.slot_count = std::uint64_t{1} << 40;
             h.content_size = 1 << 20;
           }},
          {"slot_stride", [](segment_header& h) { h.slot_stride += 64; }},
          {"participants_offset", [](segment_header& h) { h.participants_offset = 0; }},
          {"slots_offset", [](segment_header& h) { h.slots_offset += 4096; }},
          {"segment_size", [](segment_header& h) { h.segment_size += 4096; }},
          {"reserved", [](segment_header& h) { h.reserved[2] = 1; }},
          {"checksum", [](segment_header& h) { h.uid ^= 1; }},
          {"checksum", [](segment_header& h) { h.created_ns ^= 1; }},
          {"checksum", [](segment_header& h) { h.checksum ^= 1; }}};
}

TEST(validate, G9_G13_each_spoilt_field_is_refused_by_its_name) {
  const testing::unique_name name;
  const segment_header sound = sound_header(name);
  ASSERT_FALSE(validate(sound, sound.segment_size));
  for (const spoil& s : spoils()) {
    segment_header header = sound;
    s.how(header);
    const auto broken = validate(header, sound.segment_size);
    ASSERT_TRUE(broken) << s.rule;
    EXPECT_STREQ(broken->rule, s.rule);
    EXPECT_NE(broken->found, broken->expected) << s.rule;
    // The same bytes in a file.
    const int file = ::open(name.path().c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_EQ(::pwrite(file, &header, sizeof header, 0), static_cast<ssize_t>(sizeof header));
    ::close(file);
    const auto attached = segment::attach(name.get());
    ASSERT_FALSE(attached) << s.rule;
    EXPECT_STREQ(attached.error().rule, s.rule);
    EXPECT_NE(attached.error().text.find(std::to_string(broken->found)), std::string::npos);
    EXPECT_NE(attached.error().text.find(std::to_string(broken->expected)), std::string::npos);
  }
}

// "accepted", or the rule with both values.
std::string outcome(const geometry& shape) {
  const auto broken = validate_geometry(shape);
  if (!broken) return "accepted";
  return std::string(broken->rule) + " " + std::to_string(broken->found) + " " +
         std::to_string(broken->expected);
}
// Of a small segment in which one number differs.
template <class Member>
std::string outcome(Member geometry::*member, std::uint64_t number,
                    segment_mode mode = segment_mode::log) {
  geometry shape = testing::small(mode);
  shape.*member = static_cast<Member>(number);
  return outcome(shape);
}

TEST(validate, G13_each_number_of_a_geometry_is_accepted_to_its_ends_and_refused_beyond) {
  EXPECT_EQ(outcome(&geometry::mode, 0), "mode 0 1");
  EXPECT_EQ(outcome(&geometry::mode, 1), "accepted");
  EXPECT_EQ(outcome(&geometry::mode, 2), "accepted");
  EXPECT_EQ(outcome(&geometry::mode, 3), "mode 3 1");
  EXPECT_EQ(outcome(&geometry::when_full, 0, segment_mode::ring), "full_policy 0 1");
  EXPECT_EQ(outcome(&geometry::when_full, 3, segment_mode::ring), "accepted");
  EXPECT_EQ(outcome(&geometry::when_full, 4, segment_mode::ring), "full_policy 4 1");
  EXPECT_EQ(outcome(&geometry::when_full, 2), "full_policy 2 1");  // a log rejects
  EXPECT_EQ(outcome(&geometry::producers, 0), "producer_role 0 1");
  EXPECT_EQ(outcome(&geometry::producers, 1), "accepted");
  EXPECT_EQ(outcome(&geometry::producers, 2), "accepted");
  EXPECT_EQ(outcome(&geometry::producers, 3), "producer_role 3 1");
  EXPECT_EQ(outcome(&geometry::participant_count, 0), "participant_count 0 1");
  EXPECT_EQ(outcome(&geometry::participant_count, 1), "accepted");
  EXPECT_EQ(outcome(&geometry::participant_count, 256), "accepted");
  EXPECT_EQ(outcome(&geometry::participant_count, 257), "participant_count 257 256");
  EXPECT_EQ(outcome(&geometry::content_size, 0), "content_size 0 1");
  EXPECT_EQ(outcome(&geometry::content_size, 1), "accepted");
  EXPECT_EQ(outcome(&geometry::content_size, 1 << 30), "accepted");
  EXPECT_EQ(outcome(&geometry::content_size, (1 << 30) + 1), "content_size 1073741825 1073741824");
  EXPECT_EQ(outcome(&geometry::slot_count, 0), "slot_count 0 1");
  EXPECT_EQ(outcome(&geometry::slot_count, 1), "accepted");
  EXPECT_EQ(outcome(&geometry::slot_count, 3), "accepted");
  EXPECT_EQ(outcome(&geometry::slot_count, 3, segment_mode::ring), "slot_count 3 4");
}

// The most slots that the largest file has room for.
TEST(validate, G13_more_slots_than_the_largest_file_has_are_refused_with_the_most) {
  const auto told = [](std::uint64_t content_size, std::uint64_t slots,
                       segment_mode mode = segment_mode::log) {
    geometry shape = testing::small(mode);
    shape.content_size = content_size;
    shape.slot_count = slots;
    return outcome(shape);
  };
  EXPECT_EQ(told(32, std::uint64_t{1} << 40), "accepted");
  EXPECT_EQ(told(32, (std::uint64_t{1} << 40) + 1), "slot_count 1099511627777 1099511627776");
  EXPECT_EQ(told(96, std::uint64_t{1} << 39), "accepted");  // 128 bytes each
  EXPECT_EQ(told(96, (std::uint64_t{1} << 39) + 1), "slot_count 549755813889 549755813888");
  EXPECT_EQ(told(97, std::uint64_t{1} << 39), "slot_count 549755813888 366503875925");
  constexpr segment_mode ring = segment_mode::ring;  // of powers of two
  constexpr std::uint64_t most = std::uint64_t{1} << 38;
  EXPECT_EQ(told(97, most, ring), "accepted");
  EXPECT_EQ(told(97, most + 1, ring), "slot_count 274877906945 274877906944");
  EXPECT_EQ(told(97, most * 2, ring), "slot_count 549755813888 274877906944");
  EXPECT_EQ(told(97, most - 1, ring), "slot_count 274877906943 274877906944");
}

TEST(validate, parts_of_a_segment_lie_where_the_numbers_of_its_geometry_say) {
  geometry shape = testing::small(segment_mode::log);
  shape.participant_count = 52;  // to the last byte of the first page
  EXPECT_EQ(shape.slots_offset(), 4096U);
  shape.participant_count = 53;
  EXPECT_EQ(shape.slots_offset(), 8192U);
  shape.slot_count = 64;  // of 64 bytes: one page
  EXPECT_EQ(shape.segment_size(), 12288U);
  shape.slot_count = 65;
  EXPECT_EQ(shape.segment_size(), 16384U);
  shape.content_size = 32;
  EXPECT_EQ(shape.slot_stride(), 64U);
  shape.content_size = 33;
  EXPECT_EQ(shape.slot_stride(), 128U);
}

// All of its eight bytes count, and both values are reported as they are.
TEST(validate, G9_G13_each_byte_of_the_magic_is_compared) {
  const testing::unique_name name;
  const segment_header sound = sound_header(name);
  std::uint64_t expected = 0;
  std::memcpy(&expected, segment_magic, sizeof expected);
  for (std::size_t i = 0; i < sizeof sound.magic; ++i) {
    segment_header header = sound;
    header.magic[i] = static_cast<char>(header.magic[i] ^ 1);
    const auto broken = validate(header, sound.segment_size);
    ASSERT_TRUE(broken);
    EXPECT_STREQ(broken->rule, "magic") << i;
    EXPECT_EQ(broken->found, expected ^ (std::uint64_t{1} << (8 * i)));
    EXPECT_EQ(broken->expected, expected);
  }
}

// Every single-bit flip of the header is noticed.
TEST(validate, G9_no_flipped_bit_of_a_header_goes_unnoticed) {
  const testing::unique_name name;
  const segment_header sound = sound_header(name);
  for (std::size_t bit = 0; bit < sizeof(segment_header) * 8; ++bit) {
    segment_header header = sound;
    reinterpret_cast<unsigned char*>(&header)[bit / 8] ^= static_cast<unsigned char>(1U << bit % 8);
    EXPECT_TRUE(validate(header, sound.segment_size)) << "bit " << bit;
  }
}

// Truncated to any length.
TEST(validate, G9_a_truncated_file_is_refused) {
  const testing::unique_name name;
  const segment_header sound = sound_header(name);
  for (const off_t size : {8191, 8190, 4097, 4096, 4095, 768, 256, 136, 135, 128, 8, 7, 1, 0}) {
    ASSERT_EQ(::truncate(name.path().c_str(), size), 0);
    const auto attached = segment::attach(name.get());
    ASSERT_FALSE(attached) << size;
    EXPECT_STREQ(attached.error().rule, "file_size") << size << attached.error().text;
  }
  ASSERT_EQ(::truncate(name.path().c_str(), static_cast<off_t>(sound.segment_size)), 0);
  EXPECT_STREQ(segment::attach(name.get()).error().rule, "magic");  // zeroes now
}

// Impossible cursors.
TEST(validate, G9_a_cursor_beyond_its_stamps_is_refused) {
  const testing::unique_name name;
  static_cast<void>(sound_header(name));
  const auto poke = [&](off_t offset, std::uint64_t value) {
    const int file = ::open(name.path().c_str(), O_WRONLY | O_CLOEXEC);
    EXPECT_EQ(::pwrite(file, &value, 8, offset), 8);
    ::close(file);
    const auto attached = segment::attach(name.get());
    return std::string(attached ? "accepted" : attached.error().rule);
  };
  EXPECT_EQ(poke(256, 3), "producer_cursor");
  EXPECT_EQ(poke(256, ~std::uint64_t{0}), "producer_cursor");
  EXPECT_EQ(poke(256, 0), "accepted");
  EXPECT_EQ(poke(384, 1), "accepted");  // a reader may be gone before the cursor moves
  EXPECT_EQ(poke(384, 2), "gate_floor");
}

// It was copied out, and is never read from the segment again.
TEST(validate, G9_G3_what_becomes_of_the_header_after_attaching_changes_nothing) {
  for (const int junk : {0x00, 0xff, 0x5a}) {
    const testing::unique_name name;
    const auto home = must(segment::create(name.get(), testing::small(segment_mode::ring)));
    const auto read_only = must(segment::attach(name.get(), {access::read_only, {}, false}));
    const segment_stat before = must(home.stat());
    std::vector<char> bytes(control_offset, static_cast<char>(junk));
    const int file = ::open(name.path().c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_EQ(::pwrite(file, bytes.data(), bytes.size(), 0), 256);
    ::close(file);
    ASSERT_FALSE(segment::attach(name.get()));
    auto writer = must(home.attach_producer());
    auto reader = must(home.attach_consumer({"audit", {}}));
    auto observer = must(read_only.attach_observer());
    for (std::uint64_t n = 0; n < 9; ++n) {
      ASSERT_EQ(testing::put(writer, n), status::ok);
      const std::string told = std::to_string(n) + ":" + std::to_string(n);
      EXPECT_EQ(testing::look(reader), told);
      EXPECT_EQ(testing::look(observer), told);
      EXPECT_EQ(home.mark(static_cast<std::int64_t>(n), 1), status::ok);
    }
    for (const segment& one : {home, read_only}) {
      const segment_stat after = must(one.stat());
      EXPECT_EQ(after.uid, before.uid);
      EXPECT_EQ(after.created_ns, before.created_ns);
      EXPECT_EQ(after.segment_size, before.segment_size);
      EXPECT_EQ(after.shape.mode, before.shape.mode);
      EXPECT_EQ(after.shape.when_full, before.shape.when_full);
      EXPECT_EQ(after.shape.producers, before.shape.producers);
      EXPECT_EQ(after.shape.slot_count, before.shape.slot_count);
      EXPECT_EQ(after.shape.content_size, before.shape.content_size);
      EXPECT_EQ(after.shape.participant_count, before.shape.participant_count);
      EXPECT_EQ(after.producer_cursor, 9);
      EXPECT_EQ(after.participants.size(), 2U);
    }
    EXPECT_EQ(must(home.recover()), 0U);
  }
}

}  // namespace
}  // namespace shmfifo
