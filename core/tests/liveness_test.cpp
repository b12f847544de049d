// SPDX-License-Identifier: MIT
// Goal: a role lives exactly as long as its process, whatever the application does with its
// descriptors, and the library never touches a file of the application. Method: processes that
// close every descriptor as daemons do, reuse the numbers, fork without fork's handlers, run short
// of descriptors, or begin without standard streams; then what is demanded of a living participant.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::exit_child;
using testing::in_ms;
using testing::look;
using testing::must;
using testing::put;
using testing::sleep_for_ever;
using testing::small;

struct ::flock whole_file() {
  struct ::flock request {};
  request.l_type = F_WRLCK;
  request.l_whence = SEEK_SET;
  return request;
}

int alive_participants(const segment& home) {
  int alive = 0;
  for (const participant_stat& p : must(home.stat()).participants) alive += p.alive ? 1 : 0;
  return alive;
}

class liveness : public ::testing::TestWithParam<producer_role> {
 protected:
  const testing::unique_name name;
  const segment home =
      must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait, GetParam())));
};

TEST_P(liveness, G11_G1_G2_G5_G6_G7_a_role_outlives_the_descriptors_of_its_process) {
  child owner([&] {
    auto writer = must(home.attach_producer());
    auto reader = must(home.attach_consumer());
    auto durable = must(home.attach_consumer({"audit", {}}));
    child::close_descriptors();
    if (put(writer, 7) != status::ok) return 1;
    child::ready();
    if (reader.wait(in_ms(20000)) != status::ok) return 2;
    return sleep_for_ever();
  });
  ASSERT_TRUE(owner.wait_ready());
  EXPECT_EQ(alive_participants(home), 3);
  EXPECT_EQ(must(home.recover()), 0U);
  EXPECT_EQ(home.attach_consumer({"audit", {}}).error().code, EBUSY);
  if (GetParam() == producer_role::single) {
    EXPECT_EQ(home.attach_producer().error().code, EBUSY);
  }
  auto outside = must(home.attach_consumer({{}, start_at::latest()}));
  // Its readers are alive and have read nothing, so nobody may go past them.
  if (GetParam() == producer_role::many) {
    auto other = must(home.attach_producer());
    for (std::uint64_t word = 1; word < 4; ++word) EXPECT_EQ(put(other, word), status::ok);
    std::uint64_t word = 4;
    EXPECT_EQ(other.publish(testing::bytes_of(word), in_ms(200)), status::timed_out);
    EXPECT_EQ(look(outside), "1:1 2:2 3:3");
  }
  EXPECT_EQ(owner.kill_and_join(), 128 + SIGKILL);
  EXPECT_EQ(alive_participants(home), 1);
  auto heir = must(home.attach_consumer({"audit", {}}));
  EXPECT_EQ(look(heir, 1), "0:7");
  auto next = must(home.attach_producer());
  const std::uint64_t word = 9;
  // The dead anonymous reader holds nobody back.
  EXPECT_EQ(next.publish(testing::bytes_of(word), in_ms(20000)), status::ok);
}

// The process that asks has closed everything; it asks about itself, too.
TEST_P(liveness, G11_G6_G8_a_process_without_descriptors_attaches_asks_and_leaves) {
  child closed([&] {
    auto writer = must(home.attach_producer());
    child::close_descriptors();
    const bool second = static_cast<bool>(home.attach_producer());
    auto reader = must(home.attach_consumer());
    if (second != (GetParam() == producer_role::many)) return 1;
    if (put(writer, 1) != status::ok || look(reader) != "0:1") return 2;
    if (alive_participants(home) != 2 || must(home.recover()) != 0) return 3;
    return reader.wait(in_ms(30)) == status::timed_out ? 0 : 4;  // its producer is alive
  });
  EXPECT_EQ(closed.join(), 0);
  EXPECT_TRUE(must(home.stat()).participants.empty());
}

// Without handlers of fork, and without having run.
TEST_P(liveness, G11_a_cloned_child_keeps_nobody_alive) {
  int end[2];
  ASSERT_EQ(::pipe(end), 0);
  child dying([&] {
    auto writer = must(home.attach_producer());
    auto reader = must(home.attach_consumer());
    for (int i = 0; i < 5; ++i) {
      if (::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr) == 0) {
        ::close(end[1]);
        char c = 0;
        static_cast<void>(!::read(end[0], &c, 1));  // lives until the test's end
        ::_exit(0);
      }
    }
    child::ready();
    return sleep_for_ever();
  });
  ASSERT_TRUE(dying.wait_ready());
  EXPECT_EQ(alive_participants(home), 2);
  EXPECT_EQ(dying.kill_and_join(), 128 + SIGKILL);
  EXPECT_EQ(alive_participants(home), 0);
  EXPECT_TRUE(home.attach_producer());
  for (const int descriptor : end) ::close(descriptor);
}

INSTANTIATE_TEST_SUITE_P(roles, liveness,
                         ::testing::Values(producer_role::single, producer_role::many),
                         [](const auto& one) {
                           return one.param == producer_role::single ? "single" : "many";
                         });

