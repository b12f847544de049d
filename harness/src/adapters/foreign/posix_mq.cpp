// SPDX-License-Identifier: MIT
// A POSIX message queue. Its size is not ours to choose: /proc/sys/fs/mqueue/msg_max caps the
// messages it holds (10 by default), msgsize_max their length, and RLIMIT_MSGQUEUE the bytes of all
// queues of a user.

#include <fcntl.h>
#include <mqueue.h>

#include <fstream>
#include <vector>

#include "descriptor.hpp"

namespace shmfifo::harness::foreign {
namespace {

long limit(const char* file, long otherwise) {
  std::ifstream in(std::string("/proc/sys/fs/mqueue/") + file);
  long value = 0;
  return in >> value ? value : otherwise;
}

// Opened in each process: a descriptor of its own, as programs that know only the name would have.
descriptor open_existing(const std::string& name, int access) {
  const mqd_t opened = ::mq_open(name.c_str(), access | O_CLOEXEC);
  if (opened < 0) throw_errno("cannot open message queue " + name, "create it first");
  return descriptor(opened);
}

class mq_sender final : public sender {
 public:
  explicit mq_sender(descriptor end) : end_(std::move(end)) {}

  sent send(std::span<const std::byte> content, deadline until) override {
    const timespec at = realtime(until);
    const auto* bytes = reinterpret_cast<const char*>(content.data());
    for (;;) {
      if (::mq_timedsend(end_.get(), bytes, content.size(), 0, &at) == 0) {
        return {send_answer::sent};
      }
      if (errno == ETIMEDOUT) return {send_answer::timed_out};
      if (errno != EINTR) return {send_answer::failed};
    }
  }

 private:
  descriptor end_;
};

class mq_receiver final : public receiver {
 public:
  mq_receiver(descriptor end, std::size_t content_size)
      : end_(std::move(end)), message_(std::max<std::size_t>(content_size, 1)) {}

  received receive(std::span<std::byte> buffer, deadline until) override {
    const timespec at = realtime(until);
    for (;;) {
      // The kernel refuses a buffer smaller than the queue's message size, so it gets one of ours.
      const ssize_t got = ::mq_timedreceive(end_.get(), reinterpret_cast<char*>(message_.data()),
                                            message_.size(), nullptr, &at);
      if (got >= 0) {
        const auto length = static_cast<std::size_t>(got);
        std::copy_n(message_.data(), std::min(length, buffer.size()), buffer.data());
        return {.answer = receive_answer::message, .length = got};
      }
      if (errno == ETIMEDOUT) return {receive_answer::nothing};
      if (errno != EINTR) return {receive_answer::failed};
    }
  }

 private:
  descriptor end_;
  std::vector<std::byte> message_;
};

class mq_queue final : public queue {
 public:
  [[nodiscard]] capabilities promises() const override { return kept_by_the_kernel; }

  void create(const queue_shape& shape) override {
    const auto longest = static_cast<std::uint64_t>(limit("msgsize_max", 8192));
    if (shape.content_size > longest) {
      throw std::runtime_error("messages of a POSIX queue have at most " + std::to_string(longest) +
                               " bytes here; raise /proc/sys/fs/mqueue/msgsize_max");
    }
    shape_ = shape;
    mq_attr attributes{};
    const auto most = static_cast<std::uint64_t>(limit("msg_max", 10));
    attributes.mq_maxmsg = static_cast<long>(std::clamp<std::uint64_t>(shape.slots, 1, most));
    attributes.mq_msgsize = static_cast<long>(std::max<std::uint64_t>(shape.content_size, 1));
    const mqd_t made =
        ::mq_open(shape.name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600, &attributes);
    if (made < 0) {
      throw_errno("cannot create message queue " + shape.name,
                  "the user's queues may hold `ulimit -q` bytes in all");
    }
    ::mq_close(made);
  }

  void destroy() noexcept override { ::mq_unlink(shape_.name.c_str()); }

  std::unique_ptr<sender> attach_sender(unsigned) override {
    return std::make_unique<mq_sender>(open_existing(shape_.name, O_WRONLY));
  }
  std::unique_ptr<receiver> attach_receiver(unsigned, bool) override {
    return std::make_unique<mq_receiver>(open_existing(shape_.name, O_RDONLY), shape_.content_size);
  }

 private:
  queue_shape shape_;
};

const queue_registration registration{
    {"posix_mq", "a POSIX message queue (mq_open)", [] { return std::make_unique<mq_queue>(); }}};

}  // namespace
}  // namespace shmfifo::harness::foreign
