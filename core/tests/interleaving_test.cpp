// SPDX-License-Identifier: MIT
// Goal: what another role does between two accesses of the protocol changes answers as documented
// and never content. Method: a hook at one site after the other, in which the other role acts; so
// windows of a few nanoseconds are hit on purpose.
#include <span>

#include "shmfifo/protocol/mark.hpp"
#include "support/hooked_memory.hpp"

namespace shmfifo {
namespace {

using testing::hooked_memory;
using testing::hooked_observer;
using testing::hooked_producer;
using testing::look;
using testing::must;
using testing::once_at;
using testing::open_memory;
using testing::put;
using testing::small;

segment ring_of_many(const testing::unique_name& name, full_policy when_full) {
  return must(
      segment::create(name.get(), small(segment_mode::ring, when_full, producer_role::many)));
}

void put_each(producer& out, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t i = first; i <= last; ++i) ASSERT_EQ(put(out, i), status::ok);
}

// Passed over while it copies, it publishes under a new number.
TEST(interleaving, G2_G4_G5_a_producer_that_the_ring_went_round_takes_a_new_number) {
  const testing::unique_name name;
  const auto home = ring_of_many(name, full_policy::overwrite);
  auto fast = must(home.attach_producer());
  auto reader = must(home.attach_observer());
  const auto laps = [&] { put_each(fast, 1, 8); };
  hooked_producer slow(home, name, once_at(site::publish_content, laps));
  ASSERT_EQ(put(slow, 99), status::ok);
  EXPECT_EQ(slow.last_number(), 11);
  // 0 was never visible; 4 and 8 were given up because its slot was being written.
  EXPECT_EQ(look(reader), "lost 0+8");
  EXPECT_EQ(look(reader), "aborted 8+1");
  EXPECT_EQ(look(reader), "9:7 10:8 11:99");
}

// Room appears while a producer waits, for one message, a batch or a claim.
TEST(interleaving, G5_a_producer_that_waits_takes_the_room_that_is_made_meanwhile) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
  auto reader = must(home.attach_consumer());
  hooked_producer writer(home, name, [&](site where) {
    if (where == site::bell_announce) static_cast<void>(look(reader, 1));
  });
  const std::uint64_t word = 7;
  for (int i = 0; i < 4; ++i) ASSERT_EQ(writer.try_publish(testing::bytes_of(word)), status::ok);
  static_cast<void>(look(reader, 1));  // released by the next look
  EXPECT_EQ(writer.publish(testing::bytes_of(word)), status::ok);
  const byte_view batch[] = {testing::bytes_of(word), testing::bytes_of(word)};
  const batch_result both = writer.publish(batch);
  EXPECT_EQ(both.answer, status::ok);
  EXPECT_EQ(both.published, 2U);
  EXPECT_EQ(writer.take().commit(0), status::ok);
  EXPECT_EQ(writer.last_number(), 7);
}

// A message comes while the reader still spins.
TEST(interleaving, G11_a_reader_that_spins_sees_what_comes_meanwhile) {
  const testing::unique_name name;
  const auto home = ring_of_many(name, full_policy::reject);
  auto writer = must(home.attach_producer());
  int looks = 0;
  hooked_observer reader(home, name, 0, [&](site where) {
    if (where == site::ready_stamp && ++looks == 2) put_each(writer, 7, 7);
  });
  EXPECT_EQ(reader.wait(), status::ok);
  EXPECT_EQ(looks, 2);
}

// It does not try for ever.
TEST(interleaving, G5_G11_a_producer_that_the_ring_goes_round_each_time_answers_full) {
  const testing::unique_name name;
  const auto home = ring_of_many(name, full_policy::overwrite);
  auto fast = must(home.attach_producer());
  hooked_producer slow(home, name, [&](site where) {
    if (where == site::publish_content) put_each(fast, 1, 8);
  });
  EXPECT_EQ(put(slow, 99), status::full);
  EXPECT_EQ(slow.last_number(), -1);
}

