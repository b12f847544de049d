// SPDX-License-Identifier: MIT
// Goal: each stream and probe fills in what its side measures. Method: few messages between two
// real processes.
#include "streams.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "latency.hpp"
#include "plan.hpp"
#include "played.hpp"
#include "slow_producer.hpp"

namespace shmfifo::million {
namespace {

// Fails if the run has a name in /dev/shm but for its lock.
void expect_no_name(actor& self) {
  const std::string name = self.next_name();
  const std::string beginning = name.substr(0, name.rfind('-') + 1);
  DIR* const listing = ::opendir("/dev/shm");
  while (const dirent* entry = ::readdir(listing)) {
    const std::string_view found = entry->d_name;
    if (found.starts_with(beginning) && !found.ends_with("-lock")) self.fail(std::string(found));
  }
  ::closedir(listing);
}

// Which of a side's times are not zero: c, a, w, r and l for the copy loop.
std::string times_of(const stream_times& times) {
  std::string text;
  const std::pair<timing, char> all[] = {{{times.create, times.create}, 'c'},
                                         {{times.attach, times.attach}, 'a'},
                                         {times.writer, 'w'},
                                         {times.reader, 'r'},
                                         {times.copy_loop, 'l'}};
  for (const auto& [time, letter] : all) {
    if (time.ms > 0) text += letter;
    if ((time.ms > 0) != (time.chunk_ms > 0)) text += '?';
  }
  return text;
}

void expect_times(actor& self, const stream_times& times, const std::string& writer,
                  const std::string& reader) {
  self.meet();
  expect_no_name(self);
  self.meet();
  const std::string found = times_of(times);
  if (found != (self.writes() ? writer : reader)) self.fail("measured " + found);
}

TEST(streams, G14_each_side_fills_in_what_it_measures_and_leaves_no_name) {
  std::byte* const memory = map_ring_memory();
  const run_outcome got = played(
      [memory](actor& self) {
        for (const mode way :
             {mode::log_phases, mode::log_live, mode::ring_live, mode::ring_live_many}) {
          for (const kind what : {kind::text, kind::structured}) {
            for (const bool copy_first : {false, true}) {
              expect_times(self, core_stream(self, way, what, copy_first, false),
                           way == mode::log_phases ? "cwl" : "cw", "ar");
            }
          }
        }
        for (const mode way : {mode::ring_batch, mode::ring_claim, mode::ring_two_producers,
                               mode::ring_two_consumers}) {
          expect_times(self, core_stream(self, way, kind::text, false, false), "cw", "ar");
        }
        for (const subject who : {subject::bare_ring, subject::flag_lines}) {
          expect_times(self, ring_baseline(self, who, memory, kind::block_1024), "w", "r");
        }
        expect_times(self, original_stream(self, mode::log_phases, kind::text), "w", "r");
        expect_times(self, original_stream(self, mode::log_live, kind::text), "w", "r");
      },
      3001);  // neither whole batches nor two halves
  EXPECT_TRUE(got.ok) << got.failure;
}

// The delay is a lower bound, however busy the machine is.
TEST(streams, G14_a_slow_core_takes_its_time_for_each_message) {
  EXPECT_EQ(slow_producer::delay, std::chrono::microseconds(5));
  const run_outcome got = played(
      [](actor& self) {
        for (const mode way : {mode::ring_live, mode::ring_batch, mode::ring_claim}) {
          const stream_times times = core_stream(self, way, kind::text, false, true);
          if (self.writes() && times.writer.ms < 1000 * 0.005) self.fail("not slow");
          if (self.writes() && times.writer.chunk_ms < 1000 * 0.005) self.fail("not slow");
        }
      },
      1000);
  EXPECT_TRUE(got.ok) << got.failure;
}

TEST(latency, G14_each_probe_records_two_sorted_figures_under_its_own_name) {
  const run_outcome got = played([](actor& self) {
    measure_ping_pong(self, 1, probe::ping_pong);
    if (self.shared().ping != 21'000 || self.shared().pong != 21'000) self.fail("other rounds");
    self.meet();
    measure_ping_pong(self, 2, probe::ping_pong_at_rings);
    measure_round_trip(self, 3, kind::word_8, false);
    measure_round_trip(self, 4, kind::text, false);
    measure_wake_up(self, 5);
    measure_full_ring(self, 6, false);
    measure_publish_to_sleepers(self, 7, {probe::publish_sleepers_16, 16}, false);
    self.meet();
    expect_no_name(self);
  });
  ASSERT_TRUE(got.ok) << got.failure;
  const std::pair<probe, std::uint32_t> expected[] = {
      {probe::ping_pong, 1},           {probe::ping_pong_at_rings, 2},
      {probe::round_trip_8, 3},        {probe::round_trip_133, 4},
      {probe::plain_publish, 6},       {probe::full_ring_publish, 6},
      {probe::publish_sleepers_16, 7}, {probe::wake_up, 5}};
  ASSERT_EQ(got.found.latencies.size(), std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    const latency& found = got.found.latencies[i];
    EXPECT_EQ(found.what, expected[i].first);
    EXPECT_EQ(found.execution, expected[i].second);
    EXPECT_GT(found.p50_ns, 0);
    EXPECT_GE(found.p99_ns, found.p50_ns);
  }
  EXPECT_TRUE(got.found.samples.empty());
}

TEST(latency, G14_a_slow_publish_takes_its_time_into_a_full_ring_and_to_sleepers) {
  const run_outcome got = played([](actor& self) {
    measure_full_ring(self, 0, true);
    measure_publish_to_sleepers(self, 0, {probe::publish_sleepers_1, 1}, true);
  });
  ASSERT_TRUE(got.ok) << got.failure;
  EXPECT_GE(got.found.p50s(probe::full_ring_publish).at(0), 5'000);
  EXPECT_GE(got.found.p50s(probe::publish_sleepers_1).at(0), 20'000'000);
}

TEST(latency, G14_the_reader_measures_consumers_that_wait_and_those_that_poll) {
  const run_outcome got = played([](actor& self) {
    for (const unsigned count : {1U, 3U}) {
      const double waiting = measure_idle_consumers(self, count, false);
      const double polling = measure_idle_consumers(self, count, true);
      if (self.writes() && (waiting >= 0 || polling >= 0)) self.fail("the writer measured");
      if (self.writes()) continue;
      if (waiting < 0 || waiting > 101) self.fail(fmt::format("waiting: {}", waiting));
      if (polling <= 0 || polling > 101) self.fail(fmt::format("polling: {}", polling));
    }
  });
  EXPECT_TRUE(got.ok) << got.failure;
}

TEST(latency, G14_a_slow_round_trip_takes_its_time_on_both_ways) {
  const run_outcome got =
      played([](actor& self) { measure_round_trip(self, 0, kind::word_8, true); });
  ASSERT_TRUE(got.ok) << got.failure;
  EXPECT_GE(got.found.latencies.at(0).p50_ns, 10'000);
}

}  // namespace
}  // namespace shmfifo::million
