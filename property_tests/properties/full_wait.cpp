// SPDX-License-Identifier: MIT
// Goal: a full queue that waits gives up at the deadline, and says whether somebody alive could
// make room. Method: fill a waiting ring behind a reader that is attached, durable and left, or
// not there.
#include <optional>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

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
      const auto byte = static_cast<std::uint8_t>(i);
      RC_ASSERT(writer.publish(&byte, 1, deadline{}) == status::ok);  // there is room: no waiting
    }
    const auto before = slots_of(f.home);
    const bytes content{1};
    const status expected = who == 1 ? status::timed_out : status::peer_dead;
    RC_ASSERT(writer.publish(content.data(), 1, deadline{}) == expected);
    std::span<std::byte> room;
    RC_ASSERT(writer.claim(room, deadline{}) == expected);
    std::size_t published = 9;
    const message_ref batch[] = {{content.data(), 1}};
    RC_ASSERT(writer.publish_batch(batch, published, deadline{}) == expected);
    RC_ASSERT(published == 0U);
    RC_ASSERT(slots_of(f.home) == before);
    if (!reader) reader.emplace(must(f.home.attach_consumer({who == 0 ? "" : "named", {}})));
    RC_ASSERT(drain(*reader).messages.size() == shape.slot_count);
    RC_ASSERT(writer.publish(content.data(), 1, deadline{}) == status::ok);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
