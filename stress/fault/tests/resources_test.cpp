// SPDX-License-Identifier: MIT
// Goal: a resource that the system refuses or takes away gives a clear error, and the kernel
// decides who lives, whatever processes do. Method: real limits, users, namespaces, files; each in
// a child.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shmfifo/harness/support/child.hpp"
#include "shmfifo/harness/support/names.hpp"
#include "shmfifo/shmfifo.hpp"

namespace shmfifo {
namespace {

geometry small_ring(producer_role role = producer_role::many) {
  geometry shape;
  shape.slot_count = 4;
  shape.content_size = 64;
  shape.participant_count = 64;
  shape.producers = role;
  return shape;
}

struct resources : ::testing::Test {
  harness::run_names names{"test"};
  std::string name = names.next();
  std::string path = "/dev/shm/" + name;
  segment made() { return std::move(segment::create(name, small_ring())).value(); }
};

// The wait status of a child that runs `body`; 0 means that it returned true.
int in_child(const std::function<bool()>& body) {
  return harness::reap(harness::start_child([&] {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    return body() ? 0 : 1;
  }));
}

// Recovers until a participant is gone.
unsigned freed_in_time(const segment& home) {
  unsigned freed = 0;
  for (unsigned i = 0; i < 2000 && freed == 0; ++i) {
    freed = home.recover().value();
    if (freed == 0) ::usleep(1000);
  }
  return freed;
}

template <class T>
bool fails_with(const result<T>& answer, int code, const std::string& rule) {
  return !answer && answer.error().code == code && answer.error().rule == rule;
}

TEST_F(resources, G10_no_descriptors_is_named_by_create_attach_and_roles) {
  const segment home = made();
  EXPECT_EQ(in_child([&] {
              const rlimit none{0, 0};
              ::setrlimit(RLIMIT_NOFILE, &none);
              return fails_with(segment::create(name + "-b", small_ring()), EMFILE, "open") &&
                     fails_with(segment::attach(name), EMFILE, "open") &&
                     fails_with(home.attach_producer(), EMFILE, "open");
            }),
            0);
}

TEST_F(resources, G10_no_address_space_is_named_and_leaves_no_name) {
  EXPECT_EQ(in_child([&] {
              geometry shape = small_ring();
              shape.slot_count = 1 << 16;
              shape.content_size = 1024;
              const rlimit little{48U << 20, 48U << 20};
              ::setrlimit(RLIMIT_AS, &little);
              return fails_with(segment::create(name, shape), ENOMEM, "mmap") &&
                     ::access(path.c_str(), F_OK) != 0;
            }),
            0);
}

// The kernel's own answer would be SIGXFSZ.
TEST_F(resources, G10_a_limit_of_file_size_is_an_error_and_no_signal) {
  EXPECT_EQ(in_child([&] {
              const rlimit little{4096, 4096};
              ::setrlimit(RLIMIT_FSIZE, &little);
              return fails_with(segment::create(name, small_ring()), EFBIG, "ftruncate") &&
                     ::access(path.c_str(), F_OK) != 0;
            }),
            0);
}

TEST_F(resources, G10_a_limit_of_locked_memory_changes_nothing) {
  EXPECT_EQ(in_child([&] {
              const rlimit none{0, 0};
              ::setrlimit(RLIMIT_MEMLOCK, &none);
              return static_cast<bool>(segment::create(name, small_ring()));
            }),
            0);
}

TEST_F(resources, G10_another_user_is_refused_and_may_observe_where_the_mode_allows) {
  ASSERT_EQ(::geteuid(), 0U) << "this test changes its user and must be run as root";
  const segment home = made();
  const auto as_nobody = [&](const std::function<bool()>& body) {
    return in_child([&] { return ::setuid(65534) == 0 && body(); });
  };
  attach_options reading;
  reading.mode = access::read_only;
  EXPECT_EQ(as_nobody([&] { return fails_with(segment::attach(name, reading), EACCES, "open"); }),
            0);
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  EXPECT_EQ(as_nobody([&] {
              auto other = segment::attach(name, reading);
              return other && other->attach_observer() &&
                     fails_with(other->attach_producer(), EACCES, "access") &&
                     fails_with(segment::attach(name), EACCES, "open");
            }),
            0);
}

TEST_F(resources, G9_a_symbolic_link_is_never_followed) {
  ASSERT_EQ(::symlink("/etc/passwd", path.c_str()), 0);
  EXPECT_TRUE(fails_with(segment::attach(name), ELOOP, "open"));
  EXPECT_TRUE(fails_with(segment::create(name, small_ring()), EEXIST, "name"));
}

// The documented limit. A new attach is refused; processes that map it get SIGBUS.
TEST_F(resources, G9_truncation_is_refused_at_attach_and_ends_running_processes) {
  const segment home = made();
  const int status = in_child([&] {
    auto out = home.attach_producer();
    if (!out || ::truncate(path.c_str(), 4096) != 0) return false;
    if (!fails_with(segment::attach(name), EINVAL, "file_size")) return false;
    static_cast<void>(out->try_publish("x"));
    return false;
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS) << status;
}

TEST_F(resources, G8_a_reader_keeps_its_segment_when_the_name_is_given_to_another) {
  const segment old_one = made();
  auto out = old_one.attach_producer();
  auto in = old_one.attach_consumer();
  ASSERT_TRUE(out && in);
  ASSERT_TRUE(segment::remove(name));
  auto new_one = segment::create(name, small_ring());
  ASSERT_TRUE(new_one);
  EXPECT_EQ(out->try_publish("old"), status::ok);
  EXPECT_EQ(in->poll([](const record_view&) {}).count, 1);
  auto stranger = new_one->attach_consumer();
  ASSERT_TRUE(stranger);
  EXPECT_EQ(stranger->poll([](const record_view&) {}).answer, status::empty);
  EXPECT_NE(old_one.stat()->uid, new_one->stat()->uid);
}

TEST_F(resources, G11_liveness_crosses_pid_and_network_namespaces) {
  ASSERT_EQ(::geteuid(), 0U) << "this test makes namespaces and must be run as root";
  const segment home = made();
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const auto first_of_the_namespace = [&] {
    auto out = home.attach_producer();
    const char answer = out && ::getpid() == 1 ? 'y' : 'n';
    static_cast<void>(!::write(ready[1], &answer, 1));
    return ::pause();
  };
  const pid_t parent = harness::start_child([&] {
    if (::unshare(CLONE_NEWPID | CLONE_NEWNET) != 0) return 1;
    return harness::reap(harness::start_child(first_of_the_namespace, {.parent = 0}));
  });
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_EQ(home.recover().value(), 0U) << "a living producer was taken for dead";
  ::kill(parent, SIGKILL);
  harness::reap(parent);
  // Its child dies with the parent.
  EXPECT_EQ(freed_in_time(home), 1U);
  ::close(ready[0]);
  ::close(ready[1]);
}

// Neither a child by fork nor a program started by it keeps a dead parent's role alive.
TEST_F(resources, G11_a_child_keeps_no_role_of_its_dead_parent_alive) {
  const segment home = made();
  for (const bool with_exec : {false, true}) {
    int from_grandchild[2];
    ASSERT_EQ(::pipe2(from_grandchild, O_CLOEXEC), 0);
    const pid_t parent = harness::start_child([&] {
      auto out = home.attach_producer();
      const auto grandchild = [&] {
        const bool refused = out && out->try_publish("x") == status::wrong_process;
        const char answer = refused ? 'y' : 'n';
        static_cast<void>(!::write(from_grandchild[1], &answer, 1));
        if (with_exec) ::execlp("sleep", "sleep", "1", nullptr);
        ::sleep(1);
        return 0;
      };
      static_cast<void>(harness::start_child(grandchild, {.death_signal = 0}));
      return ::pause();
    });
    char answer = 0;
    ASSERT_EQ(::read(from_grandchild[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    ::kill(parent, SIGKILL);
    harness::reap(parent);
    EXPECT_EQ(home.recover().value(), 1U) << (with_exec ? "exec" : "fork");
    ::close(from_grandchild[0]);
    ::close(from_grandchild[1]);
  }
}

// A process that executes another program gives its roles up, though it lives.
TEST_F(resources, G11_an_owner_that_executes_another_program_has_left) {
  const segment home = made();
  int from_child[2];
  ASSERT_EQ(::pipe2(from_child, O_CLOEXEC), 0);
  const pid_t child = harness::start_child([&] {
    auto out = home.attach_producer();
    const char answer = out ? 'y' : 'n';
    static_cast<void>(!::write(from_child[1], &answer, 1));
    ::execlp("sleep", "sleep", "100", nullptr);
    return 1;
  });
  ::close(from_child[1]);
  char answer = 0;
  ASSERT_EQ(::read(from_child[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_EQ(::read(from_child[0], &answer, 1), 0);  // closed by exec, and the lock's file with it
  EXPECT_EQ(freed_in_time(home), 1U);
  EXPECT_FALSE(harness::try_reap(child));
  ::kill(child, SIGKILL);
  harness::reap(child);
  ::close(from_child[0]);
}

TEST_F(resources, G10_a_full_table_of_64_participants_is_an_answer_and_has_room_again) {
  const segment home = made();
  std::vector<producer> all;
  for (unsigned i = 0; i < 64; ++i) all.push_back(std::move(home.attach_producer()).value());
  EXPECT_TRUE(fails_with(home.attach_producer(), EUSERS, "participant_count"));
  EXPECT_TRUE(fails_with(home.attach_consumer(), EUSERS, "participant_count"));
  EXPECT_TRUE(home.attach_observer());
  all.pop_back();
  EXPECT_TRUE(home.attach_consumer());
}

}  // namespace
}  // namespace shmfifo
