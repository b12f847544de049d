// SPDX-License-Identifier: MIT

// Goal: the explorer finds exactly the executions that RC11's axioms admit, on arbitrary
// programs. Method: random straight-line programs with random memory orders, from fixed seeds; the
// number of executions and of weak outcomes must equal those of the reference, which enumerates and
// judges all candidates, and no execution may be visited twice.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "reference.hpp"

namespace shmfifo::harness::litmus {
namespace {

struct sample {
  program text;
  assignment orders;
  std::string words;
};

class generator {
 public:
  explicit generator(std::uint32_t seed) : random_(seed) {}

  sample next() {
    sample s;
    s.text.locations = {"x", "y"};
    const std::uint32_t threads = pick(2, 3);
    std::uint32_t left = threads == 2 ? 7 : 6;
    for (std::uint32_t t = 0; t < threads; ++t) {
      const std::uint32_t length = std::min(left, pick(1, threads == 2 ? 4 : 3));
      left -= length;
      s.text.threads.emplace_back();
      s.words += t == 0 ? "" : " || ";
      for (std::uint32_t i = 0; i < length; ++i) add(s);
    }
    s.text.weak.what = condition::kind::equal;
    s.text.weak.final_value = true;
    s.text.weak.constant = 1;
    return s;
  }

 private:
  std::uint32_t pick(std::uint32_t low, std::uint32_t high) {
    return low + static_cast<std::uint32_t>(random_() % (high - low + 1));
  }
  const char* one_of(std::initializer_list<const char*> names) {
    return names.begin()[pick(0, static_cast<std::uint32_t>(names.size()) - 1)];
  }

  void add(sample& s) {
    instruction i;
    i.slot = fmt::format("s{}", s.orders.size());
    i.location = pick(0, 1);
    i.value = pick(1, 2);
    constexpr std::string_view letters = "WWWRRRUXF";
    i.what = static_cast<letter>(letters[pick(0, 8)]);
    if (i.what != letter::write && i.what != letter::fence) {
      i.reg = static_cast<std::uint32_t>(s.text.registers.size());
      s.text.registers.push_back(fmt::format("r{}", i.reg));
    }
    switch (i.what) {
      case letter::write:
        s.orders[i.slot] = one_of({"rlx", "rel", "sc"});
        break;
      case letter::read:
        s.orders[i.slot] = one_of({"rlx", "acq", "sc"});
        break;
      case letter::fence:
        s.orders[i.slot] = one_of({"acq", "rel", "ar", "sc", "sc"});
        break;
      default:
        s.orders[i.slot] = one_of({"rlx", "acq", "rel", "ar", "sc"});
        break;
    }
    s.words += fmt::format("{}{}{}.{}; ", static_cast<char>(i.what), s.text.locations[i.location],
                           i.value, s.orders[i.slot]);
    s.text.threads.back().push_back(i);
  }

  std::mt19937 random_;
};

class random_programs : public testing::TestWithParam<std::uint32_t> {};

TEST_P(random_programs, have_the_executions_that_the_axioms_admit) {
  const char* setting = std::getenv("SHMFIFO_RANDOM_PROGRAMS");
  const int count = setting != nullptr ? std::atoi(setting) : 400;
  generator g(GetParam());
  for (int i = 0; i < count; ++i) {
    const sample s = g.next();
    const tally expected = run_reference(s.text, s.orders);
    const tally got = run(s.text, s.orders);
    const std::string where = fmt::format("seed {}, program {}: {}", GetParam(), i, s.words);
    ASSERT_EQ(got.problem, "") << where;
    ASSERT_EQ(got.executions, expected.executions) << where;
    ASSERT_EQ(got.weak, expected.weak) << where;
    ASSERT_EQ(got.duplicates, 0U) << where;
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, random_programs, testing::Range(1U, 6U));

}  // namespace
}  // namespace shmfifo::harness::litmus
