// SPDX-License-Identifier: MIT
// Goal: what attaching accepts ends exactly where it is said to, and each refusal has both values,
// the found one first. Method: the last file, name or number that is accepted and the first that is
// refused, and the text of the refusal.
#include <sys/stat.h>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::must;
using testing::put;
using testing::small;

// The words of a refusal, or "accepted".
template <class Result>
std::string words_of(const Result& answer) {
  return answer ? "accepted" : std::string(answer.error().rule) + ": " + answer.error().text;
}

class attaching : public ::testing::Test {
 protected:
  // "accepted", or the rule with both values.
  [[nodiscard]] std::string outcome(const attach_options& options = {}) const {
    const std::string words = words_of(segment::attach(name.get(), options));
    const std::size_t values = words.find("found ");
    return values == words.npos ? words
                                : words.substr(0, words.find(':')) + " " + words.substr(values);
  }
  const testing::unique_name name;
};

TEST_F(attaching, G9_G13_a_short_file_is_refused_by_its_size_and_the_smallest_possible_one) {
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  const auto cut = [&](off_t size) {
    EXPECT_EQ(::truncate(name.path().c_str(), size), 0);
    return outcome();
  };
  EXPECT_EQ(cut(8191), "file_size found 8191, expected 8192");
  EXPECT_EQ(cut(136), "file_size found 136, expected 8192");
  EXPECT_EQ(cut(135), "file_size found 135, expected 136");
  EXPECT_EQ(cut(0), "file_size found 0, expected 136");
}

TEST_F(attaching, G13_a_smaller_and_a_larger_record_size_than_asked_for_are_refused) {
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  const auto asked = [&](std::uint64_t size) { return outcome({access::read_only, size}); };
  EXPECT_EQ(asked(15), "content_size found 16, expected 15");
  EXPECT_EQ(asked(17), "content_size found 16, expected 17");
  EXPECT_EQ(asked(16), "accepted");
}

// The control words as far as they can be checked.
TEST_F(attaching, G9_cursor_and_floor_are_refused_from_the_first_impossible_number_on) {
  for (const auto mode : {segment_mode::log, segment_mode::ring}) {
    const auto home = must(segment::create(name.get(), small(mode)));
    auto& control = home.view().control();
    {
      auto writer = must(home.attach_producer());
      for (std::uint64_t word = 0; word < 4; ++word) ASSERT_EQ(put(writer, word), status::ok);
    }
    EXPECT_EQ(outcome(), "accepted");  // full
    control.producer_cursor = 5;
    EXPECT_EQ(outcome(), mode == segment_mode::log ? "producer_cursor found 5, expected 4"
                                                   : "producer_cursor found 5, expected 1");
    control.producer_cursor = number_max + 1;
    EXPECT_EQ(outcome(), "producer_cursor found " + std::to_string(number_max + 1) + ", expected " +
                             std::to_string(mode == segment_mode::log ? 4 : number_max));
    control.producer_cursor = 2;
    control.gate_floor = 3;
    EXPECT_EQ(outcome(), "accepted");
    control.gate_floor = 4;
    EXPECT_EQ(outcome(), "gate_floor found 4, expected 3");
    control.gate_floor = 0;
    home.view().slot(1).stamp = 0;
    EXPECT_EQ(outcome(), "producer_cursor found 2, expected 1");
    control.producer_cursor = 0;
    EXPECT_EQ(outcome(), "accepted");
    ASSERT_TRUE(segment::remove(name.get()));
  }
}

// Whatever a terminal shows as it is may be in a name.
TEST_F(attaching, G9_a_name_may_hold_any_bytes_but_slashes_and_control_characters) {
  for (const char* part : {" ", "~", "\x80", "\xff", "\xc3\xa9", ".", "-"}) {
    const std::string odd = name.get() + part;
    EXPECT_EQ(words_of(segment::create(odd, small(segment_mode::ring))), "accepted") << part;
    EXPECT_TRUE(segment::remove(odd)) << part;
  }
  for (const char* part : {"\x01", "\x1f", "\x7f", "/", "\t"}) {
    EXPECT_EQ(
        words_of(segment::create(name.get() + part, small(segment_mode::ring))).find("name: "), 0U)
        << part;
  }
}

