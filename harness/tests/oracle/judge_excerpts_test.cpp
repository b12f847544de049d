// SPDX-License-Identifier: MIT
// Goal: a finding says who saw what, where, and what the other side logged about it; a wrong
// excerpt sends whoever reads it to the wrong process. Method: the whole text of each finding that
// can be made by hand.
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "expectations.hpp"
#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

// The text behind the line that names the rule.
std::string text_of(const hand_made& run, rule expected) {
  expect_broken(run, expected);
  const std::string whole = run.judged().text();
  return whole.substr(whole.find('\n') + 1);
}

std::string message_text(const hand_made& run, message_id id) {
  const std::uint64_t bytes = run.logs.content().length(id);
  const std::string text = "message of " + std::to_string(bytes) + " bytes, ";
  if (bytes >= content_source::self_naming) {
    return text + "producer " + std::to_string(id.producer) + " sequence " +
           std::to_string(id.sequence);
  }
  std::ostringstream raw;
  raw << std::hex << run.logs.content().identity(id);
  return text + "raw 0x" + raw.str();
}

TEST(judge_excerpts, a_verdict_names_rule_guarantee_and_meaning) {
  verdict found;
  found.answer = outcome::violation;
  found.broken = rule::length;
  found.excerpt = "  the excerpt";
  EXPECT_EQ(found.text(),
            "violation: length (G3): a message's length differs from the one sent, or fits no "
            "slot\n  the excerpt");
  found.answer = outcome::unknown;
  EXPECT_EQ(found.text(), "unknown:   the excerpt");
  EXPECT_FALSE(found.ok());
  found.answer = outcome::ok;
  EXPECT_EQ(found.text(), "ok");
  EXPECT_TRUE(found.ok());
  EXPECT_EQ(verdict{}.answer, outcome::unknown);
}

TEST(judge_excerpts, a_rule_that_does_not_exist_is_none) {
  EXPECT_EQ(to_string(rule::count), "none");
  EXPECT_EQ(to_string(static_cast<rule>(1000)), "none");
  EXPECT_EQ(guarantee_of(rule::none), "");
  EXPECT_EQ(meaning_of(rule::none), "nothing is broken");
  EXPECT_EQ(to_string(outcome::ok), "ok");
  EXPECT_EQ(to_string(outcome::violation), "violation");
  EXPECT_EQ(to_string(outcome::unknown), "unknown");
}

TEST(judge_excerpts, shows_two_events_before_and_one_behind_and_marks_the_one_that_is_wrong) {
  for (const unsigned receiver : {1U, 2U}) {
    auto run = numbered(1, 2, 1);
    for (std::uint64_t n = 0; n < 10; ++n) run.sends(0, n);
    std::string lines[10];
    for (std::uint64_t n = 0; n < 10; ++n) {
      if (n == 5) continue;
      run.gets(0, {0, n}, static_cast<std::int64_t>(n));
      lines[n] = "number " + std::to_string(n) + ": " + message_text(run, {0, n});
      if (n < 3 || n > 6) run.gets(receiver, {0, n}, static_cast<std::int64_t>(n));
    }
    run.logs.receiver(0).logged = 1;
    for (const unsigned other : {0U, 3 - receiver}) run.logs.receiver(other).now = stage::dead;
    const std::string who = receiver == 1 ? "consumer 1" : "observer 0";
    EXPECT_EQ(text_of(run, rule::skipped),
              "  the wrong number in the history of " + who + ":\n    event 2: " + lines[1] +
                  "\n    event 3: " + lines[2] + "\n  > event 4: " + lines[7] +
                  "\n    event 5: " + lines[8] +
                  "\n  number 3 had to come; producer 0 sequence 3 was reported as sent, number 3");
  }
}

TEST(judge_excerpts, shows_what_there_is_at_both_ends_of_a_history) {
  auto run = numbered();
  for (std::uint64_t n = 0; n < 2; ++n) run.sends(0, n);
  run.gets(0, {0, 1}, 1);
  EXPECT_EQ(text_of(run, rule::skipped),
            "  the wrong number in the history of consumer 0:\n    event 0: attached (incarnation "
            "0)\n  > event 1: number 1: " +
                message_text(run, {0, 1}) +
                "\n  number 0 had to come; producer 0 sequence 0 was reported as sent, number 0");
}

