// SPDX-License-Identifier: MIT

// Goal: the explorer finds every execution, once, in programs that straight-line litmus tests
// cannot express: branches, loops, compare-exchange, plain accesses, choices. Method: programs
// whose number of executions follows from a closed form or from a short argument, given beside
// each.

#include <gtest/gtest.h>

#include <vector>

#include "scenario.hpp"

namespace shmfifo::harness::tests {
namespace {

model::options counting() {
  model::options o;
  o.count_duplicates = true;
  return o;
}

void expect_executions(const model::test_body& body, std::uint64_t executions,
                       model::options o = counting()) {
  const model::result r = model::check(body, o);
  EXPECT_EQ(r.outcome, model::verdict::ok) << r.reason << '\n' << r.report;
  EXPECT_EQ(r.executions, executions);
  EXPECT_EQ(r.duplicates, 0U);
}

std::uint64_t interleavings(std::uint64_t threads, std::uint64_t steps) {
  std::uint64_t result = 1;  // (t n)! / (n!)^t as a product of binomials
  for (std::uint64_t t = 2; t <= threads; ++t) {
    std::uint64_t binomial = 1;
    for (std::uint64_t i = 1; i <= steps; ++i) binomial = binomial * ((t - 1) * steps + i) / i;
    result *= binomial;
  }
  return result;
}

model::test_body adders(std::uint64_t threads, std::uint64_t steps, std::memory_order order) {
  return [=] {
    model::atomic<std::uint32_t> x{0U};
    model::thread_group running;
    for (std::uint64_t t = 0; t < threads; ++t) {
      running.start([&] {
        for (std::uint64_t i = 0; i < steps; ++i) x.fetch_add(1, order);
      });
    }
    running.join();
    model::require(x.load(relaxed) == threads * steps, "every addition counts");
  };
}

TEST(counts, t_threads_of_n_additions_interleave_in_every_way) {
  // Updates of one word form a chain, so an execution is an interleaving: (t n)! / (n!)^t.
  for (const auto& [threads, steps] :
       std::vector<std::pair<std::uint64_t, std::uint64_t>>{{1, 5},
                                                            {2, 1},
                                                            {2, 2},
                                                            {2, 3},
                                                            {2, 7},
                                                            {3, 1},
                                                            {3, 2},
                                                            {3, 3},
                                                            {4, 1},
                                                            {4, 2},
                                                            {5, 1}}) {
    SCOPED_TRACE(testing::Message() << threads << " threads, " << steps << " steps");
    expect_executions(adders(threads, steps, relaxed), interleavings(threads, steps));
    expect_executions(adders(threads, steps, seq_cst), interleavings(threads, steps));
  }
}

TEST(counts, n_independent_writers_of_one_word_give_every_order) {
  // Modification orders of n writes: n!.
  std::uint64_t factorial = 1;
  for (std::uint32_t n = 1; n <= 6; ++n) {
    factorial *= n;
    expect_executions(
        [n] {
          model::atomic<std::uint32_t> x{0U};
          model::thread_group running;
          for (std::uint32_t t = 0; t < n; ++t) {
            running.start([&x, t] { x.store(t, relaxed); });
          }
        },
        factorial);
  }
}

TEST(counts, threads_that_share_nothing_have_one_execution) {
  expect_executions(
      [] {
        model::atomic<std::uint32_t> x[3];
        model::thread_group running;
        for (auto& word : x) {
          running.start([&word] {
            for (std::uint32_t i = 0; i < 4; ++i) word.store(word.load(seq_cst) + 1, seq_cst);
          });
        }
      },
      1);
}

TEST(counts, a_loop_of_n_reads_of_one_write_has_n_plus_one) {
  // Coherence: once the new value is read it stays; the place of the change is free: n + 1.
  for (std::uint32_t n = 1; n <= 6; ++n) {
    expect_executions(
        [n] {
          model::atomic<std::uint32_t> x{0U};
          model::thread writer([&] { x.store(1, relaxed); });
          model::thread reader([&] {
            std::uint32_t last = 0;
            for (std::uint32_t i = 0; i < n; ++i) {
              const std::uint32_t now = x.load(relaxed);
              model::require(now >= last, "reads do not go back");
              last = now;
            }
          });
        },
        n + 1);
  }
}

TEST(counts, a_branch_runs_what_it_chooses) {
  // The reader sees y = 0, and reads nothing more: 1. Or y = 1, and reads x as 0 or 1: with relaxed
  // orders both, 3 in all; with release and acquire only x = 1, 2 in all.
  const auto body = [](std::memory_order publish, std::memory_order follow) {
    return [=] {
      model::atomic<std::uint32_t> x{0U};
      model::atomic<std::uint32_t> y{0U};
      model::thread writer([&] {
        x.store(1, relaxed);
        y.store(1, publish);
      });
      model::thread reader([&] {
        if (y.load(follow) == 1) (void)x.load(relaxed);
      });
    };
  };
  expect_executions(body(relaxed, relaxed), 3);
  expect_executions(body(release, acquire), 2);
}

TEST(counts, one_of_n_compare_exchanges_wins) {
  // The winner: n ways. Each of the others reads the winner's value, from the only write there is;
  // or, were it to read the initial value, it would itself succeed. So n.
  for (std::uint32_t n = 2; n <= 5; ++n) {
    expect_executions(
        [n] {
          model::atomic<std::uint32_t> x{0U};
          std::uint32_t winners = 0;
          model::thread_group running;
          for (std::uint32_t t = 0; t < n; ++t) {
            running.start([&, t] {
              std::uint32_t expected = 0;
              if (x.compare_exchange_strong(expected, t + 1, acq_rel, acquire)) ++winners;
            });
          }
          running.join();
          model::require(winners == 1, "one winner");
        },
        n);
  }
}

TEST(counts, a_compare_exchange_loop_adds_like_fetch_add) {
  // Without a load first, an attempt that fails says what it must expect next. Two threads that add
  // once: the first in order succeeds at once; the second fails once if it begins with 0, which it
  // must. So 2.
  expect_executions(
      [] {
        model::atomic<std::uint32_t> x{0U};
        const auto add = [&] {
          std::uint32_t seen = 0;
          while (!x.compare_exchange_strong(seen, seen + 1, acq_rel, relaxed)) continue;
        };
        {
          model::thread a(add);
          model::thread b(add);
        }
        model::require(x.load(relaxed) == 2, "both");
      },
      2);
}

TEST(counts, weak_failures_are_explored_when_asked_for) {
  // One thread, one attempt: it succeeds, or fails for no reason.
  const auto body = [] {
    model::atomic<std::uint32_t> x{0U};
    std::uint32_t expected = 0;
    const bool done = x.compare_exchange_weak(expected, 1, acq_rel, relaxed);
    model::require(expected == 0 && x.load(relaxed) == (done ? 1U : 0U), "did what it said");
  };
  expect_executions(body, 1);
  model::options weak = counting();
  weak.weak_failures = true;
  expect_executions(body, 2, weak);
}

TEST(counts, choices_multiply) {
  // 2 * 3 choices; the last is halved by an assumption for one of three: 2 * (1 + 1 + 0) = 4.
  expect_executions(
      [] {
        (void)model::choose(2);
        model::assume(model::choose(3) != 1);
      },
      4);
}

TEST(counts, a_choice_is_not_lost_to_a_revisit) {
  // A thread chooses 0 or 1 and then reads x, which another writes: 2 * 2, whoever is looked at
  // first.
  const auto chooser = [](model::atomic<std::uint32_t>& x) {
    (void)x.load(relaxed);
    (void)model::choose(2);
  };
  expect_executions(
      [&] {
        model::atomic<std::uint32_t> x{0U};
        model::thread a([&] { chooser(x); });
        model::thread b([&] { x.store(1, relaxed); });
      },
      4);
  expect_executions(
      [&] {
        model::atomic<std::uint32_t> x{0U};
        model::thread b([&] { x.store(1, relaxed); });
        model::thread a([&] { chooser(x); });
      },
      4);
}

TEST(counts, plain_accesses_ordered_by_fences_do_not_race) {
  // Message passing by fences: the flag is seen or not, and if so the message is there: 2.
  expect_executions(
      [] {
        model::plain<std::uint32_t> message;
        model::atomic<std::uint32_t> flag{0U};
        model::thread writer([&] {
          message.write(7);
          model::fence(release);
          flag.store(1, relaxed);
        });
        model::thread reader([&] {
          if (flag.load(relaxed) != 1) return;
          model::fence(acquire);
          model::require(message.read() == 7, "the message");
        });
      },
      2);
}

TEST(counts, an_acquire_fence_is_of_all_reads_before_it) {
  // Each flag is seen or not; whoever sees both may read both messages: 4.
  expect_executions(
      [] {
        struct {
          model::plain<std::uint32_t> message;
          model::atomic<std::uint32_t> flag{0U};
        } all[2];
        const auto write = [](auto& one) {
          one.message.write(7);
          one.flag.store(1, release);
        };
        model::thread first([&] { write(all[0]); });
        model::thread second([&] { write(all[1]); });
        model::thread reader([&] {
          const std::uint32_t seen = all[0].flag.load(relaxed) + all[1].flag.load(relaxed);
          model::fence(acquire);
          if (seen == 2)
            model::require(all[0].message.read() + all[1].message.read() == 14, "both");
        });
      },
      4);
}

TEST(counts, more_threads_than_a_clock_first_has_room_for) {
  // Ten threads, two of which add to one word; the others keep to themselves: 2.
  expect_executions(
      [] {
        model::atomic<std::uint32_t> x{0U};
        model::thread_group running;
        for (std::uint32_t t = 0; t < 10; ++t) {
          running.start([&x, t] {
            if (t % 9 == 0) x.fetch_add(1, acq_rel);
          });
        }
      },
      2);
}

TEST(counts, threads_started_by_threads_see_what_came_before) {
  // The child reads what its parent wrote, or what a third thread writes: 2 values; and the third's
  // write lies before or after the parent's: read parent's: 2 orders; read third's: after the
  // parent's only, by coherence, 1. So 3.
  expect_executions(
      [] {
        model::atomic<std::uint32_t> x{0U};
        model::thread parent([&] {
          x.store(1, relaxed);
          model::thread child([&] { model::require(x.load(relaxed) != 0, "not older"); });
        });
        model::thread third([&] { x.store(2, relaxed); });
      },
      3);
}

TEST(counts, processes_share_the_work_without_loss) {
  model::options shared;
  shared.workers = 3;
  expect_executions(adders(3, 3, relaxed), interleavings(3, 3), shared);
  expect_executions(adders(2, 1, relaxed), 2, shared);
}

TEST(counts, the_example_of_the_readme_has_one) {
  // The reader waits for the flag, so the executions in which it has not come are blocked, not
  // counted.
  expect_executions(
      [] {
        model::plain<int> message;
        model::atomic<int> ready{0};
        model::thread writer([&] {
          message.write(42);
          ready.store(1, release);
        });
        model::thread reader([&] {
          model::await(
              ready, [](int v) { return v == 1; }, acquire);
          model::require(message.read() == 42, "the message");
        });
      },
      1);
}

}  // namespace
}  // namespace shmfifo::harness::tests
