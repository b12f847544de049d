// SPDX-License-Identifier: MIT
// Goal: a child is moved forward by exactly the instructions that were asked for, and killed or
// paused there; what goes wrong in it is reported. Method: operations that count in memory that
// both see.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "shmfifo/harness/support/child.hpp"
#include "shmfifo/harness/trace/tracer.hpp"

namespace shmfifo::harness::crash {
namespace {

[[gnu::noinline]] void set(volatile std::uint32_t& word, std::uint32_t value) { word = value; }

// Counts to ten in `acknowledged`. The addresses of `set` come ten times, also where the compiler
// unrolls the loop.
void count(control_page& page) {
  begin_mark();
  for (std::uint32_t i = 1; i <= 10; ++i) set(page.acknowledged, i);
  end_mark(page);
}

struct counting {
  counting() : child(control, [this] { count(control.page()); }) {}
  [[nodiscard]] std::uint32_t counted() const { return control.page().acknowledged; }

  shared_control control;
  tracee child;
};

// What was counted before each instruction, and its address.
struct recording {
  std::vector<std::uint32_t> counted;
  std::vector<std::uintptr_t> addresses;
};
recording record() {
  counting run;
  recording all;
  do {
    all.counted.push_back(run.counted());
    all.addresses.push_back(run.child.address());
  } while (run.child.step());
  EXPECT_EQ(run.control.page().finished, 1U);
  EXPECT_EQ(run.counted(), 10U);
  EXPECT_FALSE(run.child.step()) << "finished";
  return all;
}

TEST(tracee, begins_before_the_operation) {
  const counting run;
  EXPECT_EQ(run.counted(), 0U);
  EXPECT_EQ(run.control.page().finished, 0U);
  EXPECT_EQ(run.control.page().first_delivered, -1);
  EXPECT_EQ(run.control.page().answer, -1);
  EXPECT_EQ(run.control.page().alone + run.control.page().stepped, 0U);
  EXPECT_EQ(run.control.page().delivered, 0U);
  EXPECT_STREQ(run.control.page().complaint, "");
  EXPECT_EQ(run.child.ended_by_itself(), -1);
  EXPECT_GT(run.child.pid(), 0);
}

TEST(tracee, begins_anew_on_a_page_that_was_used_before) {
  shared_control control;
  const auto body = [&control] { count(control.page()); };
  {
    tracee first(control, body);
    EXPECT_FALSE(first.go({0, 0, 1000000}));
  }
  EXPECT_EQ(control.page().finished, 1U);
  tracee second(control, body);
  EXPECT_EQ(control.page().finished + control.page().acknowledged, 0U);
  EXPECT_TRUE(second.step());
}

TEST(shared_control, gives_its_page_back) {
  void* page = nullptr;
  unsigned char there = 0;
  {
    const shared_control control;
    page = &control.page();
    EXPECT_EQ(::mincore(page, 1, &there), 0);
  }
  EXPECT_EQ(::mincore(page, 1, &there), -1);
}

TEST(tracee, takes_the_same_steps_again) {
  const recording first = record();
  const recording second = record();
  EXPECT_EQ(first.addresses, second.addresses);
  EXPECT_EQ(first.counted, second.counted);
  EXPECT_GT(first.addresses.size(), 20U);
}

TEST(tracee, gets_to_each_instruction_by_its_route_and_stays_killed_there) {
  const recording all = record();
  const std::vector<route> routes = plan_routes(all.addresses);
  for (std::size_t i = 0; i < routes.size(); ++i) {
    counting run;
    ASSERT_TRUE(run.child.go(routes[i])) << i;
    EXPECT_EQ(run.child.address(), all.addresses[i]) << i;
    const pid_t pid = run.child.pid();
    run.child.kill();
    EXPECT_EQ(::kill(pid, 0), -1) << "reaped";
    EXPECT_EQ(run.counted(), all.counted[i]);
    EXPECT_EQ(run.child.pid(), -1);
    EXPECT_EQ(run.child.ended_by_itself(), -1);
    EXPECT_FALSE(run.child.step());
  }
}

TEST(tracee, says_if_a_route_ends_behind_the_operation) {
  const recording all = record();
  counting steps;
  EXPECT_FALSE(steps.child.go({0, 0, all.addresses.size()}));
  EXPECT_GT(steps.child.pid(), 0) << "it stands at its end mark";
  EXPECT_EQ(steps.child.ended_by_itself(), -1);
  counting visits;
  EXPECT_FALSE(visits.child.go({all.addresses[all.addresses.size() / 2], 1000, 0}));
  EXPECT_EQ(visits.counted(), 10U);
  counting late;
  ASSERT_TRUE(late.child.go({0, 0, 1}));
  EXPECT_FALSE(late.child.go({0, 0, all.addresses.size() - 1}));
}

TEST(tracee, goes_on_alone_after_a_pause) {
  const recording all = record();
  counting run;
  ASSERT_TRUE(run.child.go({0, 0, all.addresses.size() / 2}));
  const std::uint32_t counted = run.counted();
  run.child.pause();
  EXPECT_EQ(run.control.page().alone, 1U);
  EXPECT_EQ(run.counted(), counted);
  EXPECT_TRUE(run.child.resume_to_end(10000));
  EXPECT_EQ(run.counted(), 10U);
  EXPECT_EQ(run.child.ended_by_itself(), 0);
  EXPECT_EQ(run.child.pid(), -1);
}

// One that does not end is killed with its tracee.
TEST(tracee, is_not_waited_for_longer_than_asked) {
  pid_t pid = 0;
  {
    shared_control control;
    tracee child(control, [&] {
      begin_mark();
      for (;;) ::pause();
    });
    pid = child.pid();
    child.pause();
    EXPECT_FALSE(child.resume_to_end(1));
    EXPECT_EQ(child.pid(), pid);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(tracee, that_ends_by_itself_is_noticed) {
  shared_control control;
  tracee exits(control, [] {
    begin_mark();
    ::_exit(7);
  });
  EXPECT_FALSE(exits.go({0, 0, 1000000}));
  EXPECT_EQ(WEXITSTATUS(exits.ended_by_itself()), 7);
  EXPECT_EQ(exits.pid(), -1);
  shared_control other;
  tracee aborts(other, [] {
    begin_mark();
    ::raise(SIGTERM);  // passed on to it
  });
  EXPECT_FALSE(aborts.go({0, 0, 1000000}));
  EXPECT_EQ(WTERMSIG(aborts.ended_by_itself()), SIGTERM);
  shared_control third;
  tracee fails(third, [] {
    begin_mark();
    throw std::runtime_error("too late");
  });
  fails.pause();
  EXPECT_FALSE(fails.resume_to_end(10000));
  EXPECT_EQ(WEXITSTATUS(fails.ended_by_itself()), 102);
  EXPECT_STREQ(third.page().complaint, "too late");
}

std::string refusal(const std::function<void()>& body) {
  shared_control control;
  try {
    tracee child(control, body);
  } catch (const std::runtime_error& problem) {
    return problem.what();
  }
  return "nothing was thrown";
}

TEST(tracee, that_does_not_reach_its_operation_says_why) {
  const std::string before = "the child did not reach its operation: ";
  EXPECT_EQ(refusal([] {}), before);
  EXPECT_EQ(refusal([] { throw std::runtime_error("no room"); }), before + "no room");
  EXPECT_EQ(refusal([] { throw std::runtime_error(std::string(500, 'x')); }),
            before + std::string(sizeof(control_page::complaint) - 1, 'x'));
}

// In a process whose filter refuses ptrace; what it prints is its only result.
TEST(tracee, says_what_to_do_where_ptrace_is_refused) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = start_child([&] {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
      return 1;
    }
    const std::string text = refusal([] { begin_mark(); });
    return ::write(ends[1], text.data(), text.size()) > 0 ? 0 : 1;
  });
  ::close(ends[1]);
  char text[500] = {};
  EXPECT_GT(::read(ends[0], text, sizeof text - 1), 0);
  ::close(ends[0]);
  EXPECT_EQ(reap(child), 0);
  int scope = 0;  // of a kernel that refuses it to everybody
  std::ifstream("/proc/sys/kernel/yama/ptrace_scope") >> scope;
  std::string what_to_do =
      "A seccomp filter forbids it: give the container --cap-add=SYS_PTRACE, or --security-opt "
      "seccomp=unconfined";
  if (scope > 1) {
    what_to_do = "kernel.yama.ptrace_scope is " + std::to_string(scope) + ": set it to 1";
  }
  EXPECT_EQ(std::string(text),
            "the child did not reach its operation: ptrace(TRACEME) failed: Operation not "
            "permitted. " +
                what_to_do);
}

TEST(one_processor, is_kept_until_it_is_given_back) {
  ::cpu_set_t before, now;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  {
    const one_processor kept;
    ASSERT_EQ(::sched_getaffinity(0, sizeof now, &now), 0);
    EXPECT_EQ(CPU_COUNT(&now), 1);
  }
  ASSERT_EQ(::sched_getaffinity(0, sizeof now, &now), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &now));
  {
    counting run;
    ASSERT_EQ(::sched_getaffinity(run.child.pid(), sizeof now, &now), 0);
    EXPECT_EQ(CPU_COUNT(&now), 1);
    run.child.pause();
    ASSERT_EQ(::sched_getaffinity(run.child.pid(), sizeof now, &now), 0);
    EXPECT_TRUE(CPU_EQUAL(&before, &now)) << "the child's";
    ASSERT_EQ(::sched_getaffinity(0, sizeof now, &now), 0);
    EXPECT_TRUE(CPU_EQUAL(&before, &now)) << "its tracer's";
  }
}

}  // namespace
}  // namespace shmfifo::harness::crash
