// SPDX-License-Identifier: MIT
// Goal: lines are given, named, gated and cleared as participants.hpp says, also when their owner
// dies half-way or the bytes are hostile. Method: the protocol's own functions on a small segment,
// with a memory model that dies at a named site; threads for what two processes may do at once.
#include "shmfifo/protocol/participants.hpp"

#include <atomic>
#include <thread>

#include "support/hooked_memory.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::hooked_memory;
using testing::kill_self;
using testing::look;
using testing::must;
using testing::once_at;
using testing::open_memory;
using testing::put;
using testing::small;

struct participants : ::testing::Test {
  testing::unique_name name;
  segment home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
  std_memory_model memory = open_memory(name);
  [[nodiscard]] participant_line& line(unsigned i) const { return home.view().participant(i); }
  // As after earlier participants.
  void use_all_lines() const {
    for (unsigned i = 0; i < home.shape().participant_count; ++i) {
      line(i).role = make_role(1, participant_kind::none);
    }
  }
};

TEST_F(participants, G9_a_name_is_stored_whole_and_leaves_nothing_of_its_predecessor) {
  const std::string longest(cursor_name_max, 'x');
  for (const std::string& text : {longest, std::string("ab"), std::string(), std::string("abcd")}) {
    protocol::store_name(line(3), memory, text);
    EXPECT_EQ(protocol::load_name(line(3), memory).view(), text);
  }
  // One that is too long is cut, and ends with a zero.
  protocol::store_name(line(3), memory, std::string(99, 'x'));
  EXPECT_EQ(line(3).name[cursor_name_max], '\0');
  EXPECT_EQ(protocol::load_name(line(3), memory).view(), longest);
  // No zero at the field's end.
  std::memset(line(3).name, 'y', sizeof line(3).name);
  EXPECT_EQ(protocol::load_name(line(3), memory).view(), std::string(cursor_name_max, 'y'));
}

TEST_F(participants, the_first_line_that_nobody_owns_is_taken) {
  auto first = open_memory(name);
  auto second = open_memory(name);
  EXPECT_EQ(protocol::take_line(home.view(), first), 0U);
  line(1).role = make_role(7, participant_kind::durable);  // nobody's, but it stays
  EXPECT_EQ(protocol::take_line(home.view(), second), 2U);
  EXPECT_TRUE(memory.alive(0));
  EXPECT_FALSE(memory.alive(1));
  EXPECT_EQ(line(1).role, make_role(7, participant_kind::durable));
}

// Producers and nonsense gate nobody.
TEST_F(participants, G5_G9_the_lowest_cursor_is_that_of_the_consumer_furthest_behind) {
  const auto set = [&](unsigned i, std::uint64_t role, std::uint64_t cursor) {
    line(i).role = role;
    line(i).consumer_cursor = cursor;
  };
  EXPECT_EQ(protocol::find_lowest_cursor(home.view(), memory).number, protocol::no_cursor);
  set(0, make_role(1, participant_kind::producer), 1);
  set(1, make_role(1, participant_kind::consumer), 9);
  set(2, make_role(2, participant_kind::durable), 7);
  set(3, make_role(2, participant_kind::none), 2);
  for (unsigned kind = 4; kind < 8; ++kind) set(kind, 256 | (kind * 36), 3);
  const protocol::lowest_cursor lowest = protocol::find_lowest_cursor(home.view(), memory);
  EXPECT_EQ(lowest.number, 7U);
  EXPECT_EQ(lowest.holder, 2U);
}

TEST_F(participants, G5_of_consumers_equally_far_behind_the_first_one_holds_producers_back) {
  use_all_lines();
  for (const unsigned i : {2U, 5U}) {
    line(i).role = make_role(1, participant_kind::consumer);
    line(i).consumer_cursor = 3;
  }
  EXPECT_EQ(protocol::find_lowest_cursor(home.view(), memory).holder, 2U);
}

