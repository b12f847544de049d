// SPDX-License-Identifier: MIT
// Goal: each way of publishing does what it says under each policy, at the edges too. Method: one
// process, tiny rings and logs, every answer asked for by name.
#include "shmfifo/producer.hpp"

#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::in_ms;
using testing::look;
using testing::must;
using testing::put;
using testing::small;

// Refused when compiling: two literals would be the ends of one text, and nullptr is no message.
template <class Writer>
concept takes_two_literals = requires(Writer& writer) {
  writer.publish({"ab", "cd"});
};
template <class Writer>
concept takes_nothing = requires(Writer& writer) {
  writer.publish(nullptr);
};
template <class Writer>
concept takes_a_literal = requires(Writer& writer) {
  writer.publish("ab");
};
static_assert(!takes_two_literals<producer> && !takes_nothing<producer>);
static_assert(takes_a_literal<producer>);

TEST(producer, G3_a_bad_length_is_refused_and_changes_nothing) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_consumer());
  const std::byte text[17] = {};
  for (const std::size_t length :
       {std::size_t{17}, std::size_t{1} << 63, std::numeric_limits<std::size_t>::max()}) {
    const byte_view bad(text, length);
    EXPECT_EQ(writer.try_publish(bad), status::bad_length) << length;
    const byte_view batch[] = {{text, 1}, bad};
    const batch_result none = writer.try_publish(batch);
    EXPECT_EQ(none.answer, status::bad_length);
    EXPECT_EQ(none.published, 0U);
    EXPECT_EQ(writer.publish(std::string_view(reinterpret_cast<const char*>(text), length)),
              status::bad_length);
  }
  EXPECT_EQ(look(reader), "empty");
  EXPECT_EQ(writer.last_number(), -1);
  EXPECT_EQ(writer.try_publish(byte_view{}), status::ok);
  EXPECT_EQ(writer.try_publish(byte_view(text, 16)), status::ok);
  EXPECT_EQ(writer.last_number(), 1);
}

TEST(producer, G5_reject_answers_full_and_changes_nothing) {
  for (const auto role : {producer_role::single, producer_role::many}) {
    const testing::unique_name name;
    auto home =
        must(segment::create(name.get(), small(segment_mode::ring, full_policy::reject, role)));
    auto writer = must(home.attach_producer());
    for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(put(writer, i), status::ok);
    EXPECT_EQ(put(writer, 9), status::full);
    std::uint64_t word = 9;
    EXPECT_EQ(writer.publish(testing::bytes_of(word)), status::full);  // reject never waits
    auto reader = must(home.attach_consumer());
    EXPECT_EQ(look(reader, 1), "0:0");
    EXPECT_EQ(put(writer, 4), status::ok);
    EXPECT_EQ(put(writer, 9), status::full);
    EXPECT_EQ(look(reader), "1:1 2:2 3:3 4:4");
  }
}

TEST(producer, G5_wait_waits_until_the_deadline_and_says_why) {
  for (const auto role : {producer_role::single, producer_role::many}) {
    const testing::unique_name name;
    auto home =
        must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait, role)));
    auto writer = must(home.attach_producer());
    for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(put(writer, i), status::ok);
    std::uint64_t word = 4;
    EXPECT_EQ(put(writer, 4), status::full);
    // Nobody is there who could make room.
    EXPECT_EQ(writer.publish(testing::bytes_of(word), in_ms(5)), status::peer_dead);
    auto reader = must(home.attach_consumer());
    EXPECT_EQ(writer.publish(testing::bytes_of(word), in_ms(5)), status::timed_out);
    EXPECT_EQ(look(reader, 1), "0:0");
    EXPECT_EQ(writer.publish(testing::bytes_of(word), in_ms(5)), status::ok);
    EXPECT_EQ(look(reader), "1:1 2:2 3:3 4:4");
  }
}

TEST(producer, G5_overwrite_never_waits) {
  for (const auto role : {producer_role::single, producer_role::many}) {
    const testing::unique_name name;
    auto home =
        must(segment::create(name.get(), small(segment_mode::ring, full_policy::overwrite, role)));
    auto writer = must(home.attach_producer());
    auto reader = must(home.attach_observer());
    for (std::uint64_t i = 0; i < 11; ++i) ASSERT_EQ(put(writer, i), status::ok);
    EXPECT_EQ(look(reader), "lost 0+7");
    EXPECT_EQ(look(reader), "7:7 8:8 9:9 10:10");
    EXPECT_EQ(look(reader), "empty");
  }
}

