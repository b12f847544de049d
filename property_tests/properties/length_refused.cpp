// SPDX-License-Identifier: MIT
// Goal: every length from INT64_MIN to INT64_MAX that does not fit is refused and changes
// nothing. Method: any such length, through publish, batch and commit, into any queue.
#include <limits>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(length, G3_outside_the_content_is_refused_and_changes_nothing) {
  expect_holds([] {
    const geometry shape = *any_geometry();
    const auto size = static_cast<std::int64_t>(shape.content_size);
    const std::int64_t length = *rc::gen::suchThat(
        rc::gen::oneOf(rc::gen::arbitrary<std::int64_t>(),
                       rc::gen::element(std::int64_t{-1}, size + 1, size + 2, size + 64,
                                        std::numeric_limits<std::int64_t>::min(),
                                        std::numeric_limits<std::int64_t>::max())),
        [size](std::int64_t n) { return n < 0 || n > size; });
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    const auto before = image_of(f.home);
    const bytes content(shape.content_size);
    RC_ASSERT(writer.try_publish(content.data(), length) == status::bad_length);
    RC_ASSERT(writer.publish(content.data(), length, deadline{}) == status::bad_length);
    const message_ref batch[] = {{content.data(), size}, {content.data(), length}};
    std::size_t published = 9;
    RC_ASSERT(writer.try_publish_batch(batch, published) == status::bad_length);
    RC_ASSERT(published == 0U);
    RC_ASSERT(image_of(f.home) == before);
    std::span<std::byte> claimed;
    RC_ASSERT(writer.try_claim(claimed) == status::ok);
    RC_ASSERT(writer.commit(length) == status::bad_length);
    RC_ASSERT(writer.last_number() == -1);
    RC_ASSERT(writer.commit(size) == status::ok);  // the claim stayed open
    RC_ASSERT(writer.last_number() == 0);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
