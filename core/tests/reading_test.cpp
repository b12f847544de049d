// SPDX-License-Identifier: MIT
// Goal: what a reader's calls release, when, and what they answer where there is no message.
// Method: the reader's cursor as others see it, inside and after each call; stamps put in by hand;
// and a memory model that writes down how long the reader was asked to pause.
#include <vector>

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

struct reading : ::testing::Test {
  explicit reading(full_policy when_full = full_policy::wait, std::uint64_t slots = 4)
      : home(must(segment::create(
            name.get(), small(segment_mode::ring, when_full, producer_role::many, slots)))) {}
  void fill(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) ASSERT_EQ(put(writer, i), status::ok);
  }
  [[nodiscard]] std::uint64_t& stamp(std::uint64_t number) const {
    return home.view().slot(number).stamp;
  }
  testing::unique_name name;
  segment home;
  producer writer = must(home.attach_producer());
};

// What a call returns is released by the next one, whichever that is; what poll hands to its
// handler, after the handler.
TEST_F(reading, G7_G2_each_call_releases_what_the_last_one_returned) {
  std::optional<consumer> reader(must(home.attach_consumer({"audit", {}})));
  const std::uint64_t& cursor = home.view().participant(1).consumer_cursor;
  std::byte buffer[16];
  const auto read = [&] { ASSERT_EQ(reader->read(buffer).answer, status::ok); };
  fill(4);
  read();
  EXPECT_EQ(cursor, 0U);
  read();
  EXPECT_EQ(cursor, 1U);
  const auto handler = [&](const record_view&) { EXPECT_EQ(cursor, 2U); };
  ASSERT_EQ(reader->poll(handler, 1).answer, status::ok);
  EXPECT_EQ(cursor, 3U);
  read();
  EXPECT_EQ(cursor, 3U);
  EXPECT_EQ(reader->wait(deadline{}), status::timed_out);
  EXPECT_EQ(cursor, 4U);
  ASSERT_EQ(writer.try_take().abort(), status::ok);
  EXPECT_EQ(look(*reader), "aborted 4+1");
  EXPECT_EQ(cursor, 4U);
  fill(1);
  read();
  EXPECT_EQ(cursor, 5U);
  reader.reset();
  EXPECT_EQ(cursor, 6U);
}

// The line it had is free although the handle is there still.
TEST_F(reading, G7_G8_leaving_gives_the_line_and_its_lock_back) {
  struct leaving_reader : basic_consumer<std_memory_model> {
    using basic_consumer::basic_consumer;
    using basic_consumer::leave;
  };
  std_memory_model own = open_memory(name);
  const unsigned line = protocol::take_line(home.view(), own).value();
  std::uint64_t position = 0;
  ASSERT_TRUE(
      protocol::enter_gate(home.view(), own, line, participant_kind::consumer, position, true));
  leaving_reader reader(home.view(), std::move(own), line, position, nullptr);
  EXPECT_TRUE(home.memory().alive(line));
  reader.leave();
  EXPECT_FALSE(home.memory().alive(line));
  EXPECT_EQ(role_kind(home.view().participant(line).role), participant_kind::none);
}

TEST_F(reading, G2_a_handler_that_stops_has_had_its_message) {
  consumer reader = must(home.attach_consumer());
  fill(2);
  const poll_result one = reader.poll([](const record_view&) { return false; });
  EXPECT_EQ(one.answer, status::ok);
  EXPECT_EQ(one.count, 1);
  EXPECT_EQ(look(reader), "1:1");
}

// Asked for nothing, a reader reports nothing, and passes nothing over.
TEST_F(reading, G2_a_limit_of_nothing_leaves_everything_for_the_next_poll) {
  consumer reader = must(home.attach_consumer());
  ASSERT_EQ(writer.try_take().abort(), status::ok);
  fill(1);
  for (const std::int64_t limit : {std::int64_t{0}, std::int64_t{-1}}) {
    EXPECT_EQ(look(reader, limit), "empty");
    EXPECT_EQ(reader.position(), 0);
  }
  EXPECT_EQ(look(reader), "aborted 0+1");
  EXPECT_EQ(look(reader, 0), "empty");
  EXPECT_EQ(look(reader, 1), "1:0");
}

