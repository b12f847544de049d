// SPDX-License-Identifier: MIT

// Goal: a program that cannot be judged is unknown, never ok, and the reason says why. Method: for
// each reason the smallest program that has it; what a program does in its second run is not what
// it did in its first.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <vector>

#include "scenario.hpp"

namespace shmfifo::harness::tests {
namespace {

struct refusal {
  std::string why;
  model::test_body body;
};

void expect_refusals(const std::vector<refusal>& refusals) {
  for (const refusal& one : refusals) {
    SCOPED_TRACE(one.why);
    const model::result r = model::check(one.body);
    EXPECT_EQ(r.outcome, model::verdict::unknown);
    EXPECT_EQ(r.rule, model::broken::nothing);
    EXPECT_EQ(r.reason, one.why);
  }
}

struct words {
  model::atomic<std::uint32_t> x{0U};
  model::atomic<std::uint32_t> y{0U};
};

// A program of two executions, which does first what depends on the run.
template <class Step>
model::test_body changing(Step step) {
  return [step, runs = 0]() mutable {
    words w;
    step(runs++ == 0, w);
    model::thread writer([&] { w.x.store(1, relaxed); });
    model::thread reader([&] { static_cast<void>(w.x.load(relaxed)); });
  };
}

// The same in a thread of its own.
template <class Step>
model::test_body changing_thread(Step step) {
  return changing([step](bool first, words& w) { model::thread one([&] { step(first, w); }); });
}

TEST(refusals, an_access_that_is_another_one_when_it_is_run_again) {
  const std::string write = "not deterministic: write 0.0 has changed";
  const std::string read = "not deterministic: read 0.0 has changed";
  const std::string word = "not deterministic: the same access went to another word";
  expect_refusals({
      {write, changing([](bool first, words& w) { w.y.store(first ? 1 : 2, relaxed); })},
      {write, changing([](bool first, words& w) { w.y.store(1, first ? relaxed : release); })},
      {read, changing([](bool first, words& w) {
         static_cast<void>(w.y.load(first ? relaxed : acquire));
       })},
      {read, changing([](bool first, words& w) { w.y.fetch_add(first ? 1 : 2, relaxed); })},
      {read, changing([](bool first, words& w) { w.y.fetch_add(1, first ? relaxed : acquire); })},
      {read, changing([](bool first, words& w) {
         first ? w.y.fetch_add(1, relaxed) : w.y.exchange(1, relaxed);
       })},
      {read, changing([](bool first, words& w) {
         std::uint32_t expected = first ? 1 : 2;
         static_cast<void>(w.y.compare_exchange_strong(expected, 3, relaxed, relaxed));
       })},
      {read, changing([](bool first, words& w) {
         std::uint32_t expected = 1;
         static_cast<void>(w.y.compare_exchange_strong(expected, first ? 3 : 4, relaxed, relaxed));
       })},
      {read, changing([](bool first, words& w) {
         first ? w.y.load(relaxed) : w.y.fetch_add(0, relaxed);
       })},
      {read, changing([](bool first, words& w) {
         first ? w.y.load(relaxed) : w.y.exchange(0, relaxed);
       })},
      {word, changing([](bool first, words& w) {
         static_cast<void>((first ? w.x : w.y).load(relaxed));
         static_cast<void>(w.y.load(relaxed));
       })},
      {word, changing([](bool first, words& w) { (first ? w.x : w.y).store(1, relaxed); })},
      {"not deterministic: the same access has another size", changing([](bool first, words& w) {
         const void* place = &w.y.word();
         first ? model::load(*static_cast<const std::uint32_t*>(place), relaxed)
               : model::load(*static_cast<const std::uint8_t*>(place), relaxed);
       })},
      {word, changing([](bool first, words& w) {
         static_cast<void>(w.x.load(relaxed));
         static_cast<void>((first ? w.y : w.x).load(relaxed));
       })},
  });
}

TEST(refusals, a_step_that_is_of_another_kind_when_it_is_run_again) {
  const std::string other =
      "not deterministic: thread 0 did something else at its event 0 than before";
  const std::string ended = "not deterministic: thread 1 ended earlier than before";
  expect_refusals({
      {other, changing([](bool first, words& w) {
         if (first) static_cast<void>(w.y.load(relaxed));
       })},
      {other, changing([](bool first, words& w) {
         first ? static_cast<void>(w.y.load(relaxed)) : w.y.store(0, relaxed);
       })},
      {other, changing([](bool first, words&) {
         if (first) model::fence(seq_cst);
       })},
      {other, changing([](bool first, words&) {
         if (!first) static_cast<void>(model::choose(2));
         if (first) model::fence(seq_cst);
       })},
      {ended, changing_thread([](bool first, words& w) {
         static_cast<void>(w.y.load(relaxed));
         if (first) static_cast<void>(w.y.load(relaxed));
       })},
      {"not deterministic: a fence has changed",
       changing([](bool first, words&) { model::fence(first ? seq_cst : acquire); })},
      {"not deterministic: another number of outcomes",
       changing([](bool first, words&) { static_cast<void>(model::choose(first ? 2 : 3)); })},
      {"not deterministic: a wait loop that ended before now goes on",
       changing_thread([](bool first, words& w) {
         static_cast<void>(w.y.load(relaxed));
         if (!first) model::pause();
         static_cast<void>(w.y.load(relaxed));
       })},
      {"not deterministic: joined another thread", changing([](bool first, words&) {
         model::thread a([] {});
         model::thread b([] {});
         (first ? a : b).join();
       })},
      {"not deterministic: symmetric threads have become others", changing([](bool first, words&) {
         model::thread_group group;
         first ? group.start_symmetric(1, [] {}) : group.start([] {});
       })},
  });
}

TEST(refusals, a_violation_that_does_not_come_again) {
  const model::result r =
      model::check([runs = 0]() mutable { model::require(runs++ != 0, "not at first"); });
  EXPECT_EQ(r.outcome, model::verdict::unknown);
  EXPECT_TRUE(r.reason.starts_with("not deterministic: a violation (assertion: not at first ("));
  EXPECT_TRUE(r.reason.ends_with(") did not come again: the execution breaks no rule")) << r.reason;
}

TEST(refusals, a_call_that_has_no_meaning) {
  const std::string mortal = "dead() was asked about a thread that is not mortal";
  expect_refusals({
      {"choose(0) has no outcome", [] { static_cast<void>(model::choose(0)); }},
      {mortal, [] { static_cast<void>(model::dead(0)); }},
      {mortal, [] { static_cast<void>(model::dead(1)); }},
      {mortal,
       [] {
         model::thread immortal([] {});
         static_cast<void>(model::dead(immortal.number()));
       }},
      {"model::make is for objects below 64 KiB",
       [] { static_cast<void>(model::make<std::array<std::byte, 65536>>()); }},
      {"a symmetric thread may not start threads",
       [] {
         model::thread_group group;
         group.start_symmetric(2, [] { model::thread child([] {}); });
       }},
      {"a symmetric thread may not ask for its number",
       [] {
         model::thread_group group;
         group.start_symmetric(2, [] { static_cast<void>(model::this_thread()); });
       }},
      {"a symmetric thread may not use model::make: its objects would be its own",
       [] {
         model::thread_group group;
         group.start_symmetric(2, [] { static_cast<void>(model::make<int>(1)); });
       }},
  });
  EXPECT_TRUE(model::check([] {
                static_cast<void>(model::make<std::array<std::byte, 65535>>());
                static_cast<void>(model::make<std::array<std::byte, 65535>>());
              }).ok());
}

model::test_body adders() {
  return [] {
    model::atomic<std::uint32_t> x{0U};
    const auto add = [&] {
      x.fetch_add(1, relaxed);
      x.fetch_add(1, relaxed);
    };
    model::thread a(add);
    model::thread b(add);
  };
}

// The limits themselves are allowed.
TEST(refusals, budgets_are_exceeded_by_the_first_one_too_many) {
  model::options o;
  o.executions_max = 6;
  EXPECT_TRUE(model::check(adders(), o).ok());
  o.executions_max = 5;
  EXPECT_EQ(model::check(adders(), o).reason, "budget of 5 executions exceeded");
  o = {};
  const auto stores = [] {
    model::atomic<std::uint32_t> x{0U};
    for (int i = 0; i < 5; ++i) x.store(1, relaxed);
  };
  o.events_max = 5;
  EXPECT_TRUE(model::check(stores, o).ok());
  o.events_max = 4;
  EXPECT_EQ(model::check(stores, o).reason,
            "an execution has more than 4 events: a wait loop without pause()?");
}

// Blocked executions count, too: one that completes and two that wait in vain.
TEST(refusals, a_budget_counts_what_is_blocked) {
  const auto body = [] {
    model::atomic<std::uint32_t> x{0U};
    model::thread reader([&] {
      model::await(
          x, [](std::uint32_t v) { return v == 2; }, acquire);
    });
    model::thread writer([&] {
      x.store(1, release);
      x.store(2, release);
    });
  };
  model::options o;
  o.executions_max = 3;
  EXPECT_TRUE(model::check(body, o).ok());
  o.executions_max = 2;
  EXPECT_EQ(model::check(body, o).outcome, model::verdict::unknown);
}

TEST(refusals, a_replay_string_that_cannot_be_read_or_leads_elsewhere) {
  const auto body = [] { model::require(model::choose(3) != 1, "not one"); };
  for (const char* text : {"", "m1", "m2:1", "m1:x", "m1:1x", "m1:1;1", "m1:1..1", "m1:-1", "m1: 1",
                           "m1:4294967296"}) {
    EXPECT_EQ(model::replay(body, text).reason,
              "this is not a replay string: it is m1: and numbers with dots between")
        << text;
  }
  for (const char* text : {"m1:3", "m1:1.0", "m1:0.0"}) {
    const model::result r = model::replay(body, text);
    EXPECT_EQ(r.outcome, model::verdict::unknown) << text;
    EXPECT_EQ(r.reason, "the replay string does not belong to this test and these options") << text;
  }
  EXPECT_EQ(model::replay([] { static_cast<void>(model::choose(0)); }, "m1:").reason,
            "choose(0) has no outcome");
  const model::result right = model::replay(body, "m1:1");
  EXPECT_EQ(right.outcome, model::verdict::violation);
  EXPECT_EQ(right.replay, "m1:1");
  for (const char* text : {"m1:0", "m1:2"}) {
    const model::result r = model::replay(body, text);
    EXPECT_EQ(r.outcome, model::verdict::ok);
    EXPECT_EQ(r.reason, "the execution breaks no rule");
    EXPECT_EQ(r.executions, 1U);
    EXPECT_EQ(r.events, 1U);
  }
}

template <class Word>
void access(std::byte* place) {
  (void)model::load(*reinterpret_cast<const Word*>(place), relaxed);
}

// Each pair of words within sixteen bytes: the second one must be aligned and apart from the first.
TEST(refusals, words_that_are_misaligned_or_overlap) {
  alignas(8) std::array<std::byte, 24> room{};
  const std::vector<std::pair<std::size_t, void (*)(std::byte*)>> sizes{{1, access<std::uint8_t>},
                                                                        {2, access<std::uint16_t>},
                                                                        {4, access<std::uint32_t>},
                                                                        {8, access<std::uint64_t>}};
  for (const auto& [one, first] : sizes) {
    for (std::size_t at = 0; at < 16; at += one) {
      for (const auto& [other, second] : sizes) {
        for (std::size_t then = 0; then < 16; ++then) {
          std::string expected;
          if (at == then) {
            if (one != other) expected = "a word is accessed with two sizes";
          } else if (then % other != 0 || (at < then + other && then < at + one)) {
            expected = "a word is misaligned, or overlaps one accessed at another address";
          }
          const model::result r = model::check([&, first = first, second = second] {
            first(room.data() + at);
            second(room.data() + then);
          });
          EXPECT_EQ(r.reason, expected)
              << one << " bytes at " << at << ", " << other << " at " << then;
        }
      }
    }
  }
}

using twin = std::function<void(bool first, words& w)>;

model::test_body twins_of(const twin& body) {
  return [body] {
    words w;
    int started = 0;
    model::thread_group group;
    group.start_symmetric(2, [&] { body(started++ == 0, w); });
    group.join();
  };
}

// After the same past each takes a step of its own.
TEST(refusals, symmetric_threads_that_differ) {
  const auto exchanged = [](words& w, std::uint32_t expected, std::uint32_t desired,
                            std::memory_order success, std::memory_order failure) {
    static_cast<void>(w.x.compare_exchange_strong(expected, desired, success, failure));
  };
  const std::vector<std::pair<unsigned, twin>> differences{
      {0, [](bool first, words& w) { static_cast<void>((first ? w.x : w.y).load(relaxed)); }},
      {0, [](bool first, words& w) { static_cast<void>(w.x.load(first ? relaxed : acquire)); }},
      {0, [](bool first,
             words& w) { static_cast<void>(w.x.load(relaxed, model::at(first ? 0 : 1))); }},
      {0, [](bool first, words& w) { w.x.store(first ? 1 : 2, relaxed); }},
      {0, [](bool first, words& w) { w.x.store(1, first ? relaxed : release); }},
      {0, [](bool first, words& w) { w.x.fetch_add(first ? 1 : 2, relaxed); }},
      {0,
       [](bool first, words& w) { first ? w.x.fetch_add(1, relaxed) : w.x.fetch_or(1, relaxed); }},
      {0, [&](bool first, words& w) { exchanged(w, first ? 8 : 9, 1, relaxed, relaxed); }},
      {0, [&](bool first, words& w) { exchanged(w, 8, first ? 1 : 2, relaxed, relaxed); }},
      {0, [&](bool first, words& w) { exchanged(w, 8, 1, first ? acquire : relaxed, relaxed); }},
      {0, [&](bool first, words& w) { exchanged(w, 8, 1, acquire, first ? acquire : relaxed); }},
      {0, [](bool first,
             words& w) { first ? w.x.store(0, relaxed) : static_cast<void>(w.x.load(relaxed)); }},
      {0, [](bool first, words&) { model::fence(first ? acquire : release); }},
      {0, [](bool first, words&) { static_cast<void>(model::choose(first ? 2 : 3)); }},
      {1,
       [](bool first, words& w) {
         static_cast<void>(w.x.load(relaxed));
         w.y.store(first ? 1 : 2, relaxed);
       }},
      {2,
       [](bool first, words& w) {
         static_cast<void>(w.x.load(relaxed));
         model::fence(seq_cst);
         static_cast<void>((first ? w.x : w.y).load(relaxed));
       }},
  };
  for (std::size_t i = 0; i < differences.size(); ++i) {
    const auto& [index, body] = differences[i];
    const model::result r = model::check(twins_of(body));
    EXPECT_EQ(r.outcome, model::verdict::unknown) << i;
    EXPECT_EQ(r.reason, fmt::format("threads 2 and 1 were started as symmetric, but after the same "
                                    "past event {} of one is not that of the other: their bodies "
                                    "may not depend on who runs them",
                                    index))
        << i;
  }
}

}  // namespace
}  // namespace shmfifo::harness::tests
