// SPDX-License-Identifier: MIT
// Goal: readers of both kinds get what was published from where they asked to start, and are told
// about everything that they do not get. Method: one process, tiny segments; hostile bytes put in
// by hand.
#include "shmfifo/consumer.hpp"

#include <array>
#include <limits>
#include <stdexcept>
#include <tuple>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::in_ms;
using testing::look;
using testing::must;
using testing::put;
using testing::small;

void fill(producer& writer, std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t i = from; i < to; ++i) ASSERT_EQ(put(writer, i), status::ok);
}

TEST(consumer, G1_G2_a_log_can_be_read_from_every_place_at_any_time) {
  const testing::unique_name name;
  auto home = must(segment::create(
      name.get(), small(segment_mode::log, full_policy::reject, producer_role::single, 8)));
  auto writer = must(home.attach_producer());
  fill(writer, 0, 3);
  auto oldest = must(home.attach_observer());
  auto latest = must(home.attach_observer(start_at::latest()));
  auto second = must(home.attach_consumer({"", start_at::at(1)}));
  auto future = must(home.attach_observer(start_at::at(4)));
  EXPECT_EQ(look(oldest), "0:0 1:1 2:2");
  EXPECT_EQ(look(latest), "empty");
  EXPECT_EQ(look(second), "1:1 2:2");
  fill(writer, 3, 8);
  EXPECT_EQ(look(latest), "3:3 4:4 5:5 6:6 7:7");
  EXPECT_EQ(look(future), "4:4 5:5 6:6 7:7");
  EXPECT_EQ(look(oldest, 2), "3:3 4:4");
  EXPECT_EQ(look(oldest), "5:5 6:6 7:7");
  EXPECT_EQ(look(oldest), "empty");  // the log's end
  EXPECT_EQ(oldest.position(), 8);
}

// Observers of rings gate nobody and get what is left.
TEST(consumer, G2_G5_an_observer_of_a_ring_starts_at_every_place) {
  for (const auto policy : {full_policy::reject, full_policy::overwrite}) {
    const testing::unique_name name;
    auto home = must(segment::create(name.get(), small(segment_mode::ring, policy)));
    auto writer = must(home.attach_producer());
    auto gating = must(home.attach_consumer());
    fill(writer, 0, 4);
    ASSERT_EQ(look(gating, 2), "0:0 1:1");
    fill(writer, 4, 6);  // over 0 and 1
    auto oldest = must(home.attach_observer());
    auto latest = must(home.attach_observer(start_at::latest()));
    auto gone = must(home.attach_observer(start_at::at(1)));
    auto there = must(home.attach_observer(start_at::at(4)));
    auto future = must(home.attach_observer(start_at::at(7)));
    EXPECT_EQ(look(oldest), "2:2 3:3 4:4 5:5");
    EXPECT_EQ(look(latest), "empty");
    EXPECT_EQ(look(gone), "lost 1+1");
    EXPECT_EQ(look(gone), "2:2 3:3 4:4 5:5");
    EXPECT_EQ(look(there), "4:4 5:5");
    static_cast<void>(look(gating));
    fill(writer, 6, 8);
    EXPECT_EQ(look(latest), "6:6 7:7");
    EXPECT_EQ(look(future), "7:7");
  }
}

// Consumers that own a line but gate nobody, as in a log or an overwriting ring.
TEST(consumer, G5_a_consumer_that_gates_nobody_starts_at_every_place) {
  for (const bool log : {true, false}) {
    const testing::unique_name name;
    auto home = must(segment::create(
        name.get(), log ? small(segment_mode::log, full_policy::reject, producer_role::single, 8)
                        : small(segment_mode::ring, full_policy::overwrite)));
    auto writer = must(home.attach_producer());
    fill(writer, 0, 6);
    auto oldest = must(home.attach_consumer());
    auto latest = must(home.attach_consumer({"", start_at::latest()}));
    auto there = must(home.attach_consumer({"", start_at::at(4)}));
    auto future = must(home.attach_consumer({"", start_at::at(7)}));
    auto durable = must(home.attach_consumer({"billing", start_at::at(1)}));
    EXPECT_EQ(look(oldest), log ? "0:0 1:1 2:2 3:3 4:4 5:5" : "2:2 3:3 4:4 5:5");
    EXPECT_EQ(look(latest), "empty");
    EXPECT_EQ(look(there), "4:4 5:5");
    EXPECT_EQ(look(durable), log ? "1:1 2:2 3:3 4:4 5:5" : "lost 1+1");
    fill(writer, 6, 8);
    EXPECT_EQ(look(latest), "6:6 7:7");
    EXPECT_EQ(look(future), "7:7");
    for (const std::int64_t number : {std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()}) {
      EXPECT_EQ(home.attach_consumer({"", start_at::at(number)}).error().code, EINVAL);
    }
  }
}

