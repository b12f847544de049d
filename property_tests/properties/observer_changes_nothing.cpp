// SPDX-License-Identifier: MIT
// Goal: whatever an observer does, not a byte of the segment changes and no producer waits for
// it. Method: any queue with messages and open claims; an observer with a read-only mapping reads
// and waits.
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(observer, G5_G7_changes_no_byte_and_holds_nobody_back) {
  expect_holds([] {
    geometry shape = *any_geometry(2);
    const bool claims = *rc::gen::arbitrary<bool>();
    const auto limit = *rc::gen::inRange<std::int64_t>(0, 5);
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    publish_many(writer, 0, static_cast<std::int64_t>(shape.slot_count) - 1);
    std::span<std::byte> room;
    if (claims) RC_ASSERT(writer.try_claim(room) == status::ok);
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
    if (claims) RC_ASSERT(writer.abort() == status::ok);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