// Of two that pass over one owner, only one gives its number up.
TEST(interleaving, G2_G5_a_number_is_given_up_once_by_two_that_pass_over_its_slot) {
  const testing::unique_name name;
  const auto home = ring_of_many(name, full_policy::overwrite);
  auto owner = must(home.attach_producer());
  auto claim = owner.try_take();
  ASSERT_EQ(claim.answer(), status::ok);
  auto other = must(home.attach_producer());
  put_each(other, 1, 3);
  hooked_producer passing(home, name,
                          once_at(site::pass_over, [&] { ASSERT_EQ(put(other, 4), status::ok); }));
  ASSERT_EQ(put(passing, 99), status::ok);
  EXPECT_EQ(passing.last_number(), 6);
  auto reader = must(home.attach_observer(start_at::at(3)));
  EXPECT_EQ(look(reader), "3:3");
  EXPECT_EQ(look(reader), "aborted 4+1");
  EXPECT_EQ(look(reader), "5:4 6:99");
}

// A producer that sees a slot of a later lap reads the cursor again.
TEST(interleaving, G2_a_producer_that_comes_to_a_slot_of_a_later_lap_takes_a_later_number) {
  const testing::unique_name name;
  const auto home = ring_of_many(name, full_policy::overwrite);
  auto fast = must(home.attach_producer());
  const auto lap = [&] { put_each(fast, 1, 5); };
  hooked_producer slow(home, name, once_at(site::claim_stamp, lap));
  ASSERT_EQ(put(slow, 99), status::ok);
  EXPECT_EQ(slow.last_number(), 5);
  auto reader = must(home.attach_observer(start_at::at(4)));
  EXPECT_EQ(look(reader), "4:5 5:99");
}

// Of two that raise the floor of the gate, the late one neither lowers it nor stops.
TEST(interleaving, G5_the_floor_of_the_gate_rises_though_another_one_raises_it_first) {
  for (const std::uint64_t other : {1U, 3U}) {
    const testing::unique_name name;
    const auto home =
        must(segment::create(name.get(), small(segment_mode::ring, full_policy::reject)));
    auto writer = must(home.attach_producer());
    auto reader = must(home.attach_consumer());
    put_each(writer, 0, 2);
    EXPECT_EQ(look(reader), "0:0 1:1 2:2");
    std::uint64_t& floor = home.view().control().gate_floor;
    const hooked_memory memory(open_memory(name),
                               once_at(site::gate_floor_raise, [&] { floor = other; }));
    EXPECT_EQ(protocol::raise_gate_floor(home.view(), memory), 3);
    EXPECT_EQ(floor, 3);
  }
}

// Full is the answer only if nobody took the number meanwhile.
TEST(interleaving, G5_a_producer_that_finds_no_room_looks_again_if_the_cursor_moved) {
  const testing::unique_name name;
  const auto home = ring_of_many(name, full_policy::reject);
  auto other = must(home.attach_producer());
  auto reader = must(home.attach_consumer());
  put_each(other, 0, 3);
  hooked_producer late(home, name, once_at(site::claim_recheck_cursor, [&] {
                         EXPECT_EQ(look(reader), "0:0 1:1 2:2 3:3");
                         ASSERT_EQ(put(other, 4), status::ok);
                       }));
  ASSERT_EQ(put(late, 99), status::ok);
  EXPECT_EQ(late.last_number(), 5);
}

// A line that has a new owner by now is left to it, with its claim.
TEST(interleaving, G6_G8_a_recoverer_leaves_a_line_alone_that_changed_hands) {
  const testing::unique_name name;
  const auto home = ring_of_many(name, full_policy::reject);
  auto owner = must(home.attach_producer());
  auto claim = owner.try_take();
  ASSERT_EQ(claim.answer(), status::ok);
  const unsigned line = stamp_owner(home.view().slot(0).stamp);
  std::uint64_t& role = home.view().participant(line).role;
  const std::uint64_t before = role;
  const hooked_memory memory(open_memory(name), once_at(site::recover_role_again, [&] { ++role; }));
  EXPECT_FALSE(protocol::recover_line(home.view(), memory, line, true));
  role = before;
  EXPECT_EQ(std::move(claim).commit(0), status::ok);
}

