// SPDX-License-Identifier: MIT
// The properties of G1, order; above each stand its goal and its method.
#include <algorithm>
#include <cerrno>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

// Goal: a batch does what its messages would do one after the other, up to the first that is
// refused. Method: two queues of one shape; the same messages go as batches into one and singly
// into the other.
TEST(batch, G1_G5_equals_singles) {
  expect_holds([] {
    const geometry shape = *any_geometry(2);
    using sizes = std::vector<std::int64_t>;
    const auto fitting =
        rc::gen::inRange<std::int64_t>(0, static_cast<std::int64_t>(shape.content_size) + 1);
    const auto batches =
        *rc::gen::container<std::vector<sizes>>(rc::gen::container<sizes>(fitting));
    fixture in_batches(shape);
    fixture in_singles(shape);
    auto batcher = must(in_batches.home.attach_producer());
    auto single = must(in_singles.home.attach_producer());
    auto reader_of_batches = must(in_batches.home.attach_consumer());
    auto reader_of_singles = must(in_singles.home.attach_consumer());
    for (const sizes& lengths : batches) {
      std::vector<bytes> contents;
      std::vector<byte_view> batch;
      for (const std::int64_t length : lengths) contents.push_back(content_for(9, length));
      for (const bytes& b : contents) batch.push_back(view_of(b));
      const batch_result all = batcher.try_publish(batch);
      std::size_t went_in = 0;
      status one = status::ok;
      while (went_in < contents.size() &&
             (one = publish(single, contents[went_in])) == status::ok) {
        ++went_in;
      }
      RC_ASSERT(all.answer == one);
      RC_ASSERT(all.published == went_in);
      RC_ASSERT(batcher.last_number() == single.last_number());
      const story a = drain(reader_of_batches);
      const story b = drain(reader_of_singles);
      RC_ASSERT(a.messages == b.messages);
      RC_ASSERT(a.lost == b.lost);
    }
  });
}

// Goal: all consumers see the same messages in the same order, and each producer finds its own in
// order. Method: producers take turns at random; consumers and observers read in random portions.
TEST(order, G1_is_agreed_by_all_and_kept_for_each_producer) {
  expect_holds([] {
    geometry shape = *any_ring(full_policy::reject);
    shape.producers = producer_role::many;
    shape.slot_count = 256;
    shape.content_size = 8;
    const auto turns =
        *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::inRange<std::uint8_t>(0, 5));
    fixture f(shape);
    std::vector<producer> writers;
    for (int i = 0; i < 3; ++i) writers.push_back(must(f.home.attach_producer()));
    std::vector<consumer> readers;
    readers.push_back(must(f.home.attach_consumer()));
    readers.push_back(must(f.home.attach_consumer({"named", {}})));
    readers.push_back(must(f.home.attach_observer()));
    std::vector<std::vector<message>> seen(3);
    std::array<std::uint8_t, 3> own{};
    for (const std::uint8_t turn : turns) {
      if (turn < 3) {
        RC_ASSERT(publish(writers[turn], {turn, own[turn]++}) == status::ok);
      } else {
        for (message& m : drain(readers[turn - 3U], turn).messages) seen[turn - 3U].push_back(m);
      }
    }
    for (std::size_t i = 0; i < 3; ++i) {
      for (message& m : drain(readers[i]).messages) seen[i].push_back(m);
      RC_ASSERT(seen[i] == seen[0]);
    }
    std::array<std::uint8_t, 3> next{};
    for (const message& m : seen[0]) RC_ASSERT(m.bytes[1] == next[m.bytes[0]]++);
    RC_ASSERT(next == own);
  });
}

// Goal: a reader begins at the oldest message that is kept, behind the newest, or at its number,
// or is refused. Method: any queue with any number of messages; each place for each kind of
// reader.
TEST(start, G1_G2_begins_where_it_was_asked_to) {
  expect_holds([] {
    const geometry shape =
        *any_ring(*rc::gen::element(full_policy::reject, full_policy::overwrite));
    const auto slots = static_cast<std::int64_t>(shape.slot_count);
    const auto sent = *rc::gen::inRange<std::int64_t>(0, 3 * slots);
    const auto number = *rc::gen::inRange<std::int64_t>(-2, 3 * slots + 2);
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    std::int64_t let_go = 0;  // read by a reader that has left
    if (shape.gated()) {
      auto early = must(f.home.attach_consumer());
      for (std::int64_t i = 0; i < sent; ++i) {
        if (early.position() + slots <= i) drain(early);
        publish_many(writer, i, 1);
      }
      if (number % 2 == 0) drain(early);
      let_go = early.position();
    } else {
      publish_many(writer, 0, sent);
    }
    for (const auto& place : {start_at::oldest(), start_at::latest(), start_at::at(number)}) {
      // A reader that leaves releases what it has read, so the floor may have moved.
      const auto floor = static_cast<std::int64_t>(f.home.view().control().gate_floor);
      const std::int64_t oldest = shape.gated() ? floor : std::max<std::int64_t>(0, sent - slots);
      RC_ASSERT(must(f.home.stat()).oldest == oldest);
      RC_ASSERT(sent - slots <= oldest);
      RC_ASSERT(let_go <= oldest);
      const bool exact = place.where == start_at::place::number;
      const std::int64_t begin = exact                                    ? number
                                 : place.where == start_at::place::latest ? sent
                                                                          : oldest;
      auto reader = f.home.attach_consumer({"", place});
      const bool allowed =
          !exact || (number >= 0 && (!shape.gated() || (number >= floor && number <= sent)));
      RC_ASSERT(bool(reader) == allowed);
      if (!reader) {
        RC_ASSERT(reader.error().code == (number < 0 || number > sent ? EINVAL : ENODATA));
        continue;
      }
      RC_ASSERT(reader->position() == begin);
      const story told = drain(*reader);
      RC_ASSERT(told.numbers() == std::max<std::int64_t>(0, sent - begin));
      RC_ASSERT(told.lost == (begin < oldest ? oldest - begin : 0));
    }
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