// A number that was never taken, though the cursor says so: of an unused slot and of one in which
// the lap before is. A poll for no message passes it over no more than others.
TEST_F(reading, G2_G9_a_number_that_was_never_taken_is_reported_once_it_was_asked_about) {
  fill(4);
  for (const std::uint64_t left : {std::uint64_t{0}, make_stamp(1, slot_state::published)}) {
    home.view().control().producer_cursor = 4;
    hooked_observer reader(home, name, 5, [](site) {});
    home.view().control().producer_cursor = 6;
    stamp(5) = left;
    const auto poll = [&](std::int64_t limit) {
      return reader.poll([](const record_view&) {}, limit).answer;
    };
    for (int polls = 0; polls < 1024; ++polls) {
      ASSERT_EQ(poll(1), status::empty);
      ASSERT_EQ(poll(0), status::empty);
    }
    EXPECT_EQ(poll(1), status::invalid);
    EXPECT_EQ(reader.position(), 6);
    stamp(5) = make_stamp(1, slot_state::published);
  }
}

// A verdict is about one stamp: one that changes while the reader asks is looked at anew.
TEST_F(reading, G2_G9_a_number_that_changes_while_it_is_asked_about_gets_no_verdict) {
  fill(4);
  const std::uint64_t before = stamp(5);
  hooked_observer reader(home, name, 5, once_at(site::examine_again, [&] {
                           stamp(5) = make_stamp(5, slot_state::claimed, 0);
                         }));
  home.view().control().producer_cursor = 6;
  const auto poll = [&] { return reader.poll([](const record_view&) {}).answer; };
  for (int polls = 0; polls < 1024; ++polls) ASSERT_EQ(poll(), status::empty);
  EXPECT_EQ(stamp(5), make_stamp(5, slot_state::claimed, 0));
  stamp(5) = before;
  EXPECT_EQ(poll(), status::empty);
}

// Each kind of answer, by wait, read and poll.
TEST_F(reading, G2_G9_where_no_message_is_each_call_says_why) {
  const std::pair<std::uint64_t, status> cases[] = {
      {make_stamp(1, slot_state::aborted), status::aborted},
      {make_stamp(1, slot_state::held, 3), status::aborted},
      {make_stamp(5, slot_state::claimed), status::lost},
      {make_stamp(1, static_cast<slot_state>(5)), status::invalid},
      {make_stamp(1, static_cast<slot_state>(6)), status::invalid},
      {make_stamp(2, slot_state::published), status::invalid},
      {make_stamp(0, slot_state::published), status::invalid},  // another slot's, not an old lap's
      {make_stamp(1, slot_state::claimed), status::empty},
      {make_stamp(1, slot_state::free), status::empty}};
  fill(4);
  std::byte buffer[16];
  for (const auto& [left, expected] : cases) {
    stamp(1) = left;
    if (expected == status::empty) home.view().participant(0).intent = 1;
    consumer polls = must(home.attach_observer(start_at::at(1)));
    consumer reads = must(home.attach_observer(start_at::at(1)));
    EXPECT_EQ(polls.wait(deadline{}), expected == status::empty ? status::timed_out : status::ok);
    const poll_result polled = polls.poll([](const record_view&) {});
    const read_result read = reads.read(buffer);
    EXPECT_EQ(polled.answer, expected) << left;
    EXPECT_EQ(read.answer, expected) << left;
    EXPECT_EQ(read.number, 1);
    EXPECT_EQ(read.count, expected == status::empty ? 0 : 1);
    EXPECT_EQ(polled.count, read.count);
    EXPECT_EQ(reads.position(), 1 + read.count);
  }
}

// The smallest ring: the next number's claim is the loss of this one.
TEST(reading_one_slot, G5_G4_in_a_ring_of_one_slot_the_next_claim_is_a_loss) {
  for (const auto role : {producer_role::single, producer_role::many}) {
    const testing::unique_name name;
    const auto home = must(
        segment::create(name.get(), small(segment_mode::ring, full_policy::overwrite, role, 1)));
    auto writer = must(home.attach_producer());
    auto reader = must(home.attach_observer());
    ASSERT_EQ(put(writer, 7), status::ok);
    auto claim = writer.try_take();
    ASSERT_TRUE(claim);
    EXPECT_EQ(look(reader), "lost 0+1");
    EXPECT_EQ(look(reader), "empty");
    ASSERT_EQ(std::move(claim).commit(0), status::ok);
    EXPECT_EQ(look(reader), "1:0");
  }
}

// The slot was looked at before the message came, the cursor after it.
TEST_F(reading, G2_G4_a_message_that_comes_between_two_looks_is_not_called_broken) {
  for (std::uint64_t n = 0; n < 10; ++n) {
    bool came = false;
    consumer drain = must(home.attach_consumer());
    static_cast<void>(look(drain));
    hooked_observer reader(home, name, n, once_at(site::poll_cursor, [&] {
                             came = true;
                             ASSERT_EQ(put(writer, n), status::ok);
                           }));
    EXPECT_EQ(reader.poll([](const record_view&) {}).answer, status::empty) << n;
    if (!came) {
      ASSERT_EQ(put(writer, n), status::ok);
    }
    EXPECT_EQ(reader.poll([](const record_view&) {}).answer, status::ok) << n;
    static_cast<void>(look(drain));
  }
}

