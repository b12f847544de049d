// SPDX-License-Identifier: MIT
// Goal: whatever a queue does to the runner (throw, crash, hang, promise less than is asked), there
// is a verdict or a clear error. Method: queues with one such habit each, around the right queue
// that the wrong ones are made from.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <thread>

#include "habitual_queue.hpp"

namespace shmfifo::harness {
namespace {

TEST(runner, finds_nothing_wrong_with_a_queue_without_bad_habits) {
  EXPECT_TRUE(judged({}).ok());
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
  EXPECT_EQ(judged(own).broken, rule::stuck);
  habits attach;
  attach.on_attach_sender = [] {
    for (;;) ::pause();
  };
  EXPECT_EQ(judged(attach).broken, rule::stuck);
}

TEST(runner, knows_nothing_when_the_time_is_over) {
  habits own;
  own.on_send = [](std::uint64_t) { ::usleep(20000); };
  run_options options = small_run();
  options.time_limit_s = 1;
  options.stall_ms = 10000;
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