// A log's cursor resumes like any other.
TEST(consumer, G7_a_durable_cursor_of_a_log_resumes_where_it_stopped) {
  const testing::unique_name name;
  auto home = must(segment::create(
      name.get(), small(segment_mode::log, full_policy::reject, producer_role::many, 8)));
  auto writer = must(home.attach_producer());
  {
    auto reader = must(home.attach_consumer({"billing", start_at::oldest()}));
    fill(writer, 0, 3);
    EXPECT_EQ(look(reader, 2), "0:0 1:1");
  }
  fill(writer, 3, 8);
  auto again = must(home.attach_consumer({"billing", start_at::latest()}));
  EXPECT_EQ(look(again), "2:2 3:3 4:4 5:5 6:6 7:7");
}

// In place where nothing can change under the reader, copied elsewhere.
TEST(consumer, G4_only_who_could_be_overwritten_gets_a_copy) {
  for (const auto& [mode, policy, observer, in_place] :
       {std::tuple{segment_mode::log, full_policy::reject, false, true},
        {segment_mode::log, full_policy::reject, true, true},
        {segment_mode::ring, full_policy::reject, false, true},
        {segment_mode::ring, full_policy::reject, true, false},
        {segment_mode::ring, full_policy::overwrite, false, false},
        {segment_mode::ring, full_policy::overwrite, true, false}}) {
    const testing::unique_name name;
    auto home = must(segment::create(name.get(), small(mode, policy)));
    auto writer = must(home.attach_producer());
    auto reader = must(observer ? home.attach_observer() : home.attach_consumer());
    fill(writer, 0, 1);
    const std::byte* seen = nullptr;
    ASSERT_EQ(reader.poll([&](const record_view& r) { seen = r.content; }).count, 1);
    EXPECT_EQ(seen == layout_view::content(home.view().slot(0)), in_place);
    EXPECT_EQ(reader.observer(), observer);
  }
}

// A handle that was moved away answers, and does nothing.
TEST(consumer, roles_can_be_moved_and_what_is_left_is_refused) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::overwrite)));
  auto first_writer = must(home.attach_producer());
  auto first_reader = must(home.attach_consumer({"billing", {}}));
  auto claim = first_writer.try_take();
  ASSERT_EQ(claim.answer(), status::ok);
  {
    auto writer = std::move(first_writer);
    auto reader = std::move(first_reader);
    // NOLINTBEGIN(bugprone-use-after-move): what is left of a moved handle is what is tested here.
    EXPECT_EQ(first_writer.try_take().answer(), status::wrong_process);
    EXPECT_EQ(look(first_reader), "wrong_process 0+0");
    EXPECT_EQ(first_reader.wait(), status::wrong_process);
    // NOLINTEND(bugprone-use-after-move)
    EXPECT_EQ(put(writer, 1), status::claim_pending);  // the claim has moved along
    EXPECT_EQ(std::move(claim).commit(0), status::ok);
    EXPECT_EQ(look(reader), "0:0");
  }
  EXPECT_EQ(must(home.stat()).participants.size(), 1U);  // the durable cursor; both roles ended
  EXPECT_TRUE(home.attach_producer());
  EXPECT_TRUE(home.attach_consumer({"billing", {}}));
}

