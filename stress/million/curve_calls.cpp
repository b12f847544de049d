// SPDX-License-Identifier: MIT
// The single calls of the curves. The other participants are in the writer's process, each with an
// attachment of its own: as locks of one attachment they would be one lock to the kernel.
#include <optional>

#include "curves.hpp"
#include "probes.hpp"

namespace shmfifo::million {
namespace {

constexpr unsigned calls = 51;
constexpr std::uint64_t publishes = 500;
constexpr double ns_per_us = 1000;

// The reader measures by `job(name)` while the writer keeps the segment, its name and the others.
template <class Job>
double measure_beside(actor& self, const geometry& shape, std::uint64_t others, Job&& job) {
  const std::string name = self.next_name();
  double cost = 0;
  if (self.writes()) {
    const segment made = harness::must(segment::create(name, shape));
    std::vector<consumer> all;
    for (std::uint64_t i = 0; i < others; ++i) {
      const segment home = harness::must(segment::attach(name));
      all.push_back(harness::must(home.attach_consumer()));
    }
    self.meet();
    self.meet();
    harness::must(segment::remove(name));
  } else {
    self.meet();
    cost = job(name);
    self.meet();
  }
  self.meet();  // both are detached
  return cost;
}

// `call` returns what it made, which is destroyed outside the time.
template <class Call>
double median_us(Call&& call) {
  stop_watch watch;
  for (unsigned i = 0; i < calls; ++i) {
    std::optional<decltype(call())> made;
    watch.time([&] { made.emplace(call()); });
  }
  return watch.median_ns() / ns_per_us;
}

geometry full_table() {
  geometry shape = probe_ring(kind::word_8);
  shape.participant_count = participants_max;
  return shape;
}

// `call(segment)` with so many others attached.
template <class Call>
double measure_call(actor& self, std::uint64_t others, Call&& call) {
  return measure_beside(self, full_table(), others, [&](const std::string& name) {
    const segment home = harness::must(segment::attach(name));
    return median_us([&] { return harness::must(call(home)); });
  });
}

double publish_to_full_ring(actor& self, const segment& home) {
  shared_block& block = self.shared();
  block.ping.store(0, std::memory_order_relaxed);
  block.pong.store(0, std::memory_order_relaxed);
  self.meet();  // all consumers are attached
  producer out = harness::must(home.attach_producer());
  const deadline until = clock::now() + patience;
  const payloads source(kind::word_8);
  payload_walk walk(source);
  const auto publish = [&] {
    publish_one(self, out, byte_view(walk.next(), source.size()), until);
  };
  for (std::uint64_t slot = 0; slot < home.shape().slot_count; ++slot) publish();
  stop_watch watch;
  for (std::uint64_t round = 0; round < publishes; ++round) {
    block.ping.store(round + 1, std::memory_order_release);
    await(block.pong, round + 1);
    watch.time(publish);
  }
  return watch.median_ns();
}

void release_one_by_one(actor& self, const segment& home, std::uint64_t consumers) {
  shared_block& block = self.shared();
  const payloads source(kind::word_8);
  std::vector<consumer> all;
  for (std::uint64_t i = 0; i < consumers; ++i) {
    all.push_back(harness::must(home.attach_consumer()));
  }
  std::vector<checker> checks(consumers, checker(source));
  self.meet();
  const deadline until = clock::now() + patience;
  for (std::uint64_t round = 0; round < publishes; ++round) {
    await(block.ping, round + 1);
    for (std::uint64_t i = 0; i < consumers; ++i) receive_checked(self, all[i], until, checks[i]);
    block.pong.store(round + 1, std::memory_order_release);
  }
}

}  // namespace

double attach_consumer_call(actor& self, std::uint64_t others) {
  return measure_call(self, others, [](const segment& home) { return home.attach_consumer(); });
}

double recover_call(actor& self, std::uint64_t others) {
  return measure_call(self, others, [](const segment& home) { return home.recover(); });
}

double stat_call(actor& self, std::uint64_t others) {
  return measure_call(self, others, [](const segment& home) { return home.stat(); });
}

double attach_call(actor& self, std::uint64_t slots) {
  geometry shape = probe_ring(kind::word_8);
  shape.slot_count = slots;
  return measure_beside(self, shape, 0, [](const std::string& name) {
    return median_us([&] { return harness::must(segment::attach(name)); });
  });
}

// Each consumer releases one slot, in the reader's process; then the writer publishes one message.
double full_ring_publish(actor& self, std::uint64_t consumers) {
  double cost = 0;
  {
    const segment home = open_segment(self, full_table());
    if (self.writes()) cost = publish_to_full_ring(self, home);
    if (!self.writes()) release_one_by_one(self, home, consumers);
    self.meet();
  }
  self.meet();  // both are detached
  return cost;
}

}  // namespace shmfifo::million
