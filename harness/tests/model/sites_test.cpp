// SPDX-License-Identifier: MIT

// Goal: orders can be changed by site, without recompiling, and reports name the sites. Method: a
// correct message passing over words of a POD, in which each change must have its known effect.

#include <gtest/gtest.h>

#include "scenario.hpp"

namespace shmfifo::harness::tests {
namespace {

struct record {
  std::uint64_t value = 0;
  std::uint32_t flag = 0;
};

enum site : model::site_id { publish, follow, payload, barrier };

void message_passing() {
  record shared;
  model::thread writer([&] {
    model::write_plain(shared.value, 42, model::at(payload));
    model::store(shared.flag, 1, release, model::at(publish));
  });
  model::thread reader([&] {
    if (model::load(shared.flag, acquire, model::at(follow)) != 1) return;
    model::require(model::read_plain(shared.value, model::at(payload)) == 42, "the value");
  });
}

model::options with_names() {
  model::options o;
  o.site_names = {"publish", "follow", "payload", "barrier"};
  o.site_overrides.resize(4);
  return o;
}

TEST(sites, without_a_change_nothing_is_wrong) {
  const model::result r = model::check(message_passing, with_names());
  EXPECT_TRUE(r.ok()) << r.reason;
  EXPECT_EQ(r.executions, 2U);
}

TEST(sites, a_weakened_order_is_caught_and_named) {
  for (const site changed : {publish, follow}) {
    model::options o = with_names();
    o.site_overrides[changed].order = relaxed;
    const model::result r = model::check(message_passing, o);
    EXPECT_EQ(r.rule, model::broken::data_race) << r.reason;
    EXPECT_NE(r.report.find("[publish]"), std::string::npos) << r.report;
    EXPECT_NE(r.report.find("[payload]"), std::string::npos) << r.report;
  }
}

TEST(sites, an_update_can_be_split_into_its_parts) {
  const auto body = [] {
    std::uint32_t count = 0;
    {
      model::thread a([&] { model::fetch_add(count, 1, relaxed, model::at(publish)); });
      model::thread b([&] { model::fetch_add(count, 1, relaxed, model::at(publish)); });
    }
    model::require(model::load(count, relaxed) == 2, "both");
  };
  EXPECT_TRUE(model::check(body, with_names()).ok());
  model::options o = with_names();
  o.site_overrides[publish].split_update = true;
  EXPECT_EQ(model::check(body, o).rule, model::broken::assertion);
}

TEST(sites, the_parts_of_an_update_do_what_it_does) {
  model::options o = with_names();
  o.site_overrides[publish].split_update = true;
  const model::result r = model::check(
      [] {
        std::uint32_t x = 4;
        const model::access_site here = model::at(publish);
        model::require(model::exchange(x, 5, seq_cst, here) == 4, "exchange");
        model::require(model::fetch_add(x, 2, seq_cst, here) == 5, "add");
        model::require(model::fetch_or(x, 8, seq_cst, here) == 7, "or");
        model::require(model::fetch_and(x, 3, seq_cst, here) == 15, "and");
        std::uint32_t expected = 9;
        model::require(!model::compare_exchange(x, expected, 1, seq_cst, acquire, false, here),
                       "no");
        model::require(expected == 3, "what it met");
        model::require(model::compare_exchange(x, expected, 6, seq_cst, acquire, false, here),
                       "yes");
        model::require(expected == 3 && model::load(x, relaxed) != 6, "it wrote six");
      },
      o);
  EXPECT_TRUE(r.reason.starts_with("assertion: it wrote six (")) << r.reason;
  for (const char* line :
       {"R seq_cst a = 4                rf init         load (split update) [publish]",
        "W seq_cst a := 5               co after init   store (split update) [publish]",
        "W seq_cst a := 6 "}) {
    EXPECT_NE(r.report.find(line), std::string::npos) << line << r.report;
  }
}

TEST(sites, a_fence_can_be_dropped) {
  const auto body = [] {
    std::uint32_t x = 0;
    std::uint32_t y = 0;
    std::uint32_t a = 9;
    std::uint32_t b = 9;
    const auto side = [](std::uint32_t& mine, const std::uint32_t& other, std::uint32_t& seen) {
      model::store(mine, 1, relaxed);
      model::fence(seq_cst, model::at(barrier));
      seen = model::load(other, relaxed);
    };
    {
      model::thread one([&] { side(x, y, a); });
      model::thread two([&] { side(y, x, b); });
    }
    model::require(a + b > 0, "one of them sees the other");
  };
  EXPECT_TRUE(model::check(body, with_names()).ok());
  model::options dropped = with_names();
  dropped.site_overrides[barrier].drop_fence = true;
  EXPECT_EQ(model::check(body, dropped).rule, model::broken::assertion);
  model::options weaker = with_names();
  weaker.site_overrides[barrier].order = acq_rel;
  EXPECT_EQ(model::check(body, weaker).rule, model::broken::assertion);
}

}  // namespace
}  // namespace shmfifo::harness::tests
