// SPDX-License-Identifier: MIT
// Goal: a difference of the segment is told in the layout's words, and a world that cannot be made
// as its scenario says is refused. Method: one word changed at a time; scenarios that do not fit.
#include "world.hpp"

#include <unistd.h>

#include <cstring>
#include <functional>

#include "false_worlds.hpp"

namespace shmfifo::harness::crash {
namespace {

picture empty_picture(const geometry& shape) {
  return {true, std::vector<std::byte>(shape.segment_size())};
}

void set(picture& in, std::uint64_t offset, std::uint64_t value) {
  std::memcpy(in.bytes.data() + offset, &value, sizeof value);
}

// What is told if the word at the offset changes from `before` to `after`.
std::string told(std::uint64_t offset, std::uint64_t before, std::uint64_t after) {
  const scenario what = quiet();
  picture one = empty_picture(what.shape), other = one;
  set(one, offset, before);
  set(other, offset, after);
  return describe_difference(what, one, other);
}

TEST(world, a_changed_word_is_told_by_its_field_and_both_values) {
  const geometry shape = quiet().shape;
  const std::uint64_t line = participants_offset + 3 * sizeof(participant_line);
  const std::uint64_t slot = shape.slots_offset() + 2 * shape.slot_stride();
  const std::pair<std::uint64_t, std::string> fields[] = {
      {control_offset, "producer_cursor"},
      {control_offset + 8, "producer_cursor"},
      {control_offset + destructive_distance, "gate_floor"},
      {control_offset + 2 * destructive_distance, "data_bell"},
      {control_offset + 3 * destructive_distance, "space_bell"},
      {participants_offset, "participant[0].role"},
      {line, "participant[3].role"},
      {line + 8, "participant[3].consumer_cursor"},
      {line + 16, "participant[3].intent"},
      {line + 24, "participant[3].pid"},
      {line + 32, "participant[3].name"},
      {participants_offset + 8 * sizeof(participant_line) - 8, "participant[7].name"},
      {slot + 8, "slot[2].value_length"},
      {slot + 16, "slot[2].message_number"},
      {slot + 24, "slot[2].status_word"},
      {slot + content_offset, "slot[2].content"},
      {slot + shape.slot_stride() - 8, "slot[2].content"},
      {shape.slots_offset() + 4 * shape.slot_stride() - 8, "slot[3].content"}};
  for (const auto& [offset, name] : fields) {
    EXPECT_EQ(told(offset, 7, 259), "  " + name + ": 7 -> 259\n") << offset;
  }
  EXPECT_EQ(told(0, 1, 2), "  nothing\n") << "of the header: two runs differ there";
  EXPECT_EQ(told(control_offset - 8, 1, 2), "  nothing\n");
  EXPECT_EQ(told(slot, 5, 5), "  nothing\n");
}

TEST(world, a_changed_stamp_is_told_by_number_state_and_owner) {
  const std::uint64_t slot = quiet().shape.slots_offset() + quiet().shape.slot_stride();
  const auto stamp = [](std::uint64_t number, slot_state state, unsigned owner) {
    return make_stamp(number, state, owner);
  };
  EXPECT_EQ(told(slot, stamp(1, slot_state::free, 0), stamp(5, slot_state::claimed, 2)),
            "  slot[1].stamp: 1/free/owner 0 -> 5/claimed/owner 2\n");
  EXPECT_EQ(told(slot, stamp(1, slot_state::published, 0), stamp(5, slot_state::aborted, 0)),
            "  slot[1].stamp: 1/published/owner 0 -> 5/aborted/owner 0\n");
  EXPECT_EQ(told(slot, stamp(5, slot_state::held, 63), stamp(5, static_cast<slot_state>(5), 0)),
            "  slot[1].stamp: 5/held/owner 63 -> 5/?/owner 0\n");
}

TEST(world, each_field_is_told_once_and_no_more_than_asked_for) {
  const scenario what = quiet();
  const picture one = empty_picture(what.shape);
  picture other = one;
  for (std::uint64_t at = 0; at < content_bytes; at += 8) {
    set(other, what.shape.slots_offset() + content_offset + at, 9);
  }
  EXPECT_EQ(describe_difference(what, one, other), "  slot[0].content: 0 -> 9\n");
  for (unsigned line = 0; line < 8; ++line) {
    for (const std::uint64_t field : {8U, 16U}) {
      set(other, participants_offset + line * sizeof(participant_line) + field, line + 1);
    }
  }
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_EQ(lines(describe_difference(what, one, other)), 12);
  EXPECT_EQ(lines(describe_difference(what, one, other, 100)), 17);
  EXPECT_EQ(describe_difference(what, one, other, 2),
            "  participant[0].consumer_cursor: 0 -> 1\n  participant[0].intent: 0 -> 1\n");
}

TEST(world, a_name_that_comes_or_goes_is_told) {
  const scenario what = quiet();
  const picture there = empty_picture(what.shape), gone{false, {}};
  EXPECT_EQ(describe_difference(what, gone, there), "  the name appeared\n");
  EXPECT_EQ(describe_difference(what, there, gone), "  the name is gone\n");
  EXPECT_EQ(describe_difference(what, gone, gone), "  nothing\n");
  // A segment that is not complete yet has fewer bytes.
  EXPECT_EQ(describe_difference(what, there, {true, {}}), "  nothing\n");
}

std::string made(const scenario& what) {
  const unique_name name;
  return complaint([&] { const world scene(what, name.get()); });
}

TEST(world, a_scenario_that_does_not_fit_is_refused) {
  EXPECT_EQ(made(quiet(when_full)), "");
  EXPECT_EQ(made(quiet({"too full", 5, 0})), "the messages before the scenario do not fit");
  scenario full = quiet(when_full);
  full.corpses = true;
  EXPECT_EQ(made(full), "the corpses did not die as they should");
}

TEST(world, a_picture_is_written_whole_and_only_to_a_free_name) {
  const unique_name name;
  const scenario what = quiet();
  world scene(what, name.get());
  const picture left = scene.take_picture();
  EXPECT_TRUE(left.named);
  EXPECT_EQ(left.bytes.size(), what.shape.segment_size());
  EXPECT_EQ(complaint([&] { const world copy(what, name.get(), left); }),
            "cannot write /dev/shm/" + name.get() + ": File exists");
  const unique_name other;
  {
    world copy(what, other.get(), left);
    EXPECT_EQ(copy.take_picture(), left);
    EXPECT_FALSE(copy.producer_peer || copy.consumer_peer) << "nobody in it is alive";
  }
  EXPECT_FALSE(other.exists()) << "a world takes its name with it";
  const world without(what, other.get(), {false, left.bytes});
  EXPECT_FALSE(other.exists());
  EXPECT_FALSE(without.name_exists());
}

// The words that a process changes when it begins to sleep.
TEST(world, a_sleeper_is_announced_in_both_bells) {
  scenario what = quiet();
  for (const bool sleeper : {false, true}) {
    what.sleeper = sleeper;
    const unique_name name;
    world scene(what, name.get());
    const control_block& control = scene.home()->view().control();
    EXPECT_EQ(control.data_bell & 1U, sleeper ? 1U : 0U);
    EXPECT_EQ(control.space_bell & 1U, sleeper ? 1U : 0U);
  }
}

TEST(world, the_messages_before_are_read_as_far_as_the_scenario_says) {
  for (const place& where : {at_first, before_wrap, at_wrap, when_full, place{"behind", 6, 3}}) {
    scenario what = quiet(where);
    what.durable = true;
    const unique_name name;
    world scene(what, name.get());
    EXPECT_EQ(scene.home()->view().control().producer_cursor, std::uint64_t(where.published));
    EXPECT_EQ(scene.consumer_peer->position(), where.consumed);
    for (const participant_stat& entry : must(scene.home()->stat()).participants) {
      if (entry.name != "kept") continue;
      EXPECT_EQ(entry.cursor, where.consumed);
    }
  }
}

}  // namespace
}  // namespace shmfifo::harness::crash
