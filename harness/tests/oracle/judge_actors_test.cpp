// SPDX-License-Identifier: MIT
// Goal: the judge looks at each actor of a run, at no other memory, and says of each where it
// stands; where much may be lost, all receivers together show whether enough was seen. Method: runs
// whose actors fill a page, so that behind the last one there is something else; facts by hand.
#include <gtest/gtest.h>

#include <string>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

// Eight actors: their states fill a page, and answers follow.
hand_made full_page(capabilities can, unsigned observers) {
  hand_made_shape shape;
  shape.producers = 2;
  shape.consumers = 6 - observers;
  shape.observers = observers;
  shape.messages = 256;
  shape.promises = can;
  return hand_made(shape);
}

TEST(judge_actors, are_those_of_the_run_and_nothing_behind_them) {
  static_assert(4096 % sizeof(actor_state) == 0 && 4096 / sizeof(actor_state) == 8);
  for (const unsigned observers : {0U, 2U}) {
    auto run = full_page(numbered_promises(), observers);
    for (std::uint64_t n = 0; n < 250; ++n) run.sends(n % 2, n);
    for (unsigned r = 0; r < 6; ++r) {
      for (std::uint64_t n = 0; n < 250; ++n) {
        run.gets(r, {static_cast<std::uint32_t>(n % 2), n / 2}, static_cast<std::int64_t>(n));
      }
    }
    expect_ok(run);
    run.logs.facts().ended = run_end::stalled;
    const std::string text = run.judged().excerpt;
    EXPECT_NE(text.find(observers == 0 ? "consumer 5: finished" : "observer 1: finished"),
              std::string::npos);
    EXPECT_EQ(text.find(observers == 0 ? "consumer 6" : "observer 2"), std::string::npos);
  }
  for (bool capabilities::*word :
       {&capabilities::broadcast, &capabilities::competing, &capabilities::unordered}) {
    for (const bool is_numbered : {false, true}) {
      capabilities can;
      can.many_producers = can.recoverable = can.*word = true;
      can.broadcast = !can.competing;
      can.divergent = is_numbered;
      can.numbered = is_numbered;
      auto run = full_page(can, 0);
      run.logs.facts().shortest = content_source::self_naming;
      for (std::uint64_t n = 0; n < 250; ++n) {
        is_numbered ? run.sends(n % 2, n) : run.sends(n % 2);
      }
      for (unsigned r = 0; r < (can.competing ? 1U : 6U); ++r) {
        for (std::uint64_t n = 0; n < 250; ++n) {
          run.gets(r, {static_cast<std::uint32_t>(n % 2), n / 2},
                   is_numbered ? static_cast<std::int64_t>(n) : -1);
        }
      }
      expect_ok(run);
    }
  }
}

TEST(judge_actors, are_each_named_when_they_complain_or_crash) {
  const char* names[] = {"producer 0", "producer 1", "consumer 0", "consumer 1", "observer 0"};
  for (unsigned i = 0; i < 5; ++i) {
    auto run = numbered(2, 2, 1);
    actor_state& who = i < 2 ? run.logs.sender(i) : run.logs.receiver(i - 2);
    complain(who, rule::failure, "no more");
    EXPECT_EQ(run.judged().excerpt, std::string("  ") + names[i] + ": no more");
    who.died_of = 11;
    EXPECT_EQ(run.judged().broken, rule::crashed);
    EXPECT_EQ(run.judged().excerpt, std::string("  ") + names[i] + " died of signal 11");
  }
}

TEST(judge_actors, G11_stand_before_or_past_their_deadline_if_there_is_one) {
  struct {
    std::int64_t deadline, ended_at;
    const char* text;
  } const rows[] = {{0, 0, "inside send, 0 kills"},
                    {0, 1, "inside send, 0 kills"},
                    {1, 0, "inside send, 0 kills"},
                    {1, 1, "inside send, 0 ms past its deadline, 0 kills"},
                    {7'000'000, 1, "inside send, 6 ms before its deadline, 0 kills"},
                    {1, 7'000'000, "inside send, 6 ms past its deadline, 0 kills"}};
  for (const auto& [deadline, ended_at, text] : rows) {
    auto run = numbered(1, 0);
    run.logs.facts().ended = run_end::stalled;
    run.logs.facts().ended_at = ended_at;
    actor_state& who = run.logs.sender(0);
    who.now = stage::running;
    who.in_call = 1;
    who.call_deadline = deadline;
    EXPECT_EQ(
        run.judged().excerpt,
        std::string("  the run stood still\n  producer 0: running, 0 of 8192 answered, ") + text);
    who.now = static_cast<stage>(7);  // a file can say anything
    EXPECT_NE(run.judged().excerpt.find("producer 0: attaching, 0 of"), std::string::npos);
  }
}

