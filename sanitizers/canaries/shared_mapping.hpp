// SPDX-License-Identifier: MIT
#pragma once
// What the canaries share: memory as a segment has it (a file in memory, mapped MAP_SHARED), and
// the last line of a program that ran to its end, which distinguishes a silent instrument from a
// program that never ran.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace canaries {

inline constexpr std::size_t mapping_size = 4096;

class shared_file {
 public:
  shared_file() : file_(::memfd_create("shmfifo-canary", MFD_CLOEXEC)) {
    if (file_ < 0 || ::ftruncate(file_, mapping_size) != 0) std::abort();
  }
  shared_file(const shared_file&) = delete;
  shared_file& operator=(const shared_file&) = delete;
  ~shared_file() { ::close(file_); }

  // Each call makes another mapping of the same memory.
  template <class T>
  [[nodiscard]] T* map() const {
    void* base = ::mmap(nullptr, mapping_size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
    if (base == MAP_FAILED) std::abort();
    return static_cast<T*>(base);
  }

 private:
  int file_ = -1;
};

// A value that the compiler cannot know.
template <class T>
T unknown(T value) {
  volatile T hidden = value;
  return hidden;
}

inline int came_to_the_end() {
  std::puts("the canary came to its end");
  return 0;
}

}  // namespace canaries
