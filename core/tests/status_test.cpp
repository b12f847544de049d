// SPDX-License-Identifier: MIT
// Goal: each answer has a name of its own, and a result is a value or an error, never both. Method:
// all values, and the misuse that the assertions are there for.
#include "shmfifo/status.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

#include "shmfifo/harness/support/coverage.hpp"

namespace shmfifo {
namespace {

TEST(status, every_answer_has_its_own_name) {
  constexpr std::string_view names[] = {"ok",
                                        "full",
                                        "empty",
                                        "aborted",
                                        "lost",
                                        "invalid",
                                        "peer_dead",
                                        "timed_out",
                                        "bad_length",
                                        "no_claim",
                                        "claim_pending",
                                        "exhausted",
                                        "wrong_process",
                                        "read_only",
                                        "interrupted"};
  for (std::size_t i = 0; i < std::size(names); ++i) {
    EXPECT_EQ(to_string(static_cast<status>(i)), names[i]);
  }
  EXPECT_EQ(to_string(status::interrupted), "interrupted");  // the last one
  EXPECT_EQ(to_string(static_cast<status>(std::size(names))), "unknown");
  EXPECT_EQ(to_string(static_cast<status>(255)), "unknown");
  EXPECT_EQ(sizeof(status), 1U);
}

// An answer that nobody has given yet is no success, and no error of some call's.
TEST(status, an_answer_begins_as_nothing) {
  const poll_result polled;
  EXPECT_EQ(polled.answer, status::empty);
  EXPECT_TRUE(polled.first == 0 && polled.count == 0);
  const read_result read;
  EXPECT_EQ(read.answer, status::empty);
  EXPECT_TRUE(read.number == 0 && read.count == 0 && read.length == 0 && read.status == 0);
  const batch_result batch;
  EXPECT_TRUE(batch.answer == status::ok && batch.published == 0);
  const record_view record;
  EXPECT_TRUE(record.value_length == 0 && record.message_number == 0 && record.status == 0);
  EXPECT_EQ(error{}.code, 0);
}

TEST(status, a_result_holds_a_value_that_can_be_moved_out) {
  result<std::unique_ptr<int>> r(std::make_unique<int>(5));
  ASSERT_TRUE(r);
  EXPECT_EQ(**r, 5);
  EXPECT_EQ(*r.value(), 5);
  EXPECT_EQ(*r->get(), 5);
  const std::unique_ptr<int> out = std::move(r).value();
  EXPECT_EQ(*out, 5);
}

TEST(status, a_constant_result_shows_its_value) {
  const result<std::string> r(std::string("value"));
  ASSERT_TRUE(r);
  EXPECT_EQ(r.value(), "value");
  EXPECT_EQ(*r, "value");
  EXPECT_EQ(r->size(), 5U);
}

TEST(status, a_result_holds_an_error_with_its_cause) {
  const result<void> r(error{ENOSPC, "fallocate", "no room"});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, ENOSPC);
  EXPECT_STREQ(r.error().rule, "fallocate");
  EXPECT_EQ(r.error().text, "no room");
}

TEST(status_death, asking_for_what_a_result_does_not_hold_ends_a_developers_build) {
  result<int> good(1);
  result<int> bad(error{EINVAL, "rule", "text"});
  EXPECT_DEATH(testing::ends([&] { static_cast<void>(good.error()); }), "holds a value");
  EXPECT_DEATH(testing::ends([&] { static_cast<void>(bad.value()); }), "holds an error");
  const result<void> done;
  const result<void> refused(error{EINVAL, "rule", "text"});
  EXPECT_DEATH(testing::ends([&] { static_cast<void>(done.error()); }), "is a success");
  EXPECT_DEATH(testing::ends([&] { refused.value(); }), "holds an error");
}

}  // namespace
}  // namespace shmfifo