// A message that the dead owner of line 0 committed names no owner, which looks like line 0.
TEST(interleaving, G6_a_recoverer_of_line_0_leaves_its_message_alone) {
  const testing::unique_name name;
  const auto home = ring_of_many(name, full_policy::reject);
  std::uint64_t& stamp = home.view().slot(0).stamp;
  for (const slot_state left : {slot_state::published, slot_state::claimed, slot_state::held}) {
    stamp = make_stamp(0, left);
    home.view().participant(0).role = make_role(1, participant_kind::producer);
    home.view().participant(0).intent = 0;
    EXPECT_TRUE(protocol::recover_line(home.view(), open_memory(name), 0, false));
    const bool kept = left == slot_state::published;
    EXPECT_EQ(stamp, make_stamp(0, kept ? slot_state::published : slot_state::aborted));
  }
}

// The slot of a dead owner that was passed over is free for the next lap.
TEST(interleaving, G6_G5_a_recoverer_lets_go_of_a_slot_that_was_passed_over) {
  const testing::unique_name name;
  const auto home = ring_of_many(name, full_policy::overwrite);
  auto owner = must(home.attach_producer());
  auto claim = owner.try_take();
  ASSERT_EQ(claim.answer(), status::ok);
  const std::uint64_t& stamp = home.view().slot(0).stamp;
  const unsigned line = stamp_owner(stamp);
  auto other = must(home.attach_producer());
  put_each(other, 1, 4);
  ASSERT_EQ(stamp_state(stamp), slot_state::held);
  EXPECT_TRUE(protocol::recover_line(home.view(), open_memory(name), line, true));
  EXPECT_EQ(stamp_state(stamp), slot_state::aborted);
  put_each(other, 5, 7);
  auto reader = must(home.attach_observer(start_at::at(5)));
  EXPECT_EQ(look(reader), "5:4 6:5 7:6 8:7");
}

// The line's next owner, who knows nothing of the claim, holds the lock already: producers find the
// owner alive and pass over the slot while the claim is being aborted. Nobody else would let go.
TEST(interleaving, G6_G5_G11_a_dead_claim_is_let_go_though_it_is_passed_over_meanwhile) {
  constexpr unsigned line = 5;
  for (const bool by_heir : {false, true}) {
    const testing::unique_name name;
    const auto home = ring_of_many(name, full_policy::overwrite);
    const layout_view& view = home.view();
    view.participant(line).role = make_role(1, participant_kind::producer);
    view.slot(0).stamp = make_stamp(0, slot_state::claimed, line);
    auto other = must(home.attach_producer());
    auto heir = open_memory(name);
    const auto pass_over = [&] {
      ASSERT_TRUE(heir.try_own(line));
      put_each(other, 1, 4);
      ASSERT_EQ(view.slot(0).stamp, make_stamp(4, slot_state::held, line));
    };
    const hooked_memory memory(open_memory(name), once_at(site::recover_abort, pass_over));
    EXPECT_TRUE(protocol::recover_line(view, memory, line, by_heir));
    EXPECT_FALSE(protocol::recover_line(view, heir, line, true));
    EXPECT_EQ(view.slot(0).stamp, make_stamp(4, slot_state::aborted));
    put_each(other, 6, 8);
    EXPECT_EQ(other.last_number(), 8);
    EXPECT_EQ(view.slot(0).stamp, make_stamp(8, slot_state::published));
  }
}

