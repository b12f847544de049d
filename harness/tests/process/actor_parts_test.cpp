// SPDX-License-Identifier: MIT
// Goal: what actors and supervisor decide without a clock is right at each bound: who is late, how
// much is sent early, when a lull begins and ends, how long patience and permission last. Method:
// histories whose facts and states are set by hand, without a process.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "actor.hpp"
#include "habitual_queue.hpp"
#include "lulls.hpp"

namespace shmfifo::harness {
namespace {

struct scene {
  explicit scene(const run_options& asked, const capabilities& can = waiting())
      : options(asked), logs(shape_of(asked, can)), run{tested, logs, options} {}
  static capabilities waiting() {
    capabilities can;
    can.waits = can.many_producers = true;
    return can;
  }
  static history_shape shape_of(const run_options& asked, const capabilities& can) {
    history_shape shape;
    shape.seed = asked.seed;
    shape.queue.slots = asked.slots;
    shape.queue.producers = asked.producers;
    shape.queue.consumers = asked.consumers;
    shape.queue.observers = asked.observers;
    shape.queue.messages = asked.messages;
    shape.reuses_slots = asked.reuses_slots;
    shape.promises = can;
    return shape;
  }

  habitual_queue tested{habits{}};
  run_options options;
  histories logs;
  actor_context run;
};

run_options of(unsigned producers, std::uint64_t messages, std::uint64_t slots) {
  run_options options;
  options.producers = producers;
  options.messages = messages;
  options.slots = slots;
  return options;
}

// -- late receivers

TEST(late_receivers, are_the_consumers_of_a_queue_that_keeps_the_first_messages) {
  run_options options = of(1, 100, 10);
  options.consumers = 4;
  options.observers = 2;
  struct {
    bool keeps, broadcast;
    start_order start;
    std::string late;  // of each receiver
  } const rows[] = {{false, false, start_order::receivers, "000000"},
                    {true, false, start_order::receivers, "111100"},
                    {true, false, start_order::senders, "111100"},
                    {true, false, start_order::together, "000000"},
                    {true, true, start_order::receivers, "101000"}};
  for (const auto& row : rows) {
    capabilities can;
    can.late_receivers = row.keeps;
    can.broadcast = row.broadcast;
    can.start = row.start;
    const scene at(options, can);
    std::string late;
    for (unsigned i = 0; i < 6; ++i) late += is_late(at.logs.facts(), i) ? '1' : '0';
    EXPECT_EQ(late, row.late);
  }
}

TEST(late_receivers, find_half_a_ring_or_a_quarter_of_the_messages) {
  struct {
    run_options options;
    std::uint64_t fault_every;
    std::uint64_t first, second, last;  // of the first senders, and of the last one
  } const rows[] = {{of(1, 1000, 100), 0, 50, 0, 50},  {of(1, 100, 100), 0, 25, 0, 25},
                    {of(3, 1000, 100), 0, 17, 17, 16}, {of(3, 1000, 2), 0, 1, 0, 0},
                    {of(1, 3, 1), 0, 1, 0, 1},         {of(3, 1000, 100), 20, 7, 7, 6},
                    {of(3, 1000, 100), 80, 17, 17, 16}};
  for (const auto& row : rows) {
    run_options options = row.options;
    options.faults.pause = row.fault_every != 0;
    options.faults.every = row.fault_every;
    const scene at(options);
    EXPECT_EQ(early_messages(at.run, 0), row.first);
    if (options.producers > 1) {
      EXPECT_EQ(early_messages(at.run, 1), row.second);
    }
    EXPECT_EQ(early_messages(at.run, options.producers - 1), row.last);
  }
}

// -- lulls

// After how many logged messages each lull began, when each ends at once.
std::vector<std::uint64_t> lulls_of(const scene& at) {
  std::vector<std::uint64_t> begun;
  lull_schedule lulls(at.run);
  for (std::uint64_t logged = 0; logged <= at.options.messages; ++logged) {
    at.logs.sender(0).logged = logged;
    at.logs.sender(0).now = stage::finished;  // which ends a lull
    for (unsigned i = 0; i < 2; ++i) {
      lulls.tick();
      if (lulls.active()) begun.push_back(logged);
    }
    lulls.tick();
  }
  return begun;
}

TEST(lulls, begin_with_the_run_and_once_in_each_later_quarter) {
  const std::vector<std::uint64_t> begun = lulls_of(scene(of(1, 400, 10)));
  EXPECT_EQ(begun, (std::vector<std::uint64_t>{0, 100, 256, 330}));  // by the seed
}

TEST(lulls, are_none_where_a_queue_never_gets_full) {
  const auto with = [](auto&& change) {
    run_options options = of(1, 400, 200);
    capabilities can = scene::waiting();
    change(options, can);
    return lulls_of(scene(options, can)).size();
  };
  EXPECT_GT(with([](run_options&, capabilities&) {}), 1U);
  EXPECT_GT(with([](run_options&, capabilities& can) {
              can.waits = false;
              can.rejects = true;
            }),
            1U);
  EXPECT_EQ(with([](run_options&, capabilities& can) { can.waits = false; }), 0U);
  EXPECT_EQ(with([](run_options&, capabilities& can) { can.lossy = true; }), 0U);
  EXPECT_EQ(with([](run_options& options, capabilities&) { options.reuses_slots = false; }), 0U);
  EXPECT_EQ(with([](run_options& options, capabilities&) { options.consumers = 0; }), 0U);
  EXPECT_EQ(with([](run_options& options, capabilities&) { options.slots = 201; }), 0U);
}

TEST(lulls, end_when_the_only_sender_that_tries_was_refused_twice_since_the_others_hold) {
  const scene at(of(2, 400, 10));
  lull_schedule lulls(at.run);
  const actor_state& tries = at.logs.sender(0);
  for (unsigned i = 0; i < 2; ++i) at.logs.sender(i).now = stage::running;
  lulls.tick();
  EXPECT_EQ(at.logs.facts().lull, 1U);
  at.logs.sender(0).refusals = 5;
  lulls.tick();
  EXPECT_TRUE(lulls.active()) << "the other one has not been refused yet";
  at.logs.sender(1).holds = 1;
  lulls.tick();  // from here on it counts
  at.logs.sender(0).refusals = 6;
  lulls.tick();
  EXPECT_TRUE(lulls.active());
  at.logs.sender(0).refusals = 7;
  lulls.tick();
  EXPECT_FALSE(lulls.active());
  EXPECT_EQ(tries.holds, 0U);
}

TEST(lulls, let_another_sender_try_each_time) {
  for (std::uint32_t lull = 1; lull < 7; ++lull) {
    for (unsigned sender = 0; sender < 3; ++sender) {
      EXPECT_EQ(tries_in_lull(lull, sender, 3), sender == (lull - 1) % 3);
    }
  }
}

TEST(lulls, end_with_the_sender_that_tries_but_not_with_another_one) {
  for (const unsigned over : {0U, 1U}) {
    for (const stage end : {stage::finished, stage::dead}) {
      const scene at(of(2, 400, 10));
      lull_schedule lulls(at.run);
      for (unsigned i = 0; i < 2; ++i) at.logs.sender(i).now = stage::running;
      lulls.tick();
      at.logs.sender(over).now = end;
      lulls.tick();
      EXPECT_EQ(lulls.active(), over == 1);
    }
  }
}

TEST(lulls, do_not_wait_for_a_sender_that_is_over) {
  const scene at(of(2, 400, 10));
  lull_schedule lulls(at.run);
  at.logs.sender(0).now = stage::running;
  at.logs.sender(1).now = stage::dead;
  lulls.tick();
  for (const std::uint32_t refusals : {1U, 2U, 3U}) {
    EXPECT_TRUE(lulls.active()) << refusals;
    at.logs.sender(0).refusals = refusals;
    lulls.tick();
  }
  EXPECT_FALSE(lulls.active());
}

TEST(lulls, begin_afresh_each_time) {
  const scene at(of(2, 400, 10));
  lull_schedule lulls(at.run);
  for (unsigned i = 0; i < 2; ++i) at.logs.sender(i).now = stage::running;
  const auto refuse = [&](unsigned tries, std::uint32_t refusals) {
    at.logs.sender(tries).refusals = refusals;
    lulls.tick();
    return lulls.active();
  };
  for (int i = 0; i < 300; ++i) lulls.tick();
  at.logs.sender(1).holds = 1;
  EXPECT_TRUE(refuse(0, 9));
  EXPECT_FALSE(refuse(0, 11));
  EXPECT_FALSE(refuse(0, 20)) << "the next one is not due";
  at.logs.sender(0).logged = 400;
  at.logs.sender(0).holds = 1;
  at.logs.sender(1).holds = 0;
  EXPECT_TRUE(refuse(1, 3));
  EXPECT_EQ(at.logs.facts().lull, 2U);
  EXPECT_TRUE(refuse(1, 4));
  EXPECT_TRUE(refuse(1, 5));
  EXPECT_FALSE(refuse(1, 6));
  lulls.tick();
  EXPECT_EQ(at.logs.facts().lull, 3U);
  for (int i = 0; i < 500; ++i) lulls.tick();
  EXPECT_TRUE(lulls.active());
  lulls.tick();
  EXPECT_FALSE(lulls.active());
}

TEST(lulls, last_500_ticks_at_the_most) {
  const scene at(of(1, 400, 10));
  lull_schedule lulls(at.run);
  at.logs.sender(0).now = stage::running;
  lulls.tick();
  for (int i = 0; i < 500; ++i) lulls.tick();
  EXPECT_TRUE(lulls.active());
  lulls.tick();
  EXPECT_FALSE(lulls.active());
}

// -- deaths

TEST(patience, is_longer_after_a_death_where_the_queue_recovers) {
  for (const bool recoverable : {true, false}) {
    for (const std::uint64_t kills : {0U, 1U, 2U}) {
      capabilities can;
      can.recoverable = recoverable;
      can.recovery_ms = 700;
      const scene at(of(1, 400, 10), can);
      at.logs.facts().kills_begun = kills;
      EXPECT_EQ(patience(at.logs.facts(), 300).count(), recoverable && kills != 0 ? 1000 : 300);
    }
  }
}

TEST(second_chances, are_forty_after_each_kill_where_calls_may_fail) {
  capabilities can;
  const scene strict(of(1, 400, 10), can);
  strict.logs.facts().kills_begun = 1;
  EXPECT_FALSE(second_chances(strict.logs.facts()).take());

  can.fallible = true;
  const scene at(of(1, 400, 10), can);
  second_chances chances(at.logs.facts());
  EXPECT_FALSE(chances.take()) << "nobody died";
  EXPECT_FALSE(chances.used_up());
  at.logs.facts().kills_begun = 1;
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(chances.take()) << i;
  EXPECT_FALSE(chances.used_up());
  EXPECT_FALSE(chances.take());
  EXPECT_TRUE(chances.used_up());
  at.logs.facts().kills_begun = 2;
  EXPECT_TRUE(chances.take());
  EXPECT_FALSE(chances.used_up());
}

// A guarded body that throws complains, and its result is the exit code otherwise.
TEST(run_guarded, passes_the_result_on_or_complains) {
  const scene at(of(1, 400, 10));
  actor_state& self = at.logs.sender(0);
  EXPECT_EQ(run_guarded(self, "", [] { return 7; }), 7);
  EXPECT_EQ(self.complained.broken.load(), rule::none);
  EXPECT_EQ(run_guarded(self, "meddler: ", []() -> int { throw std::runtime_error("no way"); }),
            exit_complained);
  EXPECT_EQ(self.complained.broken.load(), rule::failure);
  EXPECT_STREQ(self.text, "meddler: no way");
  std::set_terminate(nullptr);
}

// -- what cannot be run

using asked = run_options;
using words = capabilities;

// Why a queue that promises this refuses a run.
template <class Ask>
std::string refusal(Ask&& ask) {
  run_options options = small_run();
  habits own;
  capabilities can;
  ask(options, can);
  own.on_promise = [&can](capabilities& all) { all = can; };
  try {
    static_cast<void>(judged(own, options));
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return "not refused";
}

TEST(runner, says_what_a_queue_does_not_promise) {
  EXPECT_EQ(refusal([](asked& run, words&) { run.producers = 0; }), "a run needs a producer");
  EXPECT_EQ(refusal([](asked& run, words&) { run.producers = 2; }),
            "this queue promises one producer only: use --producers 1");
  EXPECT_EQ(refusal([](asked& run, words&) { run.consumers = 2; }),
            "this queue promises one consumer only: use --consumers 1");
  EXPECT_EQ(refusal([](asked& run, words&) { run.observers = 1; }),
            "this queue promises no observers: use --observers 0");
  EXPECT_EQ(refusal([](asked& run, words&) { run.intruder = true; }),
            "an intruder is a second producer: this queue does not promise to refuse it "
            "(exclusive)");
  EXPECT_EQ(refusal([](asked& run, words& can) {
              run.churn_every = 1;
              can.permanent_senders = true;
            }),
            "a producer that leaves this queue cannot come back (permanent_senders): no churn");
  EXPECT_EQ(refusal([](asked& run, words&) { run.messages = std::uint64_t{1} << 40; }),
            "too many messages for one run");
  EXPECT_EQ(refusal([](asked& run, words&) { run.content_size = 0; }),
            "the content size is at least one byte");
}

TEST(runner, refuses_nothing_that_is_promised) {
  // The last sentence comes only if none before it did.
  for (const auto& ask : {+[](asked&run, words&can) {
                            run.producers = 2;
                            can.many_producers = true;
                          },
                          +[](asked&run, words&can) {
                            run.consumers = 2;
                            can.broadcast = true;
                          },
                          +[](asked&run, words&can) {
                            run.consumers = 2;
                            can.competing = true;
                          },
                          +[](asked&run, words&can) {
                            run.observers = 1;
                            can.observers = true;
                          },
                          +[](asked&run, words&can) {
                            run.intruder = true;
                            can.exclusive = true;
                          },
                          +[](asked&run, words&) { run.churn_every = 1; },
                          +[](asked&, words&can) { can.permanent_senders = true; },
                          +[](asked&run, words&) { run.messages = sequence_mask; }}) {
    EXPECT_EQ(refusal([&ask](asked& run, words& can) {
                ask(run, can);
                run.content_size = 0;
              }),
              "the content size is at least one byte");
  }
}

TEST(runner, says_when_messages_must_name_themselves) {
  const std::string names =
      "this queue needs a content size of at least 8 here, so that each message names itself";
  for (bool words::*word :
       {&words::competing, &words::broadcast, &words::lossy, &words::durable, &words::unordered}) {
    EXPECT_EQ(refusal([word](asked& run, words& can) {
                run.content_size = 7;
                can.*word = true;
              }),
              names);
  }
  EXPECT_EQ(refusal([](asked& run, words& can) {
              run.content_size = 7;
              run.producers = 2;
              can.many_producers = true;
            }),
            names);
  for (bool fault_plan::*kind : {&fault_plan::kill_senders, &fault_plan::kill_receivers}) {
    EXPECT_EQ(refusal([kind](asked& run, words&) {
                run.content_size = 7;
                run.faults.*kind = true;
              }),
              names);
  }
}

TEST(runner, begins_with_the_options_that_its_documents_name) {
  const run_options options;
  EXPECT_EQ(options.seed, 1U);
  EXPECT_EQ(options.queue_name, "queue");
  EXPECT_EQ(options.producers * 100 + options.consumers * 10 + options.observers, 110U);
  EXPECT_EQ(options.messages, 100000U);
  EXPECT_EQ(options.content_size, 128U);
  EXPECT_EQ(options.slots, 1024U);
  EXPECT_TRUE(options.reuses_slots);
  EXPECT_EQ(options.capacity, 0U);
  EXPECT_FALSE(options.immediate || options.intruder || options.faults.any());
  EXPECT_EQ(options.churn_every + options.slow_consumer_us, 0U);
  EXPECT_EQ(options.release_every, 16U);
  EXPECT_EQ(options.wait_ms, 50U);
  EXPECT_EQ(options.stall_ms, 10000U);
  EXPECT_EQ(options.drain_ms, 3000U);
  EXPECT_EQ(options.last_look_ms, 20U);
  EXPECT_EQ(options.time_limit_s, 600U);
  EXPECT_TRUE(options.meddlers.empty());
  EXPECT_FALSE(options.on_progress || options.on_judged);
  const run_result nothing;
  EXPECT_EQ(nothing.judged.answer, outcome::unknown);
  EXPECT_EQ(nothing.end.sent + nothing.end.told + nothing.end.lag, 0U);
  EXPECT_EQ(nothing.end.kills + nothing.end.pauses, 0U);
  EXPECT_EQ(nothing.end.seconds + nothing.judge_seconds, 0);
}

}  // namespace
}  // namespace shmfifo::harness