TEST(judge_excerpts, describes_each_kind_of_event) {
  auto run = numbered(2, 1);
  run.logs.facts().promises.durable = false;
  const std::uint64_t named = long_one(run, 1);
  const std::uint64_t raw = short_one(run, 1);
  const auto line_of_the_last = [&](rule broken, std::size_t at) {
    std::string text = text_of(run, broken);
    text = text.substr(text.find("> event " + std::to_string(at)));
    return text.substr(0, text.find('\n'));
  };
  run.is_told(0, event_kind::invalid, 0, 3);
  EXPECT_EQ(line_of_the_last(rule::invalid_message, 1), "> event 1: number 0: invalid, 3 of them");
  run.logs.receiver(0).logged = 1;
  run.is_told(0, event_kind::lost, 0, 4);
  EXPECT_EQ(line_of_the_last(rule::loss_not_allowed, 1), "> event 1: number 0: lost, 4 of them");
  run.logs.receiver(0).logged = 1;
  run.is_told(0, event_kind::aborted, 0, 5);
  EXPECT_EQ(line_of_the_last(rule::aborted_without_cause, 1),
            "> event 1: number 0: aborted, 5 of them");
  run.logs.receiver(0).logged = 1;
  run.gets(0, {1, named}, 0).sound = 0;
  EXPECT_EQ(line_of_the_last(rule::content, 1),
            "> event 1: number 0: " + message_text(run, {1, named}) + ", BYTES WRONG");
  run.logs.receiver(0).logged = 1;
  run.gets(0, {2, long_one(run, 2)}, 0);
  EXPECT_NE(line_of_the_last(rule::phantom_message, 1).find("bytes, naming no producer"),
            std::string::npos);
  run.logs.receiver(0).logged = 1;
  run.gets(0, {1, raw}, -1);
  EXPECT_EQ(line_of_the_last(rule::phantom_message, 1),
            "> event 1: " + message_text(run, {1, raw}));
  run.logs.receiver(0).logged = 1;
  run.attach(0, 2);
  run.is_told(0, event_kind::invalid, 0, 3);
  EXPECT_NE(text_of(run, rule::invalid_message)
                .find("\n    event 0: attached (incarnation 0)\n    event 1: attached (incarnation "
                      "1, the last one was killed)\n"),
            std::string::npos);
}

TEST(judge_excerpts, says_what_the_sender_logged) {
  const auto behind = [](const std::string& text) { return text.substr(text.rfind("\n  ") + 3); };
  // A message under number 0 that is not the one of this number.
  const auto after = [&](const auto& what_the_sender_did, unsigned producer = 1) {
    auto run = numbered(2);
    run.sends(0, 0);
    what_the_sender_did(run);
    run.gets(0, {producer, long_one(run, producer)}, 1);
    const verdict found = run.judged();
    EXPECT_EQ(found.answer, outcome::violation);
    return behind(found.text());
  };
  auto shape = numbered(2);
  const std::uint64_t sequence = long_one(shape, 1);
  const std::string who = "producer 1 sequence " + std::to_string(sequence);
  const auto refuse_others = [&](hand_made& run) {
    for (std::uint64_t s = 0; s < sequence; ++s) run.is_refused(1);
    run.gets(0, {0, 0}, 0);
  };
  EXPECT_EQ(after([&](hand_made& run) { refuse_others(run); }), who + " was never begun");
  EXPECT_EQ(after([&](hand_made& run) {
              refuse_others(run);
              run.is_refused(1);
            }),
            who + " was refused and given up");
  EXPECT_EQ(after([&](hand_made& run) {
              refuse_others(run);
              run.sends(1, 3);
            }),
            who + " was reported as sent, number 3");
  // In doubt it explains one number only, and this is the second.
  EXPECT_EQ(
      after([&](hand_made& run) {
        refuse_others(run);
        run.is_killed_sending(1);
        run.sends(1, 1);
      }),
      "producer 1 sequence " + std::to_string(sequence + 1) + " was reported as sent, number 1");
}

TEST(judge_excerpts, names_both_messages_of_one_number) {
  auto twice = numbered(2);
  twice.sends(0, 0);
  twice.sends(1, 1);
  twice.sends(1, 0);
  EXPECT_EQ(text_of(twice, rule::number_twice),
            "  producer 0 sequence 0 was reported as sent, number 0\n  producer 1 sequence 1 was "
            "reported as sent, number 0");
  auto falling = numbered();
  falling.sends(0, 4);
  falling.sends(0, 2);
  EXPECT_EQ(text_of(falling, rule::producer_order),
            "  producer 0 sequence 1 was reported as sent, number 2\n  after a message "
            "with number 4");
  auto sparse = numbered(1, 0);
  sparse.sends(0, 0);
  sparse.sends(0, 7);
  EXPECT_EQ(text_of(sparse, rule::skipped),
            "  a sender got number 7, but only 2 messages were begun");
}

