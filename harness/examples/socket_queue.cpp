// SPDX-License-Identifier: MIT
// A queue of your own under the harness: here a pair of datagram sockets. Say how to create it, how
// to attach, and what it promises.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shmfifo/harness/adapters/queue.hpp"

namespace {
using namespace shmfifo::harness;

bool ready(int socket, short events, deadline until) {
  const auto left = until - std::chrono::steady_clock::now();
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  pollfd watched{socket, events, 0};
  return ::poll(&watched, 1, wait > 0 ? static_cast<int>(wait) : 0) > 0;
}

struct socket_sender : sender {
  explicit socket_sender(int end) : socket(end) {}
  sent send(std::span<const std::byte> content, deadline until) override {
    if (!ready(socket, POLLOUT, until)) return {send_answer::timed_out};
    const ssize_t put = ::write(socket, content.data(), content.size());
    return {put == std::ssize(content) ? send_answer::sent : send_answer::failed};
  }
  int socket;
};

struct socket_receiver : receiver {
  explicit socket_receiver(int end) : socket(end) {}
  received receive(std::span<std::byte> buffer, deadline until) override {
    if (!ready(socket, POLLIN, until)) return {receive_answer::nothing};
    const ssize_t got = ::read(socket, buffer.data(), buffer.size());
    if (got < 0) return {receive_answer::failed};
    return {.answer = receive_answer::message, .length = got};
  }
  int socket;
};

struct socket_queue : queue {
  capabilities promises() const override {
    return {.waits = true, .recoverable = true, .late_receivers = true};
  }
  void create(const queue_shape&) override {
    if (::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0)
      throw std::runtime_error("no sockets left");
  }
  void destroy() noexcept override { ::close(ends[0]), ::close(ends[1]); }
  std::unique_ptr<sender> attach_sender(unsigned) override {
    return std::make_unique<socket_sender>(ends[0]);
  }
  std::unique_ptr<receiver> attach_receiver(unsigned, bool) override {
    return std::make_unique<socket_receiver>(ends[1]);
  }
  int ends[2] = {-1, -1};
};

const queue_registration registration{
    {"socket", "a pair of datagram sockets", [] { return std::make_unique<socket_queue>(); }}};
}  // namespace
