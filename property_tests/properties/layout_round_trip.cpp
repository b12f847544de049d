// SPDX-License-Identifier: MIT
// Goal: who attaches sees the geometry of the creator, and no two parts of a segment overlap.
// Method: any geometry; compare it, and the addresses of all lines and slots.
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(layout, G3_G13_every_geometry_survives_attaching) {
  expect_holds([] {
    geometry shape = *any_geometry();
    shape.content_size = *rc::gen::inRange<std::uint64_t>(1, 300);
    fixture f(shape);
    auto again =
        must(segment::attach(f.name.get(), {access::read_write, shape.content_size, false}));
    RC_ASSERT(to_text(again.shape()) == to_text(shape));
    RC_ASSERT(!segment::attach(f.name.get(), {access::read_write, shape.content_size + 1, false}));
    const std::byte* base = base_of(again);
    const std::byte* end = base + must(again.stat()).segment_size;
    const std::byte* free = base + control_offset + sizeof(control_block);
    RC_ASSERT(sizeof(segment_header) <= control_offset);
    for (unsigned i = 0; i < shape.participant_count; ++i) {
      const auto* line = reinterpret_cast<const std::byte*>(&again.view().participant(i));
      RC_ASSERT(line >= free);
      free = line + sizeof(participant_line);
    }
    for (std::uint64_t i = 0; i < shape.slot_count; ++i) {
      slot_header& slot = again.view().slot(i);
      const auto* first = reinterpret_cast<const std::byte*>(&slot);
      RC_ASSERT(first >= free);
      RC_ASSERT((first - base) % static_cast<std::ptrdiff_t>(cache_line) == 0);
      RC_ASSERT(again.view().content(slot) == first + sizeof(slot_header));
      free = again.view().content(slot) + shape.content_size;
      // One lap on it is the same slot in a ring; in a log there is none.
      const bool ring = shape.mode == segment_mode::ring;
      RC_ASSERT(again.view().has_slot(i + shape.slot_count) == ring);
      if (ring) RC_ASSERT(&again.view().slot(i + shape.slot_count) == &slot);
    }
    RC_ASSERT(free <= end);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
