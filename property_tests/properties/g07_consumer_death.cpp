// SPDX-License-Identifier: MIT
// The properties of G7, the death of consumers; above each stand its goal and its method.
#include <algorithm>
#include <cerrno>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

// Goal: a named cursor holds its messages while nobody reads, until it is forgotten. Method: fill
// a lossless ring behind a reader that left, forget it, and go on.
TEST(durable, G7_G5_forgotten_cursor_gives_its_room_back) {
  expect_holds([] {
    geometry shape = *any_ring(full_policy::reject);
    const auto read =
        *rc::gen::inRange<std::int64_t>(0, static_cast<std::int64_t>(shape.slot_count));
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    const auto slots = static_cast<std::int64_t>(shape.slot_count);
    publish_many(writer, 0, slots);
    {
      auto reader = must(f.home.attach_consumer({"named", {}}));
      static_cast<void>(reader.poll([](const record_view&) {}, read));
      auto busy = f.home.forget("named");
      RC_ASSERT(!busy && busy.error().code == EBUSY);
    }
    auto other = must(f.home.attach_consumer());
    drain(other);
    publish_many(writer, slots, read);
    RC_ASSERT(publish(writer, {1}) == status::full);
    RC_ASSERT(!f.home.forget("another"));
    RC_ASSERT(bool(f.home.forget("named")));
    RC_ASSERT(!f.home.forget("named"));
    publish_many(writer, slots + read, slots - read);
    RC_ASSERT(drain(other).messages.size() == shape.slot_count);
  });
}

// Goal: a named cursor goes on with the first message it had not released, whoever published
// meanwhile. Method: a reader of any kind of queue comes, reads a portion, and goes, again and
// again.
TEST(durable, G7_resumes_exactly_where_it_stopped) {
  expect_holds([] {
    geometry shape = *any_geometry(2);
    shape.slot_count = 64;
    const auto portions = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4));
    const auto place = *rc::gen::element(start_at::oldest(), start_at::latest(), start_at::at(0));
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    std::int64_t sent = 0;
    std::int64_t next = 0;
    for (const int portion : portions) {
      if (sent + 2 > 64) break;
      publish_many(writer, sent, 2);
      sent += 2;
      // The first time it starts at 0; later it resumes, whatever start is asked for.
      auto reader = must(f.home.attach_consumer({"named", sent == 2 ? start_at::oldest() : place}));
      RC_ASSERT(reader.position() == next);
      RC_ASSERT(!f.home.attach_consumer({"named", {}}));  // one reader at a time
      const poll_result told = reader.poll(
          [&](const record_view& r) { RC_ASSERT(r.message_number == next++); }, portion);
      RC_ASSERT(told.count == std::min<std::int64_t>(portion, sent - (next - told.count)));
    }
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