TEST(consumer, G2_G5_a_gating_consumer_starts_only_where_nothing_can_be_missing) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto writer = must(home.attach_producer());
  fill(writer, 0, 4);
  {
    auto first = must(home.attach_consumer());
    EXPECT_EQ(look(first, 3), "0:0 1:1 2:2");
    fill(writer, 4, 7);
    // The floor is at 3 now: what lies below may be overwritten.
    const auto early = home.attach_consumer({"", start_at::at(2)});
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().code, ENODATA);
    auto exact = must(home.attach_consumer({"", start_at::at(5)}));
    EXPECT_EQ(look(exact), "5:5 6:6");
    auto oldest = must(home.attach_consumer());
    EXPECT_EQ(look(oldest), "3:3 4:4 5:5 6:6");
    auto latest = must(home.attach_consumer({"", start_at::latest()}));
    EXPECT_EQ(look(latest), "empty");
    for (const std::int64_t number : {std::int64_t{-1}, std::int64_t{8}}) {
      const auto refused = home.attach_consumer({"", start_at::at(number)});
      ASSERT_FALSE(refused) << number;
      EXPECT_EQ(refused.error().code, EINVAL);
      EXPECT_STREQ(refused.error().rule, "start");
    }
  }
  EXPECT_FALSE(home.attach_observer(start_at::at(-1)));
  // All consumers left; what `first` had not read is still there.
  auto next = must(home.attach_consumer());
  EXPECT_EQ(look(next), "3:3 4:4 5:5 6:6");
}

// A number that no stamp can hold will never come.
TEST(consumer, G2_G13_a_start_beyond_the_last_number_is_refused) {
  constexpr auto last = static_cast<std::int64_t>(number_max);
  for (const auto mode : {segment_mode::ring, segment_mode::log}) {
    const testing::unique_name name;
    geometry shape = small(mode);
    if (mode == segment_mode::ring) shape.when_full = full_policy::overwrite;
    auto home = must(segment::create(name.get(), shape));
    for (const std::int64_t number : {last, last + 1, std::numeric_limits<std::int64_t>::max()}) {
      const auto reader = home.attach_consumer({"billing", start_at::at(number)});
      const auto observer = home.attach_observer(start_at::at(number));
      ASSERT_FALSE(reader) << number;
      ASSERT_FALSE(observer) << number;
      EXPECT_STREQ(reader.error().rule, "start");
      EXPECT_EQ(observer.error().code, EINVAL);
    }
    EXPECT_TRUE(must(home.stat()).participants.empty());
    EXPECT_TRUE(home.attach_observer(start_at::at(last - 1)));
    { EXPECT_TRUE(home.attach_consumer({"billing", start_at::at(last - 1)})); }
    EXPECT_TRUE(home.attach_consumer({"billing", {}}));  // and it can be resumed
  }
}

// The furthest behind decides.
TEST(consumer, G5_every_gating_consumer_holds_producers_back) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto writer = must(home.attach_producer());
  auto fast = must(home.attach_consumer());
  auto slow = must(home.attach_consumer());
  fill(writer, 0, 4);
  EXPECT_EQ(look(fast), "0:0 1:1 2:2 3:3");
  EXPECT_EQ(put(writer, 4), status::full);
  const segment_stat stat = must(home.stat());
  ASSERT_EQ(stat.participants.size(), 3U);
  EXPECT_FALSE(stat.participants[1].holds_back);
  EXPECT_TRUE(stat.participants[2].holds_back);
  EXPECT_EQ(stat.participants[2].lag, 4);
  EXPECT_EQ(look(slow, 1), "0:0");
  EXPECT_EQ(put(writer, 4), status::ok);
}

// Seen + lost + aborted is everything.
TEST(consumer, G5_an_observer_is_told_exactly_what_it_lost) {
  const testing::unique_name name;
  auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::overwrite, producer_role::many)));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_observer());
  std::int64_t seen = 0;
  std::int64_t missed = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    if (i % 7 == 3) {
      ASSERT_EQ(writer.try_take().abort(), status::ok);
    } else {
      ASSERT_EQ(put(writer, i), status::ok);
    }
    if (i % 11 == 5) {
      const poll_result result = reader.poll([](const record_view&) {}, 2);
      (result.answer == status::ok ? seen : missed) += result.count;
    }
  }
  for (;;) {
    const poll_result result = reader.poll([](const record_view&) {});
    if (result.answer == status::empty) break;
    (result.answer == status::ok ? seen : missed) += result.count;
  }
  EXPECT_EQ(seen + missed, 100);
  EXPECT_EQ(reader.position(), 100);
  EXPECT_GT(seen, 0);
  EXPECT_GT(missed, 0);
}

