// SPDX-License-Identifier: MIT

// Goal: what the kernel does for a protocol is modelled faithfully: futex sleep and wake, death at
// any event, the liveness question. Method: small programs whose executions can be listed by hand,
// and the classic mistakes with each, which must be found.

#include <gtest/gtest.h>

#include "scenario.hpp"

namespace shmfifo::harness::tests {
namespace {

void expect_ok(const model::test_body& body, std::uint64_t executions) {
  model::options o;
  o.count_duplicates = true;
  const model::result r = model::check(body, o);
  EXPECT_TRUE(r.ok()) << r.reason << '\n' << r.report;
  EXPECT_EQ(r.executions, executions);
  EXPECT_EQ(r.duplicates, 0U);
}

void expect_broken(const model::test_body& body, model::broken rule) {
  const model::result r = model::check(body);
  EXPECT_EQ(r.outcome, model::verdict::violation) << r.reason;
  EXPECT_EQ(r.rule, rule) << r.reason;
}

model::test_body sleep_once(bool change, bool wake) {
  return [=] {
    std::uint32_t word = 0;
    model::thread sleeper([&] { model::futex_wait(word, 0); });
    model::thread waker([&] {
      if (change) model::store(word, 1, relaxed);
      if (wake) model::futex_wake_all(word);
    });
  };
}

TEST(futex, a_change_and_a_wake_reach_the_sleeper) {
  // The sleeper queues first: it compares, sees 0 and sleeps until the wake, or sees 1 and goes on;
  // or the wake comes first, and then the change is seen: 3.
  expect_ok(sleep_once(true, true), 3);
}

TEST(futex, a_change_without_a_wake_is_a_lost_wake_up) {
  expect_broken(sleep_once(true, false), model::broken::deadlock);
}

TEST(futex, a_wake_without_a_change_is_a_lost_wake_up) {
  expect_broken(sleep_once(false, true), model::broken::deadlock);
}

TEST(futex, a_wait_with_a_deadline_comes_back) {
  const model::result r = model::check([] {
    std::uint32_t word = 0;
    model::thread sleeper([&] {
      if (model::choose(2) == 0) return;
      model::futex_wait(word, 0, true);
    });
    model::thread waker([&] {
      model::store(word, 1, relaxed);
      model::futex_wake_all(word);
    });
  });
  EXPECT_TRUE(r.ok()) << r.reason;
  EXPECT_EQ(r.executions, 1U + 1U + 3U);  // not at all, timed out, and the three of a wait
}

TEST(futex, one_wake_reaches_two_sleepers) {
  const model::result r = model::check([] {
    std::uint32_t word = 0;
    const auto sleep = [&] {
      while (model::load(word, acquire) == 0) model::futex_wait(word, 0);
    };
    model::thread a(sleep);
    model::thread b(sleep);
    model::thread waker([&] {
      model::store(word, 1, release);
      model::futex_wake_all(word);
    });
  });
  EXPECT_TRUE(r.ok()) << r.reason << r.report;
}

TEST(death, a_mortal_thread_dies_before_each_of_its_events) {
  // Two stores: killed before the first, before the second, or not at all: 3.
  expect_ok(
      [] {
        model::atomic<std::uint32_t> x{0U};
        model::thread victim(model::mortal, [&] {
          x.store(1, relaxed);
          x.store(2, relaxed);
        });
      },
      3);
}

TEST(death, whoever_asks_gets_both_answers) {
  // x: the victim is killed before its store, or not. A yes comes with everything it did; a no with
  // anything so far. Killed: yes or no, x = 0: 2. Not killed: yes, x = 1; no, x = 0 or 1: 3.
  expect_ok(
      [] {
        model::atomic<std::uint32_t> x{0U};
        model::thread victim(model::mortal, [&] { x.store(1, relaxed); });
        model::thread observer([&] {
          (void)model::dead(victim.number());
          (void)x.load(relaxed);
        });
      },
      5);
}

TEST(death, without_the_edge_an_answer_says_nothing_about_writes) {
  // As above, but a yes may come with the old x: one more.
  expect_ok(
      [] {
        model::atomic<std::uint32_t> x{0U};
        model::thread victim(model::mortal, [&] { x.store(1, relaxed); });
        model::thread observer([&] {
          (void)model::dead(victim.number(), model::liveness_edge::no_edge);
          (void)x.load(relaxed);
        });
      },
      6);
}

model::test_body owner_and_heir(model::liveness_edge edge, bool asks) {
  return [=] {
    model::atomic<std::uint32_t> owned{0U};
    model::plain<std::uint32_t> data{0U};
    model::thread owner(model::mortal, [&] {
      owned.store(1, relaxed);
      data.write(1);
      owned.store(0, release);
    });
    model::thread heir([&] {
      while (true) {
        if (owned.load(acquire) == 0) return;  // nothing to recover
        if (!asks || model::dead(owner.number(), edge)) break;
        model::pause();
      }
      data.write(2);
    });
  };
}

TEST(death, recovery_needs_the_question_and_its_edge) {
  EXPECT_TRUE(model::check(owner_and_heir(model::liveness_edge::happens_before, true)).ok());
  expect_broken(owner_and_heir(model::liveness_edge::happens_before, false),
                model::broken::data_race);
  expect_broken(owner_and_heir(model::liveness_edge::no_edge, true), model::broken::data_race);
}

TEST(death, a_lock_whose_holder_dies_is_a_deadlock_without_recovery) {
  expect_broken(
      [] {
        model::atomic<std::uint32_t> held{0U};
        const auto lock = [&] {
          while (true) {
            std::uint32_t free = 0;
            if (held.compare_exchange_strong(free, 1, acquire, relaxed)) return;
            model::pause();
          }
        };
        model::thread victim(model::mortal, [&] {
          lock();
          held.store(0, release);
        });
        model::thread other([&] {
          lock();
          held.store(0, release);
        });
      },
      model::broken::deadlock);
}

TEST(death, asking_about_a_thread_that_cannot_die_is_refused) {
  const model::result r = model::check([] {
    model::thread immortal([] {});
    (void)model::dead(immortal.number());
  });
  EXPECT_EQ(r.outcome, model::verdict::unknown);
}

}  // namespace
}  // namespace shmfifo::harness::tests
