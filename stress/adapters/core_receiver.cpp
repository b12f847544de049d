// SPDX-License-Identifier: MIT
#include "core_receiver.hpp"

#include <algorithm>
#include <stdexcept>

namespace shmfifo::harness {
namespace {

constexpr std::int64_t batch = 64;

receive_answer as_answer(status told) {
  switch (told) {
    case status::aborted:
      return receive_answer::aborted;
    case status::lost:
      return receive_answer::lost;
    case status::invalid:
      return receive_answer::invalid;
    default:
      return receive_answer::failed;
  }
}

}  // namespace

core_receiver::core_receiver(shmfifo::consumer&& from) : consumer_(std::move(from)) {
  poller_ = boost::context::fiber([this](boost::context::fiber&& caller) {
    caller_ = std::move(caller);
    poll_for_ever();
    return std::move(caller_);
  });
}

// The handler ends its batch, so all received messages count as released, as in a normal end.
core_receiver::~core_receiver() {
  release();
}

void core_receiver::tell(const received& news) {
  news_ = news;
  caller_ = std::move(caller_).resume();
}

void core_receiver::poll_for_ever() {
  const auto handler = [this](const record_view& record) {
    const std::size_t size = std::min(record.bytes().size(), buffer_.size());
    std::copy_n(record.content, size, buffer_.data());
    in_batch_ = true;
    tell({receive_answer::message, record.message_number, 1, record.value_length});
    return !stop_;
  };
  for (;;) {
    const poll_result told = consumer_.poll(handler, batch);
    if (told.answer == status::ok) {
      if (stop_) {
        stop_ = in_batch_ = false;
        tell({});
      }
      in_batch_ = false;
    } else if (told.answer == status::empty) {
      // A deadline that has passed means: poll once.
      const status waited = consumer_.wait(until_);
      if (waited == status::timed_out || waited == status::peer_dead) tell({});
      if (waited == status::wrong_process) tell({receive_answer::failed, -1, 0, 0});
    } else {
      passed_over_ = true;
      tell({as_answer(told.answer), told.first, told.count, 0});
      passed_over_ = false;  // the next poll releases it
    }
  }
}

received core_receiver::receive(std::span<std::byte> buffer, deadline until) {
  buffer_ = buffer;
  until_ = until;
  poller_ = std::move(poller_).resume();
  return news_;
}

void core_receiver::release() {
  if (passed_over_) {
    passed_over_ = false;
    static_cast<void>(consumer_.poll([](const record_view&) {}, 0));  // any call releases it
  }
  if (!in_batch_) return;
  stop_ = true;
  poller_ = std::move(poller_).resume();
}

}  // namespace shmfifo::harness
