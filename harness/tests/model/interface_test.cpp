// SPDX-License-Identifier: MIT

// Goal: what a caller hands in and gets back besides verdicts is right: defaults, values of words,
// numbers of threads, and bodies of threads, which are kept and destroyed whatever becomes of an
// execution. Method: small programs that look at them from inside, and callers that look on.

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "scenario.hpp"

namespace shmfifo::harness::tests {
namespace {

TEST(interface, defaults_are_what_the_headers_promise) {
  const model::options o;
  EXPECT_EQ(o.executions_max, 100'000'000U);
  EXPECT_EQ(o.seconds_max, 600);
  EXPECT_EQ(o.events_max, 20'000U);
  EXPECT_EQ(o.stack_bytes, 262'144U);
  EXPECT_FALSE(o.weak_failures);
  EXPECT_EQ(o.shorten_executions, 20'000U);
  EXPECT_TRUE(o.symmetry);
  EXPECT_FALSE(o.count_duplicates);
  EXPECT_EQ(o.workers, 1U);
  EXPECT_EQ(o.progress_seconds, 2);
  const model::site_override change;
  EXPECT_FALSE(change.order || change.drop_fence || change.split_update);
  const model::progress p;
  EXPECT_EQ(p.executions, 0U);
  EXPECT_EQ(p.blocked, 0U);
  EXPECT_EQ(p.seconds, 0);
  EXPECT_EQ(p.share_done, 0);
  EXPECT_EQ((model::progress{10, 0, 0.5, 0}.executions_per_second()), 20);
  const model::result r;
  EXPECT_EQ(r.outcome, model::verdict::unknown);
  EXPECT_EQ(r.rule, model::broken::nothing);
  EXPECT_EQ(r.executions + r.deaths + r.blocked + r.abandoned + r.duplicates + r.events, 0U);
  EXPECT_EQ(r.seconds, 0);
  EXPECT_EQ(model::no_site, 0xFFFF);
  EXPECT_EQ(model::at(3, {}).site, 3);
}

TEST(interface, an_atomic_and_a_plain_word_begin_with_their_value) {
  const model::result r = model::check([] {
    const model::atomic<std::uint32_t> zero;
    const model::atomic<std::uint32_t> seven{7U};
    const model::plain<std::uint32_t> eight{8U};
    model::require(zero.load(relaxed) == 0 && zero.word() == 0, "zero");
    model::require(seven.load(relaxed) == 7 && seven.word() == 7, "seven");
    model::require(eight.read() == 8 && eight.word() == 8, "eight");
  });
  EXPECT_TRUE(r.ok()) << r.reason;
}

// One of several words, of which some are only read.
TEST(interface, the_last_value_of_a_word_is_its_own) {
  const std::uint32_t first = 3;
  const std::uint32_t second = 5;
  std::uint32_t third = 7;
  model::options o;
  int seen = 0;
  o.on_execution = [&](const model::execution& e) {
    ++seen;
    EXPECT_EQ(e.final_value(&first), 3U);
    EXPECT_EQ(e.final_value(&second), 5U);
    EXPECT_EQ(e.final_value(&third), 9U);
    EXPECT_EQ(e.events(), 5U);
  };
  const model::result r = model::check(
      [&] {
        model::require(model::load(first, relaxed) == 3, "first");
        model::require(model::load(second, relaxed) == 5, "second");
        model::require(model::load(third, relaxed) == 7, "third");
        model::store(third, 8, relaxed);
        model::store(third, 9, relaxed);
      },
      o);
  EXPECT_TRUE(r.ok()) << r.reason;
  EXPECT_GT(r.seconds, 0);
  EXPECT_EQ(seen, 1);
}

TEST(interface, threads_know_their_numbers) {
  const model::result r = model::check([] {
    model::require(model::this_thread() == 0, "the body of the test");
    const auto numbered = [](std::uint32_t n) {
      model::require(model::this_thread() == n, "its own");
    };
    model::thread one([&] { numbered(1); });
    model::thread two([&] {
      numbered(2);
      model::thread three([&] { numbered(3); });
      model::require(three.number() == 3, "as its starter knows");
    });
    model::require(one.number() == 1 && two.number() == 2, "in the order they were started");
  });
  EXPECT_TRUE(r.ok()) << r.reason;
}

// More words than the table of addresses begins with, and keeps in their places.
TEST(interface, a_thousand_words_are_told_apart) {
  std::vector<std::uint32_t> words(1000);
  for (std::uint32_t i = 0; i < words.size(); ++i) words[i] = i;
  const model::result r = model::check([&] {
    for (std::uint32_t i = 0; i < words.size(); ++i) {
      model::require(model::load(words[i], relaxed) == i, "what it began with");
      model::store(words[i], 2 * i, relaxed);
    }
    for (std::uint32_t i = 0; i < words.size(); ++i) {
      model::require(model::load(words[i], relaxed) == 2 * i, "what was stored");
    }
    model::require(model::choose(3) != 3, "three runs");
  });
  EXPECT_TRUE(r.ok()) << r.reason;
  EXPECT_EQ(r.executions, 3U);
}

int alive = 0;

// A body that is large, and lies where it must.
template <std::size_t Size, std::size_t Alignment>
struct alignas(Alignment) callable {
  model::atomic<std::uint32_t>* x;
  std::array<unsigned char, Size> content;

  explicit callable(model::atomic<std::uint32_t>& word) : x(&word) {
    content.fill(7);
    ++alive;
  }
  callable(const callable& other) : x(other.x), content(other.content) { ++alive; }
  ~callable() { --alive; }
  void operator()() {
    model::require(reinterpret_cast<std::uintptr_t>(this) % Alignment == 0, "aligned");
    for (const unsigned char c : content) model::require(c == 7, "its content");
    x->fetch_add(1, relaxed);
    model::await(
        *x, [](std::uint32_t v) { return v == 2; }, relaxed);
    for (const unsigned char c : content) model::require(c == 7, "still its content");
  }
};

template <std::size_t Size, std::size_t Alignment>
void run_two(bool violate) {
  alive = 0;
  const model::result r = model::check([&] {
    model::atomic<std::uint32_t> x{0U};
    model::thread one(callable<Size, Alignment>{x});
    model::thread two(callable<Size, Alignment>{x});
    two.join();
    model::require(!violate, "while one is not joined");
  });
  EXPECT_EQ(r.outcome, violate ? model::verdict::violation : model::verdict::ok) << r.reason;
  EXPECT_EQ(alive, 0) << Size << " bytes at " << Alignment;
}

template <std::size_t Size>
void run_one() {
  struct {
    std::array<unsigned char, Size> content;
    void operator()() {
      for (const unsigned char c : content) model::require(c == 7, "its content");
    }
  } body;
  body.content.fill(7);
  const model::result r = model::check([&] {
    model::thread one(body);
    model::require(model::choose(3) != 3, "three runs");
  });
  EXPECT_EQ(r.executions, 3U) << r.reason;
}

// In executions that are complete, blocked, abandoned or broken.
TEST(interface, bodies_of_threads_are_kept_whole_and_destroyed_once) {
  run_one<127>();
  run_one<128>();
  run_one<129>();
  for (const bool violate : {false, true}) {
    run_two<1, 8>(violate);
    run_two<112, 16>(violate);
    run_two<120, 8>(violate);
    run_two<121, 8>(violate);
    run_two<1000, 8>(violate);
    run_two<1, 64>(violate);
    run_two<200, 128>(violate);
  }
}

// A stack is as large as was asked for, and used again by the next check.
TEST(interface, stacks_hold_what_was_asked_for) {
  for (const std::size_t bytes : {std::size_t{64} * 1024, std::size_t{1024} * 1024}) {
    model::options o;
    o.stack_bytes = bytes;
    for (int again = 0; again < 2; ++again) {
      const model::result r = model::check(
          [&] {
            model::thread_group group;
            for (int i = 0; i < 3; ++i) {
              group.start([&] {
                volatile unsigned char deep[40 * 1024];
                for (std::size_t at = 0; at < sizeof deep; at += 512) deep[at] = 1;
                model::require(model::choose(2) <= 1 && deep[0] == 1, "its own");
              });
            }
          },
          o);
      EXPECT_TRUE(r.ok()) << r.reason;
      EXPECT_EQ(r.executions, 8U);
    }
  }
}

TEST(interface, a_stack_that_overflows_is_the_end) {
  model::options o;
  o.stack_bytes = 64 * 1024;
  EXPECT_DEATH(static_cast<void>(model::check(
                   [] {
                     volatile unsigned char deep[64 * 1024];
                     for (std::size_t at = sizeof deep; at > 0; at -= 512) deep[at - 512] = 1;
                     model::require(deep[0] == 1, "not reached");
                   },
                   o)),
               "");
}

// An arena of 64 KiB after the other; each object at an address that is the same in each run.
TEST(interface, objects_of_an_execution_keep_their_addresses) {
  std::vector<std::vector<void*>> runs;
  const model::result r = model::check([&] {
    auto& made = runs.emplace_back();
    for (int i = 0; i < 5; ++i) {
      auto* large = model::make<std::array<std::uint64_t, 3000>>();
      auto* small = model::make<char>('x');
      large->fill(static_cast<std::uint64_t>(i));
      made.push_back(large);
      made.push_back(small);
      model::require(reinterpret_cast<std::uintptr_t>(large) % 8 == 0, "aligned");
    }
    for (std::size_t i = 0; i < made.size(); i += 2) {
      const auto& large = *static_cast<std::array<std::uint64_t, 3000>*>(made[i]);
      model::require(large.front() == i / 2 && large.back() == i / 2, "no two overlap");
      model::require(*static_cast<char*>(made[i + 1]) == 'x', "nor small ones");
    }
    (void)model::choose(3);
  });
  EXPECT_TRUE(r.ok()) << r.reason;
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[1], runs[0]);
  EXPECT_EQ(runs[2], runs[0]);
}

}  // namespace
}  // namespace shmfifo::harness::tests
