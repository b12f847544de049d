// SPDX-License-Identifier: MIT
// Goal: the judge accuses no right queue and finds every defect that shows, whatever actors, kills,
// losses and restarts a run has. Method: a simulated queue, right or with one defect, whose truth
// is known; its histories are judged, what the judge says is compared with what it must say, and a
// history that it is wrong about is shrunk. Judges that are wrong on purpose must be noticed.
//
//   SHMFIFO_HISTORIES=NUMBER   so many of each sort instead of 10000
//   SHMFIFO_FIRST=NUMBER       from this one on instead of 0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tally.hpp"
#include "wrong_judges.hpp"

namespace shmfifo::harness::generated {
namespace {

std::uint64_t asked(const char* name, std::uint64_t otherwise) {
  const char* wish = std::getenv(name);
  return wish == nullptr ? otherwise : std::stoull(wish);
}

tally expect_no_mistakes(const examination& how) {
  tally all = examine_many(asked("SHMFIFO_FIRST", 0), asked("SHMFIFO_HISTORIES", 10000), how);
  std::puts(all.text().c_str());
  EXPECT_TRUE(all.mistakes.empty()) << all.shortest_mistakes(how);
  EXPECT_EQ(all.kinds.size(), queue_kinds().size());
  return all;
}

TEST(generated, G1_G2_G3_G4_G5_G6_G7_accuses_no_right_queue) {
  expect_no_mistakes({});
}

TEST(generated, G1_G2_G3_G4_G5_G6_G7_finds_every_defect_that_shows) {
  tally all = expect_no_mistakes({.wrong = true});
  for (std::size_t i = 1; i < static_cast<std::size_t>(defect::count); ++i) {
    const std::string_view name = to_string(static_cast<defect>(i));
    EXPECT_GT(all.defects[name].shows, 0U) << name;
  }
}

// The first history that shows what this judge does wrong.
std::uint64_t first_mistake(const wrong_judge& one, const examination& how, std::uint64_t most) {
  for (std::uint64_t i = 0; i < most; ++i) {
    if (examine(numbered_choices(i), how).wrong == one.makes) return i;
  }
  return most;
}

class wrong_judges_test : public ::testing::TestWithParam<wrong_judge> {};

TEST_P(wrong_judges_test, is_noticed) {
  const wrong_judge& one = GetParam();
  const bool misses = one.makes == mistake::missed_defect;
  const examination how{.wrong = misses, .judges = one.judges};
  constexpr std::uint64_t most = 10000;  // as above
  const std::uint64_t number = first_mistake(one, how, most);
  ASSERT_LT(number, most);
  const choice_list shorter = shrunk(numbered_choices(number), how);
  EXPECT_EQ(examine(shorter, how).wrong, one.makes);
}

std::string case_name(const ::testing::TestParamInfo<wrong_judge>& info) {
  std::string name(info.param.name);
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(a_judge_that, wrong_judges_test, ::testing::ValuesIn(wrong_judges()),
                         case_name);

}  // namespace
}  // namespace shmfifo::harness::generated
