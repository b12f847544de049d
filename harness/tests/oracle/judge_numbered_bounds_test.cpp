// SPDX-License-Identifier: MIT
// Goal: with numbers, each bound of the oracle is where it must be: what is just allowed passes,
// and one number, message or receiver further is found. Method: pairs of histories by hand that
// differ in this one thing.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

void send_numbers(hand_made& run, std::uint64_t from, std::uint64_t end) {
  for (std::uint64_t n = from; n < end; ++n) run.sends(0, n);
}
void get_numbers(hand_made& run, unsigned r, std::uint64_t from, std::uint64_t end) {
  for (std::uint64_t n = from; n < end; ++n) run.gets(r, {0, n}, static_cast<std::int64_t>(n));
}

// -- numbers that senders got

TEST(judge_numbered, G2_passes_a_run_in_which_nobody_sent) {
  expect_ok(numbered());
  expect_ok(numbered(2, 2, 1));
}

TEST(judge_numbered, G5_lets_several_producers_of_an_overwriting_ring_give_numbers_up) {
  const auto with_gaps = [](unsigned producers, bool lossy, unsigned consumers) {
    auto run = numbered(producers, consumers, 0, lossy);
    run.sends(0, 0);
    run.sends(producers - 1, 4);
    for (unsigned r = 0; r < consumers; ++r) {
      run.gets(r, {0, 0}, 0);
      run.is_told(r, event_kind::aborted, 1, 3);
      run.gets(r, {producers - 1, producers == 1 ? 1U : 0U}, 4);
    }
    return run;
  };
  for (const unsigned consumers : {0U, 1U}) {
    expect(with_gaps(2, true, consumers), rule::none);
    const rule dense = consumers == 0 ? rule::skipped : rule::aborted_without_cause;
    expect(with_gaps(1, true, consumers), dense);
    expect(with_gaps(2, false, consumers), dense);
  }
}

TEST(judge_numbered, G2_finds_more_numbers_than_all_producers_together_can_give_up) {
  for (const std::uint64_t last : {2U * 64 + 65536 - 1, 2U * 64 + 65536}) {
    auto run = numbered(2, 0, 0, true);
    run.sends(0, 0);
    run.sends(1, last);
    expect(run, last == 2U * 64 + 65536 ? rule::skipped : rule::none);
  }
}

TEST(judge_numbered, G8_finds_a_message_sent_without_a_number) {
  auto run = numbered();
  run.sends(0, 0);
  run.gets(0, {0, 0}, 0);
  run.sends(0);
  expect_broken(run, rule::failure);
}

TEST(judge_numbered, G6_takes_a_message_without_an_answer_for_one_in_doubt) {
  for (const bool begun : {true, false}) {
    auto run = numbered(2, 0);
    run.sends(0, 1);
    run.logs.sender(1).started = begun ? 1 : 0;
    expect(run, begun ? rule::none : rule::skipped);
  }
  for (const bool comes : {true, false}) {
    auto run = numbered(2);
    const std::uint64_t sequence = long_one(run, 1);
    for (std::uint64_t s = 0; s < sequence; ++s) run.is_refused(1);
    run.sends(0, 1);
    run.logs.sender(1).started = sequence + 1;
    if (comes) run.gets(0, {1, sequence}, 0);
    if (!comes) run.is_told(0, event_kind::aborted, 0);
    run.gets(0, {0, 0}, 1);
    expect_ok(run);
  }
}

// -- numbers that receivers were told

