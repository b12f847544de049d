// SPDX-License-Identifier: MIT
// Goal: a batch does what its messages would do one after the other, up to the first that is
// refused. Method: two queues of one shape; the same messages go as batches into one and singly
// into the other.
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(batch, G1_G5_equals_singles) {
  expect_holds([] {
    const geometry shape = *any_geometry(2);
    using sizes = std::vector<std::int64_t>;
    const auto fitting =
        rc::gen::inRange<std::int64_t>(0, static_cast<std::int64_t>(shape.content_size) + 1);
    const auto batches =
        *rc::gen::container<std::vector<sizes>>(rc::gen::container<sizes>(fitting));
    fixture in_batches(shape);
    fixture in_singles(shape);
    auto batcher = must(in_batches.home.attach_producer());
    auto single = must(in_singles.home.attach_producer());
    auto reader_of_batches = must(in_batches.home.attach_consumer());
    auto reader_of_singles = must(in_singles.home.attach_consumer());
    for (const sizes& lengths : batches) {
      std::vector<bytes> contents;
      std::vector<message_ref> batch;
      for (const std::int64_t length : lengths) contents.push_back(content_for(9, length));
      for (const bytes& b : contents)
        batch.push_back({b.data(), static_cast<std::int64_t>(b.size())});
      std::size_t published = 99;
      const status answer = batcher.try_publish_batch(batch, published);
      std::size_t went_in = 0;
      status one = status::ok;
      while (went_in < contents.size() &&
             (one = publish(single, contents[went_in])) == status::ok) {
        ++went_in;
      }
      RC_ASSERT(answer == one);
      RC_ASSERT(published == went_in);
      RC_ASSERT(batcher.last_number() == single.last_number());
      const story a = drain(reader_of_batches);
      const story b = drain(reader_of_singles);
      RC_ASSERT(a.messages == b.messages);
      RC_ASSERT(a.lost == b.lost);
    }
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
