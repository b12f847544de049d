// SPDX-License-Identifier: MIT
#pragma once
// A few words that all processes of a test share, for the habits of its queues.

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <new>

namespace shmfifo::harness {

class shared_words {
 public:
  using word = std::atomic<std::uint32_t>;
  static constexpr std::size_t count = 64;

  shared_words()
      : memory_(::mmap(nullptr, sizeof(words), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                       -1, 0)) {
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    new (memory_) words{};
  }
  shared_words(const shared_words&) = delete;
  shared_words& operator=(const shared_words&) = delete;
  ~shared_words() { ::munmap(memory_, sizeof(words)); }
  word& operator[](std::size_t i) const { return (*static_cast<words*>(memory_)).at(i); }

 private:
  using words = std::array<word, count>;
  void* memory_;
};

}  // namespace shmfifo::harness
