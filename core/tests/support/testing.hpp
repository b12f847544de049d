// SPDX-License-Identifier: MIT
#pragma once
// What the core's tests share: names that nobody else uses and that are removed however a test
// ends, children that die with their parent and are always reaped, and short words for common
// steps.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "shmfifo/harness/support/coverage.hpp"
#include "shmfifo/harness/support/names.hpp"
#include "shmfifo/shmfifo.hpp"

namespace shmfifo::testing {

// A name in /dev/shm that nobody else uses, removed at the end of the test.
class unique_name {
 public:
  unique_name() : text_(names().next()) {}
  unique_name(const unique_name&) = delete;
  unique_name& operator=(const unique_name&) = delete;
  ~unique_name() { ::unlink(path().c_str()); }
  [[nodiscard]] const std::string& get() const { return text_; }
  [[nodiscard]] std::string path() const { return "/dev/shm/" + text_; }
  [[nodiscard]] bool exists() const { return ::access(path().c_str(), F_OK) == 0; }

 private:
  static harness::run_names& names() {
    static harness::run_names all("test");
    return all;
  }
  std::string text_;
};

// Fails the test with the error's text if there is no value.
template <class T>
T must(result<T> r) {
  if (!r) {
    ADD_FAILURE() << r.failure().text;
    std::abort();
  }
  return std::move(r).value();
}

inline create_options small(segment_mode mode, full_policy when_full = full_policy::reject,
                            producer_role role = producer_role::single, std::uint64_t slots = 4) {
  create_options options;
  options.mode = mode;
  options.when_full = when_full;
  options.producers = role;
  options.slot_count = slots;
  options.content_size = 16;
  options.participant_count = 8;
  return options;
}

template <class M>
status put(basic_producer<M>& writer, std::uint64_t word) {
  return writer.try_publish(&word, sizeof word);
}

// One poll, as text: "0:5 1:6" for messages with these words, "aborted 1+1", "lost 0+3", "empty",
// ...
inline std::string look(consumer& reader, std::int64_t limit = 100) {
  std::string text;
  const poll_result result = reader.poll(
      [&](const record_view& record) {
        std::uint64_t word = 0;
        std::memcpy(&word, record.content, std::min<std::size_t>(8, record.bytes().size()));
        if (!text.empty()) text += ' ';
        text += std::to_string(record.message_number) + ":" + std::to_string(word);
      },
      limit);
  if (result.answer == status::ok || result.answer == status::empty) {
    return result.answer == status::ok ? text : "empty";
  }
  return std::string(to_string(result.answer)) + " " + std::to_string(result.first) + "+" +
         std::to_string(result.count);
}

// A child process that runs `body` and exits with what it returns; killed and reaped at the end.
class child {
 public:
  explicit child(const std::function<int()>& body) {
    if (::pipe(ready_) != 0) std::abort();
    const pid_t parent = ::getpid();
    pid_ = fork_counted();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(99);
      current_ = this;
      exit_child(body());
    }
    ::close(ready_[1]);
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    if (pid_ > 0) kill_and_join();
    ::close(ready_[0]);
  }
  // In the child: tells the parent that a point was reached.
  static void ready() {
    if (::write(current_->ready_[1], "r", 1) != 1) ::_exit(98);
  }
  // In the child: closes what a daemon closes, all descriptors above 2; only ready() keeps its own.
  static void close_descriptors() {
    const auto pipe = static_cast<unsigned>(current_->ready_[1]);
    ::close_range(3, pipe - 1, 0);
    ::close_range(pipe + 1, ~0U, 0);
  }
  // In the parent: waits for that; false if the child ended instead.
  [[nodiscard]] bool wait_ready() const {
    char c = 0;
    return ::read(ready_[0], &c, 1) == 1;
  }
  void signal(int number) const { ::kill(pid_, number); }
  // The exit code, or 128 plus the signal that ended it.
  int join() {
    int state = 0;
    ::waitpid(pid_, &state, 0);
    pid_ = -1;
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  }
  int kill_and_join() {
    kill_process(pid_);
    return join();
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  static inline child* current_ = nullptr;
  int ready_[2] = {-1, -1};
  pid_t pid_ = -1;
};

// In a child: from now on what it mounts is seen by nobody else and ends with it. False where the
// kernel refuses.
inline bool enter_private_mounts() {
  return ::unshare(CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER)) == 0 &&
         ::mount("none", "/", "none", MS_REC | MS_PRIVATE, nullptr) == 0;
}

// Sleeps in the child until it is killed.
inline int sleep_for_ever() {
  for (;;) ::pause();
}

inline deadline in_ms(int milliseconds) {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
}

}  // namespace shmfifo::testing
