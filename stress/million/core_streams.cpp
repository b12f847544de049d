// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <chrono>
#include <cstring>

#include "bare_ring.hpp"
#include "shmfifo/harness/support/value_or_stop.hpp"
#include "shmfifo/shmfifo.hpp"
#include "slow_producer.hpp"
#include "streams.hpp"

namespace shmfifo::million {
namespace {

constexpr std::chrono::seconds patience{120};  // far beyond any honest run

geometry shape_for(mode way, kind what, std::int64_t messages) {
  geometry shape;
  if (way == mode::ring_live || way == mode::ring_live_many) {
    shape.mode = segment_mode::ring;
    shape.when_full = full_policy::wait;
    shape.slot_count = ring_slots;
    shape.content_size = size_of(what);
    if (way == mode::ring_live_many) shape.producers = producer_role::many;
  } else {
    shape.mode = segment_mode::log;
    shape.slot_count = static_cast<std::uint64_t>(messages);
    // In phases records of the original's size; live, where both sides share the cache, only what
    // is sent.
    shape.content_size = way == mode::log_phases ? default_content_size : size_of(what);
  }
  return shape;
}

template <class Producer>
double write_all(actor& self, Producer& out, const payloads& source) {
  payload_walk walk(source);
  const std::size_t size = source.size();
  self.start_line();
  const auto start = clock::now();
  const deadline until = start + patience;
  for (std::int64_t i = 0; i < self.options().messages; ++i) {
    const status answer = out.publish(byte_view(walk.next(), size), until);
    if (answer != status::ok) [[unlikely]] {
      self.fail(fmt::format("publish of message {} answered {}", i, to_string(answer)));
    }
  }
  return ms_since(start);
}

double read_all(actor& self, consumer& in, const payloads& expected) {
  checker check(expected);
  self.start_line();
  const auto start = clock::now();
  const deadline until = start + patience;
  while (check.count() < self.options().messages) {
    const poll_result got = in.poll([&](const record_view& record) {
      if (!check.take(record.message_number, record.value_length, record.content)) [[unlikely]] {
        self.fail(fmt::format("message {} came with a wrong number, length or byte",
                              record.message_number));
      }
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
  return ms_since(start);
}

// The least that a log can cost: the same bytes copied to the same touched memory.
double copy_all(actor& self, const segment& log, const payloads& source) {
  payload_walk walk(source);
  const layout_view& view = log.view();
  const std::size_t size = source.size();
  const auto start = clock::now();
  for (std::int64_t i = 0; i < self.options().messages; ++i) {
    std::memcpy(layout_view::content(view.slot(static_cast<std::uint64_t>(i))), walk.next(), size);
  }
  return ms_since(start);
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
  times.writer =
      with_producer(out, slow, [&](auto& sender) { return write_all(self, sender, source); });
  self.meet();  // in phases the reader begins here
  if (phases) self.start_line();
  self.meet();
  if (phases && !copy_first) times.copy_loop = copy_all(self, made, source);
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
  self.meet();
  self.meet();
  if (phases) {
    self.start_line();
    self.meet();
  }
  times.reader = read_all(self, in, expected);
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
