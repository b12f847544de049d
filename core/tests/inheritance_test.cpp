// SPDX-License-Identifier: MIT
// Goal: no child and no program that is executed has its parent's roles, however it was made; each
// may take roles of its own, and ends nothing but those. Method: children made by fork, by _Fork
// and by clone(2), which run no handlers, and their children; a program that outlives whoever
// executed it.
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::exit_child;
using testing::look;
using testing::must;
using testing::put;
using testing::sleep_for_ever;
using testing::small;

enum class birth { by_fork, by_bare_fork, by_clone };
constexpr birth births[] = {birth::by_fork, birth::by_bare_fork, birth::by_clone};

pid_t make_child(birth way) {
  if (way == birth::by_fork) return ::fork();
  if (way == birth::by_bare_fork) return ::_Fork();
  return static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

// What the body returns in such a child.
template <class Body>
int in_child(birth way, const Body& body) {
  const pid_t made = make_child(way);
  if (made == 0) exit_child(body());
  const int status = harness::reap(made);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// One of each kind of handle.
struct roles {
  explicit roles(const segment& home)
      : writer(must(home.attach_producer())),
        reader(must(home.attach_consumer())),
        durable(must(home.attach_consumer({"audit", {}}))),
        observer(must(home.attach_observer())),
        open(writer.try_take()) {}

  // Each call answers so, and none changes anything.
  [[nodiscard]] bool refused() {
    const std::uint64_t word = 2;
    bool all = put(writer, word) == status::wrong_process &&
               writer.publish(testing::bytes_of(word)) == status::wrong_process &&
               writer.try_take().answer() == status::wrong_process;
    for (consumer* one : {&reader, &durable, &observer}) {
      all = all && one->wait(testing::in_ms(1)) == status::wrong_process &&
            one->read({}).answer == status::wrong_process &&
            one->poll([](const record_view&) {}).answer == status::wrong_process;
    }
    return all && std::move(open).commit(0) == status::wrong_process;
  }

  producer writer;
  consumer reader;
  consumer durable;
  consumer observer;
  claim open;
};

int alive(const segment& home) {
  int count = 0;
  for (const participant_stat& one : must(home.stat()).participants) count += one.alive ? 1 : 0;
  return count;
}

class inheritance : public ::testing::TestWithParam<birth> {
 protected:
  const testing::unique_name name;
  const segment home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::wait, producer_role::many)));
};

TEST_P(inheritance, G11_a_child_is_refused_by_every_handle_and_ends_none_of_them) {
  auto ours = std::make_unique<roles>(home);
  EXPECT_EQ(in_child(GetParam(),
                     [&] {
                       if (!ours->refused()) return 1;
                       ours.reset();
                       return alive(home) == 3 ? 0 : 2;
                     }),
            0);
  EXPECT_EQ(alive(home), 3);
  EXPECT_EQ(std::move(ours->open).commit(0), status::ok);
  ASSERT_EQ(put(ours->writer, 7), status::ok);
  for (consumer* one : {&ours->reader, &ours->durable, &ours->observer}) {
    std::int64_t seen = -1;
    const auto note = [&](const record_view& message) { seen = message.message_number; };
    EXPECT_EQ(one->poll(note).answer, status::ok);
    EXPECT_EQ(seen, 1);
  }
}

// Those do not make what was inherited valid again, in any generation.
TEST_P(inheritance, G11_a_child_and_its_children_have_the_roles_that_they_took_themselves) {
  auto ours = std::make_unique<roles>(home);
  EXPECT_EQ(in_child(GetParam(),
                     [&] {
                       auto own = must(home.attach_consumer({"child", {}}));
                       if (look(own) != "empty" || alive(home) != 4) return 1;
                       if (!ours->refused()) return 2;
                       for (const birth way : births) {
                         const int ended = in_child(way, [&] {
                           const auto next = must(home.attach_consumer({"grandchild", {}}));
                           if (look(own) != "wrong_process 0+0" || !ours->refused()) return 1;
                           return alive(home) == 5 ? 0 : 2;
                         });
                         if (ended != 0) return 10 + ended;
                       }
                       return look(own) == "empty" && alive(home) == 4 ? 0 : 3;
                     }),
            0);
  EXPECT_EQ(alive(home), 3);
  EXPECT_EQ(std::move(ours->open).commit(0), status::ok);
}

// Where this process has pages that may be neither read nor written, as those that hold locks.
std::vector<std::uintptr_t> lock_pages() {
  std::vector<std::uintptr_t> addresses;
  std::FILE* const maps = std::fopen("/proc/self/maps", "re");
  char line[512];
  while (maps != nullptr && std::fgets(line, sizeof line, maps) != nullptr) {
    if (std::string_view(line).find(" ---s ") == std::string_view::npos) continue;
    addresses.push_back(std::strtoull(line, nullptr, 16));
  }
  if (maps != nullptr) std::fclose(maps);
  return addresses;
}