// The lines behind the excerpt of the history.
std::string behind_the_events(const hand_made& run, rule expected) {
  const std::string text = text_of(run, expected);
  const std::size_t last = text.rfind(" event ");
  const std::size_t end = text.find('\n', last);
  return end == std::string::npos ? "" : text.substr(end + 1);
}

TEST(judge_excerpts, says_what_had_to_come_instead) {
  auto unknown = numbered(2);
  unknown.sends(0, 1);
  unknown.is_killed_sending(1);
  unknown.gets(0, {0, 0}, 1);
  EXPECT_EQ(behind_the_events(unknown, rule::skipped),
            "  number 0 had to come; nobody knows its message");
  auto aborted = numbered(2, 2);
  aborted.sends(0, 1);
  aborted.is_killed_sending(1);
  aborted.is_told(0, event_kind::aborted, 0);
  aborted.gets(0, {0, 0}, 1);
  aborted.gets(1, {0, 0}, 1);
  EXPECT_EQ(behind_the_events(aborted, rule::skipped), "  number 0 had to come; it was aborted");
  auto beyond = numbered(2);
  beyond.sends(0, 0);
  beyond.is_killed_sending(1);
  beyond.gets(0, {0, 0}, 0);
  beyond.is_told(0, event_kind::aborted, 2);
  EXPECT_EQ(behind_the_events(beyond, rule::skipped),
            "  number 1 had to come; nobody knows its message");
}

TEST(judge_excerpts, says_why_an_abort_is_wrong) {
  auto committed = numbered();
  committed.sends(0, 0);
  committed.is_told(0, event_kind::aborted, 0);
  EXPECT_EQ(behind_the_events(committed, rule::committed_aborted),
            "  producer 0 sequence 0 was reported as sent, number 0");
  auto of_another = numbered(1, 2);
  of_another.is_killed_sending(0);
  of_another.gets(0, {0, 0}, 0);
  of_another.is_told(1, event_kind::aborted, 0);
  EXPECT_EQ(behind_the_events(of_another, rule::disagreement),
            "  another receiver got its message");
  auto one_too_many = numbered(2);
  one_too_many.is_killed_sending(0);
  one_too_many.is_killed_sending(1);
  one_too_many.gets(0, {0, 0}, 0);
  one_too_many.is_told(0, event_kind::aborted, 1, 2);
  EXPECT_EQ(behind_the_events(one_too_many, rule::aborted_without_cause),
            "  2 numbers were aborted and 1 messages in doubt arrived; 2 were in doubt");
}

TEST(judge_excerpts, says_why_a_loss_an_order_or_a_restart_is_wrong) {
  auto lost = numbered(1, 1, 1);
  for (std::uint64_t n = 0; n < 20; ++n) lost.sends(0, n);
  lost.is_killed_sending(0);
  lost.logs.receiver(0).now = stage::dead;
  lost.is_told(1, event_kind::lost, 0, 14);
  EXPECT_EQ(behind_the_events(lost, rule::lost_not_overwritten),
            "  there are 8 slots and numbers up to 20 at the most");
  auto order = numbered();
  const std::uint64_t doubtful = long_one(order, 0, 1);
  for (std::uint64_t s = 0; s < doubtful; ++s) order.is_refused(0);
  order.is_killed_sending(0);
  order.sends(0, 0);
  order.gets(0, {0, doubtful + 1}, 0);
  order.gets(0, {0, doubtful}, 1);
  EXPECT_EQ(behind_the_events(order, rule::producer_order),
            "  producer 0 sequence " + std::to_string(doubtful) +
                " is in doubt: its sender was killed inside the call");
  for (const bool early : {true, false}) {
    auto run = numbered();
    for (std::uint64_t n = 0; n < 6; ++n) run.sends(0, n);
    for (std::uint64_t n = 0; n < 4; ++n) {
      run.gets(0, {0, n}, static_cast<std::int64_t>(n));
      if (n == 1) run.releases(0);
    }
    run.is_killed_and_comes_back(0);
    run.gets(0, {0, early ? 1U : 5U}, early ? 1 : 5);
    EXPECT_EQ(
        behind_the_events(run, early ? rule::redelivered_released : rule::skipped_after_restart),
        early ? "  it had released everything below 2" : "  it had got everything below 4");
  }
}

