// SPDX-License-Identifier: MIT

// Goal: an exploration shared between processes comes to the same, whatever happens to them, and
// leaves nothing behind. Method: processes that end early, say much, cannot be started or are
// interrupted, and what is open and running afterwards.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <iterator>

#include "scenario.hpp"

namespace shmfifo::harness::tests {
namespace {

void adders() {
  model::atomic<std::uint32_t> x{0U};
  const auto add = [&] {
    x.fetch_add(1, relaxed);
    x.fetch_add(1, relaxed);
  };
  model::thread a(add);
  model::thread b(add);
}

TEST(workers, one_that_ends_without_a_word_is_reported) {
  for (const int code : {0, 3}) {
    model::options o;
    o.workers = 2;
    o.on_execution = [code](const model::execution&) { ::_exit(code); };
    const model::result r = model::check(adders, o);
    EXPECT_EQ(r.outcome, model::verdict::unknown);
    EXPECT_EQ(r.reason,
              fmt::format("worker process 0 did not report (wait status {:#x})", code << 8));
  }
}

// What a pipe does not take at once.
TEST(workers, one_with_much_to_say_is_heard_to_the_end) {
  std::string what(300'001, '-');
  what.back() = '+';
  for (const std::uint32_t workers : {1U, 2U}) {
    model::options o;
    o.workers = workers;
    const model::result r =
        model::check([&] { model::require(model::choose(2) == 2, what, {}); }, o);
    EXPECT_EQ(r.outcome, model::verdict::violation);
    EXPECT_TRUE(r.reason == "assertion: " + what + " (:0)") << r.reason.size();
  }
}

void choose_much() {
  for (int i = 0; i < 12; ++i) static_cast<void>(model::choose(2));
}

auto open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

TEST(workers, they_leave_no_process_and_no_descriptor) {
  const auto before = open_descriptors();
  model::options o;
  o.workers = 3;
  EXPECT_EQ(model::check(choose_much, o).executions, 4096U);
  o.on_execution = [](const model::execution&) { model::require(false, "never"); };
  EXPECT_EQ(model::check(choose_much, o).outcome, model::verdict::violation);
  o.on_execution = [](const model::execution&) { ::_exit(1); };
  EXPECT_EQ(model::check(choose_much, o).outcome, model::verdict::unknown);
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(workers, those_that_cannot_be_started_are_reported) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none_more{0, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_more), 0);
  model::options o;
  o.workers = 2;
  const model::result r = model::check(adders, o);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(r.outcome, model::verdict::unknown);
  EXPECT_EQ(r.reason, "worker process 0 did not report (wait status 0x0)");
  EXPECT_EQ(r.executions, 0U);
}

// Of violations that are equally short the one of the first process is reported.
TEST(workers, the_first_of_equal_violations_is_reported) {
  const auto body = [] {
    std::uint32_t last = 0;
    for (int i = 0; i < 8; ++i) last = model::choose(2);
    model::require(false, last == 0 ? "even" : "odd", {});
  };
  model::options o;
  o.workers = 2;
  EXPECT_EQ(model::check(body, o).reason, "assertion: even (:0)");
}

TEST(workers, signals_that_interrupt_the_caller_change_nothing) {
  struct sigaction quiet {};
  struct sigaction former {};
  quiet.sa_handler = [](int) {};  // without SA_RESTART
  ASSERT_EQ(::sigaction(SIGALRM, &quiet, &former), 0);
  const itimerval often{{0, 500}, {0, 500}};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &often, nullptr), 0);
  model::options o;
  o.workers = 2;
  const model::result r = model::check(choose_much, o);
  const itimerval off{};
  EXPECT_EQ(::setitimer(ITIMER_REAL, &off, nullptr), 0);
  EXPECT_EQ(::sigaction(SIGALRM, &former, nullptr), 0);
  EXPECT_TRUE(r.ok()) << r.reason;
  EXPECT_EQ(r.executions, 4096U);
}

}  // namespace
}  // namespace shmfifo::harness::tests
