// SPDX-License-Identifier: MIT
// Goal: a named cursor holds its messages while nobody reads, until it is forgotten. Method: fill
// a lossless ring behind a reader that left, forget it, and go on.
#include <cerrno>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

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
      RC_ASSERT(!busy && busy.failure().code == EBUSY);
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

}  // namespace
}  // namespace shmfifo::property_tests
