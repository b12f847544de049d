// SPDX-License-Identifier: MIT
#include "full_file_system.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "shmfifo/harness/support/child.hpp"
#include "shmfifo/harness/support/value_or_stop.hpp"
#include "shmfifo/shmfifo.hpp"

namespace shmfifo::harness::fault {

// A private /dev/shm: it holds no segments of others and ends with this process.
bool private_shm(const char* options) {
  return enter_private_mounts() && ::mount("tmpfs", "/dev/shm", "tmpfs", 0, options) == 0;
}

namespace {

// On a tmpfs of one megabyte: a segment that does not fit is refused and leaves nothing; one that
// was created can be written to the last byte even when the file system is full.
void fill_the_file_system() {
  geometry shape;
  shape.content_size = 4000;
  shape.slot_count = 1024;
  const auto large = segment::create("large", shape);
  if (large) throw std::runtime_error("4 MB fitted into 1 MB");
  if (large.error().code != ENOSPC) {
    throw std::runtime_error("the segment was refused for another reason: " + large.error().text);
  }
  if (::access("/dev/shm/large", F_OK) == 0)
    throw std::runtime_error("a refused segment left its name");
  shape.slot_count = 64;
  const segment home = must(segment::create("small", shape));
  const int filler = ::open("/dev/shm/filler", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const std::vector<char> page(4096, 'x');
  while (::write(filler, page.data(), page.size()) > 0) {
  }
  producer out = must(home.attach_producer());
  for (unsigned i = 0; i < 64; ++i) {
    const std::string content(4000, 'y');
    if (out.try_publish(content) != status::ok) throw std::runtime_error("no room");
  }
}

}  // namespace

int run_full_file_system() {
  const auto print_violation = [](const char* sentence) {
    fmt::print("VIOLATION: {}\n", sentence);
    std::fflush(stdout);
  };
  const int status = reap(start_child([&] {
    if (!private_shm("size=1m")) {
      print_violation(
          fmt::format("no private tmpfs could be mounted: {}", std::strerror(errno)).c_str());
      return 2;
    }
    try {
      fill_the_file_system();
      return 0;
    } catch (const std::exception& problem) {
      print_violation(problem.what());
      return 1;
    }
  }));
  if (WIFSIGNALED(status)) {
    fmt::print("VIOLATION: a running segment got {}\n", strsignal(WTERMSIG(status)));
    return 1;
  }
  if (WEXITSTATUS(status) == 0)
    fmt::print("full tmpfs: create refused, the running segment goes on\n");
  return WEXITSTATUS(status);
}

}  // namespace shmfifo::harness::fault
