// SPDX-License-Identifier: MIT
#pragma once
// The limit with which the core is compared: the smallest ring for one producer and one consumer.
// Two indices on separate cache lines, each side with a cached copy of the other's; payloads copied
// in and out with memcpy. It has no lengths, no numbers, no recovery, no sleep, no second reader
// and no checks.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace shmfifo::million {

inline constexpr std::uint64_t ring_slots = 1024;  // of the bare ring and of the core's rings

// Lives in zeroed memory shared by both processes; the payloads follow it.
struct bare_ring {
  alignas(128) std::atomic<std::uint64_t> written;
  alignas(128) std::atomic<std::uint64_t> read;
  alignas(128) std::byte payloads[1];

  [[nodiscard]] static constexpr std::size_t stride(std::size_t size) noexcept {
    return (size + 63) / 64 * 64;
  }
};

class bare_writer {
 public:
  bare_writer(bare_ring& ring, std::size_t size) : ring_(ring), size_(size) {}
  bool push(const std::byte* from) noexcept {
    if (next_ - read_ == ring_slots) {
      read_ = ring_.read.load(std::memory_order_acquire);
      if (next_ - read_ == ring_slots) return false;
    }
    std::memcpy(ring_.payloads + next_ % ring_slots * stride_, from, size_);
    ring_.written.store(++next_, std::memory_order_release);
    return true;
  }

 private:
  bare_ring& ring_;
  std::size_t size_;
  std::size_t stride_ = bare_ring::stride(size_);
  std::uint64_t next_ = 0;
  std::uint64_t read_ = 0;
};

class bare_reader {
 public:
  bare_reader(bare_ring& ring, std::size_t size) : ring_(ring), size_(size) {}
  bool pop(std::byte* to) noexcept {
    if (next_ == written_) {
      written_ = ring_.written.load(std::memory_order_acquire);
      if (next_ == written_) return false;
    }
    std::memcpy(to, ring_.payloads + next_ % ring_slots * stride_, size_);
    ring_.read.store(++next_, std::memory_order_release);
    return true;
  }

 private:
  bare_ring& ring_;
  std::size_t size_;
  std::size_t stride_ = bare_ring::stride(size_);
  std::uint64_t next_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace shmfifo::million
