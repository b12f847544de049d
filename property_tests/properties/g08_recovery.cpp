// SPDX-License-Identifier: MIT
// The properties of G8, birth and recovery; above each stand its goal and its method.
#include <optional>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

// Goal: recovering again changes nothing, and a claim of a dead producer is one aborted number.
// Method: a child takes any roles and is killed; recover, remember every byte, recover again.
TEST(recovery, G8_G6_twice_equals_once) {
  expect_holds(
      [] {
        const geometry shape =
            *any_ring(*rc::gen::element(full_policy::reject, full_policy::overwrite));
        const auto sent =
            *rc::gen::inRange<std::int64_t>(0, static_cast<std::int64_t>(shape.slot_count));
        const bool claims = *rc::gen::arbitrary<bool>();
        const bool reads = *rc::gen::arbitrary<bool>();
        fixture f(shape);
        harness::child victim([&] {
          auto writer = must(f.home.attach_producer());
          std::optional<consumer> reader;
          if (reads) reader.emplace(must(f.home.attach_consumer()));
          for (std::int64_t i = 0; i < sent; ++i) static_cast<void>(publish(writer, {1}));
          claim open;
          if (claims) open = writer.try_take();
          harness::child::ready();
          return harness::sleep_for_ever();
        });
        RC_ASSERT(victim.wait_ready());
        RC_ASSERT(must(f.home.recover()) == 0U);  // the living are left alone
        victim.kill_and_join();
        RC_ASSERT(must(f.home.recover()) == (reads ? 2U : 1U));
        const auto once = image_of(f.home);
        RC_ASSERT(must(f.home.recover()) == 0U);
        RC_ASSERT(image_of(f.home) == once);
        RC_ASSERT(must(f.home.stat()).participants.empty());
        auto reader = must(f.home.attach_observer(start_at::at(0)));
        const story told = drain(reader);
        RC_ASSERT(static_cast<std::int64_t>(told.messages.size()) == sent);
        RC_ASSERT(told.aborted == (claims && shape.producers == producer_role::many ? 1 : 0));
      },
      40);
}

}  // namespace
}  // namespace shmfifo::property_tests
