// SPDX-License-Identifier: MIT
#pragma once
// The other limit: a ring whose slots carry their own flag, so that a message moves no cache line
// but its own. The flag is the lap, in the eight bytes before the payload, stored last; the reader
// looks at it alone and reports its progress only now and then. It has no lengths, no numbers, no
// recovery, no sleep, no second reader and no checks.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bare_ring.hpp"

namespace shmfifo::million {

// Lives in zeroed memory shared by both processes; the slots follow it.
struct flag_lines {
  static constexpr std::uint64_t report_every = 64;  // messages
  alignas(128) std::atomic<std::uint64_t> read;
  alignas(128) std::byte slots[1];

  [[nodiscard]] static constexpr std::size_t stride(std::size_t size) noexcept {
    return (sizeof(std::uint64_t) + size + 63) / 64 * 64;
  }
};

// What both sides know of a message's slot.
class flag_slots {
 public:
  flag_slots(flag_lines& ring, std::size_t size)
      : ring_(ring), size_(size), stride_(flag_lines::stride(size)) {}

 protected:
  [[nodiscard]] std::byte* slot() const noexcept {
    return ring_.slots + next_ % ring_slots * stride_;
  }
  [[nodiscard]] std::byte* payload() const noexcept { return slot() + sizeof(std::uint64_t); }
  [[nodiscard]] std::atomic_ref<std::uint64_t> flag() const noexcept {
    return std::atomic_ref(*reinterpret_cast<std::uint64_t*>(slot()));
  }
  [[nodiscard]] std::uint64_t lap() const noexcept { return next_ / ring_slots + 1; }

  flag_lines& ring_;
  std::size_t size_;
  std::size_t stride_;
  std::uint64_t next_ = 0;
};

class flag_writer : flag_slots {
 public:
  using flag_slots::flag_slots;
  bool push(const std::byte* from) noexcept {
    if (next_ == limit_) {
      limit_ = ring_.read.load(std::memory_order_acquire) + ring_slots;
      if (next_ == limit_) return false;
    }
    std::memcpy(payload(), from, size_);
    flag().store(lap(), std::memory_order_release);
    ++next_;
    return true;
  }

 private:
  std::uint64_t limit_ = ring_slots;
};

class flag_reader : flag_slots {
 public:
  using flag_slots::flag_slots;
  bool pop(std::byte* to) noexcept {
    if (flag().load(std::memory_order_acquire) != lap()) return false;
    std::memcpy(to, payload(), size_);
    if (++next_ % flag_lines::report_every == 0) {
      ring_.read.store(next_, std::memory_order_release);
    }
    return true;
  }
};

}  // namespace shmfifo::million
