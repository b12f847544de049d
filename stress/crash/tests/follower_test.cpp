// SPDX-License-Identifier: MIT
// Goal: a reader of the judge accepts nothing but the next number, whole, aborted where it may be,
// or lost where it must be. Method: slots changed by hand, and a consumer that others move.
#include "follower.hpp"

#include <optional>

#include "false_worlds.hpp"

namespace shmfifo::harness::crash {
namespace {

struct reading {
  explicit reading(const geometry& shape = ring(full_policy::reject, producer_role::many),
                   const place& where = at_first)
      : what(quiet(where, shape)), scene(what, name.get()) {
    for (std::int64_t n = 0; n < what.published; ++n) {
      book.promise(n, {author::past, static_cast<std::uint32_t>(n)});
    }
    consumer_options options;
    if (what.lossy()) options.start = start_at::at(0);
    in.emplace(must(scene.home()->attach_consumer(options)));
    reader.emplace(*in, book, what, scene.home()->view());
  }
  void publish(author who = author::victim) { publish_as(*scene.producer_peer, who, sequence++); }

  unique_name name;
  scenario what;
  world scene;
  ledger book;
  std::uint32_t sequence = 0;
  std::optional<consumer> in;
  std::optional<follower> reader;
};

TEST(follower, follows_until_it_has_seen_what_it_must) {
  reading one;
  one.publish();
  one.publish();
  EXPECT_EQ(complaint([&] { one.reader->follow(2); }), "");
  EXPECT_EQ(one.reader->next(), 2);
  EXPECT_TRUE(one.book.seen(0) && one.book.seen(1));
  EXPECT_EQ(complaint([&] { one.reader->follow(3); }),
            "stuck: a reader waits in vain for number 2 (committed up to 2)");
}

TEST(follower, reads_while_it_flows_and_no_longer) {
  reading one;
  one.reader->follow_while_it_flows(3);
  EXPECT_EQ(one.reader->next(), 0);
  one.publish();
  one.reader->follow_while_it_flows();
  EXPECT_EQ(one.reader->next(), 1);
}

TEST(follower, G1_a_number_that_is_not_the_next_is_found) {
  reading one;
  one.publish();
  one.publish();
  static_cast<void>(one.in->poll([](const record_view&) {}, 1));
  EXPECT_EQ(complaint([&] { one.reader->follow(2); }), "number 1 was delivered where 0 was due");
}

TEST(follower, G2_an_answer_that_skips_numbers_is_found) {
  reading one;
  one.publish();
  one.publish();
  poke_stamp(one.scene, 1, slot_state::aborted);
  one.book.allow_abort(1);
  static_cast<void>(one.in->poll([](const record_view&) {}, 1));
  EXPECT_EQ(complaint([&] { one.reader->follow(2); }), "an answer skipped numbers");
}

TEST(follower, G2_an_abort_is_entered_in_the_ledger) {
  reading one;
  one.publish();
  one.publish();
  poke_stamp(one.scene, 1, slot_state::aborted);
  EXPECT_EQ(complaint([&] { one.reader->follow(2); }),
            "number 1 is aborted although nobody had claimed it");
  reading allowed;
  allowed.publish();
  poke_stamp(allowed.scene, 0, slot_state::aborted);
  allowed.book.allow_abort(0);
  EXPECT_EQ(complaint([&] { allowed.reader->follow(1); }), "");
  EXPECT_FALSE(allowed.book.seen(0));
}

TEST(follower, G4_bytes_that_nobody_wrote_are_found) {
  reading one;
  one.publish();
  poke(*reinterpret_cast<std::uint64_t*>(layout_view::content(one.scene.home()->view().slot(0))),
       0);
  EXPECT_EQ(complaint([&] { one.reader->follow(1); }), "number 0 carries bytes that nobody wrote");
}

TEST(follower, G3_an_invalid_number_is_found) {
  reading one;
  one.publish();
  poke(one.scene.home()->view().slot(0).value_length, -1);
  EXPECT_EQ(complaint([&] { one.reader->follow(1); }), "number 0 was answered `invalid`");
}

TEST(follower, G5_only_an_overwriting_ring_may_lose) {
  reading one;
  one.publish();
  poke_stamp(one.scene, 4, slot_state::published);
  poke(one.scene.home()->view().control().producer_cursor, 5);
  EXPECT_EQ(complaint([&] { one.reader->follow(1); }), "number 0 was answered `lost`");
}

TEST(follower, G5_what_may_still_be_there_is_not_lost) {
  const geometry lossy = ring(full_policy::overwrite, producer_role::many);
  reading right(lossy, overwriting);
  EXPECT_EQ(complaint([&] { right.reader->follow(5); }), "");
  EXPECT_FALSE(right.book.seen(0));
  EXPECT_TRUE(right.book.seen(1));
  // Number 0 gave way to number 4 though the cursor says that nobody has taken that.
  reading early(lossy);
  early.publish();
  poke_stamp(early.scene, 4, slot_state::published);
  poke(early.scene.home()->view().control().producer_cursor, 3);
  EXPECT_EQ(complaint([&] { early.reader->follow(1); }), "number 0 was reported lost too early");
  // The last number that may be lost: its successor in the slot is the next to be taken.
  reading just(lossy);
  just.publish();
  poke_stamp(just.scene, 4, slot_state::claimed, line_of_producer(just.scene));
  poke(just.scene.home()->view().control().producer_cursor, 4);
  EXPECT_EQ(complaint([&] { just.reader->follow(1); }), "");
}

TEST(stream_check, G1_G4_each_message_is_the_next_one_and_whole) {
  message_buffer buffer;
  const auto seen = [&](std::int64_t number, std::uint32_t sequence, bool whole) {
    stream_check stream{7, 3};
    const byte_view bytes = write_message(author::fresh, sequence, buffer);
    record_view record;
    record.message_number = number;
    record.content = bytes.data();
    record.value_length = static_cast<std::int64_t>(bytes.size()) - (whole ? 0 : 1);
    const std::string found = complaint([&] { stream.see(record); });
    EXPECT_EQ(stream.next + stream.got, found.empty() ? 12 : 10);
    return found;
  };
  EXPECT_EQ(seen(7, 3, true), "");
  const char* const wrong = "the stream afterwards is wrong at number 7";
  EXPECT_EQ(seen(8, 3, true), wrong);
  EXPECT_EQ(seen(7, 4, true), wrong);
  EXPECT_EQ(seen(7, 3, false), wrong);
}

}  // namespace
}  // namespace shmfifo::harness::crash
