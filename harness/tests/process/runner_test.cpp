// SPDX-License-Identifier: MIT
// Goal: whatever a queue does to the runner (throw, crash, hang, promise less than is asked), there
// is a verdict or a clear error. Method: queues with one such habit each, around the right queue
// that the wrong ones are made from.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <stdexcept>
#include <thread>

#include "shmfifo/harness/process/runner.hpp"

namespace shmfifo::harness {
namespace {

std::unique_ptr<queue> right_queue() {
  for (const queue_entry& entry : queue_registration::all()) {
    if (entry.name == "right") return entry.make();
  }
  throw std::logic_error("the right queue is not registered");
}

struct habits {
  std::function<void()> on_create = [] {};
  std::function<void()> on_attach_sender = [] {};
  std::function<void(std::uint64_t)> on_send = [](std::uint64_t) {};
  std::function<void(capabilities&)> on_promise = [](capabilities&) {};
};

class habitual_sender final : public sender {
 public:
  habitual_sender(std::unique_ptr<sender> inner, const habits& own)
      : inner_(std::move(inner)), own_(own) {}
  sent send(std::span<const std::byte> content, deadline until) override {
    own_.on_send(count_++);
    return inner_->send(content, until);
  }

 private:
  std::unique_ptr<sender> inner_;
  const habits& own_;
  std::uint64_t count_ = 0;
};

class habitual_queue final : public queue {
 public:
  explicit habitual_queue(habits own) : own_(std::move(own)) {}
  [[nodiscard]] capabilities promises() const override {
    capabilities can = inner_->promises();
    own_.on_promise(can);
    return can;
  }
  void create(const queue_shape& shape) override {
    own_.on_create();
    producers_ = shape.producers;
    inner_->create(shape);
  }
  void destroy() noexcept override { inner_->destroy(); }
  std::unique_ptr<sender> attach_sender(unsigned id) override {
    own_.on_attach_sender();
    if (id >= producers_) throw std::runtime_error("made for fewer senders");
    return std::make_unique<habitual_sender>(inner_->attach_sender(id), own_);
  }
  std::unique_ptr<receiver> attach_receiver(unsigned id, bool observer) override {
    return inner_->attach_receiver(id, observer);
  }

 private:
  std::unique_ptr<queue> inner_ = right_queue();
  habits own_;
  unsigned producers_ = 0;
};

run_options small_run() {
  run_options options;
  options.messages = 2000;
  options.stall_ms = 300;
  options.drain_ms = 300;
  return options;
}

verdict judged(habits own, const run_options& options = small_run()) {
  habitual_queue tested(std::move(own));
  return run(tested, options).judged;
}

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

// A run that injected nothing has shown nothing of a death.
TEST(runner, G6_G7_knows_nothing_when_the_faults_asked_for_cannot_happen) {
  run_options options = small_run();
  options.faults.every = 1000000;
  options.faults.kill_senders = options.faults.kill_receivers = options.faults.pause = true;
  const verdict found = judged({}, options);
  EXPECT_EQ(found.answer, outcome::unknown);
  for (const char* part : {"no producer was killed, no consumer was killed, nobody was paused",
                           "every 1000000 of 2000 messages", "--fault-every"}) {
    EXPECT_NE(found.excerpt.find(part), std::string::npos) << found.excerpt;
  }
  options.faults = {};
  options.faults.kill_meddlers = true;  // there are none
  EXPECT_NE(judged({}, options).excerpt.find("no meddler was killed"), std::string::npos);
}

// With room for all messages the run takes milliseconds, and yet each kind of fault comes.
TEST(runner, G6_G7_carries_out_its_faults_however_fast_the_queue_is) {
  run_options options = small_run();
  options.messages = options.slots = options.capacity = 20000;
  options.reuses_slots = false;
  options.faults.kill_senders = options.faults.kill_receivers = options.faults.pause = true;
  for (options.seed = 1; options.seed <= 8; ++options.seed) {
    const auto tested = right_queue();
    const run_result result = run(*tested, options);
    EXPECT_TRUE(result.judged.ok()) << options.seed << ": " << result.judged.text();
  }
}

TEST(runner, counts_its_faults) {
  const auto tested = right_queue();
  run_options options;
  options.producers = options.consumers = 2;
  options.messages = 60000;
  options.faults.kill_senders = options.faults.kill_receivers = options.faults.pause = true;
  options.faults.every = 500;
  const run_result result = run(*tested, options);
  EXPECT_TRUE(result.judged.ok()) << result.judged.text();
  EXPECT_GT(result.figures.kills, 0U);
  EXPECT_GT(result.figures.stops, 0U);
  EXPECT_EQ(result.figures.sent + result.figures.in_doubt <= options.messages, true);
}

}  // namespace
}  // namespace shmfifo::harness
