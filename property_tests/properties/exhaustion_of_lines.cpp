// SPDX-License-Identifier: MIT
// Goal: one role more than there are lines is refused with EUSERS, changes nothing, and works
// once one leaves. Method: take every line in any mixture of roles.
#include <cerrno>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(exhaustion, G10_no_free_line_is_an_error_and_leaves_nothing) {
  expect_holds([] {
    geometry shape = *any_geometry();
    shape.producers = producer_role::many;
    const auto kinds =
        *rc::gen::container<std::vector<int>>(shape.participant_count, rc::gen::inRange(0, 2));
    fixture f(shape);
    std::vector<producer> writers;
    std::vector<consumer> readers;
    for (const int kind : kinds) {
      if (kind == 0) writers.push_back(must(f.home.attach_producer()));
      if (kind == 1) readers.push_back(must(f.home.attach_consumer()));
    }
    const auto before = image_of(f.home);
    auto writer = f.home.attach_producer();
    RC_ASSERT(!writer && writer.failure().code == EUSERS);
    auto reader = f.home.attach_consumer();
    RC_ASSERT(!reader && reader.failure().code == EUSERS);
    auto named = f.home.attach_consumer({"named", {}});
    RC_ASSERT(!named && named.failure().code == EUSERS);
    RC_ASSERT(image_of(f.home) == before);
    RC_ASSERT(bool(f.home.attach_observer()));  // takes none
    if (writers.empty()) {
      readers.pop_back();
    } else {
      writers.pop_back();
    }
    RC_ASSERT(bool(f.home.attach_producer()));
    RC_ASSERT(bool(f.home.attach_consumer({"named", {}})));
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
