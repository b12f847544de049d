// SPDX-License-Identifier: MIT
#include "latency.hpp"

#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <span>

#include "probes.hpp"
#include "slow_producer.hpp"

namespace shmfifo::million {
namespace {

constexpr std::uint64_t rounds = stop_watch::rounds;
constexpr std::uint64_t warm_up_rounds = stop_watch::warm_up_rounds;
using namespace std::chrono_literals;

constexpr unsigned wake_ups = 200;

struct link {
  segment home;
  std::optional<producer> out;
  std::optional<consumer> in;
};

// One ring: `sends` says whether this side is its producer.
link open_link(actor& self, kind what, bool sends) {
  link mine{open_segment(self, probe_ring(what)), {}, {}};
  if (sends) mine.out.emplace(harness::must(mine.home.attach_producer()));
  if (!sends) mine.in.emplace(harness::must(mine.home.attach_consumer()));
  return mine;
}

// A message as it was copied out; it is checked while the answer is on its way.
struct copied {
  std::int64_t number = -1;
  std::int64_t length = -1;
  std::byte content[size_of(kind::text)] = {};
};

// The compiler knows the size, as in a program that sends words or structs: copying a number of
// bytes known only at run time costs 30 ns a round and is not measured here.
template <kind what, class Producer>
void play(actor& self, Producer& out, consumer& in, std::uint32_t execution) {
  constexpr std::size_t size = size_of(what);
  const payloads source(what);
  payload_walk walk(source);
  checker check(source);
  copied got;
  const auto take = [&](const record_view& record) {
    got.number = record.message_number;
    got.length = record.value_length;
    if (record.bytes().size() == size) std::memcpy(got.content, record.content, size);
  };
  const auto send = [&](deadline until) {
    publish_one(self, out, byte_view(walk.next(), size), until);
  };
  const auto verify = [&] {
    if (!check.take(got.number, got.length, got.content)) {
      self.fail("a message of the round trip is broken");
    }
  };
  self.meet();
  self.start_line();
  stop_watch watch;
  const deadline until = clock::now() + patience;
  for (std::uint64_t round = 0; round < rounds + warm_up_rounds; ++round) {
    if (self.writes()) {
      send(until);
      if (round > 0) verify();
      receive(self, in, until, take);
      watch.lap(round);
    } else {
      receive(self, in, until, take);
      send(until);
      verify();
    }
  }
  if (!self.writes()) return;
  verify();
  const probe which = what == kind::text ? probe::round_trip_133 : probe::round_trip_8;
  self.record(watch.summary(which, execution));
}

}  // namespace

void measure_ping_pong(actor& self, std::uint32_t execution, probe which) {
  shared_block& block = self.shared();
  if (self.writes()) {
    block.ping.store(0, std::memory_order_relaxed);
    block.pong.store(0, std::memory_order_relaxed);
  }
  self.meet();
  self.start_line();
  stop_watch watch;
  for (std::uint64_t round = 0; round < rounds + warm_up_rounds; ++round) {
    if (self.writes()) {
      block.ping.store(round + 1, std::memory_order_release);
      await(block.pong, round + 1);
      watch.lap(round);
    } else {
      await(block.ping, round + 1);
      block.pong.store(round + 1, std::memory_order_release);
    }
  }
  if (self.writes()) self.record(watch.summary(which, execution));
  self.meet();
}

void measure_round_trip(actor& self, std::uint32_t execution, kind what, bool slow) {
  {
    link there = open_link(self, what, self.writes());
    link back = open_link(self, what, !self.writes());
    producer& out = self.writes() ? *there.out : *back.out;
    consumer& in = self.writes() ? *back.in : *there.in;
    with_producer(out, slow, [&](auto& sender) {
      if (what == kind::text) play<kind::text>(self, sender, in, execution);
      if (what == kind::word_8) play<kind::word_8>(self, sender, in, execution);
    });
    self.meet();
  }
  self.meet();
}

// The message holds the time of its publish. The writer waits until the reader really sleeps.
void measure_wake_up(actor& self, std::uint32_t execution) {
  {
    link ring = open_link(self, kind::word_8, self.writes());
    self.meet();
    const deadline until = clock::now() + patience;
    stop_watch watch;
    for (unsigned i = 0; i < wake_ups; ++i) {
      if (self.writes()) {
        await_sleeper(ring.home, 100us);
        const std::int64_t now = clock::now().time_since_epoch().count();
        publish_one(self, *ring.out, std::as_bytes(std::span(&now, 1)), until);
        continue;
      }
      receive(self, *ring.in, until, [&](const record_view& record) {
        const std::int64_t now = clock::now().time_since_epoch().count();
        std::int64_t then = 0;
        if (record.value_length != sizeof then || record.message_number != i) {
          self.fail("a wake-up's message is broken");
        }
        std::memcpy(&then, record.content, sizeof then);
        watch.add(clock::duration(now - then));
      });
    }
    if (!self.writes()) self.record(watch.summary(probe::wake_up, execution));
    self.meet();
  }
  self.meet();
}

// A ring of many participant lines and one consumer, which the producer's own thread polls.
void measure_full_ring(actor& self, std::uint32_t execution, bool slow) {
  const std::string name = self.next_name();
  if (self.writes()) {
    geometry shape = probe_ring(kind::word_8);
    shape.participant_count = participants_max;
    const segment home = harness::must(segment::create(name, shape, {.pretouch = true}));
    harness::must(segment::remove(name));
    producer real = harness::must(home.attach_producer());
    consumer in = harness::must(home.attach_consumer());
    const payloads source(kind::word_8);
    payload_walk walk(source);
    checker check(source);
    const deadline until = clock::now() + patience;
    const auto publish = [&](auto& out) {
      publish_one(self, out, byte_view(walk.next(), source.size()), until);
    };
    stop_watch plain;
    for (std::uint64_t round = 0; round < rounds; ++round) {
      plain.time([&] { publish(real); });
      receive_checked(self, in, until, check);
    }
    stop_watch full;
    for (std::uint64_t slot = 0; slot < shape.slot_count; ++slot) publish(real);
    with_producer(real, slow, [&](auto& out) {
      for (std::uint64_t round = 0; round < rounds; ++round) {
        receive_checked(self, in, until, check);
        full.time([&] { publish(out); });
      }
    });
    self.record(plain.summary(probe::plain_publish, execution));
    self.record(full.summary(probe::full_ring_publish, execution));
  }
  self.meet();
}

}  // namespace shmfifo::million
