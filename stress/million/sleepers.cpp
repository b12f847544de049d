// SPDX-License-Identifier: MIT
// What consumers that sleep cost: themselves, and the producer that wakes them. They are threads of
// the reader's process, on its processor, each with its own consumer of one ring.
#include <ctime>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

#include "latency.hpp"
#include "machine.hpp"
#include "probes.hpp"
#include "slow_producer.hpp"

namespace shmfifo::million {
namespace {

using namespace std::chrono_literals;

constexpr auto idle_time = 1s;
// In each execution; the first wakes whoever has never slept.
constexpr unsigned publish_rounds = 9;
// For one consumer: from the end of its poll, through its spins, until it sleeps in the kernel. All
// share one processor.
constexpr auto time_to_sleep = 250us;
// Longer than waking all of them takes.
constexpr auto slow_wake_up = 20ms;

geometry ring_for(unsigned consumers) {
  geometry shape = probe_ring(kind::word_8);
  shape.participant_count = std::max(default_participants, consumers + 1);  // and the producer
  return shape;
}

// Calls `job(consumer)` in a thread for each consumer, all attached before the first begins.
template <class Job>
void run_consumers(const segment& home, unsigned count, Job&& job) {
  std::vector<consumer> all;
  all.reserve(count);
  for (unsigned i = 0; i < count; ++i) all.push_back(harness::must(home.attach_consumer()));
  std::vector<std::jthread> threads;
  threads.reserve(count);
  for (consumer& one : all) threads.emplace_back([&job, &one] { job(one); });
}

// Milliseconds of the calling thread.
struct thread_times {
  double used = 0;
  double waited = 0;
  clock::time_point at;

  static thread_times now() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    std::ifstream schedstat("/proc/thread-self/schedstat");
    return {static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6,
            read_waited_ms(schedstat), clock::now()};
  }
};

// No message comes for a while, and the consumer waits: its processor time in per cent.
double idle_percent(actor& self, consumer& in, bool slow) {
  const thread_times before = thread_times::now();
  const deadline until = before.at + idle_time;
  while (slow && clock::now() < until) {
    if (in.poll([](const record_view&) {}).answer != status::empty) break;
  }
  if (in.wait(until) != status::timed_out) self.fail("an idle consumer got something");
  const double elapsed = ms_since(before.at);
  const thread_times after = thread_times::now();
  return percent_used(after.used - before.used, elapsed, after.waited - before.waited);
}

}  // namespace

double measure_idle_consumers(actor& self, unsigned consumers, bool slow) {
  double percent = -1;
  {
    const segment home = open_segment(self, ring_for(consumers));
    std::optional<producer> out;  // without one a wait would end
    if (self.writes()) out.emplace(harness::must(home.attach_producer()));
    self.meet();
    if (!self.writes()) {
      std::atomic<double> sum = 0;
      run_consumers(home, consumers, [&](consumer& in) { sum += idle_percent(self, in, slow); });
      percent = sum / consumers;
    }
    self.meet();
  }
  self.meet();
  return percent;
}

void measure_publish_to_sleepers(actor& self, std::uint32_t execution, const sleepers& which,
                                 bool slow) {
  const payloads source(kind::word_8);
  std::atomic<std::uint64_t>& begun = self.shared().ping;  // waits of all consumers
  {
    const segment home = open_segment(self, ring_for(which.count));
    if (self.writes()) begun.store(0, std::memory_order_relaxed);
    self.meet();
    const deadline until = clock::now() + patience;
    if (self.writes()) {
      producer real = harness::must(home.attach_producer());
      payload_walk walk(source);
      stop_watch watch;
      for (unsigned round = 0; round < publish_rounds; ++round) {
        while (begun.load(std::memory_order_acquire) < std::uint64_t{which.count} * (round + 1)) {
          std::this_thread::sleep_for(100us);
        }
        await_sleeper(home, which.count * time_to_sleep + 1ms);
        const byte_view message(walk.next(), source.size());
        with_producer(
            real, slow,
            [&](auto& out) { watch.time([&] { publish_one(self, out, message, until); }); },
            slow_wake_up);
      }
      self.record(watch.summary(which.what, execution));
      self.meet();
    } else {
      run_consumers(home, which.count, [&](consumer& in) {
        checker check(source);
        for (unsigned round = 0; round < publish_rounds; ++round) {
          begun.fetch_add(1, std::memory_order_release);
          receive_checked(self, in, until, check);
        }
      });
      self.meet();
    }
  }
  self.meet();
}

}  // namespace shmfifo::million
