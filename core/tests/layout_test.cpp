// SPDX-License-Identifier: MIT
// Goal: the format of a segment is what core/README.md says, byte by byte. Method: offsets
// and sizes against literals, and a segment made through the API read back as plain bytes
// from its file.
#include "shmfifo/protocol/layout.hpp"

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

TEST(layout, G13_header_fields_are_where_the_format_says) {
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

TEST(layout, G9_a_role_that_hostile_bytes_give_a_line_is_none) {
  using enum participant_kind;
  for (const participant_kind kind : {none, producer, consumer, durable}) {
    EXPECT_EQ(role_kind(make_role(7, kind)), kind);
  }
  EXPECT_EQ(role_generation(make_role(7, durable)), 7U);
  for (std::uint64_t kind = 4; kind < 256; ++kind) EXPECT_EQ(role_kind(0x700 | kind), none) << kind;
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
  // Slots begin on the first page behind the lines.
  for (const auto& [lines, offset] :
       {std::pair{1U, 4096U}, {52U, 4096U}, {53U, 8192U}, {116U, 8192U}, {117U, 12288U}}) {
    shape.participant_count = lines;
    EXPECT_EQ(shape.slots_offset(), offset) << lines;
  }
}

// The segment is an open format.
TEST(layout, G13_a_published_message_is_in_the_file_as_documented) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), testing::small(segment_mode::ring)));
  auto writer = must(home.attach_producer());
  constexpr std::string_view text = "hola";
  for (int i = 0; i < 3; ++i) ASSERT_EQ(writer.try_publish(text), status::ok);
  ASSERT_EQ(home.mark(2, 9), status::ok);
  std::ifstream file(name.path(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  ASSERT_EQ(bytes.size(), 8192U);
  EXPECT_EQ(bytes.substr(0, 8), std::string("shmfifo\0", 8));
  EXPECT_EQ(at<std::uint32_t>(bytes, 8), 2U);            // layout_version
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

// The bytes of a file, given as (offset, little-endian value) of what is not zero.
class image {
 public:
  explicit image(std::size_t size) : bytes_(size, '\0') {}
  template <class T>
  void set(std::size_t offset, T value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
  }
  void text(std::size_t offset, std::string_view value) {
    value.copy(&bytes_[offset], value.size());
  }
  [[nodiscard]] const std::string& get() const { return bytes_; }

 private:
  std::string bytes_;
};

// Every byte of the file, the zeroes too; what differs from run to run is copied over.
TEST(layout, G13_a_segment_in_use_is_byte_for_byte_as_documented) {
  const testing::unique_name name;
  const auto home = must(segment::create(
      name.get(), testing::small(segment_mode::ring, full_policy::wait, producer_role::many, 2)));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_consumer({"billing", {}}));
  ASSERT_EQ(writer.try_publish("adios"), status::ok);
  ASSERT_EQ(home.mark(0, -1), status::ok);
  ASSERT_EQ(reader.poll([](const record_view&) {}).count, 1);
  const auto claim = writer.try_take();
  ASSERT_EQ(claim.answer(), status::ok);

  std::ifstream file(name.path(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  image expected(8192);
  expected.text(0, "shmfifo");
  expected.set(8, std::uint32_t{2});               // layout_version
  expected.set(12, std::uint32_t{0x01020304});     // byte_order
  expected.set(16, std::uint32_t{8});              // word_size
  expected.set(20, std::uint32_t{136});            // header_size
  expected.set(24, at<std::uint64_t>(bytes, 24));  // uid
  expected.set(32, at<std::uint64_t>(bytes, 32));  // created_ns
  expected.set(40, std::uint32_t{2});              // ring
  expected.set(44, std::uint32_t{2});              // wait
  expected.set(48, std::uint32_t{2});              // many
  expected.set(52, std::uint32_t{8});              // participant_count
  expected.set(56, std::uint64_t{16});             // content_size
  expected.set(64, std::uint64_t{2});              // slot_count
  expected.set(72, std::uint64_t{64});             // slot_stride
  expected.set(80, std::uint64_t{768});            // participants_offset
  expected.set(88, std::uint64_t{4096});           // slots_offset
  expected.set(96, std::uint64_t{8192});           // segment_size
  std::uint64_t hash = 0xcbf29ce484222325;         // FNV-1a of the bytes before the checksum
  for (std::size_t i = 0; i < 128; ++i) {
    hash = (hash ^ static_cast<unsigned char>(bytes[i])) * 0x100000001b3;
  }
  expected.set(128, hash);
  expected.set(256, std::uint64_t{2});  // producer_cursor; the bells at 512 and 640 are silent
  expected.set(384, std::uint64_t{0});  // gate_floor: the limit was not reached
  const auto pid = static_cast<std::uint32_t>(::getpid());
  expected.set(768, std::uint64_t{0x101});  // generation 1, producer
  expected.set(784, std::uint64_t{1});      // intent: the claim
  expected.set(792, pid);
  expected.set(832, std::uint64_t{0x103});  // generation 1, durable
  expected.set(840, std::uint64_t{1});      // consumer_cursor
  expected.set(856, pid);
  expected.text(860, "billing");
  expected.set(4096, std::uint64_t{0x002});  // number 0, published
  expected.set(4104, std::int64_t{5});       // value_length
  expected.set(4112, std::int64_t{0});       // message_number
  expected.set(4120, std::uint64_t{0x0ff});  // number 0, status -1
  expected.text(4128, "adios");
  expected.set(4160, std::uint64_t{0x801});  // number 1, claimed by line 0
  ASSERT_EQ(bytes.size(), expected.get().size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    ASSERT_EQ(+bytes[i], +expected.get()[i]) << "at offset " << i;
  }
}

TEST(layout_death, a_line_or_a_slot_that_is_not_there_ends_a_developers_build) {
  const testing::unique_name name;
  const segment log = must(segment::create(name.get(), testing::small(segment_mode::log)));
  EXPECT_DEATH(testing::ends([&] { static_cast<void>(log.view().participant(8)); }), "range");
  EXPECT_DEATH(testing::ends([&] { static_cast<void>(log.view().slot(4)); }), "the log's end");
}

}  // namespace
}  // namespace shmfifo
