// SPDX-License-Identifier: MIT
// Goal: a run's names stay as long as any process of the run lives, and are removed with the last.
// Method: runs in processes that are killed, in pid namespaces of their own, too; a pipe that the
// guardian holds shows when it has ended.
#include "shmfifo/harness/support/names.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "pipe_ends.hpp"
#include "shmfifo/harness/support/child.hpp"

namespace shmfifo::harness {
namespace {

constexpr const char* program = "childtest";

// A file in /dev/shm with the beginning of a name.
void make(const std::string& name) {
  const int file = ::open(("/dev/shm/" + name).c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  ::close(file);
}
bool exists(const std::string& name) {
  return ::access(("/dev/shm/" + name).c_str(), F_OK) == 0;
}

// A name that a library invented; nothing of it stays when a test fails.
struct invented_name {
  ~invented_name() { remove_names(text); }
  std::string text = "library-" + random_digits();
};

std::string read_name(const pipe_ends& from) {
  char text[128] = {};
  EXPECT_GT(::read(from.ends[0], text, sizeof text - 1), 0);
  return text;
}

// The body of a process that has a run with one name, reports it, and then calls `next`.
template <class Next>
int hold_a_name(const pipe_ends& told, Next&& next) {
  run_names names(program);
  const std::string name = names.next();
  make(name);
  static_cast<void>(!::write(told.ends[1], name.c_str(), name.size()));
  next(names);
  kill_self();
}

// The first process of a new pid namespace, which ends the whole namespace when it ends.
template <class Body>
int first_of_a_pid_namespace(Body&& body) {
  if (::unshare(CLONE_NEWPID | (::geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0) return 1;
  return reap(start_child(body, {.parent = 0}));
}

TEST(run_names, of_a_killed_process_are_removed_by_the_guardian_and_no_others) {
  const run_names others(program);
  const std::string other = others.beginning() + "x";
  make(other);
  pipe_ends told;
  pipe_ends life;
  const pid_t parent = start_child([&] { return hold_a_name(told, [](run_names&) {}); });
  const std::string name = read_name(told);
  reap(parent);
  EXPECT_TRUE(life.all_gone());  // the guardian, too
  EXPECT_FALSE(exists(name));
  EXPECT_FALSE(exists(name.substr(0, name.rfind('-')) + "-lock"));
  EXPECT_TRUE(exists(other));
}

TEST(run_names, go_when_the_run_ends) {
  std::string name, lock;
  {
    run_names names(program);
    name = names.next();
    lock = names.beginning() + "lock";
    make(name);
    EXPECT_TRUE(exists(lock));
    EXPECT_EQ(names.next().size(), name.size());
  }
  EXPECT_FALSE(exists(name));
  EXPECT_FALSE(exists(lock));
}

TEST(run_names, stay_when_a_child_destroys_its_copy) {
  run_names names(program);
  make(names.next());
  const pid_t child = start_child([&] {
    names.~run_names();
    return 0;
  });
  EXPECT_EQ(reap(child), 0);
  EXPECT_TRUE(exists(names.beginning() + "00000001"));
  EXPECT_TRUE(exists(names.beginning() + "lock"));
}

TEST(run_names, of_dead_runs_are_removed_by_the_next_run) {
  const run_names living(program);
  make(living.beginning() + "living");
  const std::string dead = "shmfifo-childtest-" + random_digits() + "-";
  make(dead + "lock");  // and nobody holds it
  make(dead + "name");
  const run_names next(program);
  EXPECT_FALSE(exists(dead + "name"));
  EXPECT_FALSE(exists(dead + "lock"));
  EXPECT_TRUE(exists(living.beginning() + "living"));
}

TEST(run_names, with_a_librarys_prefix_and_names_that_it_invents_go_with_the_run) {
  const invented_name invented;
  const std::string& own = invented.text;
  std::string prefixed;
  {
    run_names names(program);
    prefixed = "library." + names.next() + ".segment";
    names.add({"/" + own, own + "-2"});
    for (const std::string& name : {prefixed, own, own + "-2", own + "-3"}) make(name);
  }
  EXPECT_FALSE(exists(prefixed));
  EXPECT_FALSE(exists(own));
  EXPECT_FALSE(exists(own + "-2"));
  EXPECT_TRUE(exists(own + "-3")) << "not the run's";
}

// Their list has to survive everybody who knows them.
TEST(run_names, that_a_library_invents_go_also_when_everybody_was_killed) {
  const invented_name invented;
  const std::string& own = invented.text;
  pipe_ends told;
  pipe_ends life;
  const pid_t parent = start_child([&] {
    return hold_a_name(told, [&](run_names& names) {
      names.add({own});
      make(own);
    });
  });
  read_name(told);
  reap(parent);
  EXPECT_TRUE(life.all_gone());  // the guardian has done it
  EXPECT_FALSE(exists(own));

  const std::string dead = "shmfifo-childtest-" + random_digits() + "-";
  make(dead + "lock");  // without a guardian
  const int list = ::open(("/dev/shm/" + dead + "lock").c_str(), O_WRONLY | O_CLOEXEC);
  const std::string text = own + "\n";
  EXPECT_EQ(::write(list, text.data(), text.size()), std::ssize(text));
  ::close(list);
  make(own);
  const run_names next(program);
  EXPECT_FALSE(exists(own));
}

TEST(run_names, are_file_names) {
  run_names names(program);
  for (const char* wrong : {"", "/", "..", "a/b", "a\nb"})
    EXPECT_THROW(names.add({wrong}), std::invalid_argument) << wrong;
}

// As the names of two containers on one /dev/shm, with one pid for both.
TEST(run_names, G11_of_another_pid_namespace_stay_until_it_is_killed) {
  pipe_ends told;
  const pid_t parent = start_child([&] {
    return first_of_a_pid_namespace(
        [&] { return hold_a_name(told, [](run_names&) { ::pause(); }); });
  });
  const std::string name = read_name(told);
  const run_names next(program);
  EXPECT_TRUE(exists(name)) << "a living run was taken for dead";
  ::kill(parent, SIGKILL);  // and with it the namespace, its guardian included
  reap(parent);
  while (exists(name)) const run_names after(program);  // until all of it is gone
}

// Closed descriptors do not end a run either.
TEST(run_names, G11_stay_while_any_process_of_the_run_lives) {
  pipe_ends told;
  pipe_ends life;
  pipe_ends last;
  const pid_t parent = start_child([&] {
    last.close_writing();  // the test alone can end it, or its death
    return hold_a_name(told, [&](run_names&) {
      const auto last_of_the_run = [&] {
        ::dup2(last.ends[0], 0);
        ::close_range(3, ~0U, 0);
        char byte = 0;
        static_cast<void>(!::read(0, &byte, 1));
        return 0;
      };
      static_cast<void>(start_child(last_of_the_run, {.death_signal = 0}));
    });
  });
  const std::string name = read_name(told);
  reap(parent);
  { const run_names next(program); }
  EXPECT_TRUE(exists(name)) << "its last process still uses it";
  last.close_writing();
  EXPECT_TRUE(life.all_gone());
  EXPECT_FALSE(exists(name));
}

TEST(run_names, stay_while_a_program_that_the_run_started_lives) {
  pipe_ends told;
  pipe_ends life;
  pipe_ends last;
  const pid_t parent = start_child([&] {
    last.close_writing();  // the test alone can end it, or its death
    return hold_a_name(told, [&](run_names& names) {
      const auto program_of_the_run = [&] {
        names.keep_across_exec();
        ::dup2(last.ends[0], 0);
        ::execlp("cat", "cat", nullptr);
        return 1;
      };
      static_cast<void>(start_child(program_of_the_run, {.death_signal = 0}));
    });
  });
  const std::string name = read_name(told);
  reap(parent);
  { const run_names next(program); }
  EXPECT_TRUE(exists(name)) << "the program still uses it";
  last.close_writing();
  EXPECT_TRUE(life.all_gone());
  EXPECT_FALSE(exists(name));
}

}  // namespace
}  // namespace shmfifo::harness
