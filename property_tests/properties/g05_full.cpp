// SPDX-License-Identifier: MIT
// The properties of G5, full; above each stand its goal and its method.
#include <algorithm>
#include <optional>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

// Goal: an overwriting ring never refuses, and what a reader saw and what it was told it lost is
// all there was. Method: publish any portions, between which readers of both kinds come to read,
// or do not.
TEST(full, G5_overwriting_tells_exactly_what_was_lost) {
  expect_holds([] {
    const geometry shape = *any_ring(full_policy::overwrite);
    const auto portions = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 20));
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    auto reader = must(f.home.attach_consumer());
    auto observer = must(f.home.attach_observer());
    std::int64_t sent = 0;
    story of_reader;
    story of_observer;
    const auto visit = [&](consumer& each, story& sum) {
      const story told = drain(each);
      sum.lost += told.lost;
      for (const message& m : told.messages) {
        RC_ASSERT(m.bytes == bytes{static_cast<std::uint8_t>(m.number)});
        sum.messages.push_back(m);
      }
      RC_ASSERT(sum.numbers() == sent);
      // No more is lost than necessary.
      RC_ASSERT(static_cast<std::int64_t>(told.messages.size()) ==
                std::min(told.numbers(), static_cast<std::int64_t>(shape.slot_count)));
    };
    for (const int portion : portions) {
      publish_many(writer, sent, portion);
      sent += portion;
      if (portion % 2 == 0) visit(reader, of_reader);
      if (portion % 3 == 0) visit(observer, of_observer);
    }
    visit(reader, of_reader);
    visit(observer, of_observer);
  });
}

// Goal: in an overwriting ring an open claim stops nobody; its number is reported, its commit
// returns lost. Method: one producer claims, another goes round any number of times, then the claim
// is committed or aborted.
TEST(full, G5_G2_a_slow_claim_is_passed_over_and_told_lost) {
  expect_holds([] {
    geometry shape = *any_ring(full_policy::overwrite);
    shape.producers = producer_role::many;
    shape.slot_count = std::max<std::uint64_t>(2, shape.slot_count);
    const auto before = *rc::gen::inRange<std::int64_t>(0, 10);
    const auto between = *rc::gen::inRange<std::int64_t>(0, 40);
    const bool commits = *rc::gen::arbitrary<bool>();
    fixture f(shape);
    auto slow = must(f.home.attach_producer());
    auto fast = must(f.home.attach_producer());
    auto reader = must(f.home.attach_observer());
    const auto slots = static_cast<std::int64_t>(shape.slot_count);
    for (std::int64_t i = 0; i < before; ++i) RC_ASSERT(publish(fast, {1}) == status::ok);
    claim open = slow.try_take();
    RC_ASSERT(open.answer() == status::ok);
    std::int64_t passed = 0;
    std::int64_t last = before;
    for (std::int64_t i = 0; i < between; ++i) {
      RC_ASSERT(publish(fast, {1}) == status::ok);
      passed += fast.last_number() - last - 1;
      last = fast.last_number();
      RC_ASSERT((fast.last_number() - before) % slots != 0);  // not the claimed slot again
    }
    const bool round = last - before > slots;
    if (commits) {
      RC_ASSERT(std::move(open).commit(0) == (round ? status::lost : status::ok));
    } else {
      RC_ASSERT(std::move(open).abort() == status::ok);
    }
    RC_ASSERT(publish(fast, {1}) == status::ok);
    const story told = drain(reader);
    RC_ASSERT(told.numbers() == fast.last_number() + 1);
    for (std::int64_t i = 0; i < slots; ++i) RC_ASSERT(publish(fast, {2}) == status::ok);
    RC_ASSERT(drain(reader).messages.size() ==
              shape.slot_count);  // nothing holds the slot any longer
    RC_ASSERT(passed <= between / (slots - 1) + 1);
  });
}

// Goal: a full queue that rejects returns full at once, for every call, and not a byte of it
// changes. Method: fill any lossless queue that nobody reads, then try everything.
TEST(full, G5_rejected_publish_changes_nothing) {
  expect_holds([] {
    geometry shape = *any_geometry();
    shape.when_full = full_policy::reject;
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    publish_many(writer, 0, static_cast<std::int64_t>(shape.slot_count));
    const auto before = image_of(f.home);
    const bytes content{1};
    const byte_view batch[] = {view_of(content)};
    RC_ASSERT(publish(writer, content) == status::full);
    RC_ASSERT(writer.publish(view_of(content)) == status::full);
    const batch_result none = writer.try_publish(batch);
    RC_ASSERT(none.answer == status::full);
    RC_ASSERT(none.published == 0U);
    RC_ASSERT(writer.publish(batch).answer == status::full);
    RC_ASSERT(writer.try_take().answer() == status::full);
    RC_ASSERT(writer.take().answer() == status::full);
    RC_ASSERT(writer.last_number() == static_cast<std::int64_t>(shape.slot_count) - 1);
    RC_ASSERT(image_of(f.home) == before);
  });
}

