// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "bare_ring.hpp"
#include "chunk_watch.hpp"
#include "shmfifo/harness/support/value_or_stop.hpp"
#include "shmfifo/shmfifo.hpp"
#include "slow_producer.hpp"
#include "streams.hpp"

namespace shmfifo::million {
namespace {

constexpr std::chrono::seconds patience{120};  // far beyond any honest run

constexpr std::size_t batch_messages = 16;

geometry shape_for(mode way, kind what, std::int64_t messages) {
  geometry shape;
  if (is_ring(way)) {
    shape.mode = segment_mode::ring;
    shape.when_full = full_policy::wait;
    shape.slot_count = ring_slots;
    shape.content_size = size_of(what);
    if (way == mode::ring_live_many || way == mode::ring_two_producers) {
      shape.producers = producer_role::many;
    }
  } else {
    shape.mode = segment_mode::log;
    shape.slot_count = static_cast<std::uint64_t>(messages);
    // In phases records of the original's size; live, where both sides share the cache, only what
    // is sent.
    shape.content_size = way == mode::log_phases ? default_content_size : size_of(what);
  }
  return shape;
}

// -- the writer

// `send(left, until)` publishes some of the messages that are left and returns how many.
template <class Send>
timing send_all(actor& self, std::int64_t messages, Send&& send) {
  chunk_watch watch(messages);
  const deadline until = watch.start() + patience;
  for (std::int64_t i = 0; i < messages;) {
    const batch_result sent = send(messages - i, until);
    if (sent.answer != status::ok) [[unlikely]] {
      self.fail(fmt::format("publish of message {} answered {}", i, to_string(sent.answer)));
    }
    i += static_cast<std::int64_t>(sent.published);
    watch.note(i);
  }
  return watch.finish();
}

template <class Producer>
timing write_one_by_one(actor& self, Producer& out, const payloads& source, std::int64_t messages) {
  payload_walk walk(source);
  return send_all(self, messages, [&](std::int64_t, deadline until) -> batch_result {
    return {out.publish(byte_view(walk.next(), source.size()), until), 1};
  });
}

template <class Producer>
timing write_batches(actor& self, Producer& out, const payloads& source) {
  payload_walk walk(source);
  std::array<byte_view, batch_messages> batch;
  return send_all(self, self.options().messages, [&](std::int64_t left, deadline until) {
    const auto count = std::min(batch_messages, static_cast<std::size_t>(left));
    for (std::size_t i = 0; i < count; ++i) batch[i] = byte_view(walk.next(), source.size());
    return out.publish(std::span<const byte_view>(batch.data(), count), until);
  });
}

template <class Producer>
timing write_claims(actor& self, Producer& out, const payloads& source) {
  payload_walk walk(source);
  return send_all(self, self.options().messages, [&](std::int64_t, deadline until) -> batch_result {
    claim slot = out.take(until);
    if (!slot) return {slot.answer(), 0};
    std::memcpy(slot.content().data(), walk.next(), source.size());
    return {std::move(slot).commit(source.size()), 1};
  });
}

// The second producer is a thread of this process, and sends the other half of the messages.
template <class Producer>
timing write_as_two(actor& self, Producer& out, const payloads& source, const segment& home) {
  const payloads others(source.which(), second_letter);
  producer second = harness::must(home.attach_producer());
  const std::int64_t half = self.options().messages / 2;
  const auto start = clock::now();
  std::thread other([&] {
    self.take_processor(third_processor);
    write_one_by_one(self, second, others, half);
  });
  write_one_by_one(self, out, source, self.options().messages - half);
  other.join();
  // Chunks of one producer say little of both: the reader's do.
  const double ms = ms_since(start);
  return {ms, ms};
}

template <class Producer>
timing write_all(actor& self, Producer& out, mode way, const payloads& source,
                 const segment& home) {
  self.start_line();
  switch (way) {
    case mode::ring_batch:
      return write_batches(self, out, source);
    case mode::ring_claim:
      return write_claims(self, out, source);
    case mode::ring_two_producers:
      return write_as_two(self, out, source, home);
    default:
      return write_one_by_one(self, out, source, self.options().messages);
  }
}

// The least that a log can cost: the same bytes copied to the same touched memory.
timing copy_all(actor& self, const segment& log, const payloads& source) {
  payload_walk walk(source);
  const layout_view& view = log.view();
  const std::size_t size = source.size();
  chunk_watch watch(self.options().messages);
  for (std::int64_t i = 0; i < self.options().messages; ++i) {
    std::memcpy(layout_view::content(view.slot(static_cast<std::uint64_t>(i))), walk.next(), size);
    watch.note(i + 1);
  }
  return watch.finish();
}

stream_times write_side(actor& self, mode way, kind what, bool copy_first, bool slow) {
  stream_times times;
  const std::string name = self.next_name();
  const payloads source(what);
  auto start = clock::now();
  const segment made = harness::must(
      segment::create(name, shape_for(way, what, self.options().messages), {.pretouch = true}));
  times.create = ms_since(start);
  producer out = harness::must(made.attach_producer());
  self.meet();  // the segment exists
  self.meet();  // the reader is attached, so the name has done its work
  harness::must(segment::remove(name));
  const bool phases = way == mode::log_phases;
  if (phases && copy_first) times.copy_loop = copy_all(self, made, source);
  self.meet();
  times.writer = with_producer(
      out, slow, [&](auto& sender) { return write_all(self, sender, way, source, made); });
  self.meet();  // in phases the reader begins here
  if (phases) self.start_line();
  self.meet();
  if (phases && !copy_first) times.copy_loop = copy_all(self, made, source);
  return times;
}

// -- the reader

template <class Checker>
timing read_all(actor& self, consumer& in, Checker& check) {
  chunk_watch watch(self.options().messages);
  const deadline until = watch.start() + patience;
  while (check.count() < self.options().messages) {
    const poll_result got = in.poll([&](const record_view& record) {
      if (!check.take(record.message_number, record.value_length, record.content)) [[unlikely]] {
        self.fail(fmt::format("message {} came with a wrong number, length or byte",
                              record.message_number));
      }
      watch.note(check.count());
    });
    if (got.answer == status::ok) [[likely]]
      continue;
    if (got.answer != status::empty) {
      self.fail(fmt::format("poll at {} answered {}", got.first, to_string(got.answer)));
    }
    if (const status waited = in.wait(until); waited != status::ok) {
      self.fail(
          fmt::format("waiting for message {} ended with {}", in.position(), to_string(waited)));
    }
  }
  return watch.finish();
}

timing read_from_two(actor& self, consumer& in, kind what) {
  const payloads first(what);
  const payloads second(what, second_letter);
  two_checkers check(first, second);
  const timing times = read_all(self, in, check);
  if (check.of_second() != self.options().messages / 2) self.fail("a producer's messages are lost");
  return times;
}

// The second consumer is a thread of this process, and reads the same messages.
timing read_as_two(actor& self, consumer& in, consumer& second, const payloads& expected) {
  const auto start = clock::now();
  std::thread other([&] {
    self.take_processor(third_processor);
    checker check(expected);
    read_all(self, second, check);
  });
  checker check(expected);
  timing times = read_all(self, in, check);
  other.join();
  times.ms = ms_since(start);
  return times;
}

stream_times read_side(actor& self, mode way, kind what) {
  stream_times times;
  const std::string name = self.next_name();
  const payloads expected(what);
  self.meet();
  const bool phases = way == mode::log_phases;
  attach_options options;
  options.pretouch = true;
  // Afterwards a log is read by an observer, which may not write to it.
  if (phases) options.mode = access::read_only;
  const auto start = clock::now();
  const segment found = harness::must(segment::attach(name, options));
  times.attach = ms_since(start);
  consumer in = harness::must(phases ? found.attach_observer() : found.attach_consumer());
  std::optional<consumer> second;
  if (way == mode::ring_two_consumers) second.emplace(harness::must(found.attach_consumer()));
  self.meet();
  self.meet();
  if (phases) {
    self.start_line();
    self.meet();
  }
  self.start_line();
  if (way == mode::ring_two_producers) {
    times.reader = read_from_two(self, in, what);
  } else if (second) {
    times.reader = read_as_two(self, in, *second, expected);
  } else {
    checker check(expected);
    times.reader = read_all(self, in, check);
  }
  if (!phases) self.meet();
  self.meet();
  return times;
}

}  // namespace

stream_times core_stream(actor& self, mode way, kind what, bool copy_first, bool slow) {
  const stream_times times =
      self.writes() ? write_side(self, way, what, copy_first, slow) : read_side(self, way, what);
  self.meet();  // both are detached: the memory is free again before the next row
  return times;
}

std::uint64_t space_needed(std::int64_t messages) noexcept {
  geometry log;
  log.mode = segment_mode::log;
  log.slot_count = static_cast<std::uint64_t>(messages);
  return log.segment_size();
}

}  // namespace shmfifo::million