// Whoever has seen an earlier owner's role must not take it for this one's.
TEST_F(participants, G8_each_owner_of_a_line_counts_one_more) {
  std::uint64_t owners = 0;
  for (int times = 0; times < 2; ++times) {
    { const auto writer = must(home.attach_producer()); }
    EXPECT_EQ(line(0).role, make_role(++owners, participant_kind::none));
    { const auto reader = must(home.attach_consumer()); }
    EXPECT_EQ(line(0).role, make_role(++owners, participant_kind::none));
    { const auto reader = must(home.attach_consumer({"audit", {}})); }
    EXPECT_EQ(line(0).role, make_role(++owners, participant_kind::durable));
    EXPECT_EQ(line(0).pid, 0U);
    ASSERT_TRUE(home.forget("audit"));
    EXPECT_EQ(line(0).role, make_role(owners, participant_kind::none));
  }
}

// Where nobody waits for consumers there is no floor, and what the word says means nothing.
TEST(gate, G5_a_floor_is_neither_kept_nor_heeded_where_nobody_is_waited_for) {
  const testing::unique_name name;
  const auto home =
      must(segment::create(name.get(), small(segment_mode::ring, full_policy::overwrite)));
  auto& floor = home.view().control().gate_floor;
  auto writer = must(home.attach_producer());
  for (std::uint64_t i = 0; i < 3; ++i) ASSERT_EQ(put(writer, i), status::ok);
  {
    auto reader = must(home.attach_consumer());
    EXPECT_EQ(look(reader), "0:0 1:1 2:2");
  }
  EXPECT_EQ(floor, 0U);
  floor = 2;
  EXPECT_EQ(must(home.attach_consumer({"", start_at::at(1)})).position(), 1);
}

// What consumers have read is free as soon as producers ask; a producer that goes asks nothing.
TEST_F(participants, G5_a_producer_that_leaves_moves_no_floor) {
  line(5).role = make_role(1, participant_kind::consumer);
  line(5).consumer_cursor = 3;
  { const auto writer = must(home.attach_producer()); }
  EXPECT_EQ(home.view().control().gate_floor, 0U);
}

TEST_F(participants, G5_the_floor_follows_the_consumers_and_never_falls) {
  auto& floor = home.view().control().gate_floor;
  EXPECT_EQ(protocol::raise_gate_floor(home.view(), memory), 0U);  // nobody reads: all is kept
  use_all_lines();
  line(1).role = make_role(1, participant_kind::consumer);
  line(1).consumer_cursor = 5;
  EXPECT_EQ(protocol::raise_gate_floor(home.view(), memory), 5U);
  EXPECT_EQ(floor, 5U);
  line(1).consumer_cursor = 4;
  EXPECT_EQ(protocol::raise_gate_floor(home.view(), memory), 4U);  // a limit, though
  EXPECT_EQ(floor, 5U);
  line(1).role = make_role(1, participant_kind::none);
  EXPECT_EQ(protocol::raise_gate_floor(home.view(), memory), 5U);
}

TEST_F(participants, G5_G7_whoever_enters_below_the_floor_moves_up_or_is_refused) {
  home.view().control().gate_floor = 5;
  for (const auto kind : {participant_kind::consumer, participant_kind::durable}) {
    std::uint64_t position = 3;
    EXPECT_FALSE(protocol::enter_gate(home.view(), memory, 1, kind, position, true));
    EXPECT_TRUE(protocol::enter_gate(home.view(), memory, 1, kind, position, false));
    EXPECT_EQ(position, 5U);
    EXPECT_EQ(line(1).consumer_cursor, 5U);
    EXPECT_EQ(role_kind(line(1).role), kind);
    position = 6;
    EXPECT_TRUE(protocol::enter_gate(home.view(), memory, 1, kind, position, true));
    EXPECT_EQ(line(1).consumer_cursor, 6U);
  }
  EXPECT_EQ(role_generation(line(1).role), 6U);  // each owner is told from the one before
}

