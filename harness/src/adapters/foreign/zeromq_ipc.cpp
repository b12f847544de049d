// SPDX-License-Identifier: MIT
// ZeroMQ PUSH to PULL over ipc. Messages wait in the sender's and the receiver's own memory as well
// as in the socket between them, so neither outlives its process: nothing is promised about killed
// peers. The address is in Linux's abstract namespace, so no socket file can be left behind.

#include <algorithm>
#include <stdexcept>
#include <zmq.hpp>

#include "shmfifo/harness/adapters/queue.hpp"

namespace shmfifo::harness::foreign {
namespace {

int milliseconds_left(deadline until) {
  const auto left = until - std::chrono::steady_clock::now();
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::clamp<long long>(whole, 0, 3'600'000));
}

class zeromq_sender final : public sender {
 public:
  zeromq_sender(const std::string& address, int high_water)
      : socket_(context_, zmq::socket_type::push) {
    socket_.set(zmq::sockopt::sndhwm, high_water);
    // An orderly end delivers what was accepted; a minute without a receiver is enough.
    socket_.set(zmq::sockopt::linger, 60'000);
    socket_.connect(address);
  }

  sent send(std::span<const std::byte> content, deadline until) override {
    const zmq::const_buffer bytes(content.data(), content.size());
    for (;;) {
      if (socket_.send(bytes, zmq::send_flags::dontwait)) return {send_answer::sent};
      zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLOUT, 0};
      zmq::poll(&item, 1, std::chrono::milliseconds(milliseconds_left(until)));
      if ((item.revents & ZMQ_POLLOUT) == 0 && std::chrono::steady_clock::now() >= until) {
        return {send_answer::timed_out};
      }
    }
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
};

class zeromq_receiver final : public receiver {
 public:
  zeromq_receiver(const std::string& address, int high_water)
      : socket_(context_, zmq::socket_type::pull) {
    socket_.set(zmq::sockopt::rcvhwm, high_water);
    socket_.bind(address);
  }

  received receive(std::span<std::byte> buffer, deadline until) override {
    for (;;) {
      zmq::message_t message;
      if (socket_.recv(message, zmq::recv_flags::dontwait)) {
        const auto* bytes = message.data<std::byte>();
        std::copy_n(bytes, std::min(message.size(), buffer.size()), buffer.data());
        return {.answer = receive_answer::message,
                .length = static_cast<std::int64_t>(message.size())};
      }
      zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
      zmq::poll(&item, 1, std::chrono::milliseconds(milliseconds_left(until)));
      if ((item.revents & ZMQ_POLLIN) == 0 && std::chrono::steady_clock::now() >= until) {
        return {receive_answer::nothing};
      }
    }
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
};

class zeromq_queue final : public queue {
 public:
  [[nodiscard]] capabilities promises() const override {
    return {.many_producers = true, .waits = true, .late_receivers = true, .buffered = true};
  }

  void create(const queue_shape& shape) override {
    const auto bare = shape.name.find_first_not_of('/');
    address_ = "ipc://@" + shape.name.substr(bare == std::string::npos ? 0 : bare);
    // The slots, shared between the two ends.
    high_water_ = static_cast<int>(std::clamp<std::uint64_t>(shape.slots / 2, 1, 1'000'000));
  }

  void destroy() noexcept override {}  // the sockets go with their processes

  std::unique_ptr<sender> attach_sender(unsigned) override {
    return std::make_unique<zeromq_sender>(address_, high_water_);
  }
  std::unique_ptr<receiver> attach_receiver(unsigned, bool) override {
    return std::make_unique<zeromq_receiver>(address_, high_water_);
  }

 private:
  std::string address_;
  int high_water_ = 1;
};

const queue_registration registration{{"zeromq_ipc", "ZeroMQ PUSH to PULL over ipc",
                                       [] { return std::make_unique<zeromq_queue>(); }}};

}  // namespace
}  // namespace shmfifo::harness::foreign
