// SPDX-License-Identifier: MIT
// Goal: the two processes that measure meet where they should, bring home what they recorded, and
// say why if they cannot. Method: short scripts in two real processes.
#include "actors.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "played.hpp"

namespace shmfifo::million {
namespace {

constexpr row_key some_row{subject::core, mode::ring_live, kind::text, role::reader};

TEST(actors, G14_what_both_recorded_is_brought_home) {
  const run_outcome got = played([](actor& self) {
    const bool first = self.writes();
    if (self.options().executions != 7) self.fail("other options");
    self.record(some_row, first ? 1 : 2, {first ? 10.0 : 20.0, first ? 11.0 : 21.0});
    self.record(some_row, 3, {first ? 30.0 : 40.0, first ? 31.0 : 41.0});
    self.record({probe::wake_up, first ? 1U : 2U, 5, 6});
    self.found().original_short_reads = first ? 100 : 17;
    if (!first) self.found().idle_cpu_percent = 4.5;
    if (!first) self.found().idle_cpu_percent_200 = 5.5;
  });
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.signal, 0);
  EXPECT_EQ(got.failure, "");
  EXPECT_EQ(got.found.messages, 3);
  EXPECT_EQ(got.found.executions, 7U);
  EXPECT_EQ(got.found.row(some_row), (std::vector<double>{10, 30, 20, 40}));
  EXPECT_EQ(got.found.chunks(some_row), (std::vector<double>{11, 31, 21, 41}));
  ASSERT_EQ(got.found.samples.size(), 4U);
  EXPECT_EQ(got.found.samples[0].execution, 1U);
  EXPECT_EQ(got.found.samples[2].execution, 2U);
  ASSERT_EQ(got.found.latencies.size(), 2U);
  EXPECT_EQ(got.found.latencies[1].execution, 2U);
  EXPECT_EQ(got.found.latencies[0].p50_ns, 5);
  EXPECT_EQ(got.found.latencies[0].p99_ns, 6);
  EXPECT_EQ(got.found.original_short_reads, 117U);
  EXPECT_EQ(got.found.idle_cpu_percent, 4.5);
  EXPECT_EQ(got.found.idle_cpu_percent_200, 5.5);
  EXPECT_EQ(got.found.machine.processors, static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN)));
  const run_outcome nothing = played([](actor&) {});
  EXPECT_EQ(nothing.found.idle_cpu_percent, 0);
  EXPECT_EQ(nothing.found.idle_cpu_percent_200, 0);
  const run_outcome zero = played([](actor& self) {
    if (self.writes()) self.found().idle_cpu_percent = self.found().idle_cpu_percent_200 = 0;
  });
  EXPECT_EQ(zero.found.idle_cpu_percent, 0);
  EXPECT_EQ(zero.found.idle_cpu_percent_200, 0);
}

TEST(actors, G14_nobody_goes_on_before_both_have_met) {
  for (const bool spins : {false, true}) {
    const run_outcome got = played([spins](actor& self) {
      const auto meet = [&] { spins ? self.start_line() : self.meet(); };
      std::atomic<std::uint64_t>& mine = self.writes() ? self.shared().ping : self.shared().pong;
      std::atomic<std::uint64_t>& other = self.writes() ? self.shared().pong : self.shared().ping;
      for (std::uint64_t n = 1; n <= 200; ++n) {
        mine.store(n, std::memory_order_relaxed);
        meet();
        if (other.load(std::memory_order_relaxed) != n) self.fail("too early or too late");
        meet();
      }
    });
    EXPECT_TRUE(got.ok) << got.failure;
  }
}

TEST(actors, G14_names_are_the_same_on_both_sides_and_new_each_time) {
  const run_outcome got = played([](actor& self) {
    for (const char* ending : {"-0", "-1", "-2"}) {
      const std::string name = self.next_name();
      if (!name.starts_with("shmfifo-million-") || !name.ends_with(ending)) self.fail(name);
      if (self.writes()) name.copy(self.shared().step_name, sizeof self.shared().step_name - 1);
      self.meet();
      if (self.shared().step_name != name) self.fail("another name: " + name);
      self.meet();
    }
  });
  EXPECT_TRUE(got.ok) << got.failure;
}

// The processors that a process or thread may use.
std::vector<unsigned> allowed_here() {
  std::vector<unsigned> all;
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return all;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) all.push_back(cpu);
  }
  return all;
}

// Of the writer, the reader, and a second thread of each; a failure has none.
std::vector<std::vector<unsigned>> pinned(pinning pin, std::string& failure) {
  run_options options;
  options.pin = pin;
  const run_outcome got = run_in_two_processes(options, 10, [](actor& self) {
    const auto note = [&](std::uint32_t who) {
      for (const unsigned cpu : allowed_here()) self.record(some_row, who, {double(cpu), 0});
    };
    note(self.writes() ? 0 : 1);
    std::thread second([&] {
      self.take_processor(third_processor);
      note(self.writes() ? 2 : 3);
    });
    second.join();
  });
  failure = got.failure;
  std::vector<std::vector<unsigned>> found(got.ok ? 4 : 0);
  for (const sample& s : got.found.samples) {
    found.at(s.execution).push_back(static_cast<unsigned>(s.ms));
  }
  return found;
}

TEST(actors, G14_each_has_a_processor_of_its_own_where_there_are_two) {
  const std::vector<unsigned> all = allowed_here();
  std::string failure;
  using processors = std::vector<std::vector<unsigned>>;
  EXPECT_EQ(pinned(pinning::no, failure), (processors{all, all, all, all}));
  if (all.size() >= 2) {
    const bool third = all.size() >= 3;
    const processors own{{all[0]}, {all[1]}, {all[third ? 2 : 0]}, {all[third ? 2 : 1]}};
    EXPECT_EQ(pinned(pinning::automatic, failure), own);
    EXPECT_EQ(pinned(pinning::yes, failure), own);
    EXPECT_EQ(failure, "");
  }
}

