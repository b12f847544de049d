// SPDX-License-Identifier: MIT
// The properties of G6, the death of producers; above each stand its goal and its method.
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

// Goal: a killed producer loses nothing it committed; its open claim is aborted or written again,
// others go on. Method: kill a child that published any number and holds a claim; another
// producer and a reader that only polls.
TEST(death, G6_G2_of_a_producer_takes_only_its_open_claim) {
  expect_holds(
      [] {
        const geometry shape = *any_ring(full_policy::reject);
        const auto slots = static_cast<std::int64_t>(shape.slot_count);
        const auto sent = *rc::gen::inRange<std::int64_t>(0, slots);
        fixture f(shape);
        auto reader = must(f.home.attach_consumer());
        harness::child victim([&] {
          auto writer = must(f.home.attach_producer());
          for (std::int64_t i = 0; i < sent; ++i) {
            static_cast<void>(publish(writer, {static_cast<std::uint8_t>(i)}));
          }
          const claim open = writer.try_take();
          harness::child::ready();
          return harness::sleep_for_ever();
        });
        RC_ASSERT(victim.wait_ready());
        victim.kill_and_join();
        const bool many = shape.producers == producer_role::many;
        story told;
        for (int i = 0; i < 1100; ++i) {  // polls, and never waits
          const poll_result one = reader.poll([&](const record_view& r) {
            RC_ASSERT(r.message_number == static_cast<std::int64_t>(told.messages.size()));
            told.messages.push_back({r.message_number, r.value_length, r.status, {}});
          });
          if (one.answer == status::aborted) told.aborted += one.count;
        }
        RC_ASSERT(static_cast<std::int64_t>(told.messages.size()) == sent);
        RC_ASSERT(told.aborted == (many ? 1 : 0));
        auto writer = must(f.home.attach_producer());
        publish_many(writer, sent, slots);
        RC_ASSERT(writer.last_number() == sent + slots - (many ? 0 : 1));
        RC_ASSERT(drain(reader).messages.size() == shape.slot_count);
      },
      40);
}

}  // namespace
}  // namespace shmfifo::property_tests