TEST(judge_excerpts, says_of_a_queue_without_numbers_what_was_to_come) {
  auto again = unnumbered(kind::single);
  for (int i = 0; i < 3; ++i) again.sends(0);
  again.is_refused(0);
  again.sends(0);
  for (const std::uint64_t s : {0U, 1U, 2U, 1U}) again.gets(0, {0, s});
  EXPECT_EQ(behind_the_events(again, rule::duplicate),
            "  next had to come: producer 0 sequence 4 was reported as sent");
  auto count = unnumbered(kind::lossy);
  for (int i = 0; i < 4; ++i) count.sends(0);
  count.is_told(0, event_kind::lost, -1, 5);
  count.gets(0, {0, 3});
  EXPECT_EQ(behind_the_events(count, rule::loss_count),
            "  3 messages are missing before it, 5 were reported");
  auto shared = unnumbered(kind::competing);
  for (int i = 0; i < 4; ++i) shared.sends(0);
  shared.gets(0, {0, 3});
  shared.gets(0, {0, 1});
  EXPECT_EQ(behind_the_events(shared, rule::producer_order), "  after sequence 3 of this producer");
  auto sum = unnumbered(kind::lossy, 2);
  for (int i = 0; i < 4; ++i) sum.sends(1);
  sum.is_told(0, event_kind::lost, -1, 5);
  sum.gets(0, {1, 2});
  EXPECT_EQ(text_of(sum, rule::loss_count),
            "  consumer 0: 3 messages never arrived, 5 were reported as lost");
  auto tail = unnumbered(kind::durable);
  for (int i = 0; i < 4; ++i) tail.sends(0);
  for (const std::uint64_t s : {0U, 1U, 2U}) tail.gets(0, {0, s});
  tail.is_killed_and_comes_back(0);
  tail.gets(0, {0, 0});
  tail.gets(0, {0, 3});
  const std::string text = text_of(tail, rule::skipped_after_restart);
  EXPECT_EQ(text.substr(text.rfind('\n') + 1),
            "  event 2 had to be repeated: " + message_text(tail, {0, 1}));
}

TEST(judge_excerpts, shows_both_orders_of_two_consumers) {
  auto run = unnumbered(kind::broadcast, 2, 2);
  run.sends(0);
  run.sends(1);
  for (unsigned r = 0; r < 2; ++r) {
    run.gets(r, {r, 0});
    run.gets(r, {1 - r, 0});
  }
  const std::string zero = message_text(run, {0, 0});
  const std::string one = message_text(run, {1, 0});
  EXPECT_EQ(text_of(run, rule::disagreement),
            "  a different order in the history of consumer 0:\n    event 0: attached (incarnation "
            "0)\n  > event 1: " +
                zero + "\n    event 2: " + one +
                "\n  at the same place in the history of consumer 1:\n    event 0: attached "
                "(incarnation 0)\n  > event 1: " +
                one + "\n    event 2: " + zero);
}

TEST(judge_excerpts, says_where_a_receiver_stopped) {
  auto lost = numbered(1, 2);
  for (std::uint64_t n = 0; n < 5; ++n) lost.sends(0, n);
  for (std::uint64_t n = 0; n < 5; ++n) lost.gets(0, {0, n}, static_cast<std::int64_t>(n));
  for (std::uint64_t n = 0; n < 3; ++n) lost.gets(1, {0, n}, static_cast<std::int64_t>(n));
  EXPECT_EQ(text_of(lost, rule::lost_message),
            "  consumer 1 saw nothing from number 3 on\n  producer 0 sequence 3 was reported as "
            "sent, number 3");
  auto stuck = numbered();
  stuck.sends(0, 0);
  stuck.gets(0, {0, 0}, 0);
  stuck.is_killed_sending(0);
  stuck.sends(0, 2);
  EXPECT_EQ(text_of(stuck, rule::stuck),
            "  consumer 0 stayed before number 1 although its sender is dead: it got neither "
            "a message nor a report that it was aborted; numbers below 3 were sent");
}

