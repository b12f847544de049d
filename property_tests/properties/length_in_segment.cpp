// SPDX-License-Identifier: MIT
// Goal: a reader hands out a length only if it fits, whatever the slot says. Method: publish,
// overwrite the length in the slot with any value, read as each kind of reader.
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

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

}  // namespace
}  // namespace shmfifo::property_tests
