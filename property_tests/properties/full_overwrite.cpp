// SPDX-License-Identifier: MIT
// Goal: an overwriting ring never refuses, and what a reader saw and what it was told it lost is
// all there was. Method: publish any portions, between which readers of both kinds come to read,
// or do not.
#include <algorithm>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(full, G5_overwriting_tells_exactly_what_was_lost) {
  expect_holds([] {
    const geometry shape = *any_ring(full_policy::overwrite);
    const auto portions = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 20));
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    auto reader = must(f.home.attach_consumer());
    auto observer = must(f.home.attach_observer());
    std::int64_t sent = 0;
    story of_reader;
    story of_observer;
    const auto visit = [&](consumer& each, story& sum) {
      const story told = drain(each);
      sum.lost += told.lost;
      for (const message& m : told.messages) {
        RC_ASSERT(m.bytes == bytes{static_cast<std::uint8_t>(m.number)});
        sum.messages.push_back(m);
      }
      RC_ASSERT(sum.numbers() == sent);
      // No more is lost than had to be.
      RC_ASSERT(static_cast<std::int64_t>(told.messages.size()) ==
                std::min(told.numbers(), static_cast<std::int64_t>(shape.slot_count)));
    };
    for (const int portion : portions) {
      publish_many(writer, sent, portion);
      sent += portion;
      if (portion % 2 == 0) visit(reader, of_reader);
      if (portion % 3 == 0) visit(observer, of_observer);
    }
    visit(reader, of_reader);
    visit(observer, of_observer);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