TEST(judge_numbered, G4_finds_numbers_that_nobody_can_have_given_out) {
  // One number, two messages in doubt, two producers and some reserve.
  constexpr std::int64_t limit = 1 + 2 * 3 + 1024;
  const auto told = [&](event_kind kind, std::int64_t number, std::uint64_t count) {
    auto run = numbered(2);
    run.sends(0, 0);
    run.gets(0, {0, 0}, 0);
    run.is_killed_sending(1);
    run.is_killed_sending(1);
    run.is_told(0, kind, number, count);
    return run;
  };
  expect_broken(told(event_kind::aborted, 1, limit - 1), rule::aborted_without_cause);
  expect_broken(told(event_kind::aborted, 1, limit), rule::phantom_message);
  expect_broken(told(event_kind::aborted, limit - 1, 1), rule::skipped);
  expect_broken(told(event_kind::aborted, limit, 1), rule::phantom_message);
  expect_broken(told(event_kind::aborted, limit + 1, 1), rule::phantom_message);
  expect_broken(told(event_kind::aborted, 1, 0), rule::phantom_message);
  expect_broken(told(event_kind::aborted, -1, 1), rule::phantom_message);
  expect_broken(told(event_kind::lost, 1, 0), rule::loss_count);
  expect_broken(told(event_kind::lost, 1, limit), rule::loss_count);
  expect_broken(told(event_kind::invalid, 1, 0), rule::phantom_message);
  auto run = told(event_kind::aborted, 1, 2);
  run.gets(0, {0, 0}, -1);
  expect_broken(run, rule::phantom_message);
}

TEST(judge_numbered, G2_lets_no_receiver_begin_behind_the_first_number) {
  for (const bool durable : {true, false}) {
    for (const unsigned receiver : {0U, 1U}) {
      auto run = numbered(1, 1, 1, false, durable);
      send_numbers(run, 0, 3);
      if (receiver == 1) get_numbers(run, 0, 0, 3);
      get_numbers(run, receiver, 1, 3);
      expect_broken(run, rule::skipped);
    }
  }
}

TEST(judge_numbered, G1_looks_for_a_late_number_among_the_next_4096_events) {
  for (const std::uint64_t between : {4095U, 4096U}) {
    auto run = numbered();
    send_numbers(run, 0, between + 1);
    get_numbers(run, 0, 1, between + 1);
    get_numbers(run, 0, 0, 1);
    expect_broken(run, between == 4095 ? rule::order : rule::skipped);
  }
}

TEST(judge_numbered, G1_tells_what_came_twice_from_what_came_before_the_beginning) {
  for (const bool durable : {true, false}) {
    for (const std::uint64_t again : {1U, 2U, 3U}) {
      auto run = numbered(1, 1, 0, false, durable);
      send_numbers(run, 0, 5);
      get_numbers(run, 0, 0, 4);
      run.is_killed_and_comes_back(0);
      get_numbers(run, 0, 2, 4);
      get_numbers(run, 0, again, again + 1);
      expect_broken(run, again >= 2 ? rule::duplicate : rule::order);
    }
  }
}

// -- messages of senders that were killed

TEST(judge_numbered, G1_finds_two_messages_under_the_number_of_one_that_died) {
  auto run = numbered(2, 2);
  const std::uint64_t a = long_one(run, 0);
  const std::uint64_t b = long_one(run, 1);
  for (std::uint64_t s = 0; s < a; ++s) run.is_refused(0);
  for (std::uint64_t s = 0; s < b; ++s) run.is_refused(1);
  run.is_killed_sending(0);
  run.is_killed_sending(1);
  run.gets(0, {0, a}, 0);
  run.gets(1, {1, b}, 0);
  expect_broken(run, rule::disagreement);
  EXPECT_NE(run.judged().excerpt.find("another receiver got a different message"),
            std::string::npos);
}

TEST(judge_numbered, G6_takes_a_short_message_for_the_one_in_doubt_that_fits) {
  enum class wrong : std::uint8_t { nothing, other_bytes, twice, behind_its_successor };
  for (const wrong what :
       {wrong::nothing, wrong::other_bytes, wrong::twice, wrong::behind_its_successor}) {
    auto run = numbered(2);
    const std::uint64_t sequence = short_one(run, 0);
    for (std::uint64_t s = 0; s < sequence; ++s) run.is_refused(0);
    run.is_killed_sending(0);
    std::int64_t next = 0;
    if (what == wrong::behind_its_successor) {
      run.sends(0, 0);
      run.gets(0, {0, sequence + 1}, next++);
    }
    event& came = run.gets(0, {0, sequence}, next++);
    if (what == wrong::other_bytes) came.identity ^= 1;
    if (what == wrong::twice) run.gets(0, {0, sequence}, next++);
    expect(run, what == wrong::nothing ? rule::none : rule::wrong_message);
    if (what != wrong::nothing) {
      EXPECT_NE(run.judged().excerpt.find(what == wrong::twice
                                              ? "each message in doubt that fits came under another"
                                              : "and no message in doubt fits"),
                std::string::npos);
    }
  }
}