// The same with a zero-copy claim: its owner is told, and abort changes nothing.
TEST(interleaving, G5_a_commit_or_abort_that_comes_too_late_changes_no_later_message) {
  for (const bool commits : {true, false}) {
    const testing::unique_name name;
    const auto home = ring_of_many(name, full_policy::overwrite);
    auto fast = must(home.attach_producer());
    const auto laps = [&] { put_each(fast, 1, 6); };
    hooked_producer slow(home, name, once_at(site::commit_exchange, laps));
    auto claim = slow.try_take();
    ASSERT_EQ(claim.answer(), status::ok);
    EXPECT_EQ(commits ? std::move(claim).commit(8) : std::move(claim).abort(),
              commits ? status::lost : status::ok);
    EXPECT_EQ(stamp_state(home.view().slot(0).stamp), slot_state::aborted);
    auto reader = must(home.attach_observer(start_at::at(5)));
    EXPECT_EQ(look(reader), "5:4 6:5 7:6");
    EXPECT_EQ(put(fast, 7), status::ok);
    EXPECT_EQ(look(reader), "8:7");
  }
}

// Overwritten at any step of reading, a message is lost and never torn.
TEST(interleaving, G4_G5_a_reader_that_copies_never_hands_out_what_was_overwritten_meanwhile) {
  for (const site where : {site::poll_stamp, site::poll_length, site::poll_number,
                           site::poll_status_word, site::poll_content, site::poll_recheck}) {
    for (const auto role : {producer_role::single, producer_role::many}) {
      const testing::unique_name name;
      const auto home = must(
          segment::create(name.get(), small(segment_mode::ring, full_policy::overwrite, role)));
      auto writer = must(home.attach_producer());
      put_each(writer, 0, 3);
      hooked_observer reader(home, name, 0,
                             once_at(where, [&] { ASSERT_EQ(put(writer, 4), status::ok); }));
      std::vector<std::int64_t> seen;
      const auto handler = [&](const record_view& record) {
        std::uint64_t word = 0;
        std::memcpy(&word, record.content, sizeof word);
        EXPECT_EQ(word, static_cast<std::uint64_t>(record.message_number));
        seen.push_back(record.message_number);
      };
      const poll_result lost = reader.poll(handler);
      EXPECT_EQ(lost.answer, status::lost) << to_string(where);
      EXPECT_EQ(lost.first, 0);
      EXPECT_EQ(lost.count, 1);
      EXPECT_EQ(reader.poll(handler).answer, status::ok);
      EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 2, 3, 4}));
    }
  }
}

// A mark falls on the message meant or on none.
TEST(interleaving, G4_a_mark_never_falls_on_the_next_message) {
  for (const site where : {site::mark_stamp, site::mark_load, site::mark_exchange}) {
    const testing::unique_name name;
    const auto home =
        must(segment::create(name.get(), small(segment_mode::ring, full_policy::overwrite)));
    auto writer = must(home.attach_producer());
    put_each(writer, 0, 3);
    const hooked_memory memory(open_memory(name),
                               once_at(where, [&] { ASSERT_EQ(put(writer, 4), status::ok); }));
    EXPECT_EQ(protocol::mark(home.view(), memory, 0, 5), status::lost) << to_string(where);
    EXPECT_EQ(status_of_word(home.view().slot(4).status_word), 0);
  }
}

// Whoever attaches finds everything from its start on, whatever producers and
// other consumers do while it attaches.
TEST(interleaving, G2_G4_G5_G7_a_consumer_that_attaches_misses_nothing_from_its_start) {
  for (const auto kind : {participant_kind::consumer, participant_kind::durable}) {
    for (const site where :
         {site::consumer_role_load, site::attach_cursor, site::consumer_role_store,
          site::attach_floor, site::attach_advance, site::durable_role_store}) {
      const testing::unique_name name;
      const auto home =
          must(segment::create(name.get(), small(segment_mode::ring, full_policy::reject)));
      auto writer = must(home.attach_producer());
      auto other = must(home.attach_consumer());
      std::uint64_t published = 0;
      const auto go_round = [&] {
        for (int lap = 0; lap < 3; ++lap) {
          while (put(writer, published) == status::ok) ++published;
          static_cast<void>(look(other));
        }
      };
      while (put(writer, published) == status::ok) ++published;
      const hooked_memory memory(open_memory(name), once_at(where, go_round));
      std_memory_model locks = open_memory(name);
      const unsigned line = protocol::take_line(home.view(), locks).value();
      std::uint64_t position = 0;
      ASSERT_TRUE(protocol::enter_gate(home.view(), memory, line, kind, position, false));
      go_round();
      // Everything from the start on is still in its slot.
      EXPECT_GE(position + 4, published);
      for (std::uint64_t n = position; n < published; ++n) {
        EXPECT_EQ(home.view().slot(n).stamp, make_stamp(n, slot_state::published))
            << to_string(where) << ' ' << n;
      }
    }
  }
}

