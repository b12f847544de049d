// SPDX-License-Identifier: MIT
// Goal: actors attach in the order that the queue needs. Method: queues that note who attaches
// when, or in which both sides wait for each other.
#include <gtest/gtest.h>
#include <unistd.h>

#include "habitual_queue.hpp"
#include "shared_words.hpp"

namespace shmfifo::harness {
namespace {

enum : std::size_t { senders_there, receivers_there, too_early };

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
    can.late_receivers = false;
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
    const verdict found = judged(handshake(shared, start), crowd());
    EXPECT_EQ(found.broken, rule::stuck) << found.text();
    const char* who =
        start == start_order::receivers ? "consumer 1: attaching" : "producer 1: attaching";
    EXPECT_NE(found.excerpt.find(who), std::string::npos) << found.excerpt;
  }
}

}  // namespace
}  // namespace shmfifo::harness
