// SPDX-License-Identifier: MIT
#pragma once

// Which location of the graph an address is, in the current run. Addresses may change from run to
// run (heap, stacks), so the table is emptied before each one, by a generation number instead of a
// sweep.

#include <cstdint>
#include <vector>

#include "event.hpp"

namespace shmfifo::harness::model::detail {

class address_table {
 public:
  address_table() : entries_(64) {}

  void forget_all() noexcept {
    ++generation_;
    used_ = 0;
  }

  [[nodiscard]] std::uint32_t find(std::uint64_t key) const noexcept {
    for (std::size_t i = start(key);; i = (i + 1) & (entries_.size() - 1)) {
      if (entries_[i].generation != generation_) return none;
      if (entries_[i].key == key) return entries_[i].location;
    }
  }

  // Not yet in the table.
  void insert(std::uint64_t key, std::uint32_t location) {
    if (++used_ * 2 > entries_.size()) grow();
    put({key, generation_, location});
  }

 private:
  struct entry {
    std::uint64_t key = 0;
    std::uint64_t generation = 0;
    std::uint32_t location = none;
  };

  [[nodiscard]] std::size_t start(std::uint64_t key) const noexcept {
    return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15U) >> 32U) & (entries_.size() - 1);
  }
  void put(const entry& e) {
    std::size_t i = start(e.key);
    while (entries_[i].generation == generation_) i = (i + 1) & (entries_.size() - 1);
    entries_[i] = e;
  }
  void grow() {
    std::vector<entry> old(entries_.size() * 2);
    old.swap(entries_);
    for (const entry& e : old) {
      if (e.generation == generation_) put(e);
    }
  }

  std::vector<entry> entries_;
  std::uint64_t generation_ = 1;
  std::size_t used_ = 0;
};

}  // namespace shmfifo::harness::model::detail
