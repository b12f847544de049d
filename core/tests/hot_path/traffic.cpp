// SPDX-License-Identifier: MIT
#include "traffic.hpp"

#include <array>
#include <cstring>

#include "support/testing.hpp"

namespace hot_path {
namespace {

using namespace shmfifo;

constexpr std::int64_t length = 133;
constexpr std::uint64_t ring_slots = 16;
constexpr std::int64_t round = 9;  // messages of one round: fewer than slots, so nothing is lost

std::array<std::byte, length> bytes_of(std::int64_t number) {
  std::array<std::byte, length> bytes;
  bytes.fill(static_cast<std::byte>(number & 0x7f));
  return bytes;
}

}  // namespace

const std::vector<shape>& all_shapes() {
  static const std::vector<shape> shapes = [] {
    std::vector<shape> all;
    for (const auto producers : {producer_role::single, producer_role::many}) {
      for (const bool observer : {false, true}) {
        const std::string tail =
            std::string(producers == producer_role::many ? "_many" : "_single") +
            (observer ? "_observer" : "_consumer");
        all.push_back({"log" + tail, segment_mode::log, full_policy::reject, producers, observer});
        all.push_back({"ring_overwrite" + tail, segment_mode::ring, full_policy::overwrite,
                       producers, observer});
        // Nobody holds back the producers of a lossless ring that only observers read: it fills up.
        if (observer) continue;
        all.push_back(
            {"ring_reject" + tail, segment_mode::ring, full_policy::reject, producers, observer});
        all.push_back(
            {"ring_wait" + tail, segment_mode::ring, full_policy::wait, producers, observer});
      }
    }
    return all;
  }();
  return shapes;
}

std::unique_ptr<traffic> traffic::open(const shape& wanted) {
  geometry shape;
  shape.mode = wanted.mode;
  shape.when_full = wanted.when_full;
  shape.producers = wanted.producers;
  shape.slot_count = wanted.mode == segment_mode::log ? messages + round : ring_slots;
  shape.content_size = length;
  const shmfifo::testing::unique_name name;
  auto made = segment::create(name.get(), shape);
  if (!made) return nullptr;
  static_cast<void>(segment::remove(name.get()));
  auto producer = made->attach_producer();
  auto consumer = wanted.observer ? made->attach_observer() : made->attach_consumer();
  if (!producer || !consumer) return nullptr;
  std::unique_ptr<traffic> all(new traffic());
  all->segment_.emplace(std::move(made).value());
  all->producer_.emplace(std::move(producer).value());
  all->consumer_.emplace(std::move(consumer).value());
  return all;
}

// One round: five by publish, two as a batch, one in place; the last number is given up.
bool traffic::publish_some() {
  for (int i = 0; i < 5; ++i) {
    const auto bytes = bytes_of(sent_++);
    const auto content = std::as_bytes(std::span(bytes));
    const status answer =
        i % 2 == 0 ? producer_->publish(content) : producer_->try_publish(content);
    if (answer != status::ok) return false;
  }
  const auto first = bytes_of(sent_++);
  const auto second = bytes_of(sent_++);
  const byte_view batch[] = {std::as_bytes(std::span(first)), std::as_bytes(std::span(second))};
  const batch_result both = producer_->publish(batch);
  if (both.answer != status::ok || both.published != 2) return false;
  auto claim = producer_->take();
  if (!claim) return false;
  const auto third = bytes_of(sent_++);
  std::memcpy(claim.content().data(), third.data(), third.size());
  if (std::move(claim).commit(third.size()) != status::ok) return false;
  ++sent_;
  return producer_->try_take().abort() == status::ok;
}

bool traffic::read_some() {
  bool right = true;
  const auto check = [&](const record_view& record) {
    const auto expected = bytes_of(seen_);
    right = right && record.message_number == seen_ && record.value_length == length &&
            std::memcmp(record.content, expected.data(), expected.size()) == 0;
    ++seen_;
  };
  // Far off, so that an endless sleep by mistake ends; the trap is there before.
  const deadline until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  if (consumer_->wait(until) != status::ok) return false;
  std::array<std::byte, length> buffer;
  const read_result copied = consumer_->read(buffer);
  if (copied.answer != status::ok) return false;
  check({copied.length, copied.number, copied.status, buffer.data()});
  if (consumer_->poll(check).count != round - 2) return false;
  const poll_result given_up = consumer_->poll(check);
  if (given_up.answer != status::aborted || given_up.count != 1) return false;
  ++seen_;
  for (int i = 0; i < 3; ++i) {
    if (consumer_->poll(check).answer != status::empty) return false;
  }
  return right && seen_ == sent_;
}

bool traffic::run() {
  while (sent_ < messages) {
    if (!publish_some() || !read_some()) return false;
  }
  return true;
}

}  // namespace hot_path
