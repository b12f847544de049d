// SPDX-License-Identifier: MIT
// Goal: a process that is paused or killed inside any call of the library, at any of its system
// calls, leaves third parties what they were promised. Method: a child is held just before one of
// the system calls of its operation, while another one does an operation that wants the same locks;
// then the first goes on, or dies.
#include <pthread.h>

#include <atomic>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "support/testing.hpp"
#include "support/wrapped_calls.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::look;
using testing::must;
using testing::on_call;
using testing::put;
using testing::sleep_for_ever;
using testing::small;

// A child that does something, and waits just before the nth system call whose text has these
// words until it is told to go on. It keeps what it got for as long as it lives.
class held_process {
 public:
  held_process(const std::string& words, int nth, const std::function<char()>& body) {
    if (::pipe(go_) != 0 || ::pipe(results_) != 0) throw std::runtime_error("pipe");
    process_.emplace([&, this] {
      on_call = [&, left = nth](const std::string& call) mutable {
        if (call.find(words) == call.npos || --left != 0) return;
        report(held_there);
        char go = 0;
        static_cast<void>(!::read(go_[0], &go, 1));
      };
      report(body());
      return sleep_for_ever();
    });
    ::close(go_[0]);
    ::close(results_[1]);
    await();
  }
  held_process(const held_process&) = delete;
  held_process& operator=(const held_process&) = delete;
  ~held_process() {
    kill();
    ::close(go_[1]);
    ::close(results_[0]);
  }
  // It has come to the system call; else it finished without.
  [[nodiscard]] bool held() const { return last_ == held_there; }
  // Lets it go on if it is held. What the body returned.
  char finish() {
    if (held()) {
      static_cast<void>(!::write(go_[1], "g", 1));
      await();
    }
    return last_;
  }
  void kill() { process_.reset(); }

 private:
  static constexpr char held_there = 'h';
  void report(char letter) const { static_cast<void>(!::write(results_[1], &letter, 1)); }
  void await() {
    if (::read(results_[0], &last_, 1) != 1) last_ = 0;
  }

  int go_[2] = {};
  int results_[2] = {};
  std::optional<child> process_;
  char last_ = 0;
};

// How an operation ended: it did what it should, somebody else has what it wants, or neither.
constexpr char done = 'd';
constexpr char busy = 'b';
constexpr char failed = 'f';
template <class Result>
char ending_of(const Result& result) {
  if (result) return done;
  return result.error().code == EBUSY ? busy : failed;
}

using operation = std::function<char()>;

class third_parties : public ::testing::Test {
 protected:
  // Participants of this name; all of them, or those that live.
  [[nodiscard]] int count(std::string_view cursor, bool living) const {
    int found = 0;
    for (const participant_stat& one : must(home.stat()).participants) {
      found += one.name == cursor && (one.alive || !living) ? 1 : 0;
    }
    return found;
  }
  void remake(bool cursor_exists) const {
    static_cast<void>(home.forget("audit"));
    static_cast<void>(home.forget("other"));
    static_cast<void>(must(home.recover()));
    ASSERT_TRUE(must(home.stat()).participants.empty());
    if (cursor_exists) static_cast<void>(must(home.attach_consumer({"audit", {}})));
  }

  const testing::unique_name name;
  const segment home = must(segment::create(name.get(), small(segment_mode::ring)));
  // Roles of a child.
  std::optional<consumer> reader;
  std::optional<producer> writer;

  const operation attach = [this] {
    auto made = home.attach_consumer({"audit", {}});
    const char ending = ending_of(made);
    if (made) reader.emplace(std::move(*made));
    return ending;
  };
  const operation forget = [this] {
    const auto gone = home.forget("audit");
    return !gone && gone.error().code == ENOENT ? done : ending_of(gone);
  };
  // Frees the line, and gives it to another cursor.
  const operation replace = [this] {
    const char ending = forget();
    return ending == done ? ending_of(home.attach_consumer({"other", {}})) : ending;
  };
  const operation produce = [this] {
    auto made = home.attach_producer();
    const char ending = ending_of(made);
    if (made) writer.emplace(std::move(*made));
    return ending;
  };

