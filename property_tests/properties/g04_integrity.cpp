// SPDX-License-Identifier: MIT
// The properties of G4, integrity; above each stand its goal and its method.
#include <algorithm>
#include <map>
#include <utility>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

// Goal: writing in place and copying in leave the same message. Method: two queues of one shape;
// each message goes into one by publish and into the other by claim.
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
      claim open = placer.try_take();
      RC_ASSERT(open.answer() == status::ok);
      RC_ASSERT(open.content().size() == shape.content_size);
      std::ranges::copy(view_of(content), open.content().begin());
      RC_ASSERT(std::move(open).commit(content.size()) == status::ok);
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

// Goal: a consumer gets exactly the bytes that were published, for every length and source
// address. Method: any bytes from a source at any offset, exactly as long as the message, into
// slots full of others.
TEST(content, G4_comes_back_whole_at_every_alignment) {
  expect_holds(
      [] {
        geometry shape = *any_geometry(3);
        shape.content_size = *rc::gen::inRange<std::uint64_t>(1, 700);
        const auto length = *rc::gen::inRange<std::size_t>(0, shape.content_size + 1);
        const auto offset = *rc::gen::inRange<std::size_t>(0, 64);
        const auto fill = *rc::gen::arbitrary<std::uint8_t>();
        fixture f(shape);
        auto reader = must(f.home.attach_consumer());
        auto observer = must(f.home.attach_observer());
        auto writer = must(f.home.attach_producer());
        std::byte* slot = f.home.view().content(f.home.view().slot(0));
        std::memset(slot, 0xee, shape.content_size);
        const bytes content = content_for(fill, static_cast<std::int64_t>(length));
        bytes source(offset + length);  // nothing readable after it: a sanitizer sees a longer copy
        std::copy(content.begin(), content.end(),
                  source.begin() + static_cast<std::ptrdiff_t>(offset));
        RC_ASSERT(writer.try_publish(view_of(source).subspan(offset)) == status::ok);
        for (std::size_t i = length; i < shape.content_size; ++i)
          RC_ASSERT(slot[i] == std::byte{0xee});
        for (consumer* each : {&reader, &observer}) {
          const story told = drain(*each);
          RC_ASSERT(told.messages.size() == 1U);
          RC_ASSERT(told.messages[0].bytes == content);
          RC_ASSERT(told.messages[0].status == 0);
        }
      },
      300);
}

// Goal: a mark for a message that was replaced returns lost; the new message starts with status 0.
// Method: mark messages at random while the ring goes round, and compare every status that is read.
TEST(mark, G4_never_lands_on_a_later_lap) {
  expect_holds([] {
    const geometry shape = *any_ring(full_policy::overwrite);
    const auto marks = *rc::gen::container<std::vector<std::pair<int, std::int8_t>>>(
        rc::gen::pair(rc::gen::inRange(0, 24), rc::gen::arbitrary<std::int8_t>()));
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    std::map<std::int64_t, std::int8_t> expected;
    std::int64_t sent = 0;
    for (const auto& [back, value] : marks) {
      publish_many(writer, sent++, 1);
      const std::int64_t number = sent - 1 - back;
      const status answer = f.home.mark(number, value);
      if (number < 0) {
        RC_ASSERT(answer == status::invalid);
      } else if (number < sent - static_cast<std::int64_t>(shape.slot_count)) {
        RC_ASSERT(answer == status::lost);
      } else {
        RC_ASSERT(answer == status::ok);
        expected[number] = value;
      }
    }
    RC_ASSERT(f.home.mark(sent, 1) == status::empty);
    auto reader = must(f.home.attach_observer());
    for (const message& m : drain(reader).messages) RC_ASSERT(m.status == expected[m.number]);
  });
}

// Goal: a mark changes the status byte of its own message and nothing else. Method: mark any
// number with any value, then compare the whole segment and what readers see.
TEST(mark, G4_changes_only_the_status_of_its_message) {
  expect_holds([] {
    const geometry shape = *any_geometry(2);
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    const auto sent = static_cast<std::int64_t>(shape.slot_count);
    publish_many(writer, 0, sent);
    const auto number = *rc::gen::inRange<std::int64_t>(-2, 2 * sent + 2);
    const auto value = *rc::gen::arbitrary<std::int8_t>();
    auto expected = image_of(f.home);
    const bool there = number >= 0 && number < sent;
    const status answer = f.home.mark(number, value);
    if (there) {
      const auto at = reinterpret_cast<std::byte*>(
                          &f.home.view().slot(static_cast<std::uint64_t>(number)).status_word) -
                      base_of(f.home);
      expected[static_cast<std::size_t>(at)] = std::byte(static_cast<std::uint8_t>(value));
    }
    RC_ASSERT((answer == status::ok) == there);
    RC_ASSERT(there || answer == status::empty || answer == status::invalid);
    RC_ASSERT(image_of(f.home) == expected);
    auto reader = must(f.home.attach_observer());
    const story told = drain(reader);
    RC_ASSERT(told.messages.size() == shape.slot_count);
    for (const message& m : told.messages) RC_ASSERT(m.status == (m.number == number ? value : 0));
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
