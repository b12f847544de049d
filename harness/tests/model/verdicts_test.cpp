// SPDX-License-Identifier: MIT

// Goal: every kind of defect is named, shown and can be replayed; a program that cannot be judged
// is never `ok`. Method: the smallest program with each defect, and programs beyond each limit.

#include <gtest/gtest.h>

#include <stdexcept>

#include "scenario.hpp"

namespace shmfifo::harness::tests {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void expect_broken(const model::test_body& body, model::broken rule, model::options o = {}) {
  const model::result r = model::check(body, o);
  EXPECT_EQ(r.outcome, model::verdict::violation) << r.reason;
  EXPECT_EQ(r.rule, rule) << r.reason;
  EXPECT_TRUE(has(r.report, "verdicts_test.cpp:")) << r.report;
  EXPECT_TRUE(has(r.report, r.replay)) << r.report;
  EXPECT_TRUE(has(r.dot, "digraph")) << r.dot;
  const model::result again = model::replay(body, r.replay, o);
  EXPECT_EQ(again.outcome, model::verdict::violation) << again.reason;
  EXPECT_EQ(again.rule, rule);
}

void expect_unknown(const model::test_body& body, const std::string& why, model::options o = {}) {
  const model::result r = model::check(body, o);
  EXPECT_EQ(r.outcome, model::verdict::unknown);
  EXPECT_TRUE(has(r.reason, why)) << r.reason;
}

TEST(verdicts, an_assertion_is_found_in_the_one_execution_that_breaks_it) {
  // Store buffering: only reading both old values breaks it.
  const auto body = [](std::memory_order order) {
    return [=] {
      model::atomic<std::uint32_t> x{0U};
      model::atomic<std::uint32_t> y{0U};
      std::uint32_t a = 9;
      std::uint32_t b = 9;
      {
        model::thread one([&] {
          x.store(1, order);
          a = y.load(order);
        });
        model::thread two([&] {
          y.store(1, order);
          b = x.load(order);
        });
      }
      model::require(a + b > 0, "one of them sees the other");
    };
  };
  expect_broken(body(relaxed), model::broken::assertion);
  EXPECT_TRUE(model::check(body(seq_cst)).ok());
}

TEST(verdicts, a_store_placed_before_an_older_one_is_seen) {
  // 2+2W: both stores first in one order and last in the other. Explorers that only append to the
  // modification order never see it.
  std::uint32_t seen = 0;
  model::atomic<std::uint32_t> x{0U};
  model::atomic<std::uint32_t> y{0U};
  model::options o;
  o.on_execution = [&](const model::execution& e) {
    if (e.final_value(&x.word()) == 1 && e.final_value(&y.word()) == 1) ++seen;
  };
  const model::result r = model::check(
      [&] {
        model::thread one([&] {
          x.store(1, relaxed);
          y.store(2, relaxed);
        });
        model::thread two([&] {
          y.store(1, relaxed);
          x.store(2, relaxed);
        });
      },
      o);
  EXPECT_TRUE(r.ok()) << r.reason;
  EXPECT_EQ(r.executions, 4U);
  EXPECT_EQ(seen, 1U);
}

TEST(verdicts, an_unordered_plain_access_is_a_data_race) {
  expect_broken(
      [] {
        model::plain<std::uint32_t> x{0U};
        model::thread one([&] { x.write(1); });
        model::thread two([&] { (void)x.read(); });
      },
      model::broken::data_race);
  expect_broken(
      [] {
        model::plain<std::uint32_t> x{0U};
        model::thread one([&] { x.write(1); });
        model::thread two([&] { x.write(2); });
      },
      model::broken::data_race);
}

TEST(verdicts, a_plain_write_races_with_an_atomic_read_of_the_same_word) {
  expect_broken(
      [] {
        std::uint32_t word = 0;
        model::thread one([&] { model::write_plain(word, 1); });
        model::thread two([&] { (void)model::load(word, seq_cst); });
      },
      model::broken::data_race);
}

TEST(verdicts, a_race_that_only_a_revisit_reaches_is_found) {
  // The reader, looked at first, must come back to a flag that is raised later.
  expect_broken(
      [] {
        model::atomic<std::uint32_t> flag{0U};
        model::plain<std::uint32_t> data{0U};
        model::thread reader([&] {
          if (flag.load(relaxed) == 1) (void)data.read();
        });
        model::thread writer([&] {
          data.write(1);
          flag.store(1, release);
        });
      },
      model::broken::data_race);
}

// Two updates of one value are in no execution, so what would race in one is no race. The second
// thread updates x only before the first one does, or after it is told that the first is done.
TEST(verdicts, updates_that_exclude_each_other_do_not_race) {
  const model::result r = model::check([] {
    std::uint32_t x = 0;
    model::thread one([&] {
      if (model::fetch_add(x, 1, relaxed) != 0) return;
      (void)model::read_plain(x);
      model::fetch_add(x, 1, release);
    });
    model::thread two([&] {
      std::uint32_t seen = model::load(x, acquire);
      if (seen != 1) (void)model::compare_exchange(x, seen, seen + 10, acq_rel, relaxed);
    });
  });
  EXPECT_TRUE(r.ok()) << r.reason << r.report;
}

// The reader first reads what it synchronises with; the race is in the executions after that.
TEST(verdicts, a_race_with_a_value_that_is_not_the_newest_is_found) {
  expect_broken(
      [] {
        std::uint32_t x = 0;
        model::thread writer([&] {
          model::write_plain(x, 1);
          model::store(x, 2, release);
        });
        model::thread reader([&] { (void)model::load(x, acquire); });
      },
      model::broken::data_race);
  // Here only a later store, which publishes nothing, takes the reader's order away.
  std::uint32_t relaxed_reads = 0;
  const auto body = [&] {
    std::uint32_t x = 0;
    std::uint32_t done = 0;
    model::thread writer([&] {
      model::write_plain(x, 1);
      model::store(x, 2, release);
      model::store(done, 1, release);
    });
    model::thread reader([&] {
      if (model::load(done, relaxed) == 1) (void)model::load(x, acquire);
    });
    model::thread last([&] {
      if (model::load(done, acquire) == 1) model::store(x, 3, relaxed);
    });
  };
  model::options o;
  o.shorten_executions = 0;
  o.on_execution = [&](const model::execution&) { ++relaxed_reads; };
  const model::result r = model::check(body, o);
  EXPECT_EQ(r.rule, model::broken::data_race) << r.reason;
  EXPECT_EQ(relaxed_reads, 1U);
  EXPECT_TRUE(has(r.report, r.replay));
}

TEST(verdicts, an_object_made_late_must_be_published) {
  // Its first value is a plain write by its maker, so a relaxed pointer to it is not enough.
  const auto body = [](std::memory_order publish) {
    return [=] {
      model::atomic<model::atomic<std::uint32_t>*> pointer{nullptr};
      model::thread maker(
          [&] { pointer.store(model::make<model::atomic<std::uint32_t>>(5U), publish); });
      model::thread user([&] {
        auto* seen = pointer.load(acquire);
        if (seen != nullptr) model::require(seen->load(relaxed) == 5, "complete");
      });
    };
  };
  expect_broken(body(relaxed), model::broken::data_race);
  EXPECT_TRUE(model::check(body(release)).ok());
}

TEST(verdicts, reading_what_nobody_wrote_is_a_violation) {
  expect_broken(
      [] {
        model::plain<std::uint32_t> x;
        (void)x.read();
      },
      model::broken::uninitialised);
}

TEST(verdicts, the_reason_names_the_events) {
  const model::result unwritten = model::check([] {
    const model::plain<std::uint32_t> x;
    (void)x.read();
  });
  EXPECT_EQ(unwritten.reason, "uninitialised read: event 0.0 reads a location that nobody wrote");
  const model::result race = model::check([] {
    model::plain<std::uint32_t> x{0U};
    model::thread one([&] { x.write(1); });
    model::thread two([&] { (void)x.read(); });
  });
  EXPECT_EQ(race.reason,
            "data race: events 1.0 and 2.0 access one location, one writes, one is not atomic, and "
            "neither happens before the other");
}

TEST(verdicts, an_exception_that_leaves_a_thread_is_a_violation) {
  expect_broken(
      [] {
        model::atomic<std::uint32_t> x{0U};
        model::thread one([&] {
          if (x.load(relaxed) == 1) throw std::runtime_error("thrown");
        });
        model::thread two([&] { x.store(1, relaxed); });
      },
      model::broken::assertion);
}

TEST(verdicts, threads_that_wait_for_each_other_are_a_deadlock) {
  expect_broken(
      [] {
        model::atomic<std::uint32_t> x{0U};
        model::atomic<std::uint32_t> y{0U};
        const auto one = [](std::uint32_t v) { return v == 1; };
        model::thread a([&] {
          model::await(y, one, acquire, model::at(0));
          x.store(1, release);
        });
        model::thread b([&] {
          model::await(x, one, acquire, model::at(0));
          y.store(1, release);
        });
      },
      model::broken::deadlock);
}

TEST(verdicts, a_wait_for_a_value_that_comes_is_no_deadlock) {
  const model::result r = model::check([] {
    model::atomic<std::uint32_t> x{0U};
    model::thread a([&] {
      model::await(
          x, [](std::uint32_t v) { return v == 2; }, acquire);
    });
    model::thread b([&] {
      x.store(1, release);
      x.store(2, release);
    });
  });
  EXPECT_TRUE(r.ok()) << r.reason << r.report;
  EXPECT_EQ(r.executions, 1U);  // in which the wait reads 2; those that read less are blocked
  EXPECT_EQ(r.blocked, 2U);
}

// By line where it is declared, or first accessed where the model knows only an address.
TEST(verdicts, G12_the_report_says_which_variable_each_letter_is) {
  unsigned message_line = 0, ready_line = 0, word_line = 0;
  const model::result r = model::check([&] {
    std::uint32_t word = 0;
    message_line = __LINE__ + 1;
    model::plain<int> message;
    ready_line = __LINE__ + 1;
    model::atomic<int> ready{0};
    model::thread writer([&] {
      message.write(42);
      word_line = __LINE__ + 1;
      model::store(word, 1, relaxed);
      ready.store(1, relaxed);
    });
    model::thread reader([&] {
      if (ready.load(acquire) == 1) model::require(message.read() == 42, "the message");
    });
  });
  const auto line = [](unsigned number) { return "verdicts_test.cpp:" + std::to_string(number); };
  EXPECT_TRUE(has(r.report, "\nvariables\n  a: " + line(message_line) + "\n")) << r.report;
  EXPECT_TRUE(has(r.report, "  b: first accessed at " + line(word_line) + " (store)")) << r.report;
  EXPECT_TRUE(has(r.report, "  c: " + line(ready_line) + "\n")) << r.report;
}

TEST(verdicts, the_reported_execution_is_a_short_one) {
  // Three rounds of work stand before the defect unless the flag says skip: 4 events instead of 10.
  const model::result r = model::check([] {
    model::atomic<std::uint32_t> x{0U};
    if (model::choose(2) == 0) {
      for (int i = 0; i < 6; ++i) x.store(1, relaxed);
    }
    model::require(x.load(relaxed) == 7, "never");
  });
  EXPECT_EQ(r.outcome, model::verdict::violation);
  EXPECT_EQ(r.events, 2U) << r.report;
}

TEST(verdicts, nondeterminism_in_the_tested_code_is_refused) {
  int runs = 0;
  expect_unknown(
      [&] {
        model::atomic<std::uint32_t> x{0U};
        const auto value = static_cast<std::uint32_t>(++runs);
        model::thread one([&, value] { x.store(value, relaxed); });
        model::thread two([&] { (void)x.load(relaxed); });
      },
      "not deterministic");
  std::uint32_t word = 0;
  expect_unknown(
      [&] {
        ++word;  // the set-up does not restore what the test begins with
        model::thread one([&] { model::store(word, 9, relaxed); });
        model::thread two([&] { (void)model::load(word, relaxed); });
      },
      "not deterministic");
}

TEST(verdicts, budgets_end_in_unknown) {
  const auto body = [] {
    model::atomic<std::uint32_t> x{0U};
    const auto add = [&] {
      for (int i = 0; i < 9; ++i) x.fetch_add(1, relaxed);
    };
    model::thread a(add);
    model::thread b(add);
    model::thread c(add);
  };
  model::options few;
  few.executions_max = 100;
  expect_unknown(body, "budget of 100 executions", few);
  model::options quick;
  quick.seconds_max = 0.01;
  expect_unknown(body, "seconds exceeded", quick);
  few.workers = 2;
  expect_unknown(body, "budget of 100 executions", few);
}

TEST(verdicts, a_loop_without_an_end_is_unknown) {
  model::options o;
  o.events_max = 500;
  expect_unknown(
      [] {
        model::atomic<std::uint32_t> x{0U};
        while (x.load(relaxed) == 0) continue;
      },
      "a wait loop without pause()", o);
}

TEST(verdicts, words_that_overlap_are_refused) {
  expect_unknown(
      [] {
        alignas(8) std::uint32_t words[2] = {0, 0};
        model::store(words[1], 1, relaxed);
        void* both = words;
        (void)model::load(*static_cast<std::uint64_t*>(both), relaxed);
      },
      "overlaps");
}

TEST(verdicts, a_replay_string_of_another_test_is_refused) {
  const auto body = [] {
    model::atomic<std::uint32_t> x{0U};
    x.store(1, relaxed);
  };
  EXPECT_EQ(model::replay(body, "m1:0.7.1").outcome, model::verdict::unknown);
  EXPECT_EQ(model::replay(body, "nonsense").outcome, model::verdict::unknown);
}

TEST(verdicts, progress_is_reported) {
  int reports = 0;
  model::options o;
  o.progress_seconds = 0;
  o.on_progress = [&](const model::progress& p) {
    ++reports;
    EXPECT_GE(p.share_done, 0.0);
    EXPECT_LE(p.share_done, 1.0);
  };
  const model::result r = model::check(
      [] {
        model::atomic<std::uint32_t> x{0U};
        const auto add = [&] {
          for (int i = 0; i < 6; ++i) x.fetch_add(1, relaxed);
        };
        model::thread a(add);
        model::thread b(add);
      },
      o);
  EXPECT_TRUE(r.ok());
  EXPECT_GT(reports, 0);
}

}  // namespace
}  // namespace shmfifo::harness::tests
