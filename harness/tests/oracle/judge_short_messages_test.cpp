// SPDX-License-Identifier: MIT
// Goal: without numbers the oracle knows a message too short to name itself by its place, and tells
// by the next one that names itself what is wrong. Method: histories by hand of one producer, each
// with one thing wrong, and one that is right.
#include <gtest/gtest.h>

#include <string>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

hand_made short_messages() {
  auto run = unnumbered(kind::single);
  run.logs.facts().shortest = 0;
  return run;
}
bool is_short(const hand_made& run, std::uint64_t sequence) {
  return run.logs.content().length({0, sequence}) < content_source::self_naming;
}
// The first short one from here on that is neither empty nor followed by another short one.
std::uint64_t lone_short_one(const hand_made& run) {
  std::uint64_t s = 1;
  while (!is_short(run, s) || run.logs.content().length({0, s}) == 0 || is_short(run, s + 1) ||
         is_short(run, s + 2)) {
    ++s;
  }
  return s;
}

TEST(judge_sequences, G2_G4_knows_a_short_message_by_its_place) {
  auto run = short_messages();
  const std::uint64_t end = lone_short_one(run) + 3;
  for (std::uint64_t s = 0; s < end; ++s) {
    run.is_refused(0);  // in between: not even the first has its own number as its place
    ++s;
    run.sends(0);
    run.gets(0, {0, s});
  }
  expect_ok(run);
}

TEST(judge_sequences, G2_G4_tells_by_the_next_message_what_a_short_one_shows) {
  struct test_case {
    const char* what;
    rule broken;
  };
  for (const auto& [what, broken] :
       {test_case{"in order", rule::none}, test_case{"other bytes", rule::content},
        test_case{"other bytes at the end", rule::content},
        test_case{"the one before is missing", rule::lost_message},
        test_case{"the one before is missing, and a report behind", rule::lost_message},
        test_case{"other bytes, and damage behind", rule::content},
        test_case{"once more", rule::duplicate},
        test_case{"once more, and a report behind", rule::duplicate}}) {
    SCOPED_TRACE(what);
    const std::string which = what;
    auto run = short_messages();
    const std::uint64_t middle = lone_short_one(run);
    const std::uint64_t end = middle + 3;
    run.is_killed_sending(0);  // makes room for one abort, and never came
    for (std::uint64_t s = 1; s < end; ++s) run.sends(0);
    for (std::uint64_t s = 1; s < end; ++s) {
      if (which.starts_with("the one before is missing") && s == middle - 1) continue;
      event& came = run.gets(0, {0, s});
      if (which.ends_with("damage behind") && s == middle + 1) {
        came.sound = 0;
        came.identity = pack({0, end + 5});
      }
      if (s != middle) continue;
      if (which.starts_with("other bytes")) came.identity ^= 1;
      if (which == "other bytes at the end") break;
      if (which.starts_with("once more")) run.gets(0, {0, s});
      if (which.ends_with("report behind")) run.is_told(0, event_kind::aborted, -1);
    }
    run.logs.receiver(0).now = stage::dead;
    expect(run, broken);
  }
}

TEST(judge_sequences, G2_G4_looks_beyond_further_short_messages) {
  for (const bool missing : {true, false}) {
    auto run = short_messages();
    std::uint64_t first = 1;  // of two short ones, before one that names itself
    while (!is_short(run, first) || !is_short(run, first + 1) || is_short(run, first + 2) ||
           run.logs.content().length({0, first}) == 0 ||
           run.logs.content().length({0, first + 1}) < 6 ||
           run.logs.content().length({0, first - 1}) == 0) {
      ++first;
    }
    sends(run, 0, static_cast<int>(first) + 3);
    for (std::uint64_t s = 0; s < first + 3; ++s) {
      if (missing && s == first - 1) continue;
      run.gets(0, {0, s});
      if (!missing && s == first) run.gets(0, {0, s});
    }
    expect_broken(run, missing ? rule::lost_message : rule::duplicate);
  }
}

}  // namespace
}  // namespace shmfifo::harness
