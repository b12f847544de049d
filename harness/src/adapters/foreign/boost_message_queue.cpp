// SPDX-License-Identifier: MIT
// Boost.Interprocess message_queue: a shared-memory ring under one process-shared mutex. Its
// documentation promises nothing after the death of a peer and nothing about pauses, so neither do
// we.

#include <boost/date_time/posix_time/posix_time_types.hpp>
#include <boost/interprocess/ipc/message_queue.hpp>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "shmfifo/harness/adapters/queue.hpp"

namespace shmfifo::harness::foreign {
namespace {

namespace bip = boost::interprocess;

// Boost counts on UTC.
boost::posix_time::ptime utc(deadline until) {
  const auto left = until - std::chrono::steady_clock::now();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(left).count();
  return boost::posix_time::microsec_clock::universal_time() +
         boost::posix_time::microseconds(std::max<long long>(micros, 0));
}

class boost_sender final : public sender {
 public:
  explicit boost_sender(const std::string& name) : queue_(bip::open_only, name.c_str()) {}

  sent send(std::span<const std::byte> content, deadline until) override {
    const bool done = queue_.timed_send(content.data(), content.size(), 0, utc(until));
    return {done ? send_answer::sent : send_answer::timed_out};
  }

 private:
  bip::message_queue queue_;
};

class boost_receiver final : public receiver {
 public:
  explicit boost_receiver(const std::string& name)
      : queue_(bip::open_only, name.c_str()), message_(queue_.get_max_msg_size()) {}

  received receive(std::span<std::byte> buffer, deadline until) override {
    bip::message_queue::size_type length = 0;
    unsigned priority = 0;
    // Boost refuses a buffer smaller than the queue's message size, so it gets one of ours.
    if (!queue_.timed_receive(message_.data(), message_.size(), length, priority, utc(until))) {
      return {receive_answer::nothing};
    }
    std::copy_n(message_.data(), std::min(length, buffer.size()), buffer.data());
    return {.answer = receive_answer::message, .length = static_cast<std::int64_t>(length)};
  }

 private:
  bip::message_queue queue_;
  std::vector<std::byte> message_;
};

class boost_queue final : public queue {
 public:
  [[nodiscard]] capabilities promises() const override {
    return {.many_producers = true, .competing = true, .waits = true, .late_receivers = true};
  }

  void create(const queue_shape& shape) override {
    name_ = shape.name;
    try {
      const bip::message_queue made(bip::create_only, name_.c_str(), shape.slots,
                                    std::max<std::uint64_t>(shape.content_size, 1));
    } catch (const bip::interprocess_exception& error) {
      throw std::runtime_error("cannot create a Boost message queue " + name_ + ": " +
                               error.what() + "; remove a stale one or free space in /dev/shm");
    }
  }

  void destroy() noexcept override { bip::message_queue::remove(name_.c_str()); }

  std::unique_ptr<sender> attach_sender(unsigned) override {
    return std::make_unique<boost_sender>(name_);
  }
  std::unique_ptr<receiver> attach_receiver(unsigned, bool) override {
    return std::make_unique<boost_receiver>(name_);
  }

 private:
  std::string name_;
};

const queue_registration registration{{"boost_message_queue", "Boost.Interprocess message_queue",
                                       [] { return std::make_unique<boost_queue>(); }}};

}  // namespace
}  // namespace shmfifo::harness::foreign