// Nobody may resume where producers have been already.
TEST_F(participants, G7_G4_G8_who_dies_while_making_a_cursor_leaves_none_below_the_floor) {
  auto writer = must(home.attach_producer());
  {
    auto reader = must(home.attach_consumer());
    for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(put(writer, i), status::ok);
    ASSERT_EQ(look(reader, 3), "0:0 1:1 2:2");
    ASSERT_EQ(put(writer, 4), status::ok);  // over number 0
  }
  child dying([&] {
    auto own = open_memory(name);
    const auto index = protocol::take_line(home.view(), own);
    if (!index) return 1;
    protocol::store_name(line(*index), own, "billing");
    std::uint64_t position = 0;
    const hooked_memory last(std::move(own), once_at(site::attach_floor, kill_self));
    return protocol::enter_gate(home.view(), last, *index, participant_kind::durable, position,
                                true)
               ? 2
               : 3;
  });
  ASSERT_EQ(dying.join(), 128 + SIGKILL);
  const auto early = home.attach_consumer({"billing", start_at::at(0)});
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, ENODATA);
  auto reader = must(home.attach_consumer({"billing", start_at::oldest()}));
  EXPECT_EQ(look(reader), "3:3 4:4");
}

// A cursor is resumed or forgotten, never half of each.
TEST_F(participants, G7_G5_G8_a_cursor_that_is_being_forgotten_is_not_resumed) {
  std::atomic<bool> over{false};
  std::thread forgetting([&] {
    while (!over) static_cast<void>(home.forget("billing"));
  });
  int half = 0;
  for (int i = 0; i < 10000; ++i) {
    auto reader = home.attach_consumer({"billing", {}});
    bool counts = false;
    for (unsigned p = 0; p < home.shape().participant_count; ++p) {
      const auto role = memory.load(line(p).role, std::memory_order_acquire, site::operate);
      if (role_kind(role) == participant_kind::durable && memory.alive(p)) counts = true;
    }
    if (!reader) {
      // The other may just be looking at the line that was found.
      EXPECT_EQ(reader.error().code, EBUSY) << reader.error().text;
    } else if (!counts) {
      ++half;
    }
  }
  over = true;
  forgetting.join();
  EXPECT_EQ(half, 0);
}

// Twice equals once, and hostile intents lead nowhere.
TEST_F(participants, G8_clearing_away_is_done_once_whatever_the_dead_left) {
  const testing::unique_name log_name;
  const auto log = must(segment::create(
      log_name.get(), small(segment_mode::log, full_policy::reject, producer_role::many)));
  const auto own = open_memory(log_name);
  for (const std::uint64_t intent :
       {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{4}, number_max, ~std::uint64_t{0}}) {
    participant_line& dead = log.view().participant(5);
    dead.role = make_role(1, participant_kind::producer);
    dead.intent = intent;
    log.view().slot(3).stamp = make_stamp(3, slot_state::claimed, 5);
    EXPECT_EQ(protocol::recover_dead(log.view(), own), 1U);
    EXPECT_EQ(protocol::recover_dead(log.view(), own), 0U);
    EXPECT_EQ(dead.role, make_role(1, participant_kind::none));
    // Only the number that was intended, and only if the stamp says the same.
    EXPECT_EQ(stamp_state(log.view().slot(3).stamp),
              intent == 3 ? slot_state::aborted : slot_state::claimed);
    EXPECT_EQ(log.view().slot(0).stamp, 0U);
  }
}

// A claim of somebody else's, or of somebody alive, is left alone.
TEST_F(participants, G6_G11_only_the_claims_of_the_dead_are_aborted) {
  const testing::unique_name ring_name;
  const auto ring = must(segment::create(
      ring_name.get(), small(segment_mode::ring, full_policy::wait, producer_role::many)));
  const auto own = open_memory(ring_name);
  auto alive = must(ring.attach_producer());
  auto claim = alive.try_take();
  ASSERT_EQ(claim.answer(), status::ok);
  ring.view().participant(6).role = make_role(1, participant_kind::producer);
  ring.view().participant(6).intent = 0;  // where `alive` was faster
  EXPECT_EQ(protocol::recover_dead(ring.view(), own), 1U);
  EXPECT_EQ(ring.view().slot(0).stamp, make_stamp(0, slot_state::claimed, 0));
  EXPECT_EQ(std::move(claim).commit(0), status::ok);
}

