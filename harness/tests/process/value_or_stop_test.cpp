// SPDX-License-Identifier: MIT
// Goal: set-up that fails ends what needs it, and says why. Method: a result of each kind.
#include "shmfifo/harness/support/value_or_stop.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace shmfifo::harness {
namespace {

struct reason {
  std::string text;
};

// Named as std::expected has it.
struct outcome_of_a_call {
  std::optional<std::unique_ptr<int>> made;
  reason why;
  explicit operator bool() const { return made.has_value(); }
  std::unique_ptr<int>&& value() && { return std::move(*made); }
  [[nodiscard]] const reason& error() const { return why; }
};

TEST(value_or_stop, gives_the_value_away) {
  EXPECT_EQ(*must(outcome_of_a_call{std::make_unique<int>(7), {}}), 7);
}

TEST(value_or_stop, throws_the_errors_sentence) {
  try {
    static_cast<void>(must(outcome_of_a_call{{}, {"no room"}}));
    FAIL() << "there was no value";
  } catch (const std::runtime_error& stopped) {
    EXPECT_STREQ(stopped.what(), "no room");
  }
}

}  // namespace
}  // namespace shmfifo::harness
