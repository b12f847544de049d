// SPDX-License-Identifier: MIT
// The streams of the curves. The producers are threads of the writer's process and the consumers
// threads of the reader's.
#include <algorithm>
#include <latch>
#include <thread>

#include "bare_ring.hpp"
#include "curves.hpp"
#include "probes.hpp"
#include "stamps.hpp"

namespace shmfifo::million {
namespace {

constexpr std::uint64_t large_content_slots = 16;
constexpr std::uint64_t content_bytes_max = std::uint64_t{128} << 20;  // of all messages

struct stream_shape {
  std::uint64_t slots = ring_slots;
  std::uint64_t content = size_of(kind::text);
  std::uint64_t consumers = 1;
  std::uint64_t producers = 1;
  producer_role role = producer_role::single;
  std::uint64_t messages_each = 0;  // of each producer

  [[nodiscard]] std::int64_t messages() const noexcept {
    return static_cast<std::int64_t>(producers * messages_each);
  }
};

geometry ring_for(const stream_shape& shape) {
  geometry ring;
  ring.when_full = full_policy::wait;
  ring.slot_count = shape.slots;
  ring.content_size = shape.content;
  ring.producers = shape.role;
  ring.participant_count =
      std::max(default_participants, static_cast<std::uint32_t>(shape.consumers + shape.producers));
  return ring;
}

std::uint64_t messages_of(const actor& self) {
  return static_cast<std::uint64_t>(self.options().messages);
}

void write_all(actor& self, producer& out, std::uint32_t index, const stream_shape& shape) {
  std::vector<std::byte> content(shape.content, std::byte{'x'});
  const deadline until = clock::now() + patience;
  for (std::uint32_t i = 0; i < shape.messages_each; ++i) {
    write_stamp(content, {index, i});
    publish_one(self, out, content, until);
  }
}

void read_all(actor& self, consumer& in, const stream_shape& shape) {
  stamp_checker check(shape.content, shape.producers);
  const deadline until = clock::now() + patience;
  const auto take = [&](const record_view& record) {
    if (!check.take(record.message_number, record.bytes())) {
      self.fail("a message of a curve is lost, repeated or wrong");
    }
  };
  while (check.count() < shape.messages()) {
    receive(self, in, until, take, consumer::default_limit);
  }
}

void write_stream(actor& self, const segment& home, const stream_shape& shape) {
  std::vector<producer> all;
  for (std::uint64_t i = 0; i < shape.producers; ++i) {
    all.push_back(harness::must(home.attach_producer()));
  }
  self.meet();  // all consumers are attached
  std::latch start(1);
  std::vector<std::jthread> threads;
  for (std::uint64_t i = 0; i < shape.producers; ++i) {
    threads.emplace_back([&, i] {
      start.wait();
      write_all(self, all[i], static_cast<std::uint32_t>(i), shape);
    });
  }
  self.meet();
  self.start_line();
  start.count_down();
  threads.clear();
  self.meet();  // everything is read
}

// Until the last consumer has the last message.
double read_stream(actor& self, const segment& home, const stream_shape& shape) {
  std::vector<consumer> all;
  for (std::uint64_t i = 0; i < shape.consumers; ++i) {
    all.push_back(harness::must(home.attach_consumer()));
  }
  self.meet();
  std::vector<clock::time_point> ends(shape.consumers);
  std::vector<std::jthread> threads;
  for (std::uint64_t i = 0; i < shape.consumers; ++i) {
    threads.emplace_back([&, i] {
      read_all(self, all[i], shape);
      ends[i] = clock::now();
    });
  }
  self.meet();
  // Before the line: behind it the consumers may have run to their ends before this thread goes on.
  const auto start = clock::now();
  self.start_line();
  threads.clear();
  const std::chrono::duration<double, std::nano> time = *std::ranges::max_element(ends) - start;
  self.meet();
  return time.count() / static_cast<double>(shape.messages());
}

double measure_stream(actor& self, const stream_shape& shape) {
  double ns = 0;
  {
    const segment home = open_segment(self, ring_for(shape));
    if (self.writes()) write_stream(self, home, shape);
    if (!self.writes()) ns = read_stream(self, home, shape);
  }
  self.meet();  // both are detached
  return ns;
}

}  // namespace

double stream_by_slots(actor& self, std::uint64_t slots) {
  return measure_stream(self, {.slots = slots, .messages_each = messages_of(self)});
}

// All consumers share a processor, and each message costs each of them its time: the more they are,
// the fewer messages, but several laps of the ring.
double stream_by_consumers(actor& self, std::uint64_t consumers) {
  const std::uint64_t messages = messages_of(self);
  return measure_stream(self, {.consumers = consumers,
                               .messages_each = std::max(messages / 4 / consumers, messages / 64)});
}

double stream_by_producers(actor& self, std::uint64_t producers) {
  return measure_stream(self, {.producers = producers,
                               .role = producer_role::many,
                               .messages_each = messages_of(self) / 4 / producers});
}

double stream_by_content(actor& self, std::uint64_t size) {
  return measure_stream(
      self, {.slots = large_content_slots,
             .content = size,
             .messages_each = std::min(messages_of(self) / 4, content_bytes_max / size)});
}

}  // namespace shmfifo::million
