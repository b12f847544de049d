// SPDX-License-Identifier: MIT
#pragma once
// A few words that all processes of a test share, for the habits of its queues.

#include <array>
#include <atomic>
#include <cstdint>

#include "shmfifo/harness/adapters/shared_memory.hpp"

namespace shmfifo::harness {

class shared_words {
 public:
  using word = std::atomic<std::uint32_t>;

  word& operator[](std::size_t i) const { return words_->at(i); }

 private:
  shared_object<std::array<word, 64>> words_;
};

}  // namespace shmfifo::harness