// A consumer that leaves at any step of a producer's look at the gate.
TEST(interleaving, G5_G7_a_producer_that_looks_at_the_gate_never_passes_a_consumer) {
  for (const site where : {site::gate_floor_load, site::gate_role, site::gate_consumer_cursor,
                           site::gate_floor_raise}) {
    const testing::unique_name name;
    const auto home = ring_of_many(name, full_policy::reject);
    std::optional<consumer> leaving(must(home.attach_consumer()));
    std::optional<consumer> coming;
    auto filler = must(home.attach_producer());
    put_each(filler, 0, 3);
    ASSERT_EQ(look(*leaving, 2), "0:0 1:1");
    hooked_producer writer(home, name, once_at(where, [&] {
                             coming.emplace(must(home.attach_consumer()));
                             leaving.reset();
                           }));
    std::uint64_t published = 4;
    for (; published < 20; ++published) {
      if (writer.try_publish(testing::bytes_of(published)) != status::ok) break;
    }
    ASSERT_TRUE(coming);
    const auto from = static_cast<std::uint64_t>(coming->position());
    EXPECT_LE(published, from + 4) << to_string(where);
    std::string all;
    for (std::uint64_t n = from; n < published; ++n) {
      if (!all.empty()) all += ' ';
      all += std::to_string(n);
      all += ':';
      all += std::to_string(n);
    }
    EXPECT_EQ(look(*coming), all) << to_string(where);
  }
}

// The late owner of a slot frees what it finds there only if that is still its own.
TEST(interleaving, G5_G6_a_producer_that_was_passed_over_lets_go_only_of_what_it_holds) {
  for (const std::uint64_t found :
       {make_stamp(0, slot_state::aborted), make_stamp(4, slot_state::held, 7)}) {
    const testing::unique_name name;
    const auto home = ring_of_many(name, full_policy::overwrite);
    std::uint64_t& stamp = home.view().slot(0).stamp;
    // Passed over before its commit; and what it holds changes hands before it can let go of it.
    hooked_producer owner(home, name, [&](site where) {
      if (where == site::commit_exchange) {
        stamp =
            stamp_number(found) == 0 ? make_stamp(0, slot_state::held, stamp_owner(stamp)) : found;
      }
      if (where == site::release_held) stamp = found;
    });
    EXPECT_EQ(owner.try_take().commit(0), status::lost);
    EXPECT_EQ(stamp, found);
  }
}

// Neither a dead owner's remains nor what the cursor contradicts decides about a later message.
TEST(interleaving, G4_G6_G9_an_observer_looks_again_before_it_judges_a_slot) {
  const std::pair<site, std::uint64_t> judgements[] = {
      {site::examine_dead, make_stamp(0, slot_state::claimed, 7)},  // nobody has line 7
      {site::examine_again, 0}};
  for (const auto& [where, left] : judgements) {
    const testing::unique_name name;
    const auto home = ring_of_many(name, full_policy::reject);
    home.view().control().producer_cursor = 1;
    std::uint64_t& stamp = home.view().slot(0).stamp;
    stamp = left;
    bool recovered = false;
    hooked_observer reader(home, name, 0, once_at(where, [&] {
                             stamp = make_stamp(0, slot_state::aborted);
                             recovered = true;
                           }));
    const auto answer = [&] { return reader.poll([](const record_view&) {}); };
    while (!recovered) ASSERT_EQ(answer().answer, status::empty);
    EXPECT_EQ(answer().answer, status::aborted);
  }
}

}  // namespace
}  // namespace shmfifo
