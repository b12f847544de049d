// SPDX-License-Identifier: MIT
// No defect of its own: asks for a page that is wiped in children, and one that they do not have,
// and reports it if it gets both. A simulated kernel that accepts the advice and ignores it hides
// that a program forgot to ask.
#include <sys/wait.h>

#include <cerrno>

#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  auto* shared = file.map<volatile int>();
  void* page = ::mmap(nullptr, canaries::mapping_size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) std::abort();
  auto* own = static_cast<volatile int*>(page);
  *own = 7;
  void* left_out = const_cast<int*>(shared);
  if (::madvise(page, canaries::mapping_size, MADV_WIPEONFORK) != 0) std::abort();
  if (::madvise(left_out, canaries::mapping_size, MADV_DONTFORK) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    const bool gone = ::msync(left_out, canaries::mapping_size, MS_ASYNC) != 0 && errno == ENOMEM;
    ::_exit((*own == 0 ? 1 : 0) + (gone ? 2 : 0));
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child) std::abort();
  if (WEXITSTATUS(status) == 3) {
    std::puts("one page was wiped in the child, and it did not have the other");
    return 1;
  }
  return canaries::came_to_the_end();
}
