// SPDX-License-Identifier: MIT
// The properties of G2, continuity; above each stand its goal and its method.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

// Goal: a claim that is given up, by a call or by leaving, is one aborted number and nothing else.
// Method: any mixture of published and aborted claims; every number must be reported, each with its
// kind.
TEST(claim, G2_aborted_leaves_exactly_one_aborted_number) {
  expect_holds([] {
    geometry shape = *any_geometry(2);
    shape.slot_count = 64;
    const auto kept = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 3));
    RC_PRE(kept.size() <= 64U);
    fixture f(shape);
    auto reader = must(f.home.attach_consumer());
    std::optional<producer> writer(must(f.home.attach_producer()));
    std::vector<std::string> expected;
    for (const int what : kept) {
      claim open = writer->try_take();
      RC_ASSERT(open.answer() == status::ok);
      RC_ASSERT(publish(*writer, {1}) == status::claim_pending);
      expected.emplace_back(what == 0 ? "ok" : "aborted");
      if (what == 0) RC_ASSERT(std::move(open).commit(0) == status::ok);
      if (what == 1) RC_ASSERT(std::move(open).abort() == status::ok);
      if (what == 2) {
        writer.reset();
        writer.emplace(must(f.home.attach_producer()));
      }
      RC_ASSERT(std::move(open).abort() == status::no_claim);
      RC_ASSERT(std::move(open).commit(0) == status::no_claim);
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const poll_result told = reader.poll([](const record_view&) {}, 1);
      RC_ASSERT(to_string(told.answer) == expected[i]);
      RC_ASSERT(told.first == static_cast<std::int64_t>(i) && told.count == 1);
    }
    RC_ASSERT(reader.poll([](const record_view&) {}).answer == status::empty);
  });
}

// Goal: number, owner and state come out of a stamp as they went in; so do the parts of the other
// words. Method: any parts, up to the last number.
TEST(layout, G2_G4_stamps_and_words_keep_their_parts) {
  expect_holds([] {
    const auto number =
        *rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, number_max),
                        rc::gen::inRange<std::uint64_t>(number_max - 4, number_max));
    const auto owner = *rc::gen::inRange<unsigned>(0, participants_max);
    const auto state =
        *rc::gen::element(slot_state::free, slot_state::claimed, slot_state::published,
                          slot_state::aborted, slot_state::held);
    const std::uint64_t stamp = make_stamp(number, state, owner);
    RC_ASSERT(stamp_number(stamp) == number);
    RC_ASSERT(stamp_owner(stamp) == owner);
    RC_ASSERT(stamp_state(stamp) == state);
    RC_ASSERT(stamp_done(stamp) ==
              (state == slot_state::published || state == slot_state::aborted));
    const auto value = *rc::gen::arbitrary<std::int8_t>();
    RC_ASSERT(status_of_word(make_status_word(number, value)) == value);
    RC_ASSERT((make_status_word(number, value) >> 8) == number);
    const auto kind = *rc::gen::element(participant_kind::none, participant_kind::producer,
                                        participant_kind::consumer, participant_kind::durable);
    RC_ASSERT(role_kind(make_role(number, kind)) == kind);
    RC_ASSERT(role_generation(make_role(number, kind)) == number);
  });
}

// Goal: nothing changes at 2^31, 2^32, 2^47; after the last number of the stamp producers return
// exhausted. Method: set a ring to where it would be after so many messages, then publish and read
// over the limit.
TEST(numbers, G2_G1_G3_stay_right_near_every_limit) {
  expect_holds([] {
    const auto role = *rc::gen::element(producer_role::single, producer_role::many);
    const auto policy = *rc::gen::element(full_policy::reject, full_policy::overwrite);
    const std::uint64_t limit = *rc::gen::element(std::uint64_t{1} << 31, std::uint64_t{1} << 32,
                                                  std::uint64_t{1} << 47, number_max);
    const std::uint64_t before = *rc::gen::inRange<std::uint64_t>(1, 6);
    fixture f({segment_mode::ring, policy, role, 4, 8, 8});
    const std::uint64_t start = limit - before;
    f.home.view().control().producer_cursor = start;
    f.home.view().control().gate_floor = start;
    for (std::uint64_t n = start - 4; n < start; ++n) {
      f.home.view().slot(n).stamp = make_stamp(n, slot_state::published);
    }
    auto writer = must(f.home.attach_producer());
    auto reader = must(f.home.attach_consumer());
    auto again = must(segment::attach(f.name.get()));  // such a segment is valid
    for (std::uint64_t n = start; n < limit + 6; ++n) {
      const status answer = publish(writer, {static_cast<std::uint8_t>(n)});
      if (n >= number_max) {
        RC_ASSERT(answer == status::exhausted);
        RC_ASSERT(writer.last_number() == static_cast<std::int64_t>(number_max) - 1);
        continue;
      }
      RC_ASSERT(answer == status::ok);
      if (reader.position() + 4 < static_cast<std::int64_t>(n)) drain(reader);
      const story told = drain(reader);
      RC_ASSERT(told.messages.back().number == static_cast<std::int64_t>(n));
      RC_ASSERT(told.messages.back().bytes == bytes{static_cast<std::uint8_t>(n)});
      RC_ASSERT(again.mark(static_cast<std::int64_t>(n), 5) == status::ok);
    }
  });
}

// Goal: producers that take turns at random share one dense row of numbers, each number once.
// Method: any turns of up to four producers, some of them with claims that stay open for a while.
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
    std::array<claim, 4> open;
    for (const int turn : turns) {
      const auto who = static_cast<std::size_t>(turn % 4);
      producer& writer = writers[who];
      if (open[who]) {
        RC_ASSERT(std::move(open[who]).commit(0) == status::ok);
        numbers.push_back(writer.last_number());
      } else if (turn < 4) {
        RC_ASSERT(publish(writer, {1}) == status::ok);
        numbers.push_back(writer.last_number());
      } else {
        open[who] = writer.try_take();
        RC_ASSERT(open[who].answer() == status::ok);
      }
    }
    for (std::size_t i = 0; i < 4; ++i) {
      if (!open[i]) continue;
      RC_ASSERT(std::move(open[i]).commit(0) == status::ok);
      numbers.push_back(writers[i].last_number());
    }
    std::sort(numbers.begin(), numbers.end());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      RC_ASSERT(numbers[i] == static_cast<std::int64_t>(i));
    }
    RC_ASSERT(drain(reader).messages.size() == numbers.size());
  });
}

// Goal: numbers start at 0 and are dense, however often producers come and go. Method: publish in
// portions, each by a new producer, into any queue that a consumer keeps empty.
TEST(numbers, G2_are_dense_from_zero_over_wraps_and_restarts) {
  expect_holds([] {
    const geometry shape = *any_geometry(2);
    const auto portions = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 6));
    fixture f(shape);
    auto reader = must(f.home.attach_consumer());
    std::int64_t next = 0;
    for (const int portion : portions) {
      auto writer = must(f.home.attach_producer());
      for (int i = 0; i < portion; ++i) {
        const status answer = publish(writer, {7});
        if (shape.mode == segment_mode::log &&
            next == static_cast<std::int64_t>(shape.slot_count)) {
          RC_ASSERT(answer == status::full);
          continue;
        }
        RC_ASSERT(answer == status::ok);
        RC_ASSERT(writer.last_number() == next);
        const story told = drain(reader);
        RC_ASSERT(told.messages.size() == 1U);
        RC_ASSERT(told.messages[0].number == next++);
      }
    }
    RC_ASSERT(must(f.home.stat()).producer_cursor == next);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
