// SPDX-License-Identifier: MIT
#include "shmfifo/harness/support/names.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "shmfifo/harness/support/child.hpp"

namespace shmfifo::harness {
namespace {

constexpr const char* lock_folder = "/dev/shm";
constexpr const char* lock_ending = "lock";
constexpr std::size_t mapped_bytes = 1;  // the kernel makes a page of it, which nobody touches

// The file name without what POSIX semaphores put before theirs.
std::string bare_name(std::string name) {
  if (name.starts_with("sem.")) name.erase(0, 4);
  return name;
}

// By readdir, not <filesystem>: MemorySanitizer does not see what the compiled standard library
// writes.
template <class Visit>
void for_each_file(const char* folder, Visit&& visit) {
  DIR* const listing = ::opendir(folder);
  if (listing == nullptr) return;
  while (const dirent* entry = ::readdir(listing)) visit(std::string(entry->d_name));
  ::closedir(listing);
}

std::string lock_path(const std::string& beginning) {
  return std::string(lock_folder) + "/" + beginning + lock_ending;
}

bool lock(int file, int operation) noexcept {
  int answer = 0;
  do {
    answer = ::flock(file, operation);
  } while (answer != 0 && errno == EINTR);
  return answer == 0;
}

bool is_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

// The names that the lock's file lists, one a line. Another user's list is not followed.
std::vector<std::string> listed_names(int file) {
  struct stat now {};
  if (::fstat(file, &now) != 0 || now.st_uid != ::geteuid()) return {};
  std::string text(static_cast<std::size_t>(now.st_size), '\0');
  const ssize_t got = ::pread(file, text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  std::vector<std::string> names;
  std::size_t end = 0;
  for (std::size_t at = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    names.push_back(text.substr(at, end - at));
  }
  return names;
}

// Order matters: a process killed half-way leaves the lock's file, so the next one can finish.
void remove_names_and_lock(const std::string& beginning, int file) noexcept {
  remove_names(beginning, listed_names(file));
  ::unlink(lock_path(beginning).c_str());
}

// With LOCK_EX once no process of the run is left; with LOCK_NB, too, only if none is left now.
void remove_dead_run(const std::string& beginning, int file, int operation) noexcept {
  if (lock(file, operation)) remove_names_and_lock(beginning, file);
}

std::vector<std::string> find_runs(const std::string& kind) {
  std::vector<std::string> beginnings;
  for_each_file(lock_folder, [&](const std::string& name) {
    if (!name.starts_with(kind) || !name.ends_with(std::string("-") + lock_ending)) return;
    beginnings.push_back(name.substr(0, name.size() - std::strlen(lock_ending)));
  });
  return beginnings;
}

void remove_dead_runs(const std::string& kind) {
  for (const std::string& beginning : find_runs(kind)) {
    const int file = ::open(lock_path(beginning).c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;  // another user's, or gone
    remove_dead_run(beginning, file, LOCK_EX | LOCK_NB);
    ::close(file);
  }
}

// The locked file of a new beginning, or -1 if it was removed between its creation and its lock.
int try_new_lock(const std::string& path) {
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  struct stat now {};
  if (file < 0 || !lock(file, LOCK_SH) || ::fstat(file, &now) != 0) {
    throw std::runtime_error("cannot lock " + path + ": " + std::strerror(errno));
  }
  if (now.st_nlink == 1) return file;
  ::close(file);
  return -1;
}

// A reader that waits for the end of the run's output must not wait for the guardian.
void let_go_of_the_output() noexcept {
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (int standard = 0; standard < 3; ++standard) ::dup2(nowhere, standard);
}

// The guardian's whole life. The inherited lock protects the file until the guardian has opened it.
[[noreturn]] void stand_guard(int inherited, const std::string& beginning) noexcept {
  ::prctl(PR_SET_NAME, "shmfifo-guard");
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);  // a signal that ends the run must not end its guardian
  let_go_of_the_output();
  const int own = ::open(lock_path(beginning).c_str(), O_RDONLY | O_CLOEXEC);
  ::close(inherited);
  remove_dead_run(beginning, own, LOCK_EX);
  exit_child(0);
}

// The guardian is nobody's child, once the process that starts it has ended, and outlives the run.
bool start_guardian(int lock, const std::string& beginning) {
  const child_options outlives{.death_signal = 0};
  const auto start = [&]() -> int {
    try {
      ::setsid();
      static_cast<void>(start_child([&]() -> int { stand_guard(lock, beginning); }, outlives));
      return 0;
    } catch (const std::runtime_error&) {
      return 1;
    }
  };
  try {
    return reap(start_child(start, outlives)) == 0;
  } catch (const std::runtime_error&) {
    return false;
  }
}

// Forks between the first process that asked and this one.
unsigned count_forks() noexcept {
  static unsigned forks = 0;
  static const int counted = ::pthread_atfork(nullptr, nullptr, [] { ++forks; });
  static_cast<void>(counted);
  return forks;
}

}  // namespace

unsigned remove_names(const std::string& beginning,
                      const std::vector<std::string>& others) noexcept {
  const auto belongs = [&](const std::string& name) {
    return (name.find(beginning) != std::string::npos && name != beginning + lock_ending) ||
           std::find(others.begin(), others.end(), name) != others.end();
  };
  unsigned removed = 0;
  for (const char* folder : {"/dev/shm", "/dev/mqueue", "/tmp"}) {
    for_each_file(folder, [&](const std::string& file) {
      if (!belongs(bare_name(file))) return;
      if (std::remove((std::string(folder) + "/" + file).c_str()) == 0) ++removed;
    });
  }
  return removed;
}

std::string random_digits() {
  std::uint64_t word = 0;
  if (::getrandom(&word, sizeof word, 0) != sizeof word) {
    throw std::runtime_error(std::string("no random name: ") + std::strerror(errno));
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(word));
  return text;
}

run_names::run_names(const std::string& program) : forks_(count_forks()) {
  const std::string kind = "shmfifo-" + program + "-";
  remove_dead_runs(kind);
  int file = -1;
  while (file < 0) {
    beginning_ = kind + random_digits() + "-";
    file = try_new_lock(lock_path(beginning_));
  }
  const bool guarded = start_guardian(file, beginning_);
  lock_ = ::mmap(nullptr, mapped_bytes, PROT_NONE, MAP_SHARED, file, 0);
  ::close(file);
  if (guarded && lock_ != MAP_FAILED) return;
  ::unlink(lock_path(beginning_).c_str());
  throw std::runtime_error("no guardian for the names of this run: no process or memory is left");
}

run_names::~run_names() {
  if (count_forks() == forks_) {
    const int file = ::open(lock_path(beginning_).c_str(), O_RDONLY | O_CLOEXEC);
    remove_names_and_lock(beginning_, file);
    ::close(file);
  }
  ::munmap(lock_, mapped_bytes);
}

std::string run_names::next() {
  const std::string digits = std::to_string(++count_);
  return beginning_ + std::string(8 - std::min<std::size_t>(digits.size(), 8), '0') + digits;
}

void run_names::add(const std::vector<std::string>& others) {
  std::string text;
  for (const std::string& name : others) {
    const std::string file = name.starts_with('/') ? name.substr(1) : name;
    if (!is_file_name(file) || file.find('\n') != std::string::npos) {
      throw std::invalid_argument("'" + name +
                                  "' is no file name: names in /dev/shm, /dev/mqueue and /tmp "
                                  "have no further slash");
    }
    text += file + "\n";
  }
  const int file = ::open(lock_path(beginning_).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  const ssize_t put = ::write(file, text.data(), text.size());
  ::close(file);
  if (put != std::ssize(text)) {
    throw std::runtime_error("cannot note the names of this run: " + lock_path(beginning_));
  }
}

void run_names::keep_across_exec() const noexcept {
  const int file = ::open(lock_path(beginning_).c_str(), O_RDONLY);
  if (file >= 0) static_cast<void>(lock(file, LOCK_SH));
}

namespace {

run_names& names_of_this_test() {
  static run_names names("test");
  return names;
}

}  // namespace

unique_name::unique_name() : text_(names_of_this_test().next()) {}
unique_name::~unique_name() {
  ::unlink(path().c_str());
}
bool unique_name::exists() const {
  return ::access(path().c_str(), F_OK) == 0;
}

}  // namespace shmfifo::harness
