// SPDX-License-Identifier: MIT
// Goal: in an overwriting ring a claim that is held open stops nobody; its number is told, its
// commit answers lost. Method: one producer claims, another goes round any number of times, then
// the claim is committed or aborted.
#include <algorithm>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(full, G5_G2_a_slow_claim_is_passed_over_and_told_lost) {
  expect_holds([] {
    geometry shape = *any_ring(full_policy::overwrite);
    shape.producers = producer_role::many;
    shape.slot_count = std::max<std::uint64_t>(2, shape.slot_count);
    const auto before = *rc::gen::inRange<std::int64_t>(0, 10);
    const auto between = *rc::gen::inRange<std::int64_t>(0, 40);
    const bool commits = *rc::gen::arbitrary<bool>();
    fixture f(shape);
    auto slow = must(f.home.attach_producer());
    auto fast = must(f.home.attach_producer());
    auto reader = must(f.home.attach_observer());
    const auto slots = static_cast<std::int64_t>(shape.slot_count);
    for (std::int64_t i = 0; i < before; ++i) RC_ASSERT(publish(fast, {1}) == status::ok);
    std::span<std::byte> room;
    RC_ASSERT(slow.try_claim(room) == status::ok);
    std::int64_t passed = 0;
    std::int64_t last = before;
    for (std::int64_t i = 0; i < between; ++i) {
      RC_ASSERT(publish(fast, {1}) == status::ok);
      passed += fast.last_number() - last - 1;
      last = fast.last_number();
      RC_ASSERT((fast.last_number() - before) % slots != 0);  // the claimed slot is nobody else's
    }
    const bool round = last - before > slots;
    if (commits) {
      RC_ASSERT(slow.commit(0) == (round ? status::lost : status::ok));
    } else {
      RC_ASSERT(slow.abort() == status::ok);
    }
    RC_ASSERT(publish(fast, {1}) == status::ok);
    const story told = drain(reader);
    RC_ASSERT(told.numbers() == fast.last_number() + 1);
    for (std::int64_t i = 0; i < slots; ++i) RC_ASSERT(publish(fast, {2}) == status::ok);
    RC_ASSERT(drain(reader).messages.size() ==
              shape.slot_count);  // nothing holds the slot any longer
    RC_ASSERT(passed <= between / (slots - 1) + 1);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
