// SPDX-License-Identifier: MIT
#pragma once
// A consumer of the core that returns one message at a time. The core hands a batch to a handler
// and releases it when the handler returns; the harness logs each message before it is released. So
// the poll runs on its own stack and is suspended inside the handler while the message is logged: a
// kill then finds the messages of a batch seen and not released, as in ordinary programs.

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
  boost::context::fiber poller_;  // in which the poll is suspended
  boost::context::fiber caller_;
  std::span<std::byte> buffer_;
  deadline until_{};
  received news_;
  bool in_batch_ = false;
  bool passed_over_ = false;  // numbers without a message were reported and not yet released
  bool stop_ = false;
};

}  // namespace shmfifo::harness
