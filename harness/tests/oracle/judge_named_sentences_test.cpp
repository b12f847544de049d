// SPDX-License-Identifier: MIT
// Goal and method as in judge_sentences_test.cpp, of queues without numbers.
#include <gtest/gtest.h>

#include <string>

#include "sentences.hpp"

namespace shmfifo::harness {
namespace {

// Two receivers or more, of which the first one has got something and never finished.
hand_made shared_out(kind which, bool capabilities::*word = nullptr) {
  auto run = unnumbered(which, 2, 2);
  if (word != nullptr) run.logs.facts().promises.*word = true;
  for (const unsigned p : {0U, 1U}) sends(run, p, 6);
  gets(run, 0, 0, {0, 1});
  return run;
}

TEST(judge_sentences, of_messages_that_came_before) {
  auto competing = shared_out(kind::competing);
  gets(competing, 0, 1, {1});
  gets(competing, second_receiver, 1, {0, 1});
  expect_sentence(competing, second_receiver, {rule::duplicate, "a message that came before", ""});
  auto late = shared_out(kind::competing);
  gets(late, second_receiver, 1, {0, 3, 2});
  expect_sentence(
      late, second_receiver,
      {rule::producer_order, "a message too late", "after sequence 3 of this producer"});

  auto unordered = shared_out(kind::broadcast, &capabilities::unordered);
  unordered.logs.receiver(0).now = stage::dead;
  gets(unordered, second_receiver, 1, {3, 0, 3});
  expect_sentence(unordered, second_receiver, {rule::duplicate, "a message that came before", ""});
  auto released = shared_out(kind::broadcast, &capabilities::unordered);
  released.logs.facts().promises.durable = true;
  released.logs.receiver(0).now = stage::dead;
  gets(released, second_receiver, 1, {3, 0});
  released.releases(second_receiver);
  gets(released, second_receiver, 1, {1});
  released.is_killed_and_comes_back(second_receiver);
  gets(released, second_receiver, 1, {1, 0});
  expect_sentence(released, second_receiver,
                  {rule::redelivered_released, "a message again", "it came at event 2"});

  for (const bool at_once : {true, false}) {
    auto durable = shared_out(kind::broadcast, &capabilities::durable);
    durable.logs.receiver(0).now = stage::dead;
    gets(durable, second_receiver, 1, {0, 1});
    durable.releases(second_receiver);
    durable.is_killed_and_comes_back(second_receiver);
    if (!at_once) gets(durable, second_receiver, 1, {2});
    gets(durable, second_receiver, 1, {1});
    expect_sentence(durable, second_receiver,
                    {at_once ? rule::redelivered_released : rule::duplicate, "a message again",
                     "it came at event 2"});
  }
  auto gap = shared_out(kind::broadcast, &capabilities::durable);
  gap.logs.receiver(0).now = stage::dead;
  gets(gap, second_receiver, 1, {0, 1, 2});
  gap.is_killed_and_comes_back(second_receiver);
  gets(gap, second_receiver, 1, {0, 2, 3});
  gap.logs.receiver(second_receiver).logged -= 1;
  expect_sentence(gap, second_receiver,
                  {rule::skipped_after_restart, "a repetition with a gap",
                   "event 2 had to be repeated: " + line_of(gap.logs.told(second_receiver)[2])});
}

TEST(judge_sentences, of_messages_in_the_wrong_place) {
  for (const bool again : {true, false}) {
    auto run = shared_out(kind::broadcast);
    run.logs.receiver(0).now = stage::dead;
    run.logs.facts().promises.buffered = true;
    run.logs.sender(1).kills = 1;
    gets(run, second_receiver, 1, {0, 2});
    gets(run, second_receiver, 1, {again ? 2U : 1U});
    expect_sentence(run, second_receiver,
                    {again ? rule::duplicate : rule::producer_order,
                     again ? "a message again" : "a message too late",
                     "next had to come: producer 1 sequence 3 was reported as sent"});
  }
  for (const bool late : {true, false}) {
    auto run = shared_out(kind::broadcast);
    run.logs.receiver(0).now = stage::dead;
    gets(run, second_receiver, 1, {0, 2});
    gets(run, second_receiver, 1, {late ? 1U : 3U});
    expect_sentence(run, second_receiver,
                    {late ? rule::producer_order : rule::lost_message, "a gap",
                     "before it: producer 1 sequence 1 was reported as sent, and " +
                         std::string(late ? "arrived later" : "never arrived")},
                    2);
  }
  auto count = unnumbered(kind::lossy, 1, 2);
  count.logs.facts().promises.broadcast = true;
  count.logs.receiver(0).now = stage::dead;
  sends(count, 0, 6);
  gets(count, second_receiver, 0, {0});
  count.is_told(second_receiver, event_kind::lost, -1, 4);
  gets(count, second_receiver, 0, {3});
  expect_sentence(
      count, second_receiver,
      {rule::loss_count, "a wrong count", "2 messages are missing before it, 4 were reported"});
}

TEST(judge_sentences, of_reports_that_are_wrong) {
  for (const kind which : {kind::broadcast, kind::competing}) {
    for (bool capabilities::*word : {&capabilities::recoverable, &capabilities::unordered}) {
      auto run = shared_out(which, word);
      run.logs.receiver(0).now = stage::dead;
      gets(run, second_receiver, 1, {0, 1});
      const auto with = [&](event_kind kind) {
        run.logs.receiver(second_receiver).logged = 3;
        run.is_told(second_receiver, kind, -1, 2);
        return &run;
      };
      expect_sentence(*with(event_kind::invalid), second_receiver,
                      {rule::invalid_message, "an invalid number", ""});
      expect_sentence(*with(event_kind::lost), second_receiver,
                      {rule::loss_not_allowed, "a loss", ""});
      run.is_killed_sending(1);
      expect_sentence(*with(event_kind::aborted), second_receiver,
                      {rule::aborted_without_cause, "an abort", ""});
    }
  }
}

TEST(judge_sentences, of_messages_that_no_producer_sent) {
  for (const kind which : {kind::broadcast, kind::competing}) {
    auto run = shared_out(which);
    run.logs.receiver(0).now = stage::dead;
    gets(run, second_receiver, 1, {0});
    gets(run, second_receiver, 1, {6});
    expect_sentence(run, second_receiver,
                    {rule::phantom_message, "a message that nobody sent",
                     "producer 1 sequence 6 was never begun"});
    run.logs.sender(1).started = 7;
    run.logs.receiver(second_receiver).logged -= 1;
    gets(run, second_receiver, 1, {7});
    expect_sentence(run, second_receiver,
                    {rule::phantom_message, "a message that nobody sent",
                     "producer 1 sequence 7 was never begun"});
  }
  for (bool capabilities::*word : {&capabilities::unordered, &capabilities::competing}) {
    auto run = shared_out(kind::broadcast, word);
    run.logs.receiver(0).now = stage::dead;
    gets(run, second_receiver, 1, {0});
    run.gets(second_receiver, {1, 1}).length = 7;
    expect_sentence(run, second_receiver, {rule::content, "a message that names no producer", ""});
  }
}

TEST(judge_sentences, of_the_message_that_had_to_come_instead) {
  for (const bool refused : {true, false}) {
    auto run = shared_out(kind::broadcast);
    run.logs.receiver(0).now = stage::dead;
    gets(run, second_receiver, 1, {0, 1, 2, 3, 4, 5});
    if (refused) run.is_refused(1);
    if (refused) run.sends(1);
    if (!refused) run.logs.sender(1).started = 7;
    gets(run, second_receiver, 1, {4});
    expect_sentence(run, second_receiver,
                    {rule::duplicate, "a message again",
                     refused ? "next had to come: producer 1 sequence 7 was reported as sent"
                             : "next had to come: producer 1 sequence 6 was begun, without an "
                               "answer yet"});
  }
}

TEST(judge_sentences, of_a_message_of_no_producer) {
  for (const kind which : {kind::broadcast, kind::competing}) {
    auto run = shared_out(which);
    run.logs.receiver(0).now = stage::dead;
    run.gets(second_receiver, {2, 0});
    const verdict found = run.judged();
    EXPECT_EQ(found.broken, rule::phantom_message);
    EXPECT_EQ(found.excerpt.find("  a message of no producer in the history of consumer 1:\n    "
                                 "event 0: attached (incarnation 0)\n  > event 1: message of "),
              0U)
        << found.excerpt;
  }
}

TEST(judge_sentences, of_what_never_arrived) {
  auto competing = shared_out(kind::competing);
  gets(competing, 0, 0, {2, 3, 4, 5});
  gets(competing, second_receiver, 1, {0, 1, 3, 4, 5});
  EXPECT_EQ(competing.judged().excerpt,
            "  producer 1 sequence 2 was reported as sent, and no consumer got it");
  competing.logs.facts().promises.lossy = true;
  competing.is_told(second_receiver, event_kind::lost, -1, 3);
  EXPECT_EQ(competing.judged().excerpt, "  1 messages never arrived, 3 were reported as lost");

  for (const bool competes : {true, false}) {
    auto run = shared_out(competes ? kind::competing : kind::broadcast, &capabilities::unordered);
    gets(run, 0, 0, {2, 3, 4, 5});
    if (!competes) gets(run, 0, 1, {0, 1, 2, 3, 4, 5});
    if (!competes) gets(run, second_receiver, 0, {0, 1, 2, 3, 4, 5});
    gets(run, second_receiver, 1, {0, 1, 3, 5});
    const std::string who = competes ? "any consumer" : "consumer 1";
    EXPECT_EQ(run.judged().excerpt,
              "  producer 1 sequence 2 was reported as sent, and never arrived at " + who);
    run.logs.facts().promises.lossy = true;
    run.is_told(second_receiver, event_kind::lost, -1, 3);
    EXPECT_EQ(run.judged().excerpt,
              "  2 messages never arrived at " + who + ", 3 were reported as lost");
  }

  auto ordered = shared_out(kind::broadcast);
  ordered.logs.receiver(0).now = stage::dead;
  gets(ordered, second_receiver, 0, {0, 1, 2, 3, 4, 5});
  gets(ordered, second_receiver, 1, {0, 1, 2, 3});
  EXPECT_EQ(ordered.judged().excerpt,
            "  producer 1 sequence 4 was reported as sent, and never arrived at consumer 1");
}

TEST(judge_sentences, of_short_messages) {
  auto run = unnumbered(kind::broadcast, 1, 2);
  run.logs.facts().shortest = 0;
  run.logs.receiver(0).now = stage::dead;
  const std::uint64_t middle = short_one(run, 0, 3);
  sends(run, 0, static_cast<int>(middle) + 3);
  for (std::uint64_t s = 0; s < middle; ++s) run.gets(second_receiver, {0, s});
  run.gets(second_receiver, {0, middle}).identity ^= 1;
  expect_sentence(run, second_receiver,
                  {rule::content, "not the next message",
                   std::to_string(run.logs.content().length({0, middle})) +
                       " bytes were to come: " + named({0, middle}) + " was reported as sent"});
}

TEST(judge_sentences, of_numbers_of_what_is_judged_by_names) {
  auto run = shared_out(kind::competing);
  run.logs.facts().promises.numbered = true;
  run.logs.facts().shortest = content_source::self_naming;
  run.logs.receiver(0).now = stage::dead;
  run.sends(1, 20);
  gets(run, second_receiver, 1, {0, 1});
  run.gets(second_receiver, {1, 6}, 21);
  gets(run, second_receiver, 1, {});
  expect_sentence(run, second_receiver,
                  {rule::wrong_message, "a message under another number",
                   "producer 1 sequence 6 was reported as sent, number 20"});
  run.sends(1, 20);
  EXPECT_EQ(run.judged().excerpt,
            "  producer 1 sequence 6 was reported as sent, number 20\n  producer 1 sequence 7 was "
            "reported as sent, number 20");
}

}  // namespace
}  // namespace shmfifo::harness
