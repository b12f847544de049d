// SPDX-License-Identifier: MIT
// Goal: whatever a queue does to the runner (throw, crash, hang, promise less than is asked), there
// is a verdict or a clear error. Method: queues with one such habit each, around the right queue
// that the wrong ones are made from.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <thread>

#include "habitual_queue.hpp"
#include "shmfifo/harness/support/child.hpp"

namespace shmfifo::harness {
namespace {

TEST(runner, finds_nothing_wrong_with_a_queue_without_bad_habits) {
  EXPECT_TRUE(judged({}).ok());
}

TEST(runner, G11_does_not_let_a_tiny_ring_wait_for_what_a_receiver_keeps) {
  run_options options = small_run();
  for (const unsigned slots : {1U, 2U, 15U}) {
    options.slots = options.capacity = slots;
    EXPECT_TRUE(judged({}, options).ok()) << slots;
  }
  options.slots = 1000;  // which the queue does not take
  habits own;
  own.on_shape = [](queue_shape& shape) { shape.slots = 10; };
  options.capacity = 0;
  options.messages = 200;
  EXPECT_TRUE(judged(own, options).ok());
}

TEST(runner, passes_on_why_a_queue_cannot_be_created) {
  habits own;
  own.on_create = [] { throw std::runtime_error("no room"); };
  EXPECT_THROW(static_cast<void>(judged(own)), std::runtime_error);
}

TEST(runner, reports_what_an_actors_call_throws) {
  habits attach;
  attach.on_attach_sender = [] { throw std::runtime_error("no way in"); };
  const verdict found = judged(attach);
  EXPECT_EQ(found.broken, rule::failure);
  EXPECT_NE(found.excerpt.find("no way in"), std::string::npos);

  habits send;
  send.on_send = [](std::uint64_t n) {
    if (n == 500) throw std::runtime_error("no more");
  };
  EXPECT_EQ(judged(send).broken, rule::failure);
}

// Whatever is thrown, and wherever, there is a sentence and no crash.
TEST(runner, reports_throws_of_any_type_everywhere) {
  const auto throw_a_number = [] { throw 7; };
  const auto at_500 = [](std::uint64_t n) {
    if (n == 500) throw 7;
  };
  habits attach_sender, attach_receiver, send, receive, release, leave;
  attach_sender.on_attach_sender = attach_receiver.on_attach_receiver = throw_a_number;
  release.on_release = leave.on_leave = throw_a_number;  // of a destructor: std::terminate
  send.on_send = receive.on_receive = at_500;
  for (const habits& own : {attach_sender, attach_receiver, send, receive, release, leave}) {
    const verdict found = judged(own);
    EXPECT_EQ(found.broken, rule::failure) << found.text();
    EXPECT_NE(found.excerpt.find("no std::exception"), std::string::npos) << found.excerpt;
  }
  habits stop;
  stop.on_leave = [] { std::terminate(); };
  EXPECT_NE(judged(stop).excerpt.find("std::terminate was called"), std::string::npos);

  run_options options = small_run();
  options.meddlers = {[](const std::string&) { throw 7; }};
  const verdict found = judged({}, options);
  EXPECT_EQ(found.broken, rule::failure) << found.text();
  EXPECT_NE(found.excerpt.find("meddler: threw something"), std::string::npos) << found.excerpt;

  habits create;
  create.on_create = throw_a_number;
  EXPECT_THROW(static_cast<void>(judged(create)), std::runtime_error);
}

TEST(runner, hands_the_verdict_over_before_it_destroys_the_queue) {
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  const pid_t child = start_child([&told] {
    habits own;
    own.on_destroy = [] { testing::ends([] { std::abort(); }); };
    run_options options = small_run();
    options.on_judged = [&told](const run_result& result) {
      const std::string text = result.judged.text();
      static_cast<void>(!::write(told[1], text.data(), text.size()));
    };
    static_cast<void>(judged(own, options));
    return 0;
  });
  ::close(told[1]);
  char text[8] = {};
  EXPECT_EQ(::read(told[0], text, sizeof text), 2);
  EXPECT_STREQ(text, "ok");
  EXPECT_EQ(WTERMSIG(reap(child)), SIGABRT);
  ::close(told[0]);
}

TEST(runner, G9_reports_a_crash_of_an_actor) {
  habits own;
  own.on_send = [](std::uint64_t n) {
    if (n == 500) std::raise(SIGABRT);
  };
  EXPECT_EQ(judged(own).broken, rule::crashed);
  own.on_send = [](std::uint64_t n) {
    if (n == 500) std::raise(SIGKILL);  // nobody planned it
  };
  EXPECT_EQ(judged(own).broken, rule::crashed);
}

TEST(runner, G11_reports_calls_that_never_end) {
  habits own;
  own.on_send = [](std::uint64_t n) {
    while (n == 500) ::pause();
  };
  EXPECT_EQ(judged(own, impatient_run()).broken, rule::stuck);
  habits attach;
  attach.on_attach_sender = [] {
    for (;;) ::pause();
  };
  EXPECT_EQ(judged(attach, impatient_run()).broken, rule::stuck);
}

// For the report: which call, since when, and until when it was to take.
TEST(runner, G11_notes_the_call_that_never_ends) {
  habits own;
  own.on_send = [](std::uint64_t n) {
    while (n == 500) ::pause();
  };
  const run_result result = run_with(own, impatient_run());
  const run_facts& facts = result.logs->facts();
  const actor_state& sender = result.logs->sender(0);
  EXPECT_EQ(sender.in_call.load(), 1U);
  EXPECT_GT(sender.call_deadline.load(), 0);
  EXPECT_LT(sender.call_deadline.load(), facts.ended_at);
  EXPECT_GE(facts.quiet_ms, impatient_run().stall_ms);

  own.on_send = [](std::uint64_t) {};
  own.on_receive = [](std::uint64_t n) {
    while (n == 500) ::pause();
  };
  const run_result other = run_with(own, impatient_run());
  EXPECT_EQ(other.logs->receiver(0).in_call.load(), 2U);
  EXPECT_GT(other.logs->receiver(0).call_deadline.load(), 0);
  EXPECT_LT(other.logs->receiver(0).call_deadline.load(), other.logs->facts().ended_at);
}

TEST(runner, G5_G11_notes_how_early_a_call_ended) {
  for (const char* name : {"timed_out_when_room", "nothing_when_there"}) {
    const auto tested = queue_named(name);
    run_options options = small_run();
    options.wait_ms = 1000;
    const run_result result = run(*tested, options);
    const bool sends = result.judged.broken == rule::early_timeout;
    EXPECT_EQ(result.judged.broken, sends ? rule::early_timeout : rule::early_nothing);
    const actor_state& who = sends ? result.logs->sender(0) : result.logs->receiver(0);
    const auto& [at, early_us, permitted_us] = who.complained.facts;
    EXPECT_GT(permitted_us, 2000U) << "two milliseconds and a tick of the coarse clock";
    EXPECT_GT(early_us, permitted_us);
    EXPECT_LE(early_us, 1000000U);
  }
}

TEST(runner, knows_nothing_when_the_time_is_over) {
  habits own;
  own.on_send = [](std::uint64_t) { ::usleep(20000); };
  run_options options = small_run();
  options.time_limit_s = 1;
  EXPECT_EQ(judged(own, options).answer, outcome::unknown);
}

TEST(runner, asks_no_queue_for_more_than_it_promises) {
  habits alone;
  alone.on_promise = [](capabilities& can) { can = {}; };
  for (const auto& ask : {+[](run_options& options) { options.producers = 2; },
                          +[](run_options& options) { options.consumers = 2; },
                          +[](run_options& options) { options.observers = 1; },
                          +[](run_options& options) { options.producers = 0; },
                          +[](run_options& options) { options.content_size = 0; }}) {
    run_options options = small_run();
    ask(options);
    EXPECT_THROW(static_cast<void>(judged(alone, options)), std::invalid_argument);
  }
}

TEST(runner, G1_notices_a_second_producer_that_was_let_in) {
  habits own;  // two at most, and it says one
  own.on_promise = [](capabilities& can) { can.many_producers = false; };
  run_options options = small_run();
  options.intruder = true;
  EXPECT_THROW(static_cast<void>(judged(own, options)), std::invalid_argument);
  own.on_promise = [](capabilities& can) {
    can.many_producers = false;
    can.exclusive = true;
  };
  options.messages = 20000;
  // Made for one producer it refuses; made for two it lets the intruder in.
  EXPECT_TRUE(judged(own, options).ok());
  habitual_queue lax(own);
  class two_at_once final : public queue {
   public:
    explicit two_at_once(queue& inner) : inner_(inner) {}
    [[nodiscard]] capabilities promises() const override { return inner_.promises(); }
    void create(const queue_shape& shape) override {
      queue_shape wider = shape;
      wider.producers = 2;
      inner_.create(wider);
    }
    void destroy() noexcept override { inner_.destroy(); }
    std::unique_ptr<sender> attach_sender(unsigned id) override { return inner_.attach_sender(id); }
    std::unique_ptr<receiver> attach_receiver(unsigned id, bool observer) override {
      return inner_.attach_receiver(id, observer);
    }

   private:
    queue& inner_;
  } two(lax);
  EXPECT_EQ(run(two, options).judged.broken, rule::second_producer);
}

}  // namespace
}  // namespace shmfifo::harness