TEST(consumer, G7_a_durable_cursor_resumes_where_it_stopped) {
  for (const auto policy : {full_policy::reject, full_policy::overwrite}) {
    const testing::unique_name name;
    auto home = must(segment::create(name.get(), small(segment_mode::ring, policy)));
    auto writer = must(home.attach_producer());
    {
      auto reader = must(home.attach_consumer({"billing", start_at::oldest()}));
      fill(writer, 0, 3);
      EXPECT_EQ(look(reader, 2), "0:0 1:1");
      const auto twice = home.attach_consumer({"billing", {}});
      ASSERT_FALSE(twice);
      EXPECT_EQ(twice.error().code, EBUSY);
      EXPECT_NE(twice.error().text.find(std::to_string(::getpid())), std::string::npos);
    }
    auto again = must(home.attach_consumer({"billing", start_at::latest()}));
    EXPECT_EQ(again.position(), 2);
    EXPECT_EQ(look(again), "2:2");
    auto other = must(home.attach_consumer({"audit", start_at::oldest()}));
    EXPECT_EQ(look(other, 1), "0:0");
  }
}

// It holds producers back while nobody reads, until it is forgotten.
TEST(consumer, G7_an_absent_durable_cursor_gates_until_it_is_forgotten) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
  auto writer = must(home.attach_producer());
  { const auto reader = must(home.attach_consumer({"billing", {}})); }
  fill(writer, 0, 4);
  std::uint64_t word = 4;
  EXPECT_EQ(writer.publish(testing::bytes_of(word), in_ms(5)), status::peer_dead);
  EXPECT_EQ(home.forget("nobody").error().code, ENOENT);
  {
    const auto reader = must(home.attach_consumer({"billing", {}}));
    EXPECT_EQ(home.forget("billing").error().code, EBUSY);
  }
  ASSERT_TRUE(home.forget("billing"));
  EXPECT_EQ(writer.publish(testing::bytes_of(word), in_ms(5)),
            status::peer_dead);  // nobody reads, nothing is lost
  auto reader = must(home.attach_consumer());
  EXPECT_EQ(look(reader), "0:0 1:1 2:2 3:3");
  EXPECT_EQ(writer.publish(testing::bytes_of(word)), status::ok);
}

TEST(consumer, a_name_that_does_not_fit_is_refused) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  EXPECT_TRUE(home.attach_consumer({std::string(cursor_name_max, 'x'), {}}));
  EXPECT_TRUE(home.attach_consumer({std::string(cursor_name_max, 'x'), {}}));  // resumes
  EXPECT_FALSE(home.attach_consumer({std::string(cursor_name_max + 1, 'x'), {}}));
  EXPECT_FALSE(home.attach_consumer({std::string("a\0b", 3), {}}));
}

TEST(consumer, a_handler_may_stop_and_may_throw_without_losing_anything) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_consumer());
  fill(writer, 0, 4);
  const poll_result stopped = reader.poll([](const record_view&) { return false; });
  EXPECT_EQ(stopped.count, 1);
  EXPECT_THROW(static_cast<void>(reader.poll([](const record_view& record) {
                 if (record.message_number == 2) throw std::runtime_error("no");
               })),
               std::runtime_error);
  EXPECT_EQ(reader.position(), 2);
  EXPECT_EQ(put(writer, 4), status::ok);  // 0 and 1 were released
  EXPECT_EQ(put(writer, 5), status::ok);
  EXPECT_EQ(put(writer, 6), status::full);
  EXPECT_EQ(look(reader), "2:2 3:3 4:4 5:5");
  EXPECT_EQ(look(reader, 0), "empty");
}

