// SPDX-License-Identifier: MIT

// Goal: a wait loop is called a deadlock only if it would repeat itself forever, whatever its
// turns do besides reading. Method: loops that wait for what nobody writes, with each call of the
// model in their turns; those that change something might end one day, so they are merely blocked.

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <vector>

#include "scenario.hpp"

namespace shmfifo::harness::tests {
namespace {

struct state {
  model::atomic<std::uint32_t> x{0U};
  model::atomic<std::uint32_t> y{0U};
  model::plain<std::uint32_t> z{0U};
  std::uint32_t word = 0;
  std::uint32_t turn = 0;
};

struct loop {
  const char* name;
  std::function<void(state&)> step;  // of each turn
};

model::result wait_with(const std::function<void(state&)>& step) {
  model::options o;
  o.events_max = 50;
  return model::check(
      [&] {
        state all;
        model::thread waits([&] {
          for (; all.x.load(acquire) != 1; ++all.turn) {
            step(all);
            model::pause();
          }
        });
        waits.join();
      },
      o);
}

TEST(waits, a_loop_whose_turns_only_read_is_a_deadlock) {
  const std::vector<loop> loops{
      {"nothing", [](state&) {}},
      {"a fence", [](state&) { model::fence(seq_cst); }},
      {"a word that is new to it", [](state& all) { (void)model::load(all.word, relaxed); }},
      {"a plain read", [](state& all) { (void)all.z.read(); }},
      {"a choice", [](state&) { model::require(model::choose(1) == 0, "the only one"); }},
      {"an exchange that fails",
       [](state& all) {
         std::uint32_t expected = 9;
         (void)all.y.compare_exchange_strong(expected, 1, acq_rel, acquire);
         model::require(expected == 0, "it loads what it met");
       }},
      {"memory", [](state&) { *model::make<int>(1) = 2; }},
      {"its number", [](state&) { model::require(model::this_thread() == 1, "one"); }},
      {"two ends of a turn", [](state&) { model::pause(); }},
      {"what holds", [](state&) { model::require(true), model::assume(true); }},
  };
  for (const loop& one : loops) {
    SCOPED_TRACE(one.name);
    const model::result r = wait_with(one.step);
    EXPECT_EQ(r.rule, model::broken::deadlock);
    EXPECT_EQ(r.reason, "deadlock: thread 1 waits in a loop for a value that nobody will write");
    EXPECT_EQ(r.executions, 0U);
    EXPECT_EQ(r.blocked, 0U);
  }
}

TEST(waits, a_loop_whose_turns_change_something_is_blocked) {
  const std::vector<loop> loops{
      {"a store", [](state& all) { all.y.store(1, relaxed); }},
      {"a plain write", [](state& all) { all.z.write(1); }},
      {"an addition", [](state& all) { all.y.fetch_add(1, relaxed); }},
      {"an exchange that takes place",
       [](state& all) {
         std::uint32_t seen = all.y.load(relaxed);
         (void)all.y.compare_exchange_strong(seen, seen + 1, acq_rel, acquire);
       }},
      {"a sleep that is none", [](state& all) { model::futex_wait(all.word, 9); }},
      {"a wake-up", [](state& all) { model::futex_wake_all(all.word); }},
      {"a thread", [](state&) { model::thread child([] {}); }},
      {"an object", [](state&) { const model::atomic<std::uint32_t> late{0U}; }},
      {"a requirement of a later turn",
       [](state& all) { model::require(all.turn == 0, "the first turn"); }},
      {"an assumption about a later turn", [](state& all) { model::assume(all.turn == 0); }},
      {"an exception of a later turn",
       [](state& all) {
         if (all.turn != 0) throw std::runtime_error("later");
       }},
      {"a later turn without an end",
       [](state& all) {
         while (all.turn != 0) (void)all.y.load(relaxed);
       }},
  };
  for (const loop& one : loops) {
    SCOPED_TRACE(one.name);
    const model::result r = wait_with(one.step);
    EXPECT_EQ(r.outcome, model::verdict::ok) << r.reason;
    EXPECT_EQ(r.executions, 0U);
    EXPECT_EQ(r.blocked, 1U);
  }
}

TEST(waits, a_loop_that_reads_nothing_is_a_deadlock) {
  model::options o;
  o.events_max = 50;
  const model::result r = model::check(
      [] {
        model::thread waits([] {
          while (true) model::pause();
        });
      },
      o);
  EXPECT_EQ(r.rule, model::broken::deadlock) << r.reason;
}

TEST(waits, a_loop_that_may_end_by_itself_is_blocked) {
  const model::result r = model::check([] {
    model::thread waits([] {
      for (int turn = 0; turn < 3; ++turn) model::pause();
    });
  });
  EXPECT_EQ(r.outcome, model::verdict::ok) << r.reason;
  EXPECT_EQ(r.blocked, 1U);
}

TEST(waits, joining_again_in_a_turn_is_no_waiting) {
  const model::result r = model::check([] {
    model::atomic<std::uint32_t> x{0U};
    model::thread other([] {});
    while (x.load(acquire) != 1) {
      other.join();
      model::pause();
    }
  });
  EXPECT_EQ(r.outcome, model::verdict::ok) << r.reason;
  EXPECT_EQ(r.blocked, 1U);
}

TEST(waits, who_is_stuck_is_named_whatever_the_others_wait_for) {
  const auto never = [](model::atomic<std::uint32_t>& x) {
    while (x.load(acquire) != 1) model::pause();
  };
  const model::result both = model::check([&] {
    model::atomic<std::uint32_t> x{0U};
    std::uint32_t word = 0;
    model::thread spins([&] { never(x); });
    model::thread sleeps([&] { model::futex_wait(word, 0); });
  });
  EXPECT_EQ(both.reason,
            "deadlock: thread 1 waits in a loop for a value that nobody will write; "
            "thread 2 sleeps, and no wake-up is left to come");
  const model::result circle = model::check([&] {
    model::thread* second = nullptr;
    model::thread first([&] {
      if (second != nullptr) second->join();
    });
    model::thread other([&] { first.join(); });
    second = &other;
  });
  EXPECT_EQ(circle.reason, "deadlock: every thread waits for another");
}

}  // namespace
}  // namespace shmfifo::harness::tests
