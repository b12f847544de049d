// SPDX-License-Identifier: MIT
// Goal: a claim that is given up, by a call or by leaving, is one aborted number and nothing
// else. Method: any mixture of published and aborted claims; every number must be told, each with
// its kind.
#include <optional>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

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
      std::span<std::byte> room;
      RC_ASSERT(writer->try_claim(room) == status::ok);
      RC_ASSERT(publish(*writer, {1}) == status::claim_pending);
      expected.emplace_back(what == 0 ? "ok" : "aborted");
      if (what == 0) RC_ASSERT(writer->commit(0) == status::ok);
      if (what == 1) RC_ASSERT(writer->abort() == status::ok);
      if (what == 2) {
        writer.reset();
        writer.emplace(must(f.home.attach_producer()));
      }
      RC_ASSERT(writer->abort() == status::no_claim);
      RC_ASSERT(writer->commit(0) == status::no_claim);
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const poll_result told = reader.poll([](const record_view&) {}, 1);
      RC_ASSERT(to_string(told.answer) == expected[i]);
      RC_ASSERT(told.first == static_cast<std::int64_t>(i) && told.count == 1);
    }
    RC_ASSERT(reader.poll([](const record_view&) {}).answer == status::empty);
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