TEST(judge_excerpts, G11_says_of_a_run_that_stalled_where_everybody_stands) {
  hand_made_shape shape;
  shape.producers = 2;
  shape.observers = 1;
  shape.messages = 9;
  shape.promises = numbered_promises();
  hand_made run(shape);
  run.sends(0, 0);
  run.logs.facts().ended = run_end::stalled;
  run.logs.sender(0).now = stage::running;
  run.logs.sender(0).in_call = 1;
  run.logs.sender(0).kills = 3;
  run.logs.sender(1).now = stage::absent;
  run.logs.receiver(0).now = stage::attaching;
  run.logs.receiver(0).position = 7;
  run.logs.receiver(0).kills = 2;
  run.logs.receiver(1).now = stage::dead;
  EXPECT_EQ(text_of(run, rule::stuck),
            "  the run stood still"
            "\n  producer 0: running, 1 of 5 answered, inside send, 3 kills"
            "\n  producer 1: absent, 0 of 4 answered, 0 kills"
            "\n  consumer 0: attaching, stands at 7, 2 kills"
            "\n  observer 0: dead, stands at 0, 0 kills");
  run.logs.facts().ended = run_end::timed_out;
  run.logs.sender(1).now = stage::ready;
  run.logs.receiver(0).now = stage::finished;
  const std::string text = run.judged().text();
  EXPECT_EQ(text.find("unknown: the time limit of the run passed\n  producer 0: running"), 0U);
  EXPECT_NE(text.find("producer 1: ready"), std::string::npos);
  EXPECT_NE(text.find("consumer 0: finished"), std::string::npos);
}

TEST(judge_excerpts, G11_names_the_call_in_which_an_actor_stays_and_its_deadline) {
  constexpr std::int64_t ms = 1'000'000;
  auto run = numbered(2, 2);
  run.logs.facts().ended = run_end::stalled;
  run.logs.facts().ended_at = 20000 * ms;
  run.logs.facts().quiet_ms = 10013;
  for (unsigned i = 0; i < 2; ++i) {
    run.logs.sender(i).now = run.logs.receiver(i).now = stage::running;
    run.logs.sender(i).in_call = 1;
    run.logs.receiver(i).in_call = 2;
  }
  run.logs.sender(0).call_deadline = 20007 * ms;
  run.logs.sender(1).call_deadline = 16000 * ms;
  run.logs.receiver(0).call_deadline = 11000 * ms;
  run.logs.receiver(1).call_deadline = 20000 * ms;
  run.logs.receiver(1).in_call = 1;
  EXPECT_EQ(text_of(run, rule::stuck),
            "  the run stood still: no actor went on for 10013 ms"
            "\n  producer 0: running, 0 of 4096 answered, inside send, 7 ms before its deadline, "
            "0 kills"
            "\n  producer 1: running, 0 of 4096 answered, inside send, 4000 ms past its deadline, "
            "0 kills"
            "\n  consumer 0: running, stands at 0, inside receive, 9000 ms past its deadline, "
            "0 kills"
            "\n  consumer 1: running, stands at 0, outside its calls, 0 kills");
}

// A run of which only the last `arrived` messages reach the receivers that may lose some.
hand_made overwriting(kind which, unsigned observers, std::uint64_t sent, std::uint64_t arrived) {
  hand_made_shape shape;
  shape.messages = sent;
  shape.consumers = which == kind::competing ? 2 : 1;
  shape.observers = observers;
  shape.promises.lossy = observers == 0;
  shape.promises.competing = which == kind::competing;
  hand_made run(shape);
  sends(run, 0, static_cast<int>(sent));
  for (std::uint64_t s = 0; observers != 0 && s < sent; ++s) run.gets(0, {0, s});
  const unsigned last = run.logs.receivers() - 1;
  run.is_told(last, event_kind::lost, -1, sent - arrived);
  for (std::uint64_t s = sent - arrived; s < sent; ++s) run.gets(last, {0, s});
  return run;
}

TEST(judge_excerpts, G5_leaves_undecided_what_saw_too_little) {
  for (const auto& [which, observers] :
       {std::pair{kind::lossy, 0U}, {kind::competing, 0U}, {kind::single, 1U}}) {
    expect_ok(overwriting(which, observers, 100, 10));
    expect_ok(overwriting(which, observers, 99, 1));  // of too few to say that it is too little
    const verdict found = overwriting(which, observers, 100, 9).judged();
    EXPECT_EQ(found.answer, outcome::unknown);
    EXPECT_EQ(found.excerpt.find("too little was seen to judge: 9 of 100 messages arrived where "
                                 "messages may be lost; below 10 % a run shows next to nothing\n"),
              0U)
        << found.text();
  }
}

}  // namespace
}  // namespace shmfifo::harness
