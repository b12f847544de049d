// SPDX-License-Identifier: MIT
// Goal: without numbers the oracle knows a message too short to name itself by its place, and tells
// by the next one that names itself what is wrong. Method: histories by hand of one producer, each
// with one thing wrong, and one that is right.
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <utility>
#include <vector>

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

// The first two neighbours of which the first has this length class, and the second that one.
std::uint64_t neighbours(const hand_made& run, bool first_short, bool second_short) {
  std::uint64_t s = 1;
  while (is_short(run, s) != first_short || is_short(run, s + 1) != second_short ||
         run.logs.content().length({0, s}) == run.logs.content().length({0, s + 1})) {
    ++s;
  }
  return s;
}
hand_made getting(std::uint64_t end, const std::vector<std::uint64_t>& order) {
  auto run = short_messages();
  sends(run, 0, static_cast<int>(end));
  for (const std::uint64_t s : order) run.gets(0, {0, s});
  return run;
}
std::vector<std::uint64_t> up_to(std::uint64_t end) {
  std::vector<std::uint64_t> all(end);
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

TEST(judge_sequences, G1_calls_two_neighbours_exchanged_out_of_order_whichever_is_short) {
  const auto run = short_messages();
  for (const bool first : {true, false}) {
    for (const bool second : {true, false}) {
      for (const std::uint64_t behind : {0U, 1U, 12U}) {
        const std::uint64_t s = neighbours(run, first, second);
        auto order = up_to(s + 2 + behind);
        std::swap(order[s], order[s + 1]);
        expect_broken(getting(order.size(), order), rule::producer_order);
        order.erase(order.begin() + static_cast<std::ptrdiff_t>(s) + 1);
        if (behind > 1) expect_broken(getting(order.size() + 1, order), rule::lost_message);
      }
    }
  }
}

TEST(judge_sequences, G2_takes_no_later_message_that_looks_alike_for_the_missing_one) {
  const auto run = short_messages();
  const auto length = [&](std::uint64_t s) { return run.logs.content().length({0, s}); };
  std::uint64_t empty = 1;
  while (length(empty) != 0 || length(empty + 1) == 0) ++empty;
  std::uint64_t other = empty + 3;
  while (length(other) != 0) ++other;
  auto order = up_to(other + 3);
  order.erase(order.begin() + static_cast<std::ptrdiff_t>(empty));
  expect_broken(getting(other + 3, order), rule::lost_message);
  // At the end nothing behind it decides: it is in order as it is.
  std::uint64_t last = 1;
  while (length(last) != 0 || is_short(run, last + 1) || length(last + 2) != 0) ++last;
  auto end = up_to(last + 3);
  end.erase(end.begin() + static_cast<std::ptrdiff_t>(last));
  expect_broken(getting(last + 3, end), rule::lost_message);
}

TEST(judge_sequences, G2_G4_judges_a_short_message_behind_the_last_one) {
  const auto run = short_messages();
  const std::uint64_t last = short_one(run, 0, 1);
  auto again = up_to(last + 1);
  again.push_back(last);
  expect_broken(getting(last + 1, again), rule::duplicate);
  std::uint64_t unsent = last + 1;  // it would fit, but nobody began it
  while (!is_short(run, unsent) ||
         run.logs.content().length({0, unsent - 1}) == run.logs.content().length({0, unsent})) {
    ++unsent;
  }
  expect_broken(getting(unsent, up_to(unsent + 1)), rule::phantom_message);
  expect_ok(getting(unsent, up_to(unsent)));
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

// What is wrong much later does not change what is wrong here.
TEST(judge_sequences, G1_G2_looks_no_further_than_two_messages_that_name_themselves) {
  const auto run = short_messages();
  for (const bool exchanged : {true, false}) {
    const std::uint64_t s = lone_short_one(run);
    auto order = up_to(s + 9);
    const auto at = [&](std::uint64_t place) {
      return order.begin() + static_cast<std::ptrdiff_t>(place);
    };
    order.erase(at(s + 6));
    if (exchanged) std::swap(order[s], order[s + 1]);
    if (!exchanged) order.insert(at(s + 1), s);
    expect_broken(getting(s + 9, order), exchanged ? rule::producer_order : rule::duplicate);
  }
}

// No message that names itself follows, but the last ones fit as they are.
TEST(judge_sequences, G2_finds_the_message_that_is_missing_before_short_ones_at_the_end) {
  const auto run = short_messages();
  const auto length = [&](std::uint64_t s) { return run.logs.content().length({0, s}); };
  std::uint64_t s = 2;
  while (!is_short(run, s) || !is_short(run, s + 1) || length(s) == length(s + 1) ||
         length(s - 1) == length(s) || length(s - 2) == length(s) ||
         length(s - 1) == length(s + 1)) {
    ++s;
  }
  auto order = up_to(s + 2);
  order.erase(order.begin() + static_cast<std::ptrdiff_t>(s) - 1);
  expect_broken(getting(s + 2, order), rule::lost_message);
}

// A short one of other bytes fits nothing: the next one that names itself decides.
TEST(judge_sequences, G2_G4_tells_by_the_next_name_what_bytes_that_fit_nothing_stand_for) {
  for (const std::int64_t next : {-1, 1, 2}) {
    auto run = short_messages();
    const std::uint64_t middle = lone_short_one(run);
    ASSERT_FALSE(is_short(run, middle + 1) || is_short(run, middle + 2));
    std::uint64_t named = middle - 1;
    while (is_short(run, named)) --named;
    sends(run, 0, static_cast<int>(middle) + 3);
    for (std::uint64_t s = 0; s < middle; ++s) run.gets(0, {0, s});
    run.gets(0, {0, middle}).identity ^= 1;
    run.gets(0, {0, next < 0 ? named : middle + static_cast<std::uint64_t>(next)});
    expect_broken(run, next < 0 ? rule::duplicate : next == 2 ? rule::lost_message : rule::content);
  }
}

}  // namespace
}  // namespace shmfifo::harness
