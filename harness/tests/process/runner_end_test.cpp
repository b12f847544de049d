// SPDX-License-Identifier: MIT
// Goal: the end of a run: what comes after everything has come is noticed within the last look, and
// what does not come is waited for, but not forever. Method: queues that keep or repeat a message.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "habitual_queue.hpp"

namespace shmfifo::harness {
namespace {

constexpr unsigned long_look_ms = 500;

// Repeats the last message when it is asked for more with so much time that the end has come.
class repeating_receiver final : public receiver {
 public:
  explicit repeating_receiver(std::unique_ptr<receiver> inner) : inner_(std::move(inner)) {}
  received receive(std::span<std::byte> buffer, deadline until) override {
    const bool looks_long =
        until - std::chrono::steady_clock::now() > std::chrono::milliseconds(long_look_ms / 2);
    if (looks_long && last_.answer == receive_answer::message) {
      std::copy(bytes_.begin(), bytes_.end(), buffer.begin());
      return std::exchange(last_, {});
    }
    const received got = inner_->receive(buffer, until);
    if (got.answer == receive_answer::message) {
      last_ = got;
      bytes_.assign(buffer.begin(), buffer.begin() + got.length);
    }
    return got;
  }
  void release() override { inner_->release(); }

 private:
  std::unique_ptr<receiver> inner_;
  std::vector<std::byte> bytes_;
  received last_;
};

struct repeating_queue final : queue {
  [[nodiscard]] capabilities promises() const override { return inner->promises(); }
  void create(const queue_shape& shape) override { inner->create(shape); }
  void destroy() noexcept override { inner->destroy(); }
  std::unique_ptr<sender> attach_sender(unsigned id) override { return inner->attach_sender(id); }
  std::unique_ptr<receiver> attach_receiver(unsigned id, bool observer) override {
    return std::make_unique<repeating_receiver>(inner->attach_receiver(id, observer));
  }
  std::unique_ptr<queue> inner = queue_named("right");
};

TEST(runner_end, G2_sees_what_comes_twice_within_the_last_look_and_not_later) {
  run_options options = small_run();
  options.last_look_ms = long_look_ms;
  repeating_queue looked_for;
  const run_result seen = run(looked_for, options);
  EXPECT_EQ(seen.judged.broken, rule::duplicate) << seen.judged.text();
  EXPECT_EQ(seen.logs->facts().last_look_ms, long_look_ms);

  options.last_look_ms = 1;
  repeating_queue later;
  const run_result unseen = run(later, options);
  EXPECT_TRUE(unseen.judged.ok()) << unseen.judged.text();
  EXPECT_EQ(unseen.logs->facts().last_look_ms, 1U);
}

// The last message comes only long after the sender has left.
TEST(runner_end, G2_waits_for_what_is_missing_but_not_for_ever) {
  habits own;
  own.hides = [](std::uint64_t n) { return n >= 1999 && n < 2004; };
  run_options options = small_run();
  options.drain_ms = 60000;
  const verdict found = judged(own, options);
  EXPECT_TRUE(found.ok()) << found.text();

  // Here it never comes.
  habits lossy;
  lossy.around = "silent_drop_when_full";
  options = small_run();
  options.slots = 64;
  EXPECT_EQ(judged(lossy, options).broken, rule::lost_message);
}

}  // namespace
}  // namespace shmfifo::harness
