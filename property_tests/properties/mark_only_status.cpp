// SPDX-License-Identifier: MIT
// Goal: a mark changes the status byte of its own message and nothing else. Method: mark any
// number with any value, then compare the whole segment and what readers see.
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

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