// What became final while a reader asked about it is reported as what it is.
TEST_F(reading, G2_a_number_given_up_meanwhile_is_aborted_and_not_invalid) {
  bool came = false;
  hooked_observer reader(home, name, 0, once_at(site::examine_stamp, [&] {
                           came = true;
                           ASSERT_EQ(writer.try_take().abort(), status::ok);
                         }));
  const auto poll = [&] { return reader.poll([](const record_view&) {}).answer; };
  while (!came) ASSERT_EQ(poll(), status::empty);
  EXPECT_EQ(poll(), status::aborted);
}

// While a single producer writes into a ring's slot its stamp says so; in a log it stays unused.
TEST(writing, G4_a_slot_says_that_it_is_being_written) {
  for (const auto mode : {segment_mode::ring, segment_mode::log}) {
    const testing::unique_name name;
    const auto home = must(segment::create(name.get(), small(mode)));
    consumer spare = must(home.attach_consumer());  // has line 0
    const std::uint64_t& stamp = home.view().slot(0).stamp;
    const std::uint64_t expected =
        mode == segment_mode::log ? 0 : make_stamp(0, slot_state::claimed, 1);
    int met = 0;
    hooked_producer writer(home, name, [&](site where) {
      if (where != site::publish_content && where != site::publish_status_word &&
          where != site::publish_length && where != site::publish_number) {
        return;
      }
      EXPECT_EQ(stamp, expected) << to_string(where);
      ++met;
    });
    ASSERT_EQ(put(writer, 5), status::ok);
    EXPECT_EQ(met, 4);
    EXPECT_EQ(stamp, make_stamp(0, slot_state::published));
  }
}

// Writes down each pause, and never spins.
class noting_memory : public hooked_memory {
 public:
  noting_memory(std_memory_model&& memory, std::vector<unsigned>& pauses, hook before)
      : hooked_memory(std::move(memory), std::move(before)), pauses_(&pauses) {}
  bool pause(unsigned times) const {
    pauses_->push_back(times);
    return false;
  }

 private:
  std::vector<unsigned>* pauses_;
};

// What core/DESIGN.md, decision 9, says: every 32nd wait tries a short pause, which doubles while
// polls bring some messages, halves when they bring very many, and ends when they bring one.
TEST(patience, G14_a_reader_pauses_as_long_as_it_pays) {
  const testing::unique_name name;
  geometry shape = small(segment_mode::ring, full_policy::overwrite);
  shape.slot_count = 1024;
  const auto home = must(segment::create(name.get(), shape));
  auto writer = must(home.attach_producer());
  std::vector<unsigned> pauses;
  alignas(content_alignment) std::byte buffer[16];
  basic_consumer<noting_memory> reader(
      home.view(), noting_memory(open_memory(name), pauses, [](site) {}), std::nullopt, 0, buffer);
  const auto pause_before = [&](int messages) {
    for (int i = 0; i < messages; ++i) EXPECT_EQ(put(writer, 1), status::ok);
    pauses.clear();
    EXPECT_EQ(reader.wait(), status::ok);
    EXPECT_EQ(reader.poll([](const record_view&) {}, 1024).count, messages);
    EXPECT_LE(pauses.size(), 1U);
    return pauses.empty() ? 0U : pauses.front();
  };
  for (int i = 1; i <= 32; ++i) EXPECT_EQ(pause_before(1), 0U) << i;
  for (const unsigned doubled : {4U, 8U, 16U, 32U, 64U, 128U, 128U}) {
    EXPECT_EQ(pause_before(63), doubled);
  }
  EXPECT_EQ(pause_before(64), 128U);  // as many as wanted: it stays
  EXPECT_EQ(pause_before(128), 128U);
  for (const unsigned halved : {128U, 64U, 32U, 16U, 8U, 4U, 4U}) {
    EXPECT_EQ(pause_before(129), halved);
  }
  EXPECT_EQ(pause_before(2), 4U);
  EXPECT_EQ(pause_before(1), 8U);  // it only delayed
  for (int i = 1; i <= 32; ++i) EXPECT_EQ(pause_before(1), 0U) << i;
  EXPECT_EQ(pause_before(1), 4U);
  // A poll without a wait teaches nothing.
  for (int i = 0; i < 32; ++i) {
    EXPECT_EQ(put(writer, 1), status::ok);
    EXPECT_EQ(reader.poll([](const record_view&) {}).count, 1);
  }
  EXPECT_EQ(pause_before(1), 0U);
}