// Goal: a full queue that waits gives up at the deadline, and reports whether anyone alive could
// make room. Method: fill a waiting ring behind a reader that is attached, durable and left, or not
// there.
TEST(full, G5_waiting_ends_with_the_deadline_and_loses_nothing) {
  expect_holds([] {
    const geometry shape = *any_ring(full_policy::wait);
    const int who = *rc::gen::inRange(0, 3);
    fixture f(shape);
    std::optional<consumer> reader;
    if (who > 0) reader.emplace(must(f.home.attach_consumer({who == 1 ? "" : "named", {}})));
    if (who == 2) reader.reset();
    auto writer = must(f.home.attach_producer());
    const auto slots = static_cast<std::int64_t>(shape.slot_count);
    for (std::int64_t i = 0; i < slots; ++i) {
      const bytes content{static_cast<std::uint8_t>(i)};
      // There is room: no waiting.
      RC_ASSERT(writer.publish(view_of(content), deadline{}) == status::ok);
    }
    const auto before = slots_of(f.home);
    const bytes content{1};
    const status expected = who == 1 ? status::timed_out : status::peer_dead;
    RC_ASSERT(writer.publish(view_of(content), deadline{}) == expected);
    RC_ASSERT(writer.take(deadline{}).answer() == expected);
    const byte_view batch[] = {view_of(content)};
    const batch_result none = writer.publish(batch, deadline{});
    RC_ASSERT(none.answer == expected);
    RC_ASSERT(none.published == 0U);
    RC_ASSERT(slots_of(f.home) == before);
    if (!reader) reader.emplace(must(f.home.attach_consumer({who == 0 ? "" : "named", {}})));
    RC_ASSERT(drain(*reader).messages.size() == shape.slot_count);
    RC_ASSERT(writer.publish(view_of(content), deadline{}) == status::ok);
  });
}

// Goal: a lossless ring takes messages until it is a lap ahead of the slowest consumer, exactly.
// Method: consumers read any portions; after each the producer fills the ring and counts.
TEST(gate, G5_G4_room_is_what_the_slowest_consumer_left) {
  expect_holds([] {
    const geometry shape = *any_ring(full_policy::reject);
    const auto portions = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 3), rc::gen::inRange(0, 9)));
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    std::vector<consumer> readers;
    for (int i = 0; i < 3; ++i) {
      readers.push_back(must(f.home.attach_consumer({i == 2 ? "named" : "", {}})));
    }
    std::int64_t sent = 0;
    for (const auto& [who, limit] : portions) {
      const poll_result told = readers[static_cast<std::size_t>(who)].poll(
          [](const record_view& r) {
            RC_ASSERT(std::uint8_t(*r.content) == std::uint8_t(r.message_number));
          },
          limit);
      RC_ASSERT(told.count <= limit);
      std::int64_t slowest = sent;
      for (const consumer& each : readers) slowest = std::min(slowest, each.position());
      while (publish(writer, {static_cast<std::uint8_t>(sent)}) == status::ok) ++sent;
      RC_ASSERT(sent == slowest + static_cast<std::int64_t>(shape.slot_count));
    }
  });
}

// Goal: whatever an observer does, not a byte of the segment changes and no producer waits for
// it. Method: any queue with messages and open claims; an observer with a read-only mapping reads
// and waits.
TEST(observer, G5_G7_changes_no_byte_and_holds_nobody_back) {
  expect_holds([] {
    geometry shape = *any_geometry(2);
    const bool claims = *rc::gen::arbitrary<bool>();
    const auto limit = *rc::gen::inRange<std::int64_t>(0, 5);
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    publish_many(writer, 0, static_cast<std::int64_t>(shape.slot_count) - 1);
    claim open;
    if (claims) open = writer.try_take();
    RC_ASSERT(bool(open) == claims);
    const auto before = image_of(f.home);
    {
      auto looking = must(segment::attach(f.name.get(), {access::read_only, {}, false}));
      RC_ASSERT(!looking.attach_producer());
      RC_ASSERT(!looking.attach_consumer());
      RC_ASSERT(looking.mark(0, 1) == status::read_only);
      auto observer = must(looking.attach_observer());
      RC_ASSERT(observer.observer());
      static_cast<void>(observer.poll([](const record_view&) {}, limit));
      RC_ASSERT(drain(observer).numbers() + limit >=
                static_cast<std::int64_t>(shape.slot_count) - 1);
      RC_ASSERT(observer.wait(deadline{}) == status::timed_out);
      RC_ASSERT(must(looking.stat()).participants.size() == 1U);
    }
    RC_ASSERT(image_of(f.home) == before);
    if (claims) RC_ASSERT(std::move(open).abort() == status::ok);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