// What is at its address in the child is something else, which must stay there.
TEST_P(inheritance, G11_a_childs_copy_of_a_lock_does_not_unmap_what_is_in_its_pages_place) {
  const auto before = lock_pages();
  auto ours = std::make_unique<std_memory_model>(home.memory());
  ASSERT_TRUE(ours->try_own(3));
  const auto after = lock_pages();
  const auto page = std::find_if(after.begin(), after.end(), [&](std::uintptr_t one) {
    return std::find(before.begin(), before.end(), one) == before.end();
  });
  ASSERT_NE(page, after.end());
  EXPECT_EQ(in_child(GetParam(),
                     [&] {
                       void* const there =
                           ::mmap(reinterpret_cast<void*>(*page), 4096, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
                       ours.reset();
                       return ::msync(there, 4096, MS_ASYNC) == 0 ? 0 : 1;
                     }),
            0);
  EXPECT_TRUE(home.memory().alive(3));
}

INSTANTIATE_TEST_SUITE_P(children, inheritance, ::testing::ValuesIn(births), [](const auto& one) {
  return one.param == birth::by_fork        ? "by_fork"
         : one.param == birth::by_bare_fork ? "by_bare_fork"
                                            : "by_clone";
});

// A program of the system that reports its beginning and lives until the end of a pipe.
class program_pipes {
 public:
  program_pipes() {
    if (::pipe(end_) + ::pipe(begun_) != 0) throw std::runtime_error("pipe");
  }
  program_pipes(const program_pipes&) = delete;
  program_pipes& operator=(const program_pipes&) = delete;
  ~program_pipes() {
    for (const int file : {end_[0], end_[1], begun_[0], begun_[1]}) ::close(file);
  }
  // In the process that is to execute the program.
  void prepare() const {
    ::dup2(end_[0], STDIN_FILENO);
    ::dup2(begun_[1], STDOUT_FILENO);
    ::close(end_[1]);
  }
  // In the test: waits for the beginning. The program's process, or -1.
  [[nodiscard]] pid_t begun() {
    ::close(std::exchange(begun_[1], -1));  // or there would be no end if nobody begins
    std::string digits;
    char letter = 0;
    while (::read(begun_[0], &letter, 1) == 1 && letter != '\n') digits += letter;
    return digits.empty() ? -1 : static_cast<pid_t>(std::stol(digits));
  }
  static constexpr const char* program = "/bin/sh";
  static constexpr const char* script = "echo $$; read nothing";

 private:
  int end_[2] = {};
  int begun_[2] = {};
};

bool has_file_open(pid_t process, const std::string& name) {
  for (const auto& one :
       std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fd")) {
    std::error_code gone;
    const std::string file = std::filesystem::read_symlink(one.path(), gone).string();
    if (file.find(name) != file.npos) return true;
  }
  return false;
}

// It lives on when whoever executed it has been killed.
TEST(executed_programs, G11_inherit_no_descriptor_and_do_not_keep_their_parent_alive) {
  const testing::unique_name name;
  const auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::wait, producer_role::many)));
  program_pipes pipes;
  child parent([&] {
    const auto own = must(segment::attach(name.get()));  // made ones have a descriptor without name
    const roles ours(own);
    pipes.prepare();
    char* const arguments[] = {const_cast<char*>("sh"), const_cast<char*>("-c"),
                               const_cast<char*>(program_pipes::script), nullptr};
    if (::posix_spawn(nullptr, program_pipes::program, nullptr, nullptr, arguments, nullptr) != 0) {
      return 1;
    }
    return sleep_for_ever();
  });
  const pid_t program = pipes.begun();
  ASSERT_GT(program, 0);
  EXPECT_TRUE(has_file_open(parent.pid(), name.get()));
  EXPECT_FALSE(has_file_open(program, name.get()));
  EXPECT_EQ(alive(home), 3);
  EXPECT_EQ(parent.kill_and_join(), 128 + SIGKILL);
  EXPECT_EQ(::kill(program, 0), 0);
  EXPECT_EQ(alive(home), 0);
}

// The process is the same one; its roles ended with the program that had them.
TEST(executed_programs, G11_end_the_roles_of_the_program_that_they_replace) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  program_pipes pipes;
  child replaced([&]() -> int {
    const auto writer = must(home.attach_producer());
    const auto reader = must(home.attach_consumer());
    if (alive(home) != 2) return 1;
    pipes.prepare();
    ::execl(program_pipes::program, "sh", "-c", program_pipes::script, nullptr);
    return 2;
  });
  EXPECT_EQ(pipes.begun(), replaced.pid());
  EXPECT_EQ(must(home.stat()).participants.size(), 2U);
  EXPECT_EQ(alive(home), 0);
  EXPECT_TRUE(home.attach_producer());
}

}  // namespace
}  // namespace shmfifo