TEST(producer, G5_a_full_log_answers_full_at_once) {
  for (const auto role : {producer_role::single, producer_role::many}) {
    const testing::unique_name name;
    auto home =
        must(segment::create(name.get(), small(segment_mode::log, full_policy::reject, role, 3)));
    auto writer = must(home.attach_producer());
    for (std::uint64_t i = 0; i < 3; ++i) ASSERT_EQ(put(writer, i), status::ok);
    std::uint64_t word = 3;
    EXPECT_EQ(writer.publish(testing::bytes_of(word)), status::full);
    auto reader = must(home.attach_consumer());
    EXPECT_EQ(look(reader), "0:0 1:1 2:2");
    EXPECT_EQ(writer.publish(testing::bytes_of(word)), status::full);  // a log has no room again
    EXPECT_EQ(look(reader), "empty");
  }
}

TEST(producer, G2_G5_a_batch_goes_in_as_far_as_there_is_room) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_consumer());
  std::uint64_t words[6] = {0, 1, 2, 3, 4, 5};
  std::vector<byte_view> batch;
  for (auto& word : words) batch.push_back(testing::bytes_of(word));
  const batch_result four = writer.try_publish(batch);
  EXPECT_EQ(four.answer, status::full);
  EXPECT_EQ(four.published, 4U);
  const auto rest = std::span<const byte_view>(batch).subspan(4);
  const batch_result none = writer.publish(rest, in_ms(5));
  EXPECT_EQ(none.answer, status::timed_out);
  EXPECT_EQ(none.published, 0U);
  EXPECT_EQ(look(reader), "0:0 1:1 2:2 3:3");
  const batch_result two = writer.publish(rest, in_ms(5));
  EXPECT_EQ(two.answer, status::ok);
  EXPECT_EQ(two.published, 2U);
  EXPECT_EQ(look(reader), "4:4 5:5");
}

TEST(producer, G2_claim_commit_and_abort_work_in_place) {
  for (const auto mode : {segment_mode::log, segment_mode::ring}) {
    for (const auto role : {producer_role::single, producer_role::many}) {
      const testing::unique_name name;
      auto home = must(segment::create(name.get(), small(mode, full_policy::reject, role)));
      auto writer = must(home.attach_producer());
      auto reader = must(home.attach_consumer());
      claim slot;
      EXPECT_FALSE(slot);
      EXPECT_TRUE(slot.content().empty());
      EXPECT_EQ(std::move(slot).commit(0), status::no_claim);
      EXPECT_EQ(std::move(slot).abort(), status::no_claim);
      slot = writer.try_take();
      ASSERT_EQ(slot.answer(), status::ok);
      ASSERT_EQ(slot.content().size(), 16U);
      auto second = writer.try_take();
      EXPECT_EQ(second.answer(), status::claim_pending);
      EXPECT_EQ(std::move(second).commit(0), status::no_claim);  // that is not the open one
      EXPECT_EQ(put(writer, 1), status::claim_pending);
      EXPECT_EQ(look(reader), "empty");
      claim& same = slot;
      slot = std::move(same);
      EXPECT_TRUE(slot);
      claim elsewhere(std::move(slot));
      EXPECT_EQ(slot.answer(), status::no_claim);  // what is left
      EXPECT_TRUE(slot.content().empty());
      slot = std::move(elsewhere);
      EXPECT_EQ(elsewhere.answer(), status::no_claim);
      EXPECT_EQ(claim().answer(), status::no_claim);
      const std::uint64_t word = 77;
      std::memcpy(slot.content().data(), &word, 8);
      EXPECT_EQ(std::move(slot).commit(17), status::bad_length);  // the claim stays open
      EXPECT_EQ(std::move(slot).commit(8), status::ok);
      EXPECT_EQ(std::move(slot).commit(8), status::no_claim);
      EXPECT_EQ(look(reader), "0:77");
      EXPECT_EQ(writer.take().abort(), status::ok);
      EXPECT_EQ(writer.last_number(), 1);
      ASSERT_EQ(put(writer, 5), status::ok);
      EXPECT_EQ(look(reader), "aborted 1+1");
      EXPECT_EQ(look(reader), "2:5");
    }
  }
}

// Leaving with an open claim gives the number up.
TEST(producer, G2_G6_leaving_aborts_an_open_claim) {
  const testing::unique_name name;
  auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::reject, producer_role::many)));
  auto reader = must(home.attach_consumer());
  {
    auto writer = must(home.attach_producer());
    const auto ends_first = writer.try_take();
    ASSERT_EQ(ends_first.answer(), status::ok);
  }
  EXPECT_EQ(look(reader), "aborted 0+1");
  claim left;
  {
    auto writer = must(home.attach_producer());
    left = writer.try_take();
    ASSERT_EQ(left.answer(), status::ok);
  }
  EXPECT_FALSE(left);
  EXPECT_EQ(std::move(left).commit(0), status::no_claim);
  EXPECT_EQ(look(reader), "aborted 1+1");
}

