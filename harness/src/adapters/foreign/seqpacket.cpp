// SPDX-License-Identifier: MIT
// A pair of connected unix sockets, SOCK_SEQPACKET: the kernel keeps the bounds and the order of
// messages. All senders share one end and all receivers the other, as processes forked from one
// parent do.

#include <sys/socket.h>

#include <array>

#include "descriptor.hpp"

namespace shmfifo::harness::foreign {
namespace {

class seqpacket_sender final : public sender {
 public:
  explicit seqpacket_sender(int end) : end_(end) {}

  sent send(std::span<const std::byte> content, deadline until) override {
    for (;;) {
      const ssize_t put = ::send(end_, content.data(), content.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (put == static_cast<ssize_t>(content.size())) return {send_answer::sent};
      if (errno != EAGAIN && errno != EINTR) return {send_answer::failed};
      if (!wait_ready(end_, POLLOUT, until)) return {send_answer::timed_out};
    }
  }

 private:
  int end_;
};

class seqpacket_receiver final : public receiver {
 public:
  explicit seqpacket_receiver(int end) : end_(end) {}

  received receive(std::span<std::byte> buffer, deadline until) override {
    for (;;) {
      // MSG_TRUNC: the answer is the message's length, not what fitted.
      const ssize_t got = ::recv(end_, buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
      if (got >= 0) return {.answer = receive_answer::message, .length = got};
      if (errno != EAGAIN && errno != EINTR) return {receive_answer::failed};
      if (!wait_ready(end_, POLLIN, until)) return {receive_answer::nothing};
    }
  }

 private:
  int end_;
};

class seqpacket_queue final : public queue {
 public:
  [[nodiscard]] capabilities promises() const override { return kept_by_the_kernel; }

  void create(const queue_shape& shape) override {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      throw_errno("cannot make a socket pair", "raise the descriptor limit (ulimit -n)");
    }
    send_end_ = descriptor(ends[0]);
    receive_end_ = descriptor(ends[1]);
    // Best effort: the system caps it (/proc/sys/net/core/wmem_max).
    const auto capacity =
        std::min<std::uint64_t>(shape.slots * (shape.content_size + 768), 8U << 20U);
    const int bytes = static_cast<int>(capacity);
    (void)::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  }

  void destroy() noexcept override {
    send_end_.reset();
    receive_end_.reset();
  }

  std::unique_ptr<sender> attach_sender(unsigned) override {
    return std::make_unique<seqpacket_sender>(send_end_.get());
  }
  std::unique_ptr<receiver> attach_receiver(unsigned, bool) override {
    return std::make_unique<seqpacket_receiver>(receive_end_.get());
  }

 private:
  descriptor send_end_, receive_end_;
};

const queue_registration registration{{"seqpacket", "a pair of unix sockets, SOCK_SEQPACKET",
                                       [] { return std::make_unique<seqpacket_queue>(); }}};

}  // namespace
}  // namespace shmfifo::harness::foreign
