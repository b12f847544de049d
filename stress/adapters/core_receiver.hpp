// SPDX-License-Identifier: MIT
#pragma once
// A consumer of the core, one message at a time. The core hands a batch to a handler and releases
// it when the handler has had it; the harness wants to log each message before it is released. So
// the poll runs on a stack of its own and stands still inside the handler while the message is
// logged: a kill then finds the messages of the batch seen and not released, as in a program that
// works in batches.

#include <boost/context/fiber.hpp>
#include <optional>

#include "shmfifo/harness/adapters/queue.hpp"
#include "shmfifo/segment.hpp"

namespace shmfifo::harness {

class core_receiver final : public receiver {
 public:
  explicit core_receiver(shmfifo::consumer&& from);
  ~core_receiver() override;
  received receive(std::span<std::byte> buffer, deadline until) override;
  void release() override;

 private:
  void poll_for_ever();
  void tell(const received& news);

  shmfifo::consumer consumer_;
  boost::context::fiber poller_;  // where the poll stands still
  boost::context::fiber caller_;
  std::span<std::byte> buffer_;
  deadline until_{};
  received news_;
  bool in_batch_ = false;
  bool passed_over_ = false;  // told of numbers without a message, not yet released
  bool stop_ = false;
};

}  // namespace shmfifo::harness
