// SPDX-License-Identifier: MIT
// Goal: what the verdict says about the machine follows from the kernel's figures. Method: made-up
// figures, and texts without figures.
#include "machine.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

namespace shmfifo::million {
namespace {

processor_ticks ticks_of(const std::string& text) {
  std::istringstream stream(text);
  return read_ticks(stream);
}

TEST(machine, G14_ticks_are_those_of_the_first_line) {
  const processor_ticks read =
      ticks_of("cpu  10 20 30 400 50 6 7 80 9 9\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
  EXPECT_EQ(read.all, 603U);
  EXPECT_EQ(read.idle, 450U);
  EXPECT_EQ(read.steal, 80U);
}

TEST(machine, G14_other_texts_give_nothing) {
  for (const char* text : {"", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9 10", "cpu a b c d e f g h"}) {
    EXPECT_EQ(ticks_of(text).all, 0U) << text;
  }
}

TEST(machine, G14_what_is_neither_idle_stolen_nor_ours_is_of_others) {
  machine_state state;
  add_ticks(state, {1000, 100, 10}, {2000, 200, 60}, 250);
  EXPECT_DOUBLE_EQ(state.steal_percent, 5);
  EXPECT_DOUBLE_EQ(state.others_percent, 60);
}

TEST(machine, G14_no_time_between_says_nothing) {
  machine_state state;
  add_ticks(state, {1000, 100, 10}, {1000, 100, 10}, 250);
  EXPECT_EQ(state.steal_percent, 0);
  EXPECT_EQ(state.others_percent, 0);
}

double load_of_the_last_minute() {
  double load = -1;
  EXPECT_EQ(::getloadavg(&load, 1), 1);
  return load;
}

TEST(machine, G14_a_watch_notes_the_load_at_its_beginning_and_at_its_end) {
  double before = 0, after = -1;
  machine_state seen;
  while (before != after) {  // the kernel has another figure every five seconds
    before = load_of_the_last_minute();
    machine_watch watch;
    seen = watch.finish();
    after = load_of_the_last_minute();
  }
  EXPECT_EQ(seen.load_average_before, before);
  EXPECT_EQ(seen.load_average_after, before);
  EXPECT_EQ(seen.processors, static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN)));
}

double waited_of(const std::string& text) {
  std::istringstream stream(text);
  return read_waited_ms(stream);
}

TEST(machine, G14_the_second_figure_of_a_process_is_its_time_without_a_processor) {
  EXPECT_DOUBLE_EQ(waited_of("5000000 2500000 7\n"), 2.5);
  for (const char* text : {"", "1", "1 2", "a 2 3"}) EXPECT_EQ(waited_of(text), 0) << text;
}

TEST(machine, G14_a_consumer_that_polls_looks_idle_on_no_machine) {
  EXPECT_DOUBLE_EQ(percent_used(990, 1000, 0), 99);
  EXPECT_DOUBLE_EQ(percent_used(20, 1000, 980), 100);  // others had the processor meanwhile
  EXPECT_DOUBLE_EQ(percent_used(25, 1000, 900), 25);
  EXPECT_DOUBLE_EQ(percent_used(2, 1000, 0), 0.2);  // one that sleeps
  EXPECT_DOUBLE_EQ(percent_used(2, 1000, 500), 0.4);
  EXPECT_DOUBLE_EQ(percent_used(30, 1000, 1001), 100);
  EXPECT_EQ(percent_used(0, 1000, 1001), 0);
}

}  // namespace
}  // namespace shmfifo::million