// In an overwriting ring a paused claim is passed over, and its owner is told.
TEST(producer, G5_a_claim_that_the_ring_went_round_is_lost) {
  const testing::unique_name name;
  auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::overwrite, producer_role::many)));
  auto slow = must(home.attach_producer());
  auto fast = must(home.attach_producer());
  auto reader = must(home.attach_observer());
  auto late = slow.try_take();  // number 0
  ASSERT_EQ(late.answer(), status::ok);
  for (std::uint64_t i = 1; i <= 8; ++i) ASSERT_EQ(put(fast, i), status::ok);
  std::memset(late.content().data(), 0xee, late.content().size());
  EXPECT_EQ(std::move(late).commit(16), status::lost);
  ASSERT_EQ(put(fast, 9), status::ok);
  // 4 and 8 were given up, because slot 0 was being written.
  EXPECT_EQ(look(reader), "lost 0+8");
  EXPECT_EQ(look(reader), "aborted 8+1");
  EXPECT_EQ(look(reader), "9:7 10:8 11:9");
  for (std::uint64_t i = 10; i < 14; ++i) ASSERT_EQ(put(slow, i), status::ok);
  EXPECT_EQ(look(reader), "12:10 13:11 14:12 15:13");  // slot 0 is in use again
}

// Living producers hold every slot.
TEST(producer, G5_an_overwriting_ring_of_held_slots_answers_full) {
  const testing::unique_name name;
  auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::overwrite, producer_role::many, 2)));
  auto first = must(home.attach_producer());
  auto second = must(home.attach_producer());
  auto third = must(home.attach_producer());
  auto one = first.try_take();
  const auto other = second.try_take();
  ASSERT_TRUE(one);
  ASSERT_TRUE(other);
  EXPECT_EQ(put(third, 1), status::full);
  EXPECT_EQ(std::move(one).commit(8), status::lost);
  EXPECT_EQ(put(third, 1), status::ok);
}

// Near the last number the stamp can hold.
TEST(producer, G2_the_last_number_is_followed_by_exhausted) {
  for (const auto role : {producer_role::single, producer_role::many}) {
    for (const auto policy : {full_policy::wait, full_policy::overwrite}) {
      const testing::unique_name name;
      auto home = must(segment::create(name.get(), small(segment_mode::ring, policy, role)));
      const std::uint64_t next = number_max - 2;
      home.view().control().producer_cursor = next;
      home.view().control().gate_floor = policy == full_policy::wait ? next : 0;
      for (std::uint64_t n = next - 4; n < next; ++n) {
        home.view().slot(n).stamp = make_stamp(n, slot_state::published);
      }
      auto writer = must(home.attach_producer());
      auto reader = must(home.attach_observer(start_at::latest()));
      EXPECT_EQ(put(writer, 1), status::ok);
      EXPECT_EQ(put(writer, 2), status::ok);
      EXPECT_EQ(put(writer, 3), status::exhausted);
      EXPECT_EQ(look(reader), std::to_string(next) + ":1 " + std::to_string(next + 1) + ":2");
    }
  }
}

// A claim is open, and the only reader attached behind it.
TEST(producer, G5_a_slot_still_being_written_a_lap_later_is_no_room) {
  for (const auto policy : {full_policy::reject, full_policy::wait}) {
    const testing::unique_name name;
    auto home = must(
        segment::create(name.get(), small(segment_mode::ring, policy, producer_role::many, 2)));
    auto slow = must(home.attach_producer());
    auto held = slow.try_take();
    ASSERT_EQ(held.answer(), status::ok);
    auto reader = must(home.attach_consumer({"", start_at::latest()}));
    auto writer = must(home.attach_producer());
    ASSERT_EQ(put(writer, 1), status::ok);
    EXPECT_EQ(put(writer, 2), status::full);
    const std::uint64_t word = 2;
    EXPECT_EQ(writer.publish(testing::bytes_of(word), in_ms(5)),
              policy == full_policy::wait ? status::timed_out : status::full);
    ASSERT_EQ(std::move(held).commit(0), status::ok);
    EXPECT_EQ(put(writer, 2), status::ok);
    EXPECT_EQ(look(reader), "1:1 2:2");
  }
}

// The same, but the owner of the claim is dead.
TEST(producer, G6_G5_a_slot_left_half_written_a_lap_ago_is_freed_by_those_it_holds_up) {
  for (const auto policy : {full_policy::reject, full_policy::wait}) {
    const testing::unique_name name;
    auto home = must(
        segment::create(name.get(), small(segment_mode::ring, policy, producer_role::many, 2)));
    testing::child slow([&] {
      auto writer = must(home.attach_producer());
      const auto held = writer.try_take();
      if (held) testing::child::ready();
      return testing::sleep_for_ever();
    });
    ASSERT_TRUE(slow.wait_ready());
    auto reader = must(home.attach_consumer({"", start_at::latest()}));
    auto writer = must(home.attach_producer());
    ASSERT_EQ(put(writer, 1), status::ok);
    slow.kill_and_join();
    const std::uint64_t word = 2;
    status answer = status::full;
    for (int i = 0; i < 1000 && answer == status::full; ++i) {
      answer = writer.publish(testing::bytes_of(word), in_ms(1000));
    }
    EXPECT_EQ(answer, status::ok);
    EXPECT_EQ(look(reader), "1:1 2:2");
  }
}