TEST(actors, G14_where_there_is_one_processor_only_those_who_insist_fail) {
  cpu_set_t before, one;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  const unsigned first = allowed_here().at(0);
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  std::string failure;
  const std::vector<std::vector<unsigned>> shared(4, {first});
  EXPECT_EQ(pinned(pinning::automatic, failure), shared);
  EXPECT_EQ(pinned(pinning::no, failure), shared);
  EXPECT_EQ(failure, "");
  EXPECT_TRUE(pinned(pinning::yes, failure).empty());
  EXPECT_EQ(failure, "--pin yes needs two processors, and this process may use only one");
  EXPECT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(actors, G14_why_a_run_failed_is_said_with_the_step) {
  const auto failure = [](const script& act) {
    const run_outcome got = played(act);
    EXPECT_FALSE(got.ok);
    EXPECT_EQ(got.signal, 0);
    EXPECT_TRUE(got.found.samples.empty());
    return got.failure;
  };
  EXPECT_EQ(failure([](actor& self) {
              self.meet();
              if (self.writes()) self.fail("no good");
              self.meet();
            }),
            "no good");
  EXPECT_EQ(failure([](actor& self) {
              self.step("the first step");
              self.meet();
              if (!self.writes()) throw std::runtime_error("thrown");
              self.meet();
            }),
            "thrown (in the first step)");
  EXPECT_EQ(failure([](actor& self) {
              self.meet();
              if (!self.writes()) ::raise(SIGKILL);
              self.meet();
            }),
            "a measuring process was ended by signal 9 (Killed)");
  EXPECT_EQ(failure([](actor& self) {
              for (std::size_t i = 0; i <= samples_max; ++i) self.record(some_row, 0, {});
            }),
            "too many rows: raise samples_max");
  EXPECT_EQ(failure([](actor& self) {
              for (std::size_t i = 0; i <= latencies_max; ++i) self.record(latency{});
            }),
            "too many latencies: raise latencies_max");
  const run_outcome full = played([](actor& self) {
    for (std::size_t i = 0; i < samples_max; ++i) self.record(some_row, 0, {});
    for (std::size_t i = 0; i < latencies_max; ++i) self.record(latency{});
  });
  EXPECT_TRUE(full.ok);
  EXPECT_EQ(full.found.samples.size(), 2 * samples_max);
}

TEST(actors, G14_only_the_first_failure_counts) {
  const run_outcome got = played([](actor& self) {
    if (self.writes()) {
      self.meet();
      while (!self.shared().failed.load(std::memory_order_acquire)) ::sched_yield();
      self.fail("its consequence");
    }
    self.meet();
    self.fail("the cause");
  });
  EXPECT_FALSE(got.ok);
  EXPECT_EQ(got.failure, "the cause");
}

TEST(actors, a_signal_ends_the_run_and_is_reported) {
  for (const int signal : {SIGINT, SIGTERM}) {
    sigset_t before, after;
    ::sigprocmask(SIG_BLOCK, nullptr, &before);
    const run_outcome got = played([signal](actor& self) {
      if (self.writes()) ::kill(::getppid(), signal);
      for (;;) ::pause();
    });
    ::sigprocmask(SIG_BLOCK, nullptr, &after);
    EXPECT_FALSE(got.ok);
    EXPECT_EQ(got.signal, signal);
    EXPECT_EQ(got.failure, "");
    for (const int one : {SIGINT, SIGTERM, SIGCHLD}) {
      EXPECT_EQ(sigismember(&after, one), sigismember(&before, one));
    }
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD) << "both have ended";
  }
}

TEST(actors, the_writer_says_what_it_does) {
  const run_outcome got = played([](actor& self) {
    self.step(std::string(100, 's'));
    self.meet();
    if (self.shared().step_name != std::string(63, 's')) self.fail(self.shared().step_name);
    self.meet();
    self.step("short");
    self.meet();
    if (self.shared().steps_done != 2) self.fail("not two steps");
    if (self.shared().step_name != std::string("short")) self.fail(self.shared().step_name);
  });
  EXPECT_TRUE(got.ok) << got.failure;
}

// Standard error as a terminal, until it is asked what was shown.
class terminal {
 public:
  terminal() {
    int slave = -1;
    EXPECT_EQ(::openpty(&master_, &slave, nullptr, nullptr, nullptr), 0);
    ::dup2(slave, STDERR_FILENO);
    ::close(slave);
  }
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;
  ~terminal() { ::close(master_); }
  [[nodiscard]] std::string shown() {
    std::fflush(stderr);
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
    std::string text;
    char piece[512];  // reading ends when nobody has the terminal open
    for (ssize_t got = 0; (got = ::read(master_, piece, sizeof piece)) > 0;) {
      text.append(piece, static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  int before_ = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
  int master_ = -1;
};

TEST(actors, a_terminal_shows_how_far_the_run_is_and_is_clean_at_the_end) {
  terminal screen;
  const run_outcome got = played([](actor& self) {
    self.step("the first");
    self.step("the second");
    self.step("the third");
  });
  EXPECT_TRUE(got.ok) << got.failure;
  const std::string shown = screen.shown();
  EXPECT_TRUE(shown.ends_with("\r\033[K[ 30%] the third\r\033[K")) << shown;
}

}  // namespace
}  // namespace shmfifo::million
