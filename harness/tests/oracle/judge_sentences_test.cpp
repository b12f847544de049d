// SPDX-License-Identifier: MIT
// Goal: each finding shows the event that is wrong, in the log where it is, with the right words.
// Method: for each sentence of the judge one history by hand, in which a receiver that is not the
// first one gets something wrong of a producer that is not the first one; the whole text is
// compared.
#include <gtest/gtest.h>

#include <string>

#include "sentences.hpp"

namespace shmfifo::harness {
namespace {

// -- with numbers: producer 0 sends number 0, the second consumer gets it, the first one died

hand_made begun(bool observed = false) {
  auto run = observed ? numbered(2, 1, 1) : numbered(2, 2);
  run.logs.receiver(0).now = stage::dead;
  run.sends(0, 0);
  run.gets(second_receiver, {0, 0}, 0);
  return run;
}
// Producer 1's next message that names itself, or does not, is in doubt.
message_id doubt(hand_made& run, bool names_itself = true) {
  const std::uint64_t from = run.logs.sender(1).logged;
  const std::uint64_t sequence = names_itself ? long_one(run, 1, from) : short_one(run, 1, from);
  refuse_up_to(run, 1, sequence);
  run.is_killed_sending(1);
  return {1, sequence};
}

TEST(judge_sentences, of_messages_in_doubt) {
  auto twice = begun();
  const message_id came = doubt(twice);
  twice.gets(second_receiver, came, 1);
  twice.gets(second_receiver, came, 2);
  expect_sentence(twice, second_receiver,
                  {rule::duplicate, "a message twice", "this message came under number 1 already"});

  auto late = begun();
  const message_id older = doubt(late);
  late.sends(1, 1);
  late.gets(second_receiver, {1, older.sequence + 1}, 1);
  late.gets(second_receiver, older, 2);
  expect_sentence(late, second_receiver,
                  {rule::producer_order, "a message not between its producer's others",
                   named(older) + " is in doubt: its sender was killed inside the call"});

  auto known = begun();
  const std::uint64_t sent = long_one(known, 1);
  refuse_up_to(known, 1, sent);
  known.sends(1, 5);
  known.gets(second_receiver, {1, sent}, 1);
  expect_sentence(known, second_receiver,
                  {rule::wrong_message, "a number that no sender got",
                   named({1, sent}) + " was reported as sent, number 5"});

  auto running = begun();  // a run that was cut short: the sender waits for its answer
  const std::uint64_t waiting = long_one(running, 1);
  refuse_up_to(running, 1, waiting);
  running.logs.sender(1).started = waiting + 1;
  running.gets(second_receiver, {1, waiting}, 1);
  running.gets(second_receiver, {1, waiting}, 1);
  expect_sentence(
      running, second_receiver,
      {rule::duplicate, "the wrong number", "number 2 had to come; nobody knows its message"});
  running.logs.receiver(second_receiver).logged = 2;
  running.sends(0, 1);
  running.gets(second_receiver, {1, waiting}, 1);
  expect_sentence(running, second_receiver,
                  {rule::wrong_message, "the message of another number",
                   "producer 0 sequence 1 was reported as sent, number 1"});

  auto fits_none = begun();
  const message_id shorter = doubt(fits_none, false);
  fits_none.gets(second_receiver, shorter, 1).identity ^= 1;
  expect_sentence(
      fits_none, second_receiver,
      {rule::wrong_message, "a number that no sender got", "and no message in doubt fits"});

  auto too_many = begun();
  const message_id only = doubt(too_many, false);
  too_many.gets(second_receiver, only, 1);
  too_many.gets(second_receiver, only, 2);
  expect_sentence(too_many, second_receiver,
                  {rule::wrong_message, "a number that no sender got",
                   "and each message in doubt that fits came under another number"});
}

TEST(judge_sentences, of_numbers_that_cannot_be) {
  auto beyond = begun();
  beyond.is_told(second_receiver, event_kind::aborted, 5000, 2);
  expect_sentence(
      beyond, second_receiver,
      {rule::phantom_message, "numbers that do not exist", "numbers below 1 were given out"});
  auto invalid = begun();
  invalid.is_told(second_receiver, event_kind::invalid, 1);
  expect_sentence(invalid, second_receiver, {rule::invalid_message, "an invalid number", ""});

  auto run = numbered(2, 1);
  run.sends(0, 1);
  run.sends(1, 2);
  run.sends(1, 1);
  EXPECT_EQ(run.judged().excerpt,
            "  producer 0 sequence 0 was reported as sent, number 1\n  producer 1 sequence 1 was "
            "reported as sent, number 1");
  auto falling = numbered(2, 1);
  falling.sends(1, 2);
  falling.sends(1, 0);
  EXPECT_EQ(falling.judged().excerpt,
            "  producer 1 sequence 1 was reported as sent, number 0\n"
            "  after a message with number 2");
  auto without = numbered(2, 1);
  without.sends(1, 0);
  without.sends(1);
  EXPECT_EQ(without.judged().excerpt,
            "  producer 1 sequence 1 was reported as sent: without a number");
  auto too_high = numbered(2, 0);
  too_high.sends(1, 0);
  too_high.sends(1, 70000);
  EXPECT_EQ(too_high.judged().excerpt,
            "  a sender got number 70000, but only 2 messages were begun");
}

TEST(judge_sentences, of_the_wrong_number_or_message) {
  for (const bool early : {true, false}) {
    auto run = begun();
    for (std::uint64_t n = 1; n < 6; ++n) {
      run.sends(1, n);
      if (n < 4) run.gets(second_receiver, {1, n - 1}, static_cast<std::int64_t>(n));
      if (n == 1) run.releases(second_receiver);
    }
    run.is_killed_and_comes_back(second_receiver);
    run.gets(second_receiver, {1, early ? 0U : 4U}, early ? 1 : 5);
    const sentence expected = early ? sentence{rule::redelivered_released, "a restart too early",
                                               "it had released everything below 2"}
                                    : sentence{rule::skipped_after_restart, "a restart too late",
                                               "it had got everything below 4"};
    expect_sentence(run, second_receiver, expected);
  }

  auto of_another = begun();
  of_another.logs.receiver(0).logged = 1;
  const message_id shorter = doubt(of_another, false);
  of_another.gets(0, {0, 0}, 0);
  of_another.gets(0, shorter, 1);
  of_another.sends(0, 2);
  of_another.gets(second_receiver, {0, 1}, 2);
  expect_sentence(of_another, second_receiver,
                  {rule::skipped, "the wrong number",
                   "number 1 had to come; another receiver got its message"});

  auto aborted = begun();
  const message_id came = doubt(aborted);
  aborted.gets(0, {0, 0}, 0);
  aborted.is_told(0, event_kind::aborted, 1);
  aborted.gets(second_receiver, came, 1);
  expect_sentence(aborted, second_receiver,
                  {rule::disagreement, "a message", "for another receiver it was aborted"});

  for (const bool answered : {true, false}) {
    auto run = begun();
    const message_id one = doubt(run);
    const message_id other = doubt(run);
    run.gets(0, {0, 0}, 0);
    if (answered) run.sends(1, 1);
    if (!answered) run.gets(0, one, 1);
    run.gets(second_receiver, other, 1);
    expect_sentence(
        run, second_receiver,
        {answered ? rule::wrong_message : rule::disagreement, "the message of another number",
         answered ? named({1, other.sequence + 1}) + " was reported as sent, number 1"
                  : "another receiver got a different message under this number"});
  }
}

TEST(judge_sentences, of_aborted_and_lost_numbers) {
  for (const bool answered : {true, false}) {
    auto run = begun();
    const message_id one = doubt(run);
    run.gets(0, {0, 0}, 0);
    if (answered) run.sends(1, 1);
    if (!answered) run.gets(0, one, 1);
    run.is_told(second_receiver, event_kind::aborted, 1);
    expect_sentence(run, second_receiver,
                    {answered ? rule::committed_aborted : rule::disagreement, "an abort",
                     answered ? named({1, one.sequence + 1}) + " was reported as sent, number 1"
                              : "another receiver got its message"});
  }

  auto one_too_many = begun();
  one_too_many.gets(second_receiver, doubt(one_too_many), 1);
  doubt(one_too_many);
  one_too_many.is_told(second_receiver, event_kind::aborted, 2, 2);
  expect_sentence(one_too_many, second_receiver,
                  {rule::aborted_without_cause, "one too many",
                   "2 numbers were aborted and 1 messages in doubt arrived; 2 were in doubt"});
  // The same, seen when the last message comes.
  auto comes = begun();
  const message_id late = doubt(comes);
  doubt(comes);
  comes.is_told(second_receiver, event_kind::aborted, 1, 2);
  comes.gets(second_receiver, late, 3);
  expect_sentence(comes, second_receiver,
                  {rule::aborted_without_cause, "one too many",
                   "2 numbers were aborted and 1 messages in doubt arrived; 2 were in doubt"});

  auto not_allowed = begun();
  not_allowed.is_told(second_receiver, event_kind::lost, 1);
  expect_sentence(not_allowed, second_receiver, {rule::loss_not_allowed, "a loss", ""});
  auto not_overwritten = begun(true);
  for (std::uint64_t n = 1; n < 20; ++n) not_overwritten.sends(1, n);
  not_overwritten.is_told(second_receiver, event_kind::lost, 1, 14);
  expect_sentence(
      not_overwritten, second_receiver,
      {rule::lost_not_overwritten, "a loss", "there are 8 slots and numbers up to 19 at the most"});
}

// -- whatever the queue promises

TEST(judge_sentences, of_messages_that_nobody_sent_or_that_are_damaged) {
  const auto with = [](auto&& change) {
    auto run = begun();
    const std::uint64_t sequence = long_one(run, 1);
    refuse_up_to(run, 1, sequence);
    run.sends(1, 1);
    change(run, run.gets(second_receiver, {1, sequence}, 1));
    return run;
  };
  expect_sentence(with([](hand_made&, event& entry) { entry.length = -1; }), second_receiver,
                  {rule::length, "a length that no message may have", ""});
  expect_sentence(with([](hand_made&, event& entry) {
                    entry.length = static_cast<std::int32_t>(hand_made::content_size) + 1;
                  }),
                  second_receiver, {rule::length, "a length that no message may have", ""});
  std::uint64_t sent = 0;
  const auto shortened = with([&](hand_made& run, event& entry) {
    sent = run.logs.content().length(unpack(entry.identity));
    entry.length += sent == hand_made::content_size ? -1 : 1;
    entry.sound = 0;
  });
  expect_sentence(shortened, second_receiver,
                  {rule::length, "a wrong length", std::to_string(sent) + " bytes were sent"});
  expect_sentence(with([](hand_made&, event& entry) { entry.sound = 0; }), second_receiver,
                  {rule::content, "wrong bytes", ""});

  auto never = begun();
  const std::uint64_t sequence = long_one(never, 1);
  never.sends(0, 1);
  never.gets(second_receiver, {1, sequence}, 1);
  expect_sentence(never, second_receiver,
                  {rule::phantom_message, "a message that nobody sent",
                   named({1, sequence}) + " was never begun"});
  refuse_up_to(never, 1, sequence + 1);
  expect_sentence(never, second_receiver,
                  {rule::phantom_message, "a message that nobody sent",
                   named({1, sequence}) + " was refused and given up"});
}

}  // namespace
}  // namespace shmfifo::harness
