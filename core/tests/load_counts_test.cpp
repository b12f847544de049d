// SPDX-License-Identifier: MIT
// Goal: each call looks at a shared word once and uses what it saw, and writes only what it has to;
// where it has to look or write again, it says so. Method: a memory model that counts the loads
// and, behind the arrow, the writes of each word, under every way through the calls of readers,
// producers and recoverers.
#include "shmfifo/protocol/mark.hpp"
#include "support/shadow_segment.hpp"

namespace shmfifo {
namespace {

using testing::must;
using testing::put;
using testing::shadow_memory;
using testing::shadow_reader;
using testing::shadow_segment;
using testing::shadow_writer;
using testing::small;

class load_counts : public ::testing::Test {
 protected:
  void make(segment_mode mode, full_policy when_full, producer_role producers) {
    shadow_.reset();
    if (home_) {
      EXPECT_TRUE(segment::remove(name_.get()));
    }
    home_.emplace(must(segment::create(name_.get(), small(mode, when_full, producers),
                                       {.existing = if_exists::refuse})));
    shadow_.emplace(*home_);
  }
  template <class Call>
  std::string count(Call&& call) {
    shadow_->begin_call();
    call();
    const std::string writes = shadow_->writes();
    return shadow_->loads() + (writes.empty() ? "" : " -> " + writes);
  }
  std::string count_poll(shadow_reader& reader, status expected) {
    return count([&] { EXPECT_EQ(reader.poll([](const record_view&) {}).answer, expected); });
  }
  [[nodiscard]] shadow_memory memory() { return {home_->memory(), *shadow_}; }
  [[nodiscard]] shadow_reader observe() {
    return {shadow_->view(), memory(), std::nullopt, 0, buffer_};
  }
  shadow_reader consume(participant_kind kind) {
    shadow_memory own = memory();
    const unsigned line = protocol::take_line(shadow_->view(), own).value();
    std::uint64_t position = 0;
    EXPECT_TRUE(protocol::enter_gate(shadow_->view(), own, line, kind, position, true));
    return {shadow_->view(), std::move(own), line, position, buffer_};
  }
  shadow_writer produce() {
    shadow_memory own = memory();
    const unsigned line = protocol::take_line(shadow_->view(), own).value();
    return {shadow_->view(), std::move(own), line};
  }