// Two processes clear away the same claim.
TEST_F(participants, G6_a_dead_claim_is_aborted_once) {
  std::uint64_t& stamp = home.view().slot(1).stamp;
  const std::uint64_t claimed = make_stamp(1, slot_state::claimed, 3);
  stamp = claimed;
  EXPECT_TRUE(protocol::abort_dead_claim(home.view(), memory, 1, claimed));
  EXPECT_EQ(stamp, make_stamp(1, slot_state::aborted));
  EXPECT_FALSE(protocol::abort_dead_claim(home.view(), memory, 1, claimed));
}

TEST_F(participants, G6_G8_a_line_that_has_a_new_owner_meanwhile_is_let_alone) {
  const testing::unique_name other;
  auto many = must(segment::create(
      other.get(), small(segment_mode::ring, full_policy::wait, producer_role::many)));
  participant_line& dead = many.view().participant(2);
  std::uint64_t& stamp = many.view().slot(0).stamp;
  dead.role = make_role(5, participant_kind::producer);
  dead.intent = 0;
  stamp = make_stamp(0, slot_state::claimed, 2);
  const std::uint64_t successor = make_role(6, participant_kind::producer);
  const hooked_memory late(open_memory(other),
                           once_at(site::recover_role_again, [&] { dead.role = successor; }));
  EXPECT_FALSE(protocol::recover_line(many.view(), late, 2, false));
  EXPECT_EQ(dead.role, successor);
  EXPECT_EQ(stamp, make_stamp(0, slot_state::claimed, 2));
  EXPECT_TRUE(protocol::recover_line(many.view(), late, 2, false));
  EXPECT_EQ(stamp, make_stamp(0, slot_state::aborted));
}

TEST_F(participants, G7_a_line_that_became_a_cursor_before_its_lock_was_had_is_passed_over) {
  line(0).role = make_role(1, participant_kind::durable);
  int loads = 0;
  hooked_memory own(open_memory(name), [&](site where) {
    if (where == site::take_role && ++loads == 3) {
      line(1).role = make_role(1, participant_kind::durable);
    }
  });
  EXPECT_EQ(protocol::take_line(home.view(), own), 2U);
  EXPECT_FALSE(memory.alive(1));
  EXPECT_TRUE(memory.alive(2));
}

// Its owner attached behind the first look and died before the lock was taken.
TEST_F(participants, G6_G8_what_was_left_in_a_line_before_its_lock_was_had_is_cleared_away) {
  int loads = 0;
  hooked_memory own(open_memory(name), [&](site where) {
    if (where == site::take_role && ++loads == 2) {
      line(0).role = make_role(4, participant_kind::consumer);
    }
  });
  EXPECT_EQ(protocol::take_line(home.view(), own), 0U);
  EXPECT_EQ(line(0).role, make_role(4, participant_kind::none));
}

TEST_F(participants, G8_a_line_that_another_freed_meanwhile_is_not_counted) {
  line(2).role = make_role(4, participant_kind::consumer);
  const hooked_memory late(open_memory(name), once_at(site::recover_free, [&] {
                             EXPECT_EQ(protocol::recover_dead(home.view(), memory), 1U);
                           }));
  EXPECT_FALSE(protocol::recover_line(home.view(), late, 2, false));
}

// Whoever sees the role sees where the consumer is.
TEST_F(participants, G5_G7_a_consumer_has_its_cursor_before_its_role) {
  line(1).consumer_cursor = 9;
  std::uint64_t position = 3;
  const hooked_memory own(open_memory(name), once_at(site::consumer_role_store, [&] {
                            EXPECT_EQ(line(1).consumer_cursor, 3U);
                            EXPECT_EQ(role_kind(line(1).role), participant_kind::none);
                          }));
  EXPECT_TRUE(
      protocol::enter_gate(home.view(), own, 1, participant_kind::consumer, position, true));
}