  // One is held at a step and then goes on, or dies; the other does all it can meanwhile. False if
  // the one has no such step.
  bool play(const operation& one, const operation& other, int step, bool dies, bool cursor_exists) {
    SCOPED_TRACE("step " + std::to_string(step) + (dies ? ", dies" : ""));
    remake(cursor_exists);
    held_process first("", step, one);
    const bool held = first.held();
    held_process second("nanosleep", 1, other);
    if (dies) first.kill();
    const char first_ending = dies ? failed : first.finish();
    char second_ending = second.finish();
    if (dies && second_ending == busy) {
      second_ending = held_process("", 0, other).finish();
      second.kill();
      EXPECT_EQ(second_ending, done) << "after its death";
      return held;
    }
    EXPECT_NE(second_ending, failed);
    EXPECT_TRUE(first_ending == done || second_ending == done);
    EXPECT_TRUE(dies || first_ending != failed);
    // Whoever was told that it has the cursor has it, and alone.
    const int readers = (&one == &attach && first_ending == done ? 1 : 0) +
                        (&other == &attach && second_ending == done ? 1 : 0);
    EXPECT_LE(readers, 1);
    EXPECT_EQ(count("audit", true), readers);
    EXPECT_LE(count("audit", false), 1);
    EXPECT_EQ(count("other", false), &other == &replace && second_ending == done ? 1 : 0);
    return held;
  }
  // All steps; how many there were.
  int play_all(const operation& one, const operation& other, bool cursor_exists) {
    int step = 1;
    while (play(one, other, step, false, cursor_exists) &&
           play(one, other, step, true, cursor_exists) && !HasFailure()) {
      ++step;
    }
    return step;
  }
};

TEST_F(third_parties, G7_G8_a_cursor_is_made_once_wherever_its_maker_is_paused_or_killed) {
  EXPECT_GT(play_all(attach, attach, false), 15);
  EXPECT_GT(play_all(attach, replace, false), 15);
}

TEST_F(third_parties, G7_G8_a_cursor_is_resumed_by_one_wherever_that_is_paused_or_killed) {
  EXPECT_GT(play_all(attach, attach, true), 15);
  EXPECT_GT(play_all(attach, replace, true), 15);
}

TEST_F(third_parties, G7_G8_a_cursor_is_forgotten_whole_wherever_that_is_paused_or_killed) {
  EXPECT_GT(play_all(forget, attach, true), 15);
  EXPECT_GT(play_all(forget, replace, true), 15);
}

// From the lock under which names are made until it is given back, whoever wants it waits.
TEST_F(third_parties, G7_G8_whoever_wants_a_cursor_waits_while_another_makes_or_forgets_one) {
  for (const bool exists : {false, true}) {
    for (const operation& one : {attach, forget}) {
      for (const operation& other : {attach, forget}) {
        remake(exists);
        // The first lock is that of the names, the second that of the line.
        held_process first("F_OFD_SETLK", 2, one);
        if (!first.held()) continue;  // there is nothing to be forgotten
        held_process second("nanosleep", 1, other);
        EXPECT_TRUE(second.held());
        EXPECT_EQ(first.finish(), done);
        EXPECT_NE(second.finish(), failed);
      }
    }
  }
}

// The role of the single producer, and who is told of whom.
TEST_F(third_parties, G1_G8_one_of_two_producers_gets_the_role_wherever_the_other_is_paused) {
  for (int step = 1;; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    held_process first("", step, produce);
    const bool held = first.held();
    const auto second = home.attach_producer();
    const char second_ending = ending_of(second);
    EXPECT_NE(second_ending, failed);
    EXPECT_EQ(first.finish(), second_ending == done ? busy : done);
    EXPECT_EQ(must(home.stat()).participants.size(), 1U);
    first.kill();
    if (!held) break;
  }
  for (int step = 1;; ++step) {
    SCOPED_TRACE("step " + std::to_string(step) + ", dies");
    held_process first("", step, produce);
    const bool held = first.held();
    first.kill();
    EXPECT_TRUE(home.attach_producer());
    EXPECT_TRUE(must(home.stat()).participants.empty());
    if (!held) break;
  }
}

