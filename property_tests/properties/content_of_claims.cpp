// SPDX-License-Identifier: MIT
// Goal: writing in place and copying in leave the same message. Method: two queues of one shape;
// each message goes into one by publish and into the other by claim.
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(content, G4_of_a_claim_equals_content_of_a_publish) {
  expect_holds([] {
    const geometry shape = *any_ring(full_policy::overwrite);
    const auto messages =
        *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
    fixture copied(shape);
    fixture placed(shape);
    auto copier = must(copied.home.attach_producer());
    auto placer = must(placed.home.attach_producer());
    auto copied_reader = must(copied.home.attach_consumer());
    auto placed_reader = must(placed.home.attach_consumer());
    for (const std::uint8_t fill : messages) {
      const auto length = static_cast<std::int64_t>(fill % (shape.content_size + 1));
      const bytes content = content_for(fill, length);
      RC_ASSERT(publish(copier, content) == status::ok);
      std::span<std::byte> room;
      RC_ASSERT(placer.try_claim(room) == status::ok);
      RC_ASSERT(room.size() == shape.content_size);
      if (length > 0) std::memcpy(room.data(), content.data(), content.size());
      RC_ASSERT(placer.commit(length) == status::ok);
      RC_ASSERT(placer.last_number() == copier.last_number());
    }
    const story a = drain(copied_reader);
    const story b = drain(placed_reader);
    RC_ASSERT(a.messages == b.messages);
    RC_ASSERT(a.lost == b.lost);
    for (const message& m : a.messages) {
      RC_ASSERT(m.bytes == content_for(messages[static_cast<std::size_t>(m.number)], m.length));
    }
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
