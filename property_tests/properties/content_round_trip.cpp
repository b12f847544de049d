// SPDX-License-Identifier: MIT
// Goal: a consumer gets exactly the bytes that were published, for every length and source
// address. Method: any bytes from a source at any offset, exactly as long as the message, into
// slots full of others.
#include <algorithm>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

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
        RC_ASSERT(writer.try_publish(source.data() + offset, static_cast<std::int64_t>(length)) ==
                  status::ok);
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

}  // namespace
}  // namespace shmfifo::property_tests
