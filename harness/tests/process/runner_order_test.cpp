// SPDX-License-Identifier: MIT
// Goal: actors attach in the order that the queue needs. Method: queues that note each attachment,
// or in which both sides wait for each other.
#include <gtest/gtest.h>
#include <unistd.h>

#include "habitual_queue.hpp"
#include "shared_words.hpp"

namespace shmfifo::harness {
namespace {

enum : std::size_t { senders_there, receivers_there, too_early, sent_before };

run_options crowd() {
  run_options options = small_run();
  options.producers = options.consumers = 2;
  return options;
}

// Counts the actors of the first kind that attached before all of the second were there.
habits one_after_the_other(const shared_words& shared, start_order start) {
  habits own;
  own.on_promise = [start](capabilities& can) {
    can.start = start;
    can.late_receivers = start == start_order::together;  // which is impossible in a handshake
  };
  const auto count = [&shared](std::size_t own_kind, std::size_t others, bool waits) {
    ++shared[own_kind];
    if (waits && shared[others] < 2) ++shared[too_early];
  };
  own.on_attach_sender = [=] {
    count(senders_there, receivers_there, start == start_order::receivers);
  };
  own.on_attach_receiver = [=] {
    count(receivers_there, senders_there, start == start_order::senders);
  };
  return own;
}

TEST(runner_order, is_the_one_that_the_queue_asks_for) {
  for (const start_order start : {start_order::receivers, start_order::senders}) {
    const shared_words shared;
    const verdict found = judged(one_after_the_other(shared, start), crowd());
    EXPECT_TRUE(found.ok()) << found.text();
    EXPECT_EQ(shared[senders_there], 2U);
    EXPECT_EQ(shared[too_early], 0U);
  }
}

// The messages that had been sent when the i-th receiver attached are in sent_before + i.
habits noting_what_was_sent(const shared_words& shared) {
  habits own;
  own.on_attach_receiver = [&shared] {
    shared[sent_before + shared[receivers_there]++] = shared[senders_there].load();
  };
  own.on_send = [&shared](std::uint64_t) { ++shared[senders_there]; };
  return own;
}

TEST(runner_order, lets_receivers_be_late_where_the_queue_keeps_the_first_messages) {
  run_options options = small_run();
  options.slots = 200;
  for (const start_order start : {start_order::receivers, start_order::senders}) {
    const shared_words shared;
    habits own = noting_what_was_sent(shared);
    own.on_promise = [start](capabilities& can) { can.start = start; };
    const verdict found = judged(own, options);
    EXPECT_TRUE(found.ok()) << found.text();
    EXPECT_EQ(shared[sent_before], 100U);

    own.misses_the_first = true;
    EXPECT_EQ(judged(own, options).broken, rule::skipped);
  }
  const shared_words shared;
  habits own = noting_what_was_sent(shared);
  own.on_promise = [](capabilities& can) { can.late_receivers = false; };
  own.misses_the_first = true;
  const verdict found = judged(own, options);
  EXPECT_TRUE(found.ok()) << found.text();
  EXPECT_EQ(shared[sent_before], 0U);
}

// One of two, where each gets everything: both orders in one run.
TEST(runner_order, lets_some_receivers_be_late_and_others_not) {
  run_options options = small_run();
  options.slots = 200;
  options.consumers = 2;
  options.observers = 1;
  for (const char* around : {"right", "right_unnumbered"}) {
    const shared_words shared;
    habits own = noting_what_was_sent(shared);
    own.around = around;
    const verdict found = judged(own, options);
    EXPECT_TRUE(found.ok()) << found.text();
    EXPECT_EQ(shared[sent_before], 0U);
    EXPECT_EQ(shared[sent_before + 1], 0U) << "the observer";
    EXPECT_EQ(shared[sent_before + 2], 100U);
  }
  options.observers = 0;
  const shared_words shared;
  habits competing = noting_what_was_sent(shared);
  competing.around = "right_competing";
  EXPECT_TRUE(judged(competing, options).ok());
  EXPECT_EQ(shared[sent_before], 100U);
  EXPECT_EQ(shared[sent_before + 1], 100U);
}

// A queue that is full earlier is not waited for.
TEST(runner_order, lets_late_receivers_attach_when_the_queue_is_full) {
  run_options options = small_run();
  options.slots = 1000;
  options.release_every = 1;
  const shared_words shared;
  habits own = noting_what_was_sent(shared);
  own.on_shape = [](queue_shape& shape) { shape.slots = 10; };
  const verdict found = judged(own, options);
  EXPECT_TRUE(found.ok()) << found.text();
  EXPECT_GE(shared[sent_before], 11U) << "and once more, refused";
  EXPECT_LT(shared[sent_before], 500U);
}

// Attaching takes both sides.
habits handshake(const shared_words& shared, start_order start) {
  habits own = one_after_the_other(shared, start);
  const auto meet = [&shared](std::size_t own_kind, std::size_t others) {
    ++shared[own_kind];
    while (shared[others] < 2) ::usleep(100);
  };
  own.on_attach_sender = [=] { meet(senders_there, receivers_there); };
  own.on_attach_receiver = [=] { meet(receivers_there, senders_there); };
  return own;
}

TEST(runner_order, is_none_where_attaching_is_a_handshake) {
  const shared_words shared;
  const verdict found = judged(handshake(shared, start_order::together), crowd());
  EXPECT_TRUE(found.ok()) << found.text();
}

TEST(runner_order, G11_names_an_attachment_that_never_ends) {
  for (const start_order start : {start_order::receivers, start_order::senders}) {
    const shared_words shared;
    run_options options = crowd();
    options.stall_ms = impatient_run().stall_ms;
    const verdict found = judged(handshake(shared, start), options);
    EXPECT_EQ(found.broken, rule::stuck) << found.text();
    const char* who =
        start == start_order::receivers ? "consumer 1: attaching" : "producer 1: attaching";
    EXPECT_NE(found.excerpt.find(who), std::string::npos) << found.excerpt;
  }
}

}  // namespace
}  // namespace shmfifo::harness
