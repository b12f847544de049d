// SPDX-License-Identifier: MIT
// Goal: read copies the smaller of message and buffer, and tells the true length. Method: any
// message into any buffer, with a byte behind it that must stay.
#include <algorithm>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

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
    record_view record;
    const poll_result result = reader.read(record, std::span(buffer).first(room));
    RC_ASSERT(result.answer == status::ok && result.first == 0 && result.count == 1);
    RC_ASSERT(record.value_length == length);
    RC_ASSERT(record.content == buffer.data());
    const std::size_t copied = std::min(room, content.size());
    for (std::size_t i = 0; i < buffer.size(); ++i) {
      RC_ASSERT(buffer[i] == (i < copied ? std::byte{content[i]} : std::byte{0xa5}));
    }
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