  testing::unique_name name_;
  std::optional<segment> home_;
  std::optional<shadow_segment> shadow_;
  alignas(content_alignment) std::byte buffer_[16] = {};
};

// The line's role, besides the floor, and before and after it the cursors of all.
constexpr std::string_view raising_the_floor =
    "consumer_cursor 0: 2, gate_floor 0: 1, role 0: 3, role 1: 2, space_bell 0: 1";
constexpr deadline one_nap{std::chrono::nanoseconds(1)};

TEST_F(load_counts, G3_G9_in_place_each_word_of_a_message_is_loaded_once) {
  for (const auto mode : {segment_mode::log, segment_mode::ring}) {
    make(mode, full_policy::reject, producer_role::single);
    auto writer = must(home_->attach_producer());
    shadow_reader reader =
        mode == segment_mode::log ? observe() : consume(participant_kind::durable);
    const std::uint64_t word = 1;
    for (int i = 0; i < 2; ++i) ASSERT_EQ(put(writer, word), status::ok);
    EXPECT_EQ(count([&] { EXPECT_EQ(reader.wait(), status::ok); }), "stamp 0: 1");
    EXPECT_EQ(
        count([&] { EXPECT_EQ(reader.poll([](const record_view&) {}, 1).answer, status::ok); }),
        mode == segment_mode::log
            ? "message_number 0: 1, stamp 0: 1, status_word 0: 1, value_length 0: 1"
            : "message_number 0: 1, space_bell 0: 1, stamp 0: 1, status_word 0: 1, value_length 0: "
              "1 -> consumer_cursor 1: 1");
    EXPECT_EQ(count([&] { EXPECT_EQ(reader.read(buffer_).answer, status::ok); }),
              "message_number 1: 1, stamp 1: 1, status_word 1: 1, value_length 1: 1");
    EXPECT_EQ(count_poll(reader, status::empty),
              mode == segment_mode::log ? "stamp 2: 1"
                                        : "space_bell 0: 1, stamp 2: 1 -> consumer_cursor 1: 1");
    if (mode == segment_mode::ring) reader.leave();
  }
}

// A copied message's stamp is looked at again afterwards; that look decides, and changes nothing.
TEST_F(load_counts, G3_G4_G9_copied_only_the_stamp_is_loaded_twice) {
  make(segment_mode::ring, full_policy::overwrite, producer_role::many);
  auto writer = must(home_->attach_producer());
  shadow_reader reader = observe();
  for (std::uint64_t i = 0; i < 6; ++i) ASSERT_EQ(put(writer, i), status::ok);
  // The cursor says whether anything can be lost, then how much.
  EXPECT_EQ(count_poll(reader, status::lost), "producer_cursor 0: 2, stamp 0: 1");
  EXPECT_EQ(reader.position(), 2);
  shadow_->copy_content();
  EXPECT_EQ(count([&] { EXPECT_EQ(reader.read(buffer_).answer, status::ok); }),
            "message_number 2: 1, stamp 2: 2, status_word 2: 1, value_length 2: 1");
  home_->view().slot(3).value_length = 17;
  EXPECT_EQ(count_poll(reader, status::invalid),
            "message_number 3: 1, stamp 3: 2, status_word 3: 1, value_length 3: 1");
  home_->view().slot(4).stamp = make_stamp(4, slot_state::aborted);
  EXPECT_EQ(count_poll(reader, status::aborted), "stamp 0: 1");
}

TEST_F(load_counts, G3_G9_a_message_is_published_with_one_look_at_each_word) {
  make(segment_mode::ring, full_policy::reject, producer_role::single);
  {
    shadow_writer writer = produce();
    const std::uint64_t word = 1;
    // No consumer: nothing but the roles and the floor says so.
    EXPECT_EQ(count([&] { EXPECT_EQ(put(writer, word), status::ok); }),
              "data_bell 0: 1, gate_floor 0: 1, role 0-1: 1 -> message_number 0: 1, "
              "producer_cursor 0: 1, stamp 0: 2, status_word 0: 1, value_length 0: 1");
    EXPECT_EQ(count([&] { EXPECT_EQ(put(writer, word), status::ok); }),
              "data_bell 0: 1 -> message_number 1: 1, producer_cursor 0: 1, stamp 1: 2, "
              "status_word 1: 1, value_length 1: 1");
    EXPECT_EQ(count([&] { EXPECT_EQ(writer.try_take().commit(3), status::ok); }),
              "data_bell 0: 1 -> message_number 2: 1, producer_cursor 0: 1, stamp 2: 2, "
              "status_word 2: 1, value_length 2: 1");
    EXPECT_EQ(count([&] { EXPECT_EQ(writer.try_take().abort(), status::ok); }),
              "data_bell 0: 1 -> producer_cursor 0: 1, stamp 3: 2");
    writer.leave();
  }
  make(segment_mode::ring, full_policy::overwrite, producer_role::many);
  shadow_writer writer = produce();
  const std::uint64_t word = 1;
  EXPECT_EQ(count([&] { EXPECT_EQ(put(writer, word), status::ok); }),
            "data_bell 0: 1, producer_cursor 0: 1, stamp 0: 1 -> intent 0: 1, message_number 0: 1, "
            "producer_cursor 0: 1, stamp 0: 2, status_word 0: 1, value_length 0: 1");
  EXPECT_EQ(count([&] { EXPECT_EQ(writer.try_take().commit(3), status::ok); }),
            "data_bell 0: 1, producer_cursor 0: 1, stamp 1: 1 -> intent 0: 1, message_number 1: 1, "
            "producer_cursor 0: 1, stamp 1: 2, status_word 1: 1, value_length 1: 1");
  EXPECT_EQ(count([&] { EXPECT_EQ(protocol::mark(shadow_->view(), memory(), 1, 9), status::ok); }),
            "stamp 1: 1, status_word 1: 1 -> status_word 1: 1");
  writer.leave();
}

TEST_F(load_counts, G8_G9_set_up_and_recovery_look_at_each_word_as_often_as_they_must) {
  make(segment_mode::ring, full_policy::wait, producer_role::many);
  home_->view().participant(0).role = make_role(1, participant_kind::producer);
  home_->view().participant(0).intent = 2;
  home_->view().slot(2).stamp = make_stamp(2, slot_state::claimed, 0);
  // The role again, after the stamp: a successor's claim is left alone.
  EXPECT_EQ(
      count([&] { EXPECT_TRUE(protocol::recover_line(shadow_->view(), memory(), 0, false)); }),
      "data_bell 0: 1, intent 0: 1, role 0: 2, stamp 2: 1 -> role 0: 1, stamp 2: 1");
  shadow_memory own = memory();
  // Before its lock and after; and to clear it away, before and after.
  EXPECT_EQ(count([&] { EXPECT_EQ(protocol::take_line(shadow_->view(), own), 0U); }), "role 0: 4");
  std::uint64_t position = 0;
  EXPECT_EQ(count([&] {
              EXPECT_TRUE(protocol::enter_gate(shadow_->view(), own, 0, participant_kind::consumer,
                                               position, true));
            }),
            "gate_floor 0: 1, role 0: 1 -> consumer_cursor 0: 1, role 0: 1");
  EXPECT_EQ(count([&] {
              EXPECT_TRUE(protocol::enter_gate(shadow_->view(), own, 0, participant_kind::durable,
                                               position, false));
            }),
            "gate_floor 0: 1, role 0: 1 -> consumer_cursor 0: 1, role 0: 2");
  home_->view().control().gate_floor = 3;
  EXPECT_EQ(count([&] {
              EXPECT_TRUE(protocol::enter_gate(shadow_->view(), own, 0, participant_kind::durable,
                                               position, false));
            }),
            // Again, from where it moved to.
            "gate_floor 0: 2, role 0: 1 -> consumer_cursor 0: 2, role 0: 2");
  protocol::store_name(home_->view().participant(0), own, "audit");
  const std::string named =
      count([&] { EXPECT_EQ(protocol::find_durable(shadow_->view(), own, "audit"), 0U); });
  EXPECT_EQ(named,
            "name 28: 1, name 32: 1, name 36: 1, name 40: 1, name 44: 1, name 48: 1, "
            "name 52: 1, name 56: 1, name 60: 1, role 0: 1");
  home_->view().participant(0).consumer_cursor = 7;
  // The minimum, the floor, and the minimum again: the handshake with whoever attaches.
  EXPECT_EQ(count([&] { EXPECT_EQ(protocol::raise_gate_floor(shadow_->view(), own), 7U); }),
            "consumer_cursor 0: 2, gate_floor 0: 1, role 0-1: 2 -> gate_floor 0: 1");
  EXPECT_EQ(count([&] { EXPECT_EQ(protocol::raise_gate_floor(shadow_->view(), own), 7U); }),
            "consumer_cursor 0: 2, gate_floor 0: 1, role 0-1: 2");
}

// Whether anybody sleeps there or not; only then the bell is written to.
TEST_F(load_counts, G11_a_ring_looks_at_its_bell_once) {
  make(segment_mode::ring, full_policy::wait, producer_role::many);
  for (const std::uint32_t before : {0U, 1U}) {
    home_->view().control().space_bell = before;
    EXPECT_EQ(count([&] { protocol::ring_bell(memory(), shadow_->view().control().space_bell); }),
              before == 0 ? "space_bell 0: 1" : "space_bell 0: 1 -> space_bell 0: 1");
  }
}

// A line that somebody has just taken, one that is a durable cursor, and one that is free.
TEST_F(load_counts, G8_G9_a_newcomer_asks_nothing_about_a_line_that_stays) {
  make(segment_mode::ring, full_policy::overwrite, producer_role::many);
  shadow_memory other = memory();
  ASSERT_TRUE(other.try_own(0));
  home_->view().participant(1).role = make_role(1, participant_kind::durable);
  shadow_memory own = memory();
  EXPECT_EQ(count([&] { EXPECT_EQ(protocol::take_line(shadow_->view(), own), 2U); }),
            "role 0: 2, role 1: 1, role 2: 4 -> role 0-1: 1");
  std::uint64_t position = 0;
  EXPECT_EQ(count([&] {
              EXPECT_TRUE(protocol::enter_gate(shadow_->view(), own, 2, participant_kind::consumer,
                                               position, true));
            }),
            "role 2: 1 -> consumer_cursor 2: 1, role 2: 1");
}

TEST_F(load_counts, G8_G9_whoever_leaves_looks_once_at_its_own_role) {
  using enum participant_kind;
  const struct {
    segment_mode mode;
    full_policy when_full;
    participant_kind kind;
    std::string expected;
  } cases[] = {
      {segment_mode::log, full_policy::reject, consumer, "role 0: 1 -> pid 0: 1, role 0: 1"},
      {segment_mode::log, full_policy::reject, durable, "role 0: 1 -> pid 0: 1"},
      {segment_mode::log, full_policy::reject, producer, "role 0: 1 -> pid 0: 1, role 0: 1"},
      {segment_mode::ring, full_policy::overwrite, consumer, "role 0: 1 -> pid 0: 1, role 0: 1"},
      {segment_mode::ring, full_policy::wait, durable, "role 0: 1 -> pid 0: 1"},
      {segment_mode::ring, full_policy::wait, producer, "role 0: 1 -> pid 0: 1, role 0: 1"},
      {segment_mode::ring, full_policy::wait, consumer,
       std::string(raising_the_floor) + " -> pid 0: 1, role 0: 1"}};
  for (const auto& one : cases) {
    make(one.mode, one.when_full, producer_role::many);
    if (one.kind == producer) {
      shadow_writer writer = produce();
      EXPECT_EQ(count([&] { writer.leave(); }), one.expected);
    } else {
      shadow_reader reader = consume(one.kind);
      EXPECT_EQ(count([&] { reader.leave(); }), one.expected);
    }
  }
}

// What a dead owner may have left in line 0, and how recovery looks at it.
TEST_F(load_counts, G8_G9_recovery_looks_at_each_word_of_a_line_once_but_for_the_role) {
  using enum participant_kind;
  const auto claim_of = [](std::uint64_t number, unsigned owner) {
    return make_stamp(number, slot_state::claimed, owner);
  };
  constexpr const char* one_look = "intent 0: 1, role 0: 2, stamp 2: 1 -> role 0: 1";
  constexpr const char* and_the_bell =
      "data_bell 0: 1, intent 0: 1, role 0: 2, stamp 2: 1 -> role 0: 1, stamp 2: 1";
  const struct {
    const char* name;
    participant_kind kind;
    std::uint64_t intent, stamp;
    bool freed;
    std::string expected;
  } cases[] = {{"vacant", none, 2, 0, false, "role 0: 1"},
               {"durable", durable, 2, 0, false, "role 0: 1"},
               {"consumer", consumer, 2, 0, true, std::string(raising_the_floor) + " -> role 0: 1"},
               {"no claim", producer, 2, 0, true, one_look},
               {"another's claim", producer, 2, claim_of(2, 3), true, one_look},
               {"published", producer, 2, make_stamp(2, slot_state::published), true, one_look},
               {"held", producer, 2, make_stamp(6, slot_state::held, 0), true, and_the_bell},
               {"claimed", producer, 2, claim_of(2, 0), true, and_the_bell}};
  for (const auto& one : cases) {
    make(segment_mode::ring, full_policy::wait, producer_role::many);
    home_->view().participant(0).role = make_role(1, one.kind);
    home_->view().participant(0).intent = one.intent;
    home_->view().slot(2).stamp = one.stamp;
    EXPECT_EQ(count([&] {
                EXPECT_EQ(protocol::recover_line(shadow_->view(), memory(), 0, false), one.freed);
              }),
              one.expected)
        << one.name;
  }
  make(segment_mode::log, full_policy::reject, producer_role::many);
  home_->view().participant(0).role = make_role(1, producer);
  home_->view().participant(0).intent = 4;  // beyond the log's end
  EXPECT_EQ(
      count([&] { EXPECT_TRUE(protocol::recover_line(shadow_->view(), memory(), 0, false)); }),
      "intent 0: 1, role 0: 1 -> role 0: 1");
  make(segment_mode::ring, full_policy::wait, producer_role::many);
  shadow_writer writer = produce();
  EXPECT_EQ(
      count([&] { EXPECT_FALSE(protocol::recover_line(shadow_->view(), memory(), 0, false)); }),
      "role 0: 1");
  writer.leave();
}

// A wait in which one sleep has room: a look; a consumer's then before and after each of two
// questions, and after the sleep; an observer's before the question and after the nap. The verdict
// of an observer, which can abort nothing, and of a number that was never taken, needs another.
TEST_F(load_counts, G6_G9_a_question_about_a_number_looks_at_its_stamp_once_or_twice) {
  const struct {
    const char* name;
    producer_role producers;
    std::uint64_t stamp, cursor;
    const char *by_consumer, *by_observer;
  } cases[] = {
      {"not yet", producer_role::many, 0, 0,
       "data_bell 0: 1, producer_cursor 0: 2, role 0-7: 1, stamp 0: 7",
       "producer_cursor 0: 1, role 0-7: 1, stamp 0: 4"},
      {"claimed by the dead", producer_role::many, make_stamp(0, slot_state::claimed, 7), 1,
       "data_bell 0: 1, stamp 0: 4 -> data_bell 0: 1, stamp 0: 1", "stamp 0: 5"},
      {"claimed by the living", producer_role::many, make_stamp(0, slot_state::claimed, 1), 1,
       "data_bell 0: 1, role 0-7: 1, stamp 0: 7", "role 0-7: 1, stamp 0: 4"},
      {"claimed by the only producer", producer_role::single, make_stamp(0, slot_state::claimed, 7),
       1, "data_bell 0: 1, role 0-7: 1, stamp 0: 7", "role 0-7: 1, stamp 0: 4"},
      {"never taken", producer_role::many, 0, 1, "producer_cursor 0: 1, stamp 0: 5",
       "producer_cursor 0: 1, stamp 0: 5"},
      {"broken", producer_role::many, make_stamp(3, slot_state::published), 1,
       "producer_cursor 0: 1, stamp 0: 1", "producer_cursor 0: 1, stamp 0: 1"},
      {"overwritten", producer_role::many, make_stamp(4, slot_state::published), 5,
       "producer_cursor 0: 1, stamp 0: 1", "producer_cursor 0: 1, stamp 0: 1"}};
  for (const auto& one : cases) {
    for (const bool observer : {false, true}) {
      make(segment_mode::ring, full_policy::overwrite, one.producers);
      shadow_reader reader = observer ? observe() : consume(participant_kind::consumer);
      shadow_memory other = memory();
      ASSERT_TRUE(other.try_own(1));
      home_->view().slot(0).stamp = one.stamp;
      home_->view().control().producer_cursor = one.cursor;
      EXPECT_EQ(count([&] { static_cast<void>(reader.wait(one_nap)); }),
                observer ? one.by_observer : one.by_consumer)
          << one.name;
    }
  }
}

TEST_F(load_counts, G6_G8_a_new_producer_looks_at_each_word_once) {
  make(segment_mode::ring, full_policy::overwrite, producer_role::single);
  for (std::uint64_t i = 0; i < 3; ++i) {
    home_->view().slot(i).stamp = make_stamp(i, slot_state::published);
  }
  EXPECT_EQ(
      count([&] { shadow_writer(shadow_->view(), memory(), 0); }),
      "producer_cursor 0: 1, role 0: 1, stamp 0-3: 1 -> pid 0: 1, producer_cursor 0: 1, role 0: 1");
  make(segment_mode::ring, full_policy::overwrite, producer_role::many);
  EXPECT_EQ(count([&] { shadow_writer(shadow_->view(), memory(), 0); }),
            "role 0: 1 -> pid 0: 1, role 0: 1");
}

// What may stand in the slot that a producer is to take for number 4.
TEST_F(load_counts, G2_G5_a_claim_looks_at_its_slot_once) {
  const std::uint64_t word = 1;
  const struct {
    const char* name;
    full_policy when_full;
    std::uint64_t stamp;
    status answer;
    const char* expected;
  } cases[] = {
      {"done", full_policy::wait, make_stamp(0, slot_state::published), status::ok,
       "data_bell 0: 1, gate_floor 0: 1, producer_cursor 0: 1, role 0-1: 1, stamp 0: 1 -> intent "
       "0: 1, message_number 0: 1, producer_cursor 0: 1, stamp 0: 2, status_word 0: 1, "
       "value_length 0: 1"},
      {"taken", full_policy::wait, make_stamp(4, slot_state::published), status::ok,
       "data_bell 0: 1, gate_floor 0: 1, producer_cursor 0: 2, role 0-1: 1, stamp 0-1: 1 -> intent "
       "0: 1, message_number 1: 1, producer_cursor 0: 2, stamp 1: 2, status_word 1: 1, "
       "value_length 1: 1"},
      {"unfinished", full_policy::wait, make_stamp(0, slot_state::claimed, 7), status::full,
       "gate_floor 0: 1, producer_cursor 0: 2, role 0-1: 1, stamp 0: 1"},
      {"broken", full_policy::wait, make_stamp(1, slot_state::published), status::invalid,
       "gate_floor 0: 1, producer_cursor 0: 2, role 0-1: 1, stamp 0: 1"},
      {"of the dead", full_policy::overwrite, make_stamp(0, slot_state::claimed, 7), status::ok,
       "data_bell 0: 1, producer_cursor 0: 1, stamp 0: 1 -> intent 0: 1, message_number 0: 1, "
       "producer_cursor 0: 1, stamp 0: 2, status_word 0: 1, value_length 0: 1"},
      {"of the living", full_policy::overwrite, make_stamp(0, slot_state::claimed, 1), status::ok,
       "data_bell 0: 2, producer_cursor 0: 2, stamp 0-1: 1 -> intent 0: 1, message_number 1: 1, "
       "producer_cursor 0: 2, stamp 0: 1, stamp 1: 2, status_word 1: 1, value_length 1: 1"}};
  for (const auto& one : cases) {
    make(segment_mode::ring, one.when_full, producer_role::many);
    shadow_writer writer = produce();
    shadow_memory other = memory();
    ASSERT_TRUE(other.try_own(1));
    home_->view().slot(4).stamp = one.stamp;
    home_->view().slot(5).stamp = make_stamp(1, slot_state::published);
    home_->view().control().producer_cursor = 4;
    home_->view().control().gate_floor = 4;
    EXPECT_EQ(count([&] { EXPECT_EQ(put(writer, word), one.answer); }), one.expected) << one.name;
    writer.leave();
  }
}

// Full: an attempt, then for each of two sleeps, of which the deadline allows one, a look, the
// question about the dead, a look, and after the sleep another; then who is to blame.
TEST_F(load_counts, G5_G11_a_wait_for_room_looks_at_each_word_as_often_as_it_must) {
  const std::uint64_t word = 1;
  for (const auto producers : {producer_role::single, producer_role::many}) {
    make(segment_mode::ring, full_policy::wait, producers);
    shadow_reader reader = consume(participant_kind::consumer);
    shadow_writer writer = produce();
    for (int i = 0; i < 4; ++i) ASSERT_EQ(put(writer, word), status::ok);
    home_->view().participant(0).consumer_cursor = 1;
    ASSERT_EQ(put(writer, word), status::ok);
    const auto count_wait = [&] {
      return count(
          [&] { EXPECT_EQ(writer.publish(testing::bytes_of(word), one_nap), status::timed_out); });
    };
    if (producers == producer_role::single) {
      EXPECT_EQ(
          count_wait(),
          "consumer_cursor 0: 11, gate_floor 0: 5, role 0-2: 13, role 3-7: 2, space_bell 0: 1");
    } else {
      EXPECT_EQ(count_wait(),
                "consumer_cursor 0: 11, gate_floor 0: 5, producer_cursor 0: 6, role 0-2: 13, role "
                "3-7: 2, "
                "space_bell 0: 1");
      home_->view().participant(0).consumer_cursor = 4;
      home_->view().slot(1).stamp = make_stamp(1, slot_state::claimed, 7);
      EXPECT_EQ(count_wait(),
                "consumer_cursor 0: 11, gate_floor 0: 5, producer_cursor 0: 6, role 0-2: 13, role "
                "3-7: 2, "
                "space_bell 0: 1, stamp 1: 5 -> gate_floor 0: 1");
    }
    writer.leave();
    reader.leave();
  }
}

}  // namespace
}  // namespace shmfifo
