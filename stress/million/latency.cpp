// SPDX-License-Identifier: MIT
#include "latency.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <fstream>
#include <optional>
#include <span>
#include <vector>

#include "machine.hpp"
#include "shmfifo/harness/support/value_or_stop.hpp"
#include "shmfifo/shmfifo.hpp"
#include "slow_producer.hpp"

namespace shmfifo::million {
namespace {

constexpr std::uint64_t rounds = 20'000;
constexpr std::uint64_t warm_up_rounds = 1'000;
constexpr unsigned wake_ups = 200;
constexpr std::chrono::seconds patience{120};
constexpr std::chrono::seconds idle_time{1};

// One clock reading per round: from the end of one round to the end of the next.
class stop_watch {
 public:
  stop_watch() { ns_.reserve(rounds); }
  void lap(std::uint64_t round) {
    const auto now = clock::now();
    if (round >= warm_up_rounds) {
      ns_.push_back(std::chrono::duration<double, std::nano>(now - last_).count());
    }
    last_ = now;
  }
  void add(double ns) { ns_.push_back(ns); }
  [[nodiscard]] latency summary(probe what, std::uint32_t execution) {
    std::sort(ns_.begin(), ns_.end());
    const std::size_t count = ns_.size();
    return {what, execution, ns_[count / 2], ns_[count * 99 / 100]};
  }

 private:
  clock::time_point last_ = clock::now();
  std::vector<double> ns_;
};

void await(const std::atomic<std::uint64_t>& flag, std::uint64_t value) noexcept {
  for (unsigned i = 1; flag.load(std::memory_order_acquire) != value; ++i) {
    if (i % 65536 == 0) ::sched_yield();
    spin_hint();
  }
}

struct link {
  segment home;
  std::optional<producer> out;
  std::optional<consumer> in;
};

// One ring: `sends` says whether this side is its producer. The writer makes both rings.
link open_link(actor& self, kind what, bool sends) {
  const std::string name = self.next_name();
  geometry shape;
  shape.when_full = full_policy::wait;
  shape.slot_count = 64;
  shape.content_size = size_of(what);
  if (self.writes()) {
    link mine{harness::must(segment::create(name, shape, {.pretouch = true})), {}, {}};
    self.meet();
    self.meet();
    harness::must(segment::remove(name));
    if (sends) mine.out.emplace(harness::must(mine.home.attach_producer()));
    if (!sends) mine.in.emplace(harness::must(mine.home.attach_consumer()));
    return mine;
  }
  self.meet();
  link mine{harness::must(segment::attach(name)), {}, {}};
  self.meet();
  if (sends) mine.out.emplace(harness::must(mine.home.attach_producer()));
  if (!sends) mine.in.emplace(harness::must(mine.home.attach_consumer()));
  return mine;
}

template <class Take>
void receive(actor& self, consumer& in, deadline until, Take&& take) {
  for (;;) {
    const poll_result got = in.poll(take, 1);
    if (got.answer == status::ok) return;
    if (got.answer != status::empty) {
      self.fail(fmt::format("poll answered {}", to_string(got.answer)));
    }
    if (in.wait(until) != status::ok) self.fail("an answer did not come within its deadline");
  }
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
    if (out.publish(byte_view(walk.next(), size), until) != status::ok) self.fail("publish failed");
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

[[nodiscard]] double cpu_ms() noexcept {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

[[nodiscard]] double waited_ms() {
  std::ifstream file("/proc/self/schedstat");
  return read_waited_ms(file);
}

void sleep_us(long us) noexcept {
  const timespec time{0, us * 1000};
  ::nanosleep(&time, nullptr);
}

[[nodiscard]] bool somebody_sleeps(const segment& home) noexcept {
  const std_memory_model memory;
  return (memory.load(home.view().control().data_bell, std::memory_order_relaxed,
                      site::bell_check) &
          protocol::bell_sleeper) != 0;
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
        while (!somebody_sleeps(ring.home)) sleep_us(100);
        sleep_us(100);  // time for the reader to enter the kernel
        const std::int64_t now = clock::now().time_since_epoch().count();
        const byte_view message = std::as_bytes(std::span(&now, 1));
        if (ring.out->publish(message, until) != status::ok) self.fail("publish failed");
        continue;
      }
      receive(self, *ring.in, until, [&](const record_view& record) {
        const std::int64_t now = clock::now().time_since_epoch().count();
        std::int64_t then = 0;
        if (record.value_length != sizeof then || record.message_number != i) {
          self.fail("a wake-up's message is broken");
        }
        std::memcpy(&then, record.content, sizeof then);
        watch.add(static_cast<double>(now - then));
      });
    }
    if (!self.writes()) self.record(watch.summary(probe::wake_up, execution));
    self.meet();
  }
  self.meet();
}

// No message comes for a second; the reader waits.
void measure_idle_consumer(actor& self, bool slow) {
  {
    link ring = open_link(self, kind::word_8, self.writes());
    self.meet();
    if (!self.writes()) {
      const double used_before = cpu_ms();
      const double waited_before = waited_ms();
      const auto start = clock::now();
      const deadline until = start + idle_time;
      while (slow && clock::now() < until) {
        if (ring.in->poll([](const record_view&) {}).answer != status::empty) break;
      }
      if (ring.in->wait(until) != status::timed_out) self.fail("an idle consumer got something");
      const double elapsed = ms_since(start);
      self.found().idle_cpu_percent =
          percent_used(cpu_ms() - used_before, elapsed, waited_ms() - waited_before);
    }
    self.meet();
  }
  self.meet();
}

}  // namespace shmfifo::million
