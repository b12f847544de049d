// SPDX-License-Identifier: MIT
// Goal: all consumers see the same messages in the same order, and each producer finds its own in
// order. Method: producers take turns at random; consumers and observers read in random portions.
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(order, G1_is_agreed_by_all_and_kept_for_each_producer) {
  expect_holds([] {
    geometry shape = *any_ring(full_policy::reject);
    shape.producers = producer_role::many;
    shape.slot_count = 256;
    shape.content_size = 8;
    const auto turns =
        *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::inRange<std::uint8_t>(0, 5));
    fixture f(shape);
    std::vector<producer> writers;
    for (int i = 0; i < 3; ++i) writers.push_back(must(f.home.attach_producer()));
    std::vector<consumer> readers;
    readers.push_back(must(f.home.attach_consumer()));
    readers.push_back(must(f.home.attach_consumer({"named", {}})));
    readers.push_back(must(f.home.attach_observer()));
    std::vector<std::vector<message>> seen(3);
    std::array<std::uint8_t, 3> own{};
    for (const std::uint8_t turn : turns) {
      if (turn < 3) {
        RC_ASSERT(publish(writers[turn], {turn, own[turn]++}) == status::ok);
      } else {
        for (message& m : drain(readers[turn - 3U], turn).messages) seen[turn - 3U].push_back(m);
      }
    }
    for (std::size_t i = 0; i < 3; ++i) {
      for (message& m : drain(readers[i]).messages) seen[i].push_back(m);
      RC_ASSERT(seen[i] == seen[0]);
    }
    std::array<std::uint8_t, 3> next{};
    for (const message& m : seen[0]) RC_ASSERT(m.bytes[1] == next[m.bytes[0]]++);
    RC_ASSERT(next == own);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