// The slot to be claimed holds nonsense.
TEST(producer, G9_a_stamp_of_no_lap_is_answered_invalid) {
  const testing::unique_name name;
  auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::overwrite, producer_role::many)));
  auto writer = must(home.attach_producer());
  for (const std::uint64_t stamp :
       {make_stamp(7, slot_state::published), make_stamp(1, slot_state::claimed, 3),
        std::uint64_t{5}, ~std::uint64_t{0}, make_stamp(9, slot_state::free)}) {
    home.view().slot(0).stamp = stamp;
    const status answer = put(writer, 1);
    EXPECT_TRUE(answer == status::invalid || answer == status::ok) << stamp << to_string(answer);
    // If it went on, number 0 counted as taken.
    EXPECT_TRUE(answer != status::ok || writer.last_number() > 0);
    home.view().control().producer_cursor = 0;
    for (std::uint64_t n = 0; n < 4; ++n) home.view().slot(n).stamp = 0;
  }
}

TEST(producer, G5_a_claim_and_a_batch_wait_for_room_until_their_deadline) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_consumer());
  const std::uint64_t word = 7;
  const std::vector<byte_view> batch(40, testing::bytes_of(word));
  for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(put(writer, word), status::ok);
  EXPECT_EQ(writer.take(in_ms(1)).answer(), status::timed_out);
  const batch_result none = writer.publish(batch, in_ms(1));
  EXPECT_EQ(none.answer, status::timed_out);
  EXPECT_EQ(none.published, 0U);
  // With a reader that makes room again and again they come to an end.
  constexpr std::int64_t last = 4 + 40 + 8 - 1;
  std::thread reading([&] {
    while (reader.position() <= last) {
      ASSERT_EQ(reader.wait(), status::ok);
      static_cast<void>(look(reader, 1));
    }
  });
  const batch_result all = writer.publish(batch);
  EXPECT_EQ(all.answer, status::ok);
  EXPECT_EQ(all.published, batch.size());
  for (int i = 0; i < 8; ++i) ASSERT_EQ(writer.take().commit(8), status::ok);
  reading.join();
  EXPECT_EQ(writer.last_number(), last);
}

// The predecessor died between the stamp of a message and the cursor.
TEST(producer, G6_a_successor_goes_on_behind_what_the_cursor_does_not_tell_yet) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  {
    auto writer = must(home.attach_producer());
    for (std::uint64_t i = 0; i < 3; ++i) ASSERT_EQ(put(writer, i), status::ok);
  }
  home.view().control().producer_cursor = 1;
  auto writer = must(home.attach_producer());
  ASSERT_EQ(put(writer, 3), status::ok);
  EXPECT_EQ(writer.last_number(), 3);
  auto reader = must(home.attach_consumer());
  EXPECT_EQ(look(reader), "0:0 1:1 2:2 3:3");
}

// A cursor and stamps that contradict each other; and the end of a log is one, too.
TEST(producer, G9_a_successor_looks_at_each_slot_once_whatever_the_stamps_say) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  for (std::uint64_t i = 0; i < 4; ++i) {
    home.view().slot(i).stamp = make_stamp(i, slot_state::published);
  }
  EXPECT_EQ(must(home.attach_producer()).last_number(), -1);
  EXPECT_EQ(home.view().control().producer_cursor, 4U);
  const testing::unique_name other;
  auto log = must(segment::create(other.get(), small(segment_mode::log)));
  for (const std::uint64_t told : {4U, 2U}) {
    auto writer = must(log.attach_producer());
    for (std::uint64_t i = 0; i < 4; ++i) static_cast<void>(put(writer, i));
    log.view().control().producer_cursor = told;
    EXPECT_EQ(put(writer, 4), status::full);
  }
  auto last = must(log.attach_producer());
  EXPECT_EQ(put(last, 4), status::full);
  EXPECT_EQ(log.view().control().producer_cursor, 4U);
}

TEST(producer, G5_a_claim_and_a_batch_that_may_not_wait_answer_full_at_once) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_consumer());
  const std::uint64_t word = 7;
  const std::vector<byte_view> batch(6, testing::bytes_of(word));
  const batch_result four = writer.publish(batch);
  EXPECT_EQ(four.answer, status::full);
  EXPECT_EQ(four.published, 4U);
  EXPECT_EQ(writer.take().answer(), status::full);
}

}  // namespace
}  // namespace shmfifo
