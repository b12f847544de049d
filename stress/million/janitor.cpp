// SPDX-License-Identifier: MIT
#include "janitor.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace shmfifo::million {
namespace {

void wait_for_end(int descriptor) noexcept {
  char byte = 0;
  while (::read(descriptor, &byte, 1) < 0 && errno == EINTR) {
  }
}

[[noreturn]] void keep_watch(int life, int gone, const std::string& prefix) noexcept {
  ::setsid();
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);  // Ctrl-C is for the others
  // Whoever waits for the end of our output must not wait for us.
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int standard = 0; standard <= 2 && null >= 0; ++standard) ::dup2(null, standard);
  for (int other = 3; other < 256; ++other) {
    if (other != life && other != gone) ::close(other);
  }
  wait_for_end(life);
  remove_names(prefix);
  ::_exit(0);
}

void make_pipe(int (&ends)[2]) {
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
}

}  // namespace

void remove_names(const std::string& prefix) noexcept {
  DIR* directory = ::opendir("/dev/shm");
  if (directory == nullptr) return;
  while (const dirent* entry = ::readdir(directory)) {
    if (std::strncmp(entry->d_name, prefix.c_str(), prefix.size()) == 0) {
      ::unlinkat(::dirfd(directory), entry->d_name, 0);
    }
  }
  ::closedir(directory);
}

janitor::janitor(const std::string& prefix) {
  int life[2];
  int gone[2];
  make_pipe(life);
  make_pipe(gone);
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    // Twice, so that it belongs to no process that somebody may kill together with its children.
    if (::fork() != 0) ::_exit(0);
    keep_watch(life[0], gone[1], prefix);
  }
  ::waitpid(child, nullptr, 0);
  ::close(life[0]);
  ::close(gone[1]);
  life_ = life[1];
  gone_ = gone[0];
}

janitor::~janitor() {
  ::close(life_);
  wait_for_end(gone_);
  ::close(gone_);
}

}  // namespace shmfifo::million
