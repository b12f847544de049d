// SPDX-License-Identifier: MIT
// The properties of G3, bounds; above each stand its goal and its method.
#include <algorithm>
#include <limits>
#include <utility>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

// Goal: read copies the smaller of message and buffer, and reports the true length. Method: any
// message into any buffer, with a byte behind it that must stay.
TEST(content, G3_G4_read_fills_its_buffer_and_no_more) {
  expect_holds([] {
    const geometry shape = *any_geometry(2);
    const auto length =
        *rc::gen::inRange<std::int64_t>(0, static_cast<std::int64_t>(shape.content_size) + 1);
    const auto room = *rc::gen::inRange<std::size_t>(0, 48);
    fixture f(shape);
    auto reader = must(f.home.attach_consumer());
    auto writer = must(f.home.attach_producer());
    const bytes content = content_for(3, length);
    RC_ASSERT(publish(writer, content) == status::ok);
    std::vector<std::byte> buffer(room + 1, std::byte{0xa5});
    const read_result result = reader.read(std::span(buffer).first(room));
    RC_ASSERT(result.answer == status::ok && result.number == 0 && result.count == 1);
    RC_ASSERT(result.length == length);
    RC_ASSERT(result.status == 0);
    const std::size_t copied = std::min(room, content.size());
    for (std::size_t i = 0; i < buffer.size(); ++i) {
      RC_ASSERT(buffer[i] == (i < copied ? std::byte{content[i]} : std::byte{0xa5}));
    }
  });
}

// Goal: a process that attaches sees the creator's geometry, and no two parts of a segment overlap.
// Method: any geometry; compare it, and the addresses of all lines and slots.
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

// Goal: a reader hands out a length only if it fits, whatever the slot says. Method: publish,
// overwrite the length in the slot with any value, read as each kind of reader.
TEST(length, G3_G9_in_the_segment_is_never_believed) {
  expect_holds([] {
    const geometry shape = *any_geometry(2);
    const std::int64_t length =
        *rc::gen::oneOf(rc::gen::arbitrary<std::int64_t>(), any_length(shape.content_size));
    fixture f(shape);
    auto reader = must(f.home.attach_consumer());
    auto observer = must(f.home.attach_observer());
    auto writer = must(f.home.attach_producer());
    publish_many(writer, 0, 1);
    f.home.view().slot(0).value_length = length;
    const bool fits = length >= 0 && length <= static_cast<std::int64_t>(shape.content_size);
    for (consumer* each : {&reader, &observer}) {
      const story told = drain(*each);
      RC_ASSERT(told.invalid == (fits ? 0 : 1));
      RC_ASSERT(told.messages.size() == (fits ? 1U : 0U));
      if (fits) RC_ASSERT(told.messages[0].length == length);
    }
  });
}

// Goal: every length that does not fit, up to the largest, is refused and changes nothing.
// Method: any such length, through publish, batch and commit, into any queue.
TEST(length, G3_outside_the_content_is_refused_and_changes_nothing) {
  expect_holds([] {
    const geometry shape = *any_geometry();
    const std::size_t size = shape.content_size;
    constexpr auto half = std::numeric_limits<std::size_t>::max() / 2;
    const std::size_t length = *rc::gen::suchThat(
        rc::gen::oneOf(
            rc::gen::arbitrary<std::size_t>(),
            rc::gen::element(size + 1, size + 2, size + 64, half, half + 1, 2 * half + 1)),
        [size](std::size_t n) { return n > size; });
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    const auto before = image_of(f.home);
    const bytes content(shape.content_size);
    const byte_view bad(view_of(content).data(), length);
    RC_ASSERT(writer.try_publish(bad) == status::bad_length);
    RC_ASSERT(writer.publish(bad, deadline{}) == status::bad_length);
    const byte_view batch[] = {view_of(content), bad};
    const batch_result none = writer.try_publish(batch);
    RC_ASSERT(none.answer == status::bad_length);
    RC_ASSERT(none.published == 0U);
    RC_ASSERT(image_of(f.home) == before);
    claim open = writer.try_take();
    RC_ASSERT(open.answer() == status::ok);
    RC_ASSERT(std::move(open).commit(length) == status::bad_length);
    RC_ASSERT(writer.last_number() == -1);
    RC_ASSERT(std::move(open).commit(size) == status::ok);  // the claim stayed open
    RC_ASSERT(writer.last_number() == 0);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