TEST_F(participants, G7_G8_who_finds_the_names_held_for_long_is_told) {
  ASSERT_TRUE(memory.try_own(lock_naming));
  const auto late = home.attach_consumer({"billing", {}});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, EBUSY);
  EXPECT_EQ(std::string_view(late.error().rule), "cursor_name");
  memory.disown(lock_naming);
  EXPECT_TRUE(home.attach_consumer({"billing", {}}));
}

TEST_F(participants, G9_a_cursor_beyond_all_numbers_is_not_resumed) {
  { const auto made = must(home.attach_consumer({"billing", {}})); }
  ASSERT_EQ(role_kind(line(0).role), participant_kind::durable);
  line(0).consumer_cursor = number_max + 1;
  const auto refused = home.attach_consumer({"billing", {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EINVAL);
  EXPECT_EQ(std::string_view(refused.error().rule), "consumer_cursor");
}

// Such a name would forge rows on a terminal; one that exists already is resumed.
TEST_F(participants, G9_a_new_name_with_control_characters_is_refused) {
  for (const char* forged : {"a\nb", "\x1b[2J", "x\x7f"}) {
    const auto refused = home.attach_consumer({forged, {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EINVAL);
    EXPECT_STREQ(refused.error().rule, "cursor_name");
    EXPECT_EQ(refused.error().text.find(forged), std::string::npos);
  }
  { const auto reader = must(home.attach_consumer({"plain", {}})); }
  protocol::store_name(line(0), memory, "a\nb");
  EXPECT_TRUE(home.attach_consumer({"a\nb", {}}));
  EXPECT_TRUE(home.forget("a\nb"));
  EXPECT_FALSE(home.attach_consumer({"a\nb", {}}));
}

TEST_F(participants, G6_G7_all_the_dead_are_cleared_away_but_durable_cursors) {
  line(1).role = make_role(4, participant_kind::consumer);
  line(2).role = make_role(5, participant_kind::durable);
  line(3).role = make_role(6, participant_kind::producer);
  EXPECT_EQ(protocol::recover_dead(home.view(), memory), 2U);
  EXPECT_EQ(line(1).role, make_role(4, participant_kind::none));
  EXPECT_EQ(line(2).role, make_role(5, participant_kind::durable));
  EXPECT_EQ(line(3).role, make_role(6, participant_kind::none));
}

// The successor of a single producer writes the slot again; a consumer claims nothing; and who died
// between its intent and its claim has taken no number.
TEST_F(participants, G6_only_a_claim_of_one_of_many_producers_is_aborted) {
  const testing::unique_name many_name;
  const auto many = must(segment::create(
      many_name.get(), small(segment_mode::ring, full_policy::wait, producer_role::many)));
  const std::uint64_t claimed = make_stamp(0, slot_state::claimed);
  struct left {
    const segment* home;
    participant_kind kind;
    std::uint64_t stamp;
  };
  for (const left& one : {left{&home, participant_kind::producer, claimed},
                          left{&many, participant_kind::consumer, claimed},
                          left{&many, participant_kind::producer, 0}}) {
    const layout_view& view = one.home->view();
    view.participant(0).role = make_role(1, one.kind);
    view.participant(0).intent = 0;
    view.slot(0).stamp = one.stamp;
    const auto own = one.home->memory();
    EXPECT_EQ(protocol::recover_dead(view, own), 1U);
    EXPECT_EQ(view.slot(0).stamp, one.stamp);
  }
}

TEST_F(participants, G7_a_cursor_is_found_by_its_whole_name) {
  for (unsigned i = 1; i < 4; ++i) line(i).role = make_role(1, participant_kind::durable);
  protocol::store_name(line(1), memory, "audit1");
  protocol::store_name(line(2), memory, "audi");
  EXPECT_FALSE(protocol::find_durable(home.view(), memory, "audit"));
  protocol::store_name(line(3), memory, "audit");
  EXPECT_EQ(protocol::find_durable(home.view(), memory, "audit"), 3U);
  line(3).role = make_role(1, participant_kind::consumer);
  EXPECT_FALSE(protocol::find_durable(home.view(), memory, "audit"));
}

}  // namespace
}  // namespace shmfifo
