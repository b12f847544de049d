// SPDX-License-Identifier: MIT
// Goal: a saved history gets the same verdict when it is judged again, and a damaged file is
// refused. Method: save to an unnamed file, load by its descriptor's path, cut and change it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "hand_made.hpp"
#include "memory_file.hpp"

namespace shmfifo::harness {
namespace {

hand_made broken_run() {
  hand_made_shape shape;
  shape.producers = 2;
  shape.observers = 1;
  shape.promises = numbered_promises();
  hand_made run(shape);
  for (std::uint64_t n = 0; n < 3; ++n) run.sends(n % 2, n);
  run.gets(0, {0, 0}, 0);
  run.gets(0, {0, 1}, 2);
  return run;
}

TEST(history_file, is_judged_as_the_run_was) {
  const hand_made run = broken_run();
  const memory_file file;
  run.logs.save(file.path());
  const histories again = histories::load(file.path());
  const verdict found = judge(again);
  EXPECT_EQ(found.broken, rule::skipped);
  EXPECT_EQ(found.text(), run.judged().text());
  EXPECT_EQ(again.bytes_used(), run.logs.bytes_used());
}

TEST(history_file, is_refused_when_cut_changed_or_missing) {
  const hand_made run = broken_run();
  const memory_file file;
  run.logs.save(file.path());
  const off_t size = ::lseek(file.number(), 0, SEEK_END);
  for (const off_t cut : {size - 1, size / 2, off_t{10}, off_t{0}}) {
    ASSERT_EQ(::ftruncate(file.number(), cut), 0);
    EXPECT_THROW(static_cast<void>(histories::load(file.path())), std::runtime_error) << cut;
  }
  run.logs.save(file.path());
  const char other = 'x';
  ASSERT_EQ(::pwrite(file.number(), &other, 1, 0), 1);
  EXPECT_THROW(static_cast<void>(histories::load(file.path())), std::runtime_error);
  EXPECT_THROW(static_cast<void>(histories::load("/nonexistent/history")), std::runtime_error);
}

}  // namespace
}  // namespace shmfifo::harness
