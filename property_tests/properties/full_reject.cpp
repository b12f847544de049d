// SPDX-License-Identifier: MIT
// Goal: a full queue that rejects answers full at once, by every way in, and not a byte of it
// changes. Method: fill any lossless queue that nobody reads, then try everything.
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(full, G5_rejected_publish_changes_nothing) {
  expect_holds([] {
    geometry shape = *any_geometry();
    shape.when_full = full_policy::reject;
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    publish_many(writer, 0, static_cast<std::int64_t>(shape.slot_count));
    const auto before = image_of(f.home);
    const bytes content{1};
    std::span<std::byte> room;
    std::size_t published = 9;
    const message_ref batch[] = {{content.data(), 1}};
    RC_ASSERT(publish(writer, content) == status::full);
    RC_ASSERT(writer.publish(content.data(), 1) == status::full);
    RC_ASSERT(writer.try_publish_batch(batch, published) == status::full);
    RC_ASSERT(published == 0U);
    RC_ASSERT(writer.publish_batch(batch, published) == status::full);
    RC_ASSERT(writer.try_claim(room) == status::full);
    RC_ASSERT(writer.claim(room) == status::full);
    RC_ASSERT(writer.last_number() == static_cast<std::int64_t>(shape.slot_count) - 1);
    RC_ASSERT(image_of(f.home) == before);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