// Where slots are not reused under a reader, nothing is copied.
TEST(readers, G4_only_readers_that_nobody_waits_for_copy_and_only_in_rings) {
  const auto copies = [](segment_mode mode, full_policy when_full, bool observer) {
    return consumer::copies(small(mode, when_full), observer);
  };
  for (const auto lossless : {full_policy::reject, full_policy::wait}) {
    EXPECT_FALSE(copies(segment_mode::ring, lossless, false));
    EXPECT_TRUE(copies(segment_mode::ring, lossless, true));
  }
  for (const bool observer : {false, true}) {
    EXPECT_TRUE(copies(segment_mode::ring, full_policy::overwrite, observer));
    EXPECT_FALSE(copies(segment_mode::log, full_policy::reject, observer));
  }
}

// A poll for no message reports nothing: the next call reports what was passed over.
TEST(readers, G2_a_poll_for_no_message_passes_nothing_over) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_consumer());
  ASSERT_EQ(writer.try_take().abort(), status::ok);
  for (const std::int64_t limit : {0, -1}) {
    EXPECT_EQ(look(reader, limit), "empty");
    EXPECT_EQ(reader.position(), 0);
  }
  EXPECT_EQ(look(reader, 1), "aborted 0+1");
}

// What the control block says is cut to what a stamp can hold, and never makes a reader go beyond.
TEST(readers, G5_G9_a_hostile_cursor_loses_no_more_than_there_can_be) {
  const testing::unique_name name;
  const auto home =
      must(segment::create(name.get(), small(segment_mode::ring, full_policy::overwrite)));
  const auto most = static_cast<std::int64_t>(number_max);
  for (const auto& [cursor, lost] : {std::pair{std::uint64_t{1}, std::int64_t{1}},
                                     {2, 1},
                                     {4, 1},
                                     {5, 1},
                                     {6, 2},
                                     {number_max - 1, most - 5},
                                     {number_max, most - 4},
                                     {number_max + 1, most - 4},
                                     {~std::uint64_t{0}, most - 4}}) {
    home.view().slot(0).stamp = make_stamp(4, slot_state::published);
    home.view().control().producer_cursor = cursor;
    auto reader = must(home.attach_observer(start_at::at(0)));
    EXPECT_EQ(look(reader), "lost 0+" + std::to_string(lost)) << cursor;
  }
}

TEST(readers, G2_G11_at_the_end_of_a_log_there_is_nothing_to_wait_for) {
  for (const auto role : {producer_role::single, producer_role::many}) {
    const testing::unique_name name;
    const auto home =
        must(segment::create(name.get(), small(segment_mode::log, full_policy::reject, role)));
    auto writer = must(home.attach_producer());
    auto observer = must(home.attach_observer());
    auto reader = must(home.attach_consumer());
    for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(put(writer, i), status::ok);
    for (consumer* one : {&observer, &reader}) {
      EXPECT_EQ(look(*one), "0:0 1:1 2:2 3:3");
      EXPECT_EQ(one->wait(testing::in_ms(2)), status::timed_out);
      for (int polls = 0; polls < 1025; ++polls) {
        const poll_result none = one->poll([](const record_view&) {});
        ASSERT_EQ(none.answer, status::empty);
        ASSERT_EQ(none.first, 4);
        ASSERT_EQ(none.count, 0);
      }
    }
  }
}

// The slot's newest owner says best what is gone; hostile bytes never lead backwards.
TEST(readers, G5_G9_an_overtaken_reader_is_told_all_that_is_lost_at_once) {
  const testing::unique_name name;
  const auto home =
      must(segment::create(name.get(), small(segment_mode::ring, full_policy::overwrite)));
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_observer());
  for (std::uint64_t word = 0; word < 8; ++word) ASSERT_EQ(put(writer, word), status::ok);
  auto claim = writer.try_take();  // number 8, in the slot of 0 and 4
  ASSERT_EQ(claim.answer(), status::ok);
  EXPECT_EQ(look(reader), "lost 0+5");
  EXPECT_EQ(look(reader), "5:5 6:6 7:7");
  ASSERT_EQ(std::move(claim).abort(), status::ok);
  EXPECT_EQ(look(reader), "aborted 8+1");
  for (std::uint64_t word = 9; word < 11; ++word) ASSERT_EQ(put(writer, word), status::ok);
  home.view().slot(9).stamp = make_stamp(4001, slot_state::published);
  home.view().control().producer_cursor = 10;
  EXPECT_EQ(look(reader), "lost 9+1");
}

}  // namespace
}  // namespace shmfifo