TEST_F(attaching, G10_a_missing_segment_is_told_from_a_missing_directory) {
  EXPECT_NE(words_of(segment::attach(name.get())).find("There is no segment of this name"),
            std::string::npos);
  EXPECT_NE(words_of(segment::remove(name.get())).find("There is no segment of this name"),
            std::string::npos);
  attach_options options;
  options.directory = "/dev/shm/" + name.get();
  EXPECT_NE(words_of(segment::attach("any", options)).find("There is no such directory"),
            std::string::npos);
  EXPECT_NE(words_of(segment::remove("any", options.directory)).find("There is no such directory"),
            std::string::npos);
  EXPECT_NE(words_of(list_segments(options.directory)).find("There is no such directory"),
            std::string::npos);
}

TEST_F(attaching, G10_permissions_of_nine_bits_are_taken_and_more_are_refused_with_both_values) {
  create_options options;
  options.permissions = 0777;
  EXPECT_EQ(words_of(segment::create(name.get(), small(segment_mode::ring), options)), "accepted");
  struct ::stat facts {};
  ASSERT_EQ(::stat(name.path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0777U);
  for (const std::uint32_t more : {01000U, 02000U, 04000U, 0x80000000U}) {
    options.permissions = more | 0600U;
    const std::string values =
        "found " + std::to_string(more | 0600U) + ", expected " + std::to_string(0600U);
    EXPECT_NE(words_of(segment::create(name.get() + "-2", small(segment_mode::ring), options))
                  .find(values),
              std::string::npos);
  }
}

// Each geometry that differs is refused with both values, the found one first.
TEST_F(attaching, G13_an_existing_segment_of_another_geometry_is_refused_with_both_values) {
  const geometry shape = small(segment_mode::ring);
  create_options options;
  options.existing = if_exists::attach;
  static_cast<void>(must(segment::create(name.get(), shape)));
  const auto differs = [&](auto change) {
    geometry other = shape;
    change(other);
    const std::string words = words_of(segment::create(name.get(), other, options));
    return words.substr(words.find("found "));
  };
  EXPECT_EQ(differs([](geometry& o) { o.mode = segment_mode::log; }), "found 2, expected 1");
  EXPECT_EQ(differs([](geometry& o) { o.when_full = full_policy::overwrite; }),
            "found 1, expected 3");
  EXPECT_EQ(differs([](geometry& o) { o.producers = producer_role::many; }), "found 1, expected 2");
  EXPECT_EQ(differs([](geometry& o) { o.content_size = 15; }), "found 16, expected 15");
  EXPECT_EQ(differs([](geometry& o) { o.slot_count = 2; }), "found 4, expected 2");
  EXPECT_EQ(differs([](geometry& o) { o.participant_count = 7; }), "found 8, expected 7");
}

// Where readers may start: the first and the last number, and those beyond.
TEST_F(attaching, a_reader_may_start_at_any_number_that_can_still_come) {
  const auto at = [](std::int64_t number) { return start_at::at(number); };
  for (const auto policy : {full_policy::wait, full_policy::overwrite}) {
    const auto home = must(segment::create(name.get(), small(segment_mode::ring, policy)));
    auto writer = must(home.attach_producer());
    for (std::uint64_t word = 0; word < 3; ++word) ASSERT_EQ(put(writer, word), status::ok);
    const bool gated = policy == full_policy::wait;
    const auto last = static_cast<std::int64_t>(gated ? 3 : number_max - 1);
    for (const std::int64_t number : {std::int64_t{0}, std::int64_t{3}, last}) {
      EXPECT_EQ(must(home.attach_consumer({{}, at(number)})).position(), number);
    }
    for (const std::int64_t number : {std::int64_t{-1}, last + 1}) {
      const auto refused = home.attach_consumer({{}, at(number)});
      EXPECT_NE(words_of(refused).find("may start at 0 to " + std::to_string(last) + ", not at " +
                                       std::to_string(number)),
                std::string::npos)
          << words_of(refused);
    }
    const auto latest = static_cast<std::int64_t>(number_max - 1);
    EXPECT_EQ(must(home.attach_observer(at(latest))).position(), latest);
    EXPECT_EQ(must(home.attach_observer(at(0))).position(), 0);
    for (const std::int64_t number : {std::int64_t{-1}, latest + 1}) {
      EXPECT_NE(words_of(home.attach_observer(at(number)))
                    .find("may start at 0 to " + std::to_string(latest) + ", not at " +
                          std::to_string(number)),
                std::string::npos);
    }
    ASSERT_TRUE(segment::remove(name.get()));
  }
}

// Whatever its owner's rights: what was attached to be read is not written.
TEST_F(attaching, G10_a_segment_attached_read_only_refuses_whatever_writes) {
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  const auto home = must(segment::attach(name.get(), {access::read_only}));
  EXPECT_EQ(words_of(home.attach_producer()).find("access: "), 0U);
  EXPECT_EQ(words_of(home.attach_consumer()).find("access: "), 0U);
  EXPECT_EQ(words_of(home.attach_consumer({"audit", {}})).find("access: "), 0U);
  EXPECT_EQ(words_of(home.recover()).find("access: "), 0U);
  EXPECT_EQ(words_of(home.forget("audit")).find("access: "), 0U);
  EXPECT_EQ(home.mark(0, 1), status::read_only);
  EXPECT_TRUE(home.attach_observer());
}

TEST_F(attaching, G10_more_participants_than_lines_are_told_how_many_lines_there_are) {
  geometry shape = small(segment_mode::ring);
  shape.participant_count = 2;
  const auto home = must(segment::create(name.get(), shape));
  const auto one = must(home.attach_consumer());
  const auto other = must(home.attach_consumer());
  EXPECT_NE(words_of(home.attach_consumer()).find("all 2 participant lines of"), std::string::npos);
}

// The last number that can be is a position like any other.
TEST_F(attaching, G9_a_cursor_at_the_end_of_all_numbers_is_resumed_and_beyond_refused) {
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  { const auto reader = must(home.attach_consumer({"audit", {}})); }
  home.view().participant(0).consumer_cursor = number_max;
  EXPECT_EQ(words_of(home.attach_consumer({"audit", {}})), "accepted");
  home.view().participant(0).consumer_cursor = number_max + 1;
  EXPECT_NE(words_of(home.attach_consumer({"audit", {}}))
                .find("found " + std::to_string(number_max + 1) + ", expected " +
                      std::to_string(number_max)),
            std::string::npos);
}

// A log begins at its first number, whatever its cursor says by then.
TEST_F(attaching, G9_an_observer_of_a_log_begins_at_number_0) {
  const auto home = must(segment::create(name.get(), small(segment_mode::log)));
  home.view().control().producer_cursor = 100;
  EXPECT_EQ(must(home.attach_observer()).position(), 0);
  EXPECT_EQ(must(home.stat()).oldest, 0);
}

// A cursor's name fills its field.
TEST_F(attaching, G7_a_cursors_name_has_at_most_the_bytes_of_its_field_and_no_zero) {
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  const std::string longest(cursor_name_max, 'x');
  { const auto reader = must(home.attach_consumer({longest, {}})); }
  EXPECT_EQ(must(home.stat()).participants.at(0).name, longest);
  EXPECT_TRUE(home.forget(longest));
  for (const std::string& bad : {longest + "x", std::string("a\0b", 3), std::string(1, '\0')}) {
    EXPECT_EQ(words_of(home.attach_consumer({bad, {}})).find("cursor_name: "), 0U);
  }
}

}  // namespace
}  // namespace shmfifo
