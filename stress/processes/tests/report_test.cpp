// SPDX-License-Identifier: MIT
// Goal: what shmfifo_stress prints and writes of its rounds is what was counted, each figure under
// its own name, and its exit code. Method: two rounds in which every figure differs; their sums are
// compared whole.
#include "report.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

namespace shmfifo::stress {
namespace {

harness::run_result round_of(std::uint64_t first, double seconds, unsigned producers) {
  harness::history_shape shape;
  shape.queue.producers = producers;
  harness::run_result round;
  std::uint64_t* const figures[] = {
      &round.figures.sent,        &round.figures.in_doubt, &round.figures.delivered,
      &round.figures.redelivered, &round.figures.aborted,  &round.figures.lost,
      &round.figures.kills,       &round.figures.stops,    &round.figures.restarts,
      &round.figures.fulls,       &round.figures.timeouts};
  for (std::uint64_t* figure : figures) *figure = first++;
  round.end.seconds = seconds;
  round.judge_seconds = seconds / 4;
  round.logs = std::make_shared<harness::histories>(shape);
  return round;
}

report two_rounds(harness::outcome answer) {
  report all;
  all.command.producers = 5;
  all.command.consumers = 6;
  all.command.observers = 7;
  all.command.faults = "mixed";
  all.command.seed = 99;
  all.queue = "some_queue";
  all.judged.answer = answer;
  if (answer == harness::outcome::violation) all.judged.broken = harness::rule::duplicate;
  if (answer != harness::outcome::ok) all.judged.excerpt = "a < b & \"c\"";
  all.replay = "program --seed 99";
  all.sums.add(round_of(100, 8, 60));
  all.sums.add(round_of(1000, 2, 1));
  all.sums.history_bytes_max += std::uint64_t{3} << 20;
  return all;
}

// What is written to standard output.
template <class Act>
std::string written(Act&& act) {
  ::testing::internal::CaptureStdout();
  act();
  std::fflush(stdout);
  return ::testing::internal::GetCapturedStdout();
}

TEST(report, the_text_names_each_sum) {
  const std::string sums =
      "some_queue 5x6+7: 1100 messages sent, 1104 delivered (1106 again), 1108 aborted, 1110 "
      "lost, 1102 in doubt\n"
      "  1112 kills, 1114 pauses, 1116 restarts; 1118 times full, 1120 timed out; 2 round(s), "
      "10.00 s, 0.00 M msg/s; judged in 2.50 s, histories 3 MB; last look 20 ms\n";
  EXPECT_EQ(written([] { print(two_rounds(harness::outcome::ok)); }), sums + "ok\n");
  EXPECT_EQ(written([] { print(two_rounds(harness::outcome::violation)); }),
            sums +
                "violation: duplicate (G2): a receiver got the same message twice\na < b & "
                "\"c\"\nreplay: program --seed 99\n");
  EXPECT_EQ(written([] { print(two_rounds(harness::outcome::unknown)); }),
            sums + "unknown: a < b & \"c\"\nreplay: program --seed 99\n");
}

TEST(report, the_json_has_each_sum_under_its_name) {
  const report all = two_rounds(harness::outcome::violation);
  const std::uint64_t used = round_of(0, 1, 60).logs->bytes_used();
  ASSERT_GT(used, round_of(0, 1, 1).logs->bytes_used());  // the greater of the two counts
  EXPECT_EQ(written([&] { write_json(all, "-"); }), R"({
  "queue": "some_queue",
  "verdict": "violation",
  "rule": "duplicate",
  "guarantee": "G2",
  "excerpt": "a < b & \"c\"",
  "seed": 99,
  "replay": "program --seed 99",
  "producers": 5,
  "consumers": 6,
  "observers": 7,
  "faults": "mixed",
  "rounds": 2,
  "sent": 1100,
  "delivered": 1104,
  "redelivered": 1106,
  "aborted": 1108,
  "lost": 1110,
  "in_doubt": 1102,
  "kills": 1112,
  "pauses": 1114,
  "restarts": 1116,
  "full": 1118,
  "timed_out": 1120,
  "last_look_ms": 20,
  "run_seconds": 10.0,
  "messages_per_second": 110.0,
  "judge_seconds": 2.5,
  "history_bytes": )" + std::to_string(used + (std::uint64_t{3} << 20)) +
                                                        "\n}\n");
}

TEST(report, junit_says_failure_of_a_violation_and_error_of_the_unknown) {
  const std::string head =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"shmfifo_stress\" tests=\"1\" ";
  const std::string one =
      "  <testcase classname=\"stress\" name=\"some_queue_5x6_mixed\" time=\"12.500\">\n";
  const std::string end = "  </testcase>\n</testsuite>\n";
  const std::string quoted = "a &lt; b &amp; &quot;c&quot;\nreplay: program --seed 99";
  EXPECT_EQ(written([] { write_junit(two_rounds(harness::outcome::ok), "-"); }),
            head + "failures=\"0\" errors=\"0\">\n" + one + end);
  EXPECT_EQ(written([] { write_junit(two_rounds(harness::outcome::violation), "-"); }),
            head + "failures=\"1\" errors=\"0\">\n" + one +
                "    <failure message=\"duplicate\">violation: duplicate (G2): a receiver got the "
                "same message twice\n" +
                quoted + "</failure>\n" + end);
  EXPECT_EQ(written([] { write_junit(two_rounds(harness::outcome::unknown), "-"); }),
            head + "failures=\"0\" errors=\"1\">\n" + one +
                "    <error message=\"none\">unknown: " + quoted + "</error>\n" + end);
}

TEST(report, each_outcome_has_its_exit_code) {
  EXPECT_EQ(exit_code(harness::outcome::ok), 0);
  EXPECT_EQ(exit_code(harness::outcome::violation), 1);
  EXPECT_EQ(exit_code(harness::outcome::unknown), 3);
}

TEST(report, a_file_that_cannot_be_written_is_an_error) {
  EXPECT_THROW(write_json(two_rounds(harness::outcome::ok), "/dev/full"), std::runtime_error);
  EXPECT_THROW(write_junit(two_rounds(harness::outcome::ok), "/dev/null/x"), std::runtime_error);
}

TEST(totals, no_time_is_no_rate) {
  EXPECT_EQ(totals{}.rate(), 0);
}

}  // namespace
}  // namespace shmfifo::stress
