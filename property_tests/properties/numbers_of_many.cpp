// SPDX-License-Identifier: MIT
// Goal: producers that take turns at random share one dense row of numbers, each number once.
// Method: any turns of up to four producers, some of them with claims that stay open for a while.
#include <algorithm>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(numbers, G2_are_dense_with_many_producers) {
  expect_holds([] {
    geometry shape = *any_ring(full_policy::reject);
    shape.producers = producer_role::many;
    shape.slot_count = 64;
    const auto turns = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 8));
    RC_PRE(turns.size() < 64U);
    fixture f(shape);
    auto reader = must(f.home.attach_consumer());
    std::vector<producer> writers;
    for (int i = 0; i < 4; ++i) writers.push_back(must(f.home.attach_producer()));
    std::vector<std::int64_t> numbers;
    std::array<bool, 4> open{};
    for (const int turn : turns) {
      const auto who = static_cast<std::size_t>(turn % 4);
      producer& writer = writers[who];
      std::span<std::byte> content;
      if (open[who]) {
        RC_ASSERT(writer.commit(0) == status::ok);
        numbers.push_back(writer.last_number());
        open[who] = false;
      } else if (turn < 4) {
        RC_ASSERT(publish(writer, {1}) == status::ok);
        numbers.push_back(writer.last_number());
      } else {
        RC_ASSERT(writer.try_claim(content) == status::ok);
        open[who] = true;
      }
    }
    for (std::size_t i = 0; i < 4; ++i) {
      if (!open[i]) continue;
      RC_ASSERT(writers[i].commit(0) == status::ok);
      numbers.push_back(writers[i].last_number());
    }
    std::sort(numbers.begin(), numbers.end());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      RC_ASSERT(numbers[i] == static_cast<std::int64_t>(i));
    }
    RC_ASSERT(drain(reader).messages.size() == numbers.size());
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
