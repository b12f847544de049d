// SPDX-License-Identifier: MIT
#include "shmfifo/harness/names.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>

#include "support/coverage.hpp"

namespace shmfifo::harness {
namespace {

// The start time of a process in clock ticks since boot; with the pid it names a process for ever.
std::string start_time(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t after_name = text.rfind(')');
  if (after_name == std::string::npos) return {};
  std::size_t at = after_name + 2;
  for (int field = 3; field < 22; ++field) {
    at = text.find(' ', at);
    if (at == std::string::npos) return {};
    ++at;
  }
  return text.substr(at, text.find(' ', at) - at);
}

// The file name without what POSIX semaphores put before theirs.
std::string bare_name(const std::filesystem::path& path) {
  std::string name = path.filename().string();
  if (name.starts_with("sem.")) name.erase(0, 4);
  return name;
}

template <class Visit>
void for_each_file(Visit&& visit) {
  for (const char* folder : {"/dev/shm", "/dev/mqueue", "/tmp"}) {
    std::error_code failed;
    for (std::filesystem::directory_iterator it(folder, failed), end; !failed && it != end;
         it.increment(failed)) {
      visit(it->path());
    }
  }
}

void remove_stale_names(const std::string& kind) {
  std::set<std::string> stale;
  for_each_file([&](const std::filesystem::path& path) {
    const std::string name = bare_name(path);
    if (!name.starts_with(kind)) return;
    const std::size_t pid_end = name.find('-', kind.size());
    if (pid_end == std::string::npos) return;
    const std::size_t time_end = name.find('-', pid_end + 1);
    if (time_end == std::string::npos) return;
    const std::string pid = name.substr(kind.size(), pid_end - kind.size());
    const std::string time = name.substr(pid_end + 1, time_end - pid_end - 1);
    if (start_time(pid) != time) stale.insert(name.substr(0, time_end + 1));
  });
  for (const std::string& beginning : stale) remove_names(beginning);
}

// Whoever waits for the end of the run's output must not wait for the guardian.
void let_go_of_the_output() noexcept {
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (int standard = 0; standard < 3; ++standard) ::dup2(nowhere, standard);
}

// The guardian's whole life. It ends when the last copy of the pipe's other end is closed.
[[noreturn]] void stand_guard(int read_end, const std::string& beginning) noexcept {
  ::prctl(PR_SET_NAME, "shmfifo-guard");
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);  // what ends the run must not end its guardian
  let_go_of_the_output();
  char told = 0;
  ssize_t got = 0;
  do {
    got = ::read(read_end, &told, 1);
  } while (got < 0 && errno == EINTR);
  // The others die with their parent, but a moment later they may still be creating.
  for (int i = 0; i < 5 && got == 0; ++i) {
    remove_names(beginning);
    ::usleep(20000);
  }
  testing::exit_child(0);
}

int start_guardian(const std::string& beginning) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for the guardian");
  std::fflush(nullptr);
  const pid_t between = ::fork();
  if (between == 0) {
    ::setsid();
    if (::fork() != 0) testing::exit_child(0);  // the guardian is nobody's child
    ::close(ends[1]);
    stand_guard(ends[0], beginning);
  }
  ::close(ends[0]);
  if (between < 0) {
    ::close(ends[1]);
    throw std::runtime_error("no process for the guardian");
  }
  while (::waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
  }
  return ends[1];
}

}  // namespace

unsigned remove_names(const std::string& beginning) noexcept {
  unsigned removed = 0;
  for_each_file([&](const std::filesystem::path& path) {
    std::error_code refused;
    if (bare_name(path).starts_with(beginning) && std::filesystem::remove_all(path, refused) != 0) {
      ++removed;
    }
  });
  return removed;
}

run_names::run_names(const std::string& program) {
  static std::atomic<unsigned> count{0};
  const std::string kind = "shmfifo-" + program + "-";
  remove_stale_names(kind);
  const std::string pid = std::to_string(::getpid());
  beginning_ = kind + pid + "-" + start_time(pid) + "-" + std::to_string(count.fetch_add(1)) + "-";
  guardian_ = start_guardian(beginning_);
}

run_names::~run_names() {
  remove_names(beginning_);
  const char all_is_well = 1;
  while (::write(guardian_, &all_is_well, 1) < 0 && errno == EINTR) {
  }
  ::close(guardian_);
}

std::string run_names::next() {
  const std::string digits = std::to_string(++count_);
  return beginning_ + std::string(8 - std::min<std::size_t>(digits.size(), 8), '0') + digits;
}

}  // namespace shmfifo::harness
