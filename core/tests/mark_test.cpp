// SPDX-License-Identifier: MIT
// Goal: a management process can mark any message that is there and no other. Method: every answer
// of mark.
#include "shmfifo/protocol/mark.hpp"

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::must;
using testing::put;
using testing::small;

int status_of(consumer& reader) {
  int value = -1000;
  static_cast<void>(reader.poll([&](const record_view& record) { value = int{record.status}; }, 1));
  return value;
}

TEST(mark, G4_is_seen_by_consumers_and_starts_at_zero) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_consumer());
  for (std::uint64_t i = 0; i < 3; ++i) ASSERT_EQ(put(writer, i), status::ok);
  EXPECT_EQ(home.mark(1, -128), status::ok);
  EXPECT_EQ(home.mark(2, 1), status::ok);
  EXPECT_EQ(home.mark(2, 127), status::ok);
  EXPECT_EQ(status_of(reader), 0);
  EXPECT_EQ(status_of(reader), -128);
  EXPECT_EQ(status_of(reader), 127);
  for (std::uint64_t i = 3; i < 7; ++i) ASSERT_EQ(put(writer, i), status::ok);
  for (int i = 3; i < 7; ++i)
    EXPECT_EQ(status_of(reader), 0);  // the slots' next messages are unmarked
}

TEST(mark, answers_for_what_is_not_there) {
  const testing::unique_name name;
  auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::overwrite, producer_role::many)));
  auto writer = must(home.attach_producer());
  EXPECT_EQ(home.mark(0, 1), status::empty);
  EXPECT_EQ(home.mark(-1, 1), status::invalid);
  EXPECT_EQ(home.mark(std::int64_t{1} << 62, 1), status::invalid);
  EXPECT_EQ(home.mark(static_cast<std::int64_t>(number_max), 1), status::invalid);
  EXPECT_EQ(home.mark(static_cast<std::int64_t>(number_max) - 1, 1), status::empty);
  auto claim = writer.try_take();
  ASSERT_EQ(claim.answer(), status::ok);
  EXPECT_EQ(home.mark(0, 1), status::empty);
  ASSERT_EQ(std::move(claim).abort(), status::ok);
  EXPECT_EQ(home.mark(0, 1), status::aborted);
  for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(put(writer, i), status::ok);
  EXPECT_EQ(home.mark(0, 1), status::lost);
  EXPECT_EQ(home.mark(8, 1), status::empty);
  home.view().slot(2).status_word = make_status_word(1, 0);
  EXPECT_EQ(home.mark(2, 1), status::invalid);
  home.view().slot(2).status_word = make_status_word(3, 0);
  EXPECT_EQ(home.mark(2, 1), status::lost);
  EXPECT_EQ(home.view().slot(2).status_word, make_status_word(3, 0));
  home.view().slot(3).stamp = make_stamp(3, static_cast<slot_state>(6));
  EXPECT_EQ(home.mark(3, 1), status::invalid);
  home.view().slot(3).stamp = make_stamp(7, slot_state::aborted);
  EXPECT_EQ(home.mark(3, 1), status::lost);  // a later number's end is none of this one's
  home.view().slot(3).stamp = make_stamp(3, slot_state::held, 1);
  EXPECT_EQ(home.mark(3, 1), status::aborted);
  const auto read_only = must(segment::attach(name.get(), {access::read_only, {}, false}));
  EXPECT_EQ(read_only.mark(1, 1), status::read_only);
  const testing::unique_name log_name;
  const auto log = must(segment::create(log_name.get(), small(segment_mode::log)));
  EXPECT_EQ(log.mark(4, 1), status::invalid);  // beyond the log's end
}

}  // namespace
}  // namespace shmfifo