// Consumers that share the messages can get each once, observers each.
TEST(judge_actors, G5_together_see_enough_of_a_lossy_run_or_too_little) {
  for (const std::uint64_t observed : {4U, 5U}) {
    hand_made_shape shape;
    shape.consumers = shape.observers = 2;
    shape.messages = 100;
    shape.promises.competing = shape.promises.lossy = true;
    hand_made run(shape);
    sends(run, 0, 100);
    const auto get = [&](unsigned r, std::uint64_t from, std::uint64_t count) {
      for (std::uint64_t s = from; s < from + count; ++s) run.gets(r, {0, s});
    };
    run.is_told(0, event_kind::lost, -1, 80);
    get(0, 80, 11);
    get(1, 91, 9);
    run.is_told(2, event_kind::lost, -1, 95);
    get(2, 95, 5);
    run.is_told(3, event_kind::lost, -1, 100 - observed);
    get(3, 100 - observed, observed);
    if (observed == 5) expect_ok(run);
    if (observed == 4) {
      EXPECT_EQ(run.judged().excerpt.find("too little was seen to judge: 29 of 300 messages"), 0U)
          << run.judged().text();
    }
  }
  for (const unsigned consumers : {1U, 3U}) {
    for (const std::uint64_t arrived : {9U, 10U}) {
      hand_made_shape shape;
      shape.consumers = consumers;
      shape.messages = 100;
      shape.promises.broadcast = shape.promises.lossy = true;
      hand_made run(shape);
      sends(run, 0, 100);
      for (unsigned r = 0; r < consumers; ++r) {
        run.is_told(r, event_kind::lost, -1, 100 - arrived);
        for (std::uint64_t s = 100 - arrived; s < 100; ++s) run.gets(r, {0, s});
      }
      EXPECT_EQ(run.judged().answer, arrived == 10 ? outcome::ok : outcome::unknown);
    }
  }
}

// -- numbers of what is judged by names

TEST(judge_given_numbers, G2_G4_are_only_of_messages_whose_senders_got_one) {
  auto run = unnumbered(kind::competing, 2);
  run.logs.facts().promises.numbered = true;
  run.sends(0, 3);
  for (int i = 0; i < 2; ++i) run.is_killed_sending(0);
  for (int i = 0; i < 2; ++i) run.is_refused(0);
  for (int i = 0; i < 2; ++i) run.sends(0);
  run.sends(1, 9);
  run.sends(1, 4);
  run.gets(0, {0, 0}, 3);
  run.is_told(0, event_kind::aborted, 9, 1);
  for (const std::uint64_t s : {1U, 2U, 5U, 6U}) run.gets(0, {0, s}, 77);
  run.gets(0, {1, 0}, 9);
  run.gets(0, {1, 1}, 4);
  run.logs.sender(0).started = 8;
  run.gets(0, {0, 7}, 78);  // whose sender still waits for its answer
  expect_ok(run);
  run.sends(1, 3);
  run.gets(0, {1, 2}, 3);
  expect_broken(run, rule::number_twice);
  EXPECT_EQ(run.judged().excerpt,
            "  producer 0 sequence 0 was reported as sent, number 3\n  producer 1 sequence 2 was "
            "reported as sent, number 3");
  run.logs.facts().promises.numbered = false;
  expect_ok(run);
}

// -- messages in doubt that do not name themselves

TEST(judge_doubts, G1_G4_knows_a_short_message_by_its_length_and_its_bytes) {
  enum class second : std::uint8_t { same, longer, other_bytes };
  for (const second what : {second::same, second::longer, second::other_bytes}) {
    for (const bool of_another : {true, false}) {
      auto run = numbered(2, 2);
      const std::uint64_t sequence = short_one(run, 1);
      for (std::uint64_t s = 0; s < sequence; ++s) run.is_refused(1);
      run.is_killed_sending(1);
      event& came = run.gets(0, {1, sequence}, 0);
      event& again = of_another ? run.gets(1, {1, sequence}, 0) : came;
      if (what == second::longer) again.length = again.length == 7 ? 6 : again.length + 1;
      if (what == second::other_bytes) again.identity ^= 1;
      const rule wrong = of_another ? rule::disagreement : rule::wrong_message;
      expect(run, what == second::same ? rule::none : wrong);
    }
  }
}

// Its number lies behind that of the last message before it and before that of the next one behind.
TEST(judge_doubts, G1_places_a_message_in_doubt_by_its_nearest_neighbours_of_its_producer) {
  for (const std::int64_t number : {0, 2, 4, 6, 8}) {
    auto run = numbered(2);
    run.sends(1, 1);
    run.sends(1, 3);
    const std::uint64_t sequence = long_one(run, 1, 2);
    for (std::uint64_t s = 2; s < sequence; ++s) run.is_refused(1);
    run.is_killed_sending(1);
    run.sends(1, 5);
    run.sends(1, 7);
    const std::uint64_t at[] = {0, 0, 0, 1, 0, sequence + 1, 0, sequence + 2, 0};
    std::uint64_t other = 0;
    for (std::int64_t n = 0; n <= number; ++n) {
      if (n % 2 != 0) {
        run.gets(0, {1, at[n]}, n);
      } else if (n == number) {
        run.gets(0, {1, sequence}, n);
      } else {
        run.sends(0, static_cast<std::uint64_t>(n));
        run.gets(0, {0, other++}, n);
      }
    }
    run.logs.receiver(0).now = stage::dead;
    expect(run, number == 4 ? rule::none : rule::producer_order);
  }
}

}  // namespace
}  // namespace shmfifo::harness
