// SPDX-License-Identifier: MIT
// A pipe in packet mode (O_DIRECT): each write of up to PIPE_BUF bytes is one packet, each read
// takes one. A byte stands before the content, because a pipe has no packet of length 0. The kernel
// holds the messages, so a killed sender leaves a whole message or none; a message that a receiver
// took is gone with that receiver.

#include <fcntl.h>
#include <limits.h>
#include <sys/uio.h>

#include <array>
#include <csignal>
#include <vector>

#include "descriptor.hpp"

namespace shmfifo::harness::foreign {
namespace {

class pipe_sender final : public sender {
 public:
  explicit pipe_sender(int end) : end_(end) {}

  sent send(std::span<const std::byte> content, deadline until) override {
    std::byte mark{1};
    // writev only reads; its interface has no const.
    const std::array<iovec, 2> parts{iovec{&mark, 1},
                                     iovec{const_cast<std::byte*>(content.data()), content.size()}};
    for (;;) {
      if (::writev(end_, parts.data(), 2) == static_cast<ssize_t>(content.size() + 1)) {
        return {send_answer::sent};
      }
      if (errno != EAGAIN && errno != EINTR) return {send_answer::failed};
      if (!wait_ready(end_, POLLOUT, until)) return {send_answer::timed_out};
    }
  }

 private:
  int end_;
};

class pipe_receiver final : public receiver {
 public:
  pipe_receiver(int end, std::size_t content_size) : end_(end), packet_(content_size + 1) {}

  received receive(std::span<std::byte> buffer, deadline until) override {
    for (;;) {
      const ssize_t got = ::read(end_, packet_.data(), packet_.size());
      if (got > 0) {
        const auto length = static_cast<std::size_t>(got) - 1;
        std::copy_n(packet_.data() + 1, std::min(length, buffer.size()), buffer.data());
        return {.answer = receive_answer::message, .length = static_cast<std::int64_t>(length)};
      }
      if (got < 0 && errno != EAGAIN && errno != EINTR) return {receive_answer::failed};
      if (!wait_ready(end_, POLLIN, until)) return {receive_answer::nothing};
    }
  }

 private:
  int end_;
  std::vector<std::byte> packet_;
};

class pipe_queue final : public queue {
 public:
  [[nodiscard]] capabilities promises() const override { return kept_by_the_kernel; }

  void create(const queue_shape& shape) override {
    if (shape.content_size + 1 > PIPE_BUF) {
      throw std::runtime_error("a pipe keeps only " + std::to_string(PIPE_BUF - 1) +
                               " bytes of content together; give a smaller --content-size");
    }
    content_size_ = shape.content_size;
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_DIRECT | O_NONBLOCK | O_CLOEXEC) != 0) {
      throw_errno("cannot make a pipe", "raise the descriptor limit (ulimit -n)");
    }
    read_end_ = descriptor(ends[0]);
    write_end_ = descriptor(ends[1]);
    // A packet takes a page. Best effort: the system caps it (/proc/sys/fs/pipe-max-size).
    (void)::fcntl(ends[1], F_SETPIPE_SZ,
                  static_cast<int>(std::min<std::uint64_t>(shape.slots, 256)) * 4096);
  }

  void destroy() noexcept override {
    read_end_.reset();
    write_end_.reset();
  }

  std::unique_ptr<sender> attach_sender(unsigned) override {
    return std::make_unique<pipe_sender>(write_end_.get());
  }
  std::unique_ptr<receiver> attach_receiver(unsigned, bool) override {
    return std::make_unique<pipe_receiver>(read_end_.get(), content_size_);
  }

 private:
  std::size_t content_size_ = 0;
  descriptor read_end_, write_end_;
};

const queue_registration registration{
    {"pipe", "a pipe in packet mode", [] { return std::make_unique<pipe_queue>(); }}};

}  // namespace
}  // namespace shmfifo::harness::foreign