TEST(consumer, read_copies_out_one_message) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring, full_policy::overwrite)));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_observer());
  ASSERT_EQ(writer.try_publish("adios"), status::ok);
  ASSERT_EQ(home.mark(0, 7), status::ok);
  std::array<std::byte, 3> buffer{};
  const read_result result = reader.read(buffer);
  EXPECT_EQ(result.answer, status::ok);
  EXPECT_EQ(result.count, 1);
  EXPECT_EQ(result.length, 5);  // what was published; the buffer holds what fits
  EXPECT_EQ(result.number, 0);
  EXPECT_EQ(result.status, 7);
  EXPECT_EQ(std::memcmp(buffer.data(), "adi", 3), 0);
  EXPECT_EQ(reader.read(buffer).answer, status::empty);
}

// Garbage is reported and never read.
TEST(consumer, G9_G3_broken_slots_are_called_invalid_and_passed_once) {
  for (const bool copied : {false, true}) {
    const testing::unique_name name;
    auto home =
        must(segment::create(name.get(), small(segment_mode::ring, copied ? full_policy::overwrite
                                                                          : full_policy::reject)));
    auto writer = must(home.attach_producer());
    auto reader = must(home.attach_consumer());
    fill(writer, 0, 4);
    home.view().slot(0).value_length = 17;
    home.view().slot(1).value_length = -1;
    home.view().slot(2).message_number = 6;
    EXPECT_EQ(look(reader), "invalid 0+1");
    EXPECT_EQ(look(reader), "invalid 1+1");
    EXPECT_EQ(look(reader), "invalid 2+1");
    EXPECT_EQ(look(reader), "3:3");
    EXPECT_EQ(look(reader), "empty");
  }
}

// The stamps are nonsense, while the cursor says that there was a message.
TEST(consumer, G9_broken_stamps_are_called_invalid_or_lost) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto writer = must(home.attach_producer());
  fill(writer, 0, 4);
  for (const std::uint64_t stamp : {make_stamp(5, slot_state::published), std::uint64_t{7},
                                    make_stamp(number_max, slot_state::published)}) {
    home.view().slot(0).stamp = stamp;
    auto reader = must(home.attach_observer());
    const std::string told = look(reader);
    EXPECT_TRUE(told == "invalid 0+1" || told.rfind("lost 0+", 0) == 0) << stamp << ' ' << told;
  }
  // A published stamp turned back to an older lap: only asking long shows that it is no
  // future message.
  home.view().slot(0).stamp = 0;
  auto reader = must(home.attach_observer());
  std::string told;
  for (int i = 0; i < 2000 && told != "invalid 0+1"; ++i) told = look(reader);
  EXPECT_EQ(told, "invalid 0+1");
  EXPECT_EQ(look(reader), "1:1 2:2 3:3");
}

// Garbage beyond what producers have taken is not reported at all.
TEST(consumer, G9_garbage_in_the_future_is_not_a_message) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto reader = must(home.attach_consumer());
  for (std::uint64_t stamp = 1; stamp < 4096; stamp += 37) {
    if (stamp == make_stamp(0, slot_state::published)) continue;
    home.view().slot(0).stamp = stamp | make_stamp(4, slot_state::free);
    EXPECT_EQ(look(reader), "empty");
    EXPECT_EQ(reader.wait(in_ms(0)), status::peer_dead);
  }
}

TEST(consumer, G11_wait_says_whether_anyone_could_still_publish) {
  const testing::unique_name name;
  auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto reader = must(home.attach_consumer());
  auto observer = must(home.attach_observer());
  EXPECT_EQ(reader.wait(in_ms(3)), status::peer_dead);
  EXPECT_EQ(observer.wait(in_ms(3)), status::peer_dead);
  auto writer = must(home.attach_producer());
  EXPECT_EQ(reader.wait(in_ms(3)), status::timed_out);
  EXPECT_EQ(observer.wait(in_ms(3)), status::timed_out);
  ASSERT_EQ(put(writer, 0), status::ok);
  EXPECT_EQ(reader.wait(in_ms(3)), status::ok);
  EXPECT_EQ(observer.wait(), status::ok);
}

}  // namespace
}  // namespace shmfifo