// The message in doubt lies between the last one before it that got a number and the first behind
// it, whatever was refused in between.
TEST(judge_numbered, G1_G6_places_a_message_in_doubt_between_its_producers_others) {
  for (const std::int64_t number : {0, 1, 3, 4, 6, 7}) {
    auto run = numbered(2);
    run.sends(0, 2);
    std::uint64_t doubtful = long_one(run, 0, 2);
    for (std::uint64_t s = 1; s < doubtful; ++s) run.is_refused(0);
    run.is_killed_sending(0);
    run.is_refused(0);
    run.sends(0, 5);
    std::uint64_t other = 0;
    for (std::int64_t n = 0; n <= number; ++n) {
      if (n == 2) {
        run.gets(0, {0, 0}, n);
      } else if (n == 5) {
        run.gets(0, {0, doubtful + 2}, n);
      } else if (n == number) {
        run.gets(0, {0, doubtful}, n);
      } else {
        run.sends(1, static_cast<std::uint64_t>(n));
        run.gets(0, {1, other++}, n);
      }
    }
    run.logs.receiver(0).now = stage::dead;
    expect(run, number == 3 || number == 4 ? rule::none : rule::producer_order);
  }
}

TEST(judge_numbered, G2_counts_an_aborted_number_once_for_all_receivers) {
  for (const std::uint64_t count : {1U, 2U}) {
    auto run = numbered(2, 3);
    run.is_killed_sending(0);
    run.is_refused(0);
    run.sends(0, count);
    for (unsigned r = 0; r < 3; ++r) {
      run.is_told(r, event_kind::aborted, 0, count);
      run.gets(r, {0, 2}, static_cast<std::int64_t>(count));
    }
    expect(run, count == 1 ? rule::none : rule::aborted_without_cause);
  }
}

// -- receivers that were killed

TEST(judge_numbered, G7_resumes_where_the_release_ended_whatever_was_released) {
  for (const std::int64_t resumed : {3, 4, 5, 6}) {
    auto run = numbered();
    run.sends(0, 0);
    for (int i = 0; i < 3; ++i) run.is_killed_sending(0);
    for (std::uint64_t n = 4; n < 7; ++n) run.sends(0, n);
    run.gets(0, {0, 0}, 0);
    run.is_told(0, event_kind::aborted, 1, 3);
    run.releases(0);
    run.gets(0, {0, 4}, 4);
    run.is_killed_and_comes_back(0);
    run.is_killed_and_comes_back(0);  // the window of the first death stays
    if (resumed == 3) run.is_told(0, event_kind::aborted, 3);
    for (std::int64_t n = std::max<std::int64_t>(resumed, 4); n < 7; ++n) {
      run.gets(0, {0, static_cast<std::uint64_t>(n)}, n);
    }
    expect(run, resumed == 3   ? rule::redelivered_released
                : resumed == 6 ? rule::skipped_after_restart
                               : rule::none);
  }
}

TEST(judge_numbered, G7_resumes_behind_the_last_message_that_was_released) {
  for (const std::uint64_t resumed : {4U, 5U}) {
    auto run = numbered();
    send_numbers(run, 0, 7);
    get_numbers(run, 0, 0, 5);
    run.releases(0);
    run.is_killed_and_comes_back(0);
    get_numbers(run, 0, resumed, 7);
    expect(run, resumed == 4 ? rule::redelivered_released : rule::none);
  }
}

