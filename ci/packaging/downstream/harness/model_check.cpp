// SPDX-License-Identifier: MIT
// Somebody else's lock-free code under the model checker: a flag that guards a message, right and
// with its release forgotten.
#include <shmfifo/harness/model/model.hpp>

#include <cstdio>

namespace model = shmfifo::harness::model;

namespace {

model::result pass_a_message(std::memory_order publish) {
  return model::check([publish] {
    model::plain<int> message;
    model::atomic<int> ready{0};
    model::thread writer([&] {
      message.write(42);
      ready.store(1, publish);
    });
    model::thread reader([&] {
      if (ready.load(std::memory_order_acquire) == 1) {
        model::require(message.read() == 42, "the message");
      }
    });
  });
}

}  // namespace

int main() {
  const model::result right = pass_a_message(std::memory_order_release);
  const model::result wrong = pass_a_message(std::memory_order_relaxed);
  const bool caught = wrong.outcome == model::verdict::violation;
  std::printf("correct: %s, with the release forgotten: %s\n", model::name_of(right.outcome),
              model::name_of(wrong.outcome));
  return right.ok() && caught ? 0 : 1;
}