// Others go on between a reader's look at where to begin and its line.
TEST(overtaken, G1_G5_a_reader_begins_later_or_is_refused_as_it_asked) {
  for (const char* cursor : {"", "audit"}) {
    for (const auto start : {start_at::oldest(), start_at::at(1)}) {
      const testing::unique_name name;
      const auto home =
          must(segment::create(name.get(), small(segment_mode::ring, full_policy::wait)));
      auto producing = must(home.attach_producer());
      auto other = must(home.attach_consumer());
      for (std::uint64_t word = 0; word < 3; ++word) ASSERT_EQ(put(producing, word), status::ok);
      bool over = false;
      on_call = [&](const std::string& call) {
        if (over || call.find("F_OFD_SETLK") == call.npos) return;
        over = true;
        EXPECT_EQ(look(other), "0:0 1:1 2:2");
        // Five in four slots: the floor has moved.
        for (std::uint64_t word = 3; word < 5; ++word) EXPECT_EQ(put(producing, word), status::ok);
      };
      const auto reader = home.attach_consumer({cursor, start});
      on_call = nullptr;
      if (start.where == start_at::place::oldest) {
        EXPECT_EQ(must(home.attach_consumer()).position(), 3);
        ASSERT_TRUE(reader);
        EXPECT_EQ(reader->position(), 3);
        continue;
      }
      ASSERT_FALSE(reader);
      EXPECT_EQ(reader.error().code, ENODATA);
      EXPECT_EQ(reader.error().text.rfind("number 1 of ", 0), 0U) << reader.error().text;
      EXPECT_EQ(must(home.stat()).participants.size(), 2U);  // its line is free again
    }
  }
}

// A letter as in the third field of /proc/self/task/*/stat: S sleeps, R runs; 0 if it is gone.
char state_of(pid_t thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string number;
  std::string command;
  char state = 0;
  file >> number >> command >> state;
  return state;
}

int writable_descriptors(const testing::unique_name& name) {
  int count = 0;
  for (int number = 3; number < 100; ++number) {
    char path[300] = {};
    const std::string link = "/proc/self/fd/" + std::to_string(number);
    if (::readlink(link.c_str(), path, sizeof path - 1) < 0 || path != name.path()) continue;
    count += (::fcntl(number, F_GETFL) & O_ACCMODE) == O_RDWR ? 1 : 0;
  }
  return count;
}

std::atomic<bool> fork_begun{false};

// A child that is made while there is a descriptor of the lock would keep the lock.
TEST(forks, G11_a_fork_in_another_thread_waits_at_every_call_of_a_lock_that_is_being_taken) {
  const testing::unique_name name;
  const auto made = must(segment::create(name.get(), small(segment_mode::ring)));
  constexpr int no_such_step = 9;
  int steps = 0;
  for (int ended = 0; ended != no_such_step; ++steps) {
    child process([&] {
      const auto home = must(segment::attach(name.get()));
      // Handlers run in the opposite order: this one before the library's.
      ::pthread_atfork([] { fork_begun = true; }, nullptr, nullptr);
      std::atomic<pid_t> thread{0};
      std::atomic<bool> forked{false};
      std::atomic<int> inherited{-1};
      std::thread forking;
      on_call = [&, left = steps](const std::string&) mutable {
        if (left-- != 0) return;
        forking = std::thread([&] {
          thread = ::gettid();
          const pid_t heir = ::fork();
          if (heir == 0) testing::exit_child(writable_descriptors(name));
          forked = true;
          const int status = harness::reap(heir);
          inherited = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        });
        while (!forked && !(fork_begun && state_of(thread) == 'S')) std::this_thread::yield();
      };
      const auto reader = must(home.attach_consumer());
      on_call = nullptr;
      if (!forking.joinable()) return no_such_step;
      forking.join();
      return inherited == 0 ? 0 : 1;
    });
    ended = process.join();
    EXPECT_TRUE(ended == 0 || ended == no_such_step) << "call " << steps << ": " << ended;
  }
  EXPECT_GT(steps, 8);
}

}  // namespace
}  // namespace shmfifo
