// SPDX-License-Identifier: MIT
#pragma once
// Queues with one habit each, around a right queue: what a runner must cope with.

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "shmfifo/harness/process/runner.hpp"

namespace shmfifo::harness {

inline std::unique_ptr<queue> queue_named(const std::string& name) {
  for (const queue_entry& entry : queue_registration::all()) {
    if (entry.name == name) return entry.make();
  }
  throw std::logic_error("no queue " + name + " is registered");
}

struct habits {
  std::string around = "right";
  std::function<void()> on_create = [] {};
  std::function<void()> on_destroy = [] {};
  std::function<void()> on_attach_sender = [] {};
  std::function<void()> on_attach_receiver = [] {};
  std::function<void(std::uint64_t)> on_send = [](std::uint64_t) {};
  // An answer without the queue, if there is one.
  std::function<std::optional<send_answer>(std::uint64_t)> answer_send =
      [](std::uint64_t) -> std::optional<send_answer> { return std::nullopt; };
  std::function<void(std::uint64_t)> on_receive = [](std::uint64_t) {};
  // Nothing comes with this call, up to its deadline.
  std::function<bool(std::uint64_t)> hides = [](std::uint64_t) { return false; };
  std::function<void()> on_release = [] {};
  std::function<void()> on_leave = [] {};
  bool misses_the_first = false;  // a receiver, of the messages that are there when it attaches
  std::function<void(queue_shape&)> on_shape = [](queue_shape&) {};
  std::function<void(capabilities&)> on_promise = [](capabilities&) {};
};

class habitual_sender final : public sender {
 public:
  habitual_sender(std::unique_ptr<sender> inner, const habits& own)
      : inner_(std::move(inner)), own_(own) {}
  habitual_sender(const habitual_sender&) = delete;
  habitual_sender& operator=(const habitual_sender&) = delete;
  ~habitual_sender() override { own_.on_leave(); }
  sent send(std::span<const std::byte> content, deadline until) override {
    const std::uint64_t call = count_++;
    own_.on_send(call);
    if (const auto answer = own_.answer_send(call)) return {*answer};
    return inner_->send(content, until);
  }

 private:
  std::unique_ptr<sender> inner_;
  const habits& own_;
  std::uint64_t count_ = 0;
};

class habitual_receiver final : public receiver {
 public:
  habitual_receiver(std::unique_ptr<receiver> inner, const habits& own)
      : inner_(std::move(inner)), own_(own) {}
  received receive(std::span<std::byte> buffer, deadline until) override {
    const std::uint64_t call = count_++;
    own_.on_receive(call);
    if (!own_.hides(call)) return inner_->receive(buffer, until);
    std::this_thread::sleep_until(until);
    return {};
  }
  void release() override {
    own_.on_release();
    inner_->release();
  }

 private:
  std::unique_ptr<receiver> inner_;
  const habits& own_;
  std::uint64_t count_ = 0;
};

class habitual_queue final : public queue {
 public:
  explicit habitual_queue(habits own) : inner_(queue_named(own.around)), own_(std::move(own)) {}
  [[nodiscard]] capabilities promises() const override {
    capabilities can = inner_->promises();
    own_.on_promise(can);
    return can;
  }
  void create(const queue_shape& shape) override {
    own_.on_create();
    producers_ = shape.producers;
    queue_shape other = shape;
    own_.on_shape(other);
    inner_->create(other);
  }
  void destroy() noexcept override {
    inner_->destroy();
    own_.on_destroy();
  }
  std::unique_ptr<sender> attach_sender(unsigned id) override {
    own_.on_attach_sender();
    if (id >= producers_) throw std::runtime_error("made for fewer senders");
    return std::make_unique<habitual_sender>(inner_->attach_sender(id), own_);
  }
  std::unique_ptr<receiver> attach_receiver(unsigned id, bool observer) override {
    own_.on_attach_receiver();
    auto attached =
        std::make_unique<habitual_receiver>(inner_->attach_receiver(id, observer), own_);
    if (own_.misses_the_first) {
      std::array<std::byte, 4096> nowhere;
      static_cast<void>(attached->receive(nowhere, std::chrono::steady_clock::now()));
    }
    return attached;
  }

 private:
  std::unique_ptr<queue> inner_;
  habits own_;
  unsigned producers_ = 0;
};

inline run_options small_run() {
  run_options options;
  options.messages = 2000;
  options.drain_ms = 300;
  return options;
}
// For queues that stand still. On a busy machine a right one can be still for as long.
inline run_options impatient_run() {
  run_options options = small_run();
  options.stall_ms = 300;
  return options;
}

inline run_result run_with(habits own, const run_options& options = small_run()) {
  habitual_queue tested(std::move(own));
  return run(tested, options);
}
inline verdict judged(habits own, const run_options& options = small_run()) {
  return run_with(std::move(own), options).judged;
}

}  // namespace shmfifo::harness