TEST(judge_numbered, G7_resumes_at_the_first_number_where_nothing_was_released) {
  for (const bool released : {true, false}) {
    auto run = numbered(1, 2);
    send_numbers(run, 0, 3);
    get_numbers(run, 0, 0, 3);
    std::fill_n(reinterpret_cast<char*>(run.logs.events(1) - 1), sizeof(event),
                '\x7f');            // no matter
    if (released) run.releases(1);  // no more than that it was attached
    get_numbers(run, 1, 0, 2);
    run.is_killed_and_comes_back(1);
    get_numbers(run, 1, 0, 3);
    expect_ok(run);
  }
}

TEST(judge_numbered, G7_forgives_a_receiver_without_a_name_one_gap_a_death) {
  for (const unsigned receiver : {0U, 1U}) {  // an observer has none, whatever the queue promises
    for (const bool again : {false, true}) {
      auto run = numbered(1, 1, 1, false, receiver == 1);
      send_numbers(run, 0, 8);
      if (receiver == 1) get_numbers(run, 0, 0, 8);
      get_numbers(run, receiver, 0, 2);
      run.is_killed_and_comes_back(receiver);
      get_numbers(run, receiver, 4, 5);
      get_numbers(run, receiver, again ? 6 : 5, 8);
      run.logs.receiver(1 - receiver).now = stage::dead;
      expect(run, again ? rule::skipped : rule::none);
    }
  }
}

// -- losses

TEST(judge_numbered, G5_takes_for_lost_what_the_numbers_given_out_can_have_overwritten) {
  for (const std::uint64_t count : {11U, 12U, 13U}) {
    for (const bool in_doubt : {false, true}) {
      for (const std::uint64_t capacity : {0U, 1U}) {
        auto run = numbered(1, 1, 1);
        run.logs.facts().capacity = capacity;  // 0: not known
        send_numbers(run, 0, 20);
        get_numbers(run, 0, 0, 20);
        if (in_doubt) run.is_killed_sending(0);
        get_numbers(run, 1, 0, 1);
        run.is_told(1, event_kind::lost, 1, count);
        get_numbers(run, 1, 1 + count, 20);
        const std::uint64_t allowed = capacity == 0 ? 13 : in_doubt ? 12 : 11;
        expect(run, count > allowed ? rule::lost_not_overwritten : rule::none);
      }
    }
  }
}

TEST(judge_numbered, G5_takes_numbers_given_up_for_overwritten_as_well) {
  // One number and the reserve: 1,025 may have been given out.
  for (const std::uint64_t count : {1017U, 1018U}) {
    auto run = numbered(2, 1, 0, true);
    run.sends(0, 0);
    run.is_told(0, event_kind::lost, 0, count);
    expect(run, count == 1017 ? rule::none : rule::lost_not_overwritten);
  }
}

// -- the end

TEST(judge_numbered, G2_blames_nobody_for_what_is_missing_who_did_not_reach_the_end) {
  for (const bool finished : {true, false}) {
    auto run = numbered();
    send_numbers(run, 0, 3);
    get_numbers(run, 0, 0, 2);
    run.logs.receiver(0).now = finished ? stage::finished : stage::running;
    expect(run, finished ? rule::lost_message : rule::none);
    run.logs.receiver(0).now = stage::finished;
    run.logs.facts().ended = finished ? run_end::completed : run_end::timed_out;
    EXPECT_EQ(run.judged().answer, finished ? outcome::violation : outcome::unknown);
  }
}

TEST(judge_numbered, G6_G11_finds_a_receiver_left_before_a_number_without_a_message) {
  auto aborted = numbered(2, 2);
  aborted.sends(0, 0);
  aborted.is_killed_sending(1);
  aborted.sends(0, 2);
  get_numbers(aborted, 0, 0, 1);
  aborted.is_told(0, event_kind::aborted, 1);
  aborted.gets(0, {0, 1}, 2);
  get_numbers(aborted, 1, 0, 1);
  expect_broken(aborted, rule::stuck);

  auto behind_all = numbered();
  send_numbers(behind_all, 0, 2);
  get_numbers(behind_all, 0, 0, 2);
  behind_all.logs.facts().final_position = 3;
  expect_broken(behind_all, rule::stuck);
}

}  // namespace
}  // namespace shmfifo::harness
