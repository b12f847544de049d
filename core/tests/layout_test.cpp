// SPDX-License-Identifier: MIT
// Goal: the format of a segment is what core/README.md says, byte by byte. Method: offsets and
// sizes against literals, and a segment made through the API read back as plain bytes from its
// file.
#include "shmfifo/layout.hpp"

#include <cstddef>
#include <fstream>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::must;

template <class T>
T at(const std::string& bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// checks G13
TEST(layout, header_fields_are_where_the_format_says) {
  EXPECT_EQ(offsetof(segment_header, magic), 0U);
  EXPECT_EQ(offsetof(segment_header, layout_version), 8U);
  EXPECT_EQ(offsetof(segment_header, byte_order), 12U);
  EXPECT_EQ(offsetof(segment_header, word_size), 16U);
  EXPECT_EQ(offsetof(segment_header, header_size), 20U);
  EXPECT_EQ(offsetof(segment_header, uid), 24U);
  EXPECT_EQ(offsetof(segment_header, created_ns), 32U);
  EXPECT_EQ(offsetof(segment_header, mode), 40U);
  EXPECT_EQ(offsetof(segment_header, full_policy), 44U);
  EXPECT_EQ(offsetof(segment_header, producer_role), 48U);
  EXPECT_EQ(offsetof(segment_header, participant_count), 52U);
  EXPECT_EQ(offsetof(segment_header, content_size), 56U);
  EXPECT_EQ(offsetof(segment_header, slot_count), 64U);
  EXPECT_EQ(offsetof(segment_header, slot_stride), 72U);
  EXPECT_EQ(offsetof(segment_header, participants_offset), 80U);
  EXPECT_EQ(offsetof(segment_header, slots_offset), 88U);
  EXPECT_EQ(offsetof(segment_header, segment_size), 96U);
  EXPECT_EQ(offsetof(segment_header, reserved), 104U);
  EXPECT_EQ(offsetof(segment_header, checksum), 128U);
  EXPECT_EQ(sizeof(segment_header), 136U);
}

TEST(layout, control_participant_and_slot_are_where_the_format_says) {
  EXPECT_EQ(control_offset, 256U);
  EXPECT_EQ(participants_offset, 768U);
  EXPECT_EQ(offsetof(control_block, producer_cursor), 0U);
  EXPECT_EQ(offsetof(control_block, gate_floor), 128U);
  EXPECT_EQ(offsetof(control_block, data_bell), 256U);
  EXPECT_EQ(offsetof(control_block, space_bell), 384U);
  EXPECT_EQ(offsetof(participant_line, role), 0U);
  EXPECT_EQ(offsetof(participant_line, consumer_cursor), 8U);
  EXPECT_EQ(offsetof(participant_line, intent), 16U);
  EXPECT_EQ(offsetof(participant_line, pid), 24U);
  EXPECT_EQ(offsetof(participant_line, name), 28U);
  EXPECT_EQ(offsetof(slot_header, stamp), 0U);
  EXPECT_EQ(offsetof(slot_header, value_length), 8U);
  EXPECT_EQ(offsetof(slot_header, message_number), 16U);
  EXPECT_EQ(offsetof(slot_header, status_word), 24U);
  EXPECT_EQ(content_offset, 32U);
}

TEST(layout, stamp_keeps_number_owner_and_state_apart) {
  const std::uint64_t stamp = make_stamp(number_max, slot_state::held, 255);
  EXPECT_EQ(stamp, 0xfffffffffffffffc);
  EXPECT_EQ(stamp_number(stamp), number_max);
  EXPECT_EQ(stamp_owner(stamp), 255U);
  EXPECT_EQ(stamp_state(stamp), slot_state::held);
  EXPECT_EQ(make_stamp(1, slot_state::published), 0x802U);
  EXPECT_EQ(make_stamp(0, slot_state::free), 0U);
  EXPECT_TRUE(stamp_done(make_stamp(5, slot_state::aborted)));
  EXPECT_FALSE(stamp_done(make_stamp(5, slot_state::claimed, 3)));
}

TEST(layout, status_word_holds_the_status_in_its_lowest_byte) {
  const std::uint64_t word = make_status_word(0x1234, -2);
  EXPECT_EQ(word, 0x1234feU);
  EXPECT_EQ(status_of_word(word), -2);
}

TEST(layout, derived_geometry_follows_from_the_given_one) {
  geometry shape;
  shape.content_size = 1024;
  shape.slot_count = 1000000;
  shape.participant_count = 32;
  EXPECT_EQ(shape.slot_stride(), 1088U);
  EXPECT_EQ(shape.slots_offset(), 4096U);
  EXPECT_EQ(shape.segment_size(), 1088004096U);
  shape.content_size = 32;
  EXPECT_EQ(shape.slot_stride(), 64U);
  shape.content_size = 33;
  EXPECT_EQ(shape.slot_stride(), 128U);
}

// checks G13: the segment is an open format
TEST(layout, a_published_message_is_in_the_file_as_documented) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), testing::small(segment_mode::ring)));
  auto writer = must(home.attach_producer());
  const char text[] = "hola";
  for (int i = 0; i < 3; ++i) ASSERT_EQ(writer.try_publish(text, 4), status::ok);
  ASSERT_EQ(home.mark(2, 9), status::ok);
  std::ifstream file(name.path(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  ASSERT_EQ(bytes.size(), 8192U);
  EXPECT_EQ(bytes.substr(0, 8), std::string("shmfifo\0", 8));
  EXPECT_EQ(at<std::uint32_t>(bytes, 8), 1U);            // layout_version
  EXPECT_EQ(at<std::uint32_t>(bytes, 12), 0x01020304U);  // byte_order
  EXPECT_EQ(at<std::uint32_t>(bytes, 16), 8U);           // word_size
  EXPECT_EQ(at<std::uint32_t>(bytes, 20), 136U);         // header_size
  EXPECT_EQ(at<std::uint32_t>(bytes, 40), 2U);           // ring
  EXPECT_EQ(at<std::uint32_t>(bytes, 44), 1U);           // reject
  EXPECT_EQ(at<std::uint32_t>(bytes, 48), 1U);           // single
  EXPECT_EQ(at<std::uint64_t>(bytes, 56), 16U);          // content_size
  EXPECT_EQ(at<std::uint64_t>(bytes, 64), 4U);           // slot_count
  EXPECT_EQ(at<std::uint64_t>(bytes, 256), 3U);          // producer_cursor
  EXPECT_EQ(at<std::uint64_t>(bytes, 768), 257U);        // generation 1, producer
  const std::size_t slot = 4096 + 2 * 64;
  EXPECT_EQ(at<std::uint64_t>(bytes, slot), 2U << 11U | 2U);
  EXPECT_EQ(at<std::int64_t>(bytes, slot + 8), 4);
  EXPECT_EQ(at<std::int64_t>(bytes, slot + 16), 2);
  EXPECT_EQ(at<std::int8_t>(bytes, slot + 24), 9);
  EXPECT_EQ(bytes.substr(slot + 32, 4), "hola");
}

}  // namespace
}  // namespace shmfifo
