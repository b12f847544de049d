// SPDX-License-Identifier: MIT
// Goal: a reader begins at the oldest message that is kept, behind the newest, or at its number,
// or is refused. Method: any queue with any number of messages; each place for each kind of
// reader.
#include <algorithm>
#include <cerrno>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(start, G1_G2_begins_where_it_was_asked_to) {
  expect_holds([] {
    const geometry shape =
        *any_ring(*rc::gen::element(full_policy::reject, full_policy::overwrite));
    const auto slots = static_cast<std::int64_t>(shape.slot_count);
    const auto sent = *rc::gen::inRange<std::int64_t>(0, 3 * slots);
    const auto number = *rc::gen::inRange<std::int64_t>(-2, 3 * slots + 2);
    fixture f(shape);
    auto writer = must(f.home.attach_producer());
    std::int64_t let_go = 0;  // what a reader that left had read
    if (shape.gated()) {
      auto early = must(f.home.attach_consumer());
      for (std::int64_t i = 0; i < sent; ++i) {
        if (early.position() + slots <= i) drain(early);
        publish_many(writer, i, 1);
      }
      if (number % 2 == 0) drain(early);
      let_go = early.position();
    } else {
      publish_many(writer, 0, sent);
    }
    for (const auto& place : {start_at::oldest(), start_at::latest(), start_at::at(number)}) {
      // A reader that left lets go of what it had read, so the floor may have moved.
      const auto floor = static_cast<std::int64_t>(f.home.view().control().gate_floor);
      const std::int64_t oldest = shape.gated() ? floor : std::max<std::int64_t>(0, sent - slots);
      RC_ASSERT(must(f.home.stat()).oldest == oldest);
      RC_ASSERT(sent - slots <= oldest);
      RC_ASSERT(let_go <= oldest);
      const bool exact = place.where == start_at::place::number;
      const std::int64_t begin = exact                                    ? number
                                 : place.where == start_at::place::latest ? sent
                                                                          : oldest;
      auto reader = f.home.attach_consumer({"", place});
      const bool allowed =
          !exact || (number >= 0 && (!shape.gated() || (number >= floor && number <= sent)));
      RC_ASSERT(bool(reader) == allowed);
      if (!reader) {
        RC_ASSERT(reader.failure().code == (number < 0 || number > sent ? EINVAL : ENODATA));
        continue;
      }
      RC_ASSERT(reader->position() == begin);
      const story told = drain(*reader);
      RC_ASSERT(told.numbers() == std::max<std::int64_t>(0, sent - begin));
      RC_ASSERT(told.lost == (begin < oldest ? oldest - begin : 0));
    }
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