// Roles, segments and forked children neither close nor lock it, nor ask about it.
TEST(descriptors, G11_a_file_of_the_application_under_an_old_number_is_left_alone) {
  const testing::unique_name name;
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  child application([&] {
    auto home = std::make_unique<segment>(must(segment::attach(name.get())));
    auto writer = std::make_unique<producer>(must(home->attach_producer()));
    child::close_descriptors();
    const int first = ::open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    std::vector<int> application_files{first};
    for (int more = 0; more < 20; ++more) application_files.push_back(::dup(first));
    auto reader = std::make_unique<consumer>(must(home->attach_consumer()));
    child forked([&] { return ::fcntl(first, F_GETFD) >= 0 ? 0 : 1; });
    if (forked.join() != 0) return 1;
    if (alive_participants(*home) != 2) return 2;
    const int witness = ::open(("/proc/self/fd/" + std::to_string(first)).c_str(), O_RDWR);
    struct ::flock request = whole_file();
    if (::fcntl(witness, F_OFD_GETLK, &request) != 0 || request.l_type != F_UNLCK) return 3;
    reader.reset();
    writer.reset();
    home.reset();
    for (const int number : application_files) {
      if (::fcntl(number, F_GETFD) == -1) return 4;
    }
    return 0;
  });
  EXPECT_EQ(application.join(), 0);
  EXPECT_TRUE(must(must(segment::attach(name.get())).stat()).participants.empty());
}

// The number may be another handle's by now, or the application's way to the same file.
TEST(descriptors, G11_a_handle_closes_its_own_and_no_other_of_the_same_file) {
  const testing::unique_name name;
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  child application([&] {
    auto first = std::make_unique<segment>(must(segment::attach(name.get())));
    child::close_descriptors();
    const auto second = must(segment::attach(name.get()));
    first = std::make_unique<segment>(must(segment::attach(name.get())));
    child::close_descriptors();
    const int own = ::open(name.path().c_str(), O_RDONLY | O_CLOEXEC);
    const int same = ::dup(own);
    const auto third = must(segment::attach(name.get()));
    first.reset();
    if (::fcntl(own, F_GETFD) == -1 || ::fcntl(same, F_GETFD) == -1) return 1;
    ::unlink(name.path().c_str());
    return third.attach_consumer() ? 0 : 2;
  });
  EXPECT_EQ(application.join(), 0);
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  child daemon([&] {
    auto first = std::make_unique<segment>(must(segment::attach(name.get())));
    child::close_descriptors();
    const auto second = must(segment::attach(name.get()));
    first.reset();  // whose number is the second one's now
    ::unlink(name.path().c_str());
    return second.attach_consumer() ? 0 : 1;
  });
  EXPECT_EQ(daemon.join(), 0);
}

// Whoever cannot ask says so, and declares nobody dead.
TEST(descriptors, G11_G8_without_descriptor_and_name_nobody_is_dead_and_roles_are_refused) {
  const testing::unique_name name;
  const auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::wait, producer_role::many)));
  const auto refused_with = [&](int code) {
    child closed([&, code] {
      auto reader = must(home.attach_consumer());
      const auto other = must(home.attach_producer());
      child::close_descriptors();
      if (alive_participants(home) != 2) return 1;
      const auto answer = home.attach_producer();
      if (answer || answer.error().code != code) return 2;
      if (answer.error().text.find("descriptor") == std::string::npos) return 3;
      return reader.wait(in_ms(30)) == status::timed_out ? 0 : 4;
    });
    return closed.join();
  };
  ASSERT_EQ(::unlink(name.path().c_str()), 0);
  EXPECT_EQ(refused_with(ENOENT), 0);
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  EXPECT_EQ(refused_with(ESTALE), 0);
  EXPECT_TRUE(home.attach_producer());  // a process that kept its descriptors needs no name
}

// A role costs no descriptor.
TEST(descriptors, G10_all_roles_of_the_largest_table_fit_into_a_process_with_few) {
  const testing::unique_name name;
  geometry shape = small(segment_mode::ring);
  shape.participant_count = participants_max;
  const auto home = must(segment::create(name.get(), shape));
  child modest([&] {
    const rlimit few{32, 32};
    ::setrlimit(RLIMIT_NOFILE, &few);
    const auto writer = must(home.attach_producer());
    std::vector<consumer> readers;
    while (readers.size() < participants_max - 1) readers.push_back(must(home.attach_consumer()));
    const auto one_too_many = home.attach_consumer();
    if (one_too_many || one_too_many.error().code != EUSERS) return 1;
    return alive_participants(home) == static_cast<int>(participants_max) ? 0 : 2;
  });
  EXPECT_EQ(modest.join(), 0);
  EXPECT_TRUE(must(home.stat()).participants.empty());
}

// What a program without standard streams prints must not go into the segment.
TEST(descriptors, G3_G9_the_standard_numbers_stay_the_applications) {
  const testing::unique_name name;
  for (int closed = 1; closed < 8; ++closed) {
    child silent([&, closed] {
      for (int number = 0; number < 3; ++number) {
        if ((closed & 1 << number) != 0) ::close(number);
      }
      const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
      const auto other = must(segment::attach(name.get()));
      auto writer = must(other.attach_producer());
      auto reader = must(home.attach_consumer());
      int closed_now = 0;
      for (int number = 0; number < 3; ++number) {
        if (::fcntl(number, F_GETFD) == -1) closed_now += 1 << number;
      }
      if (closed_now != closed) return 1;
      return put(writer, 5) == status::ok && look(reader) == "0:5" ? 0 : 2;
    });
    EXPECT_EQ(silent.join(), 0) << closed;
    EXPECT_TRUE(must(segment::attach(name.get())).stat());
    EXPECT_TRUE(segment::remove(name.get()));
  }
}

}  // namespace
}  // namespace shmfifo
