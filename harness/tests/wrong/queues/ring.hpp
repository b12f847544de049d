// SPDX-License-Identifier: MIT
#pragma once
// The shared memory of the small right queue and its wrong relatives: numbered slots, a cursor for
// each consumer, a robust mutex for each sender that shows whether it lives, and two bells to sleep
// on. The memory is an anonymous shared mapping that actors inherit, so a test cannot leave
// anything behind. One word of each slot, the stamp, holds its number, owner and state, and is
// written last.

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "shmfifo/harness/adapters/shared_memory.hpp"

namespace shmfifo::harness::queues {

constexpr unsigned senders_max = 16;
constexpr unsigned receivers_max = 16;

enum class slot_state : std::uint8_t { free, claimed, published, aborted };

struct stamp {
  std::int64_t number = 0;
  unsigned sender = 0;
  slot_state state = slot_state::free;

  [[nodiscard]] std::uint64_t word() const {
    return static_cast<std::uint64_t>(number) << 8U | sender << 2U | static_cast<unsigned>(state);
  }
  static stamp of(std::uint64_t word) {
    return {static_cast<std::int64_t>(word >> 8U), static_cast<unsigned>(word >> 2U) & 63U,
            static_cast<slot_state>(word & 3U)};
  }
  [[nodiscard]] bool is(std::int64_t expected, slot_state in) const {
    return number == expected && state == in;
  }
};

// Rung after something changed. A sleeper announces itself, looks again, and only then sleeps; in
// slices, so that a ringer killed between the change and the ring delays it and does not strand it.
struct bell {
  std::atomic<std::uint32_t> rings, sleepers;

  void ring();
  void sleep(std::uint32_t seen, deadline until);  // returns at once if `rings` has left `seen`
};

struct slot {
  std::atomic<std::uint64_t> stamp_word;
  std::atomic<std::int64_t> length;

  // Content in words, so that a reader that is being overwritten races on atomics only.
  [[nodiscard]] std::atomic<std::uint64_t>* words() {
    return reinterpret_cast<std::atomic<std::uint64_t>*>(this + 1);
  }
  [[nodiscard]] stamp stamped() const {
    return stamp::of(stamp_word.load(std::memory_order_acquire));
  }
};

struct ring_header {
  std::atomic<std::int64_t> next;  // the next number, perhaps a little behind the stamps
  std::atomic<std::int64_t> cursors[receivers_max];
  std::atomic<std::int64_t> spare[4];  // unused in the right queue; some wrong ones use it
  bell published, room;
  pthread_mutex_t alive[senders_max];
};

class ring {
 public:
  explicit ring(const queue_shape& shape);
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;

  [[nodiscard]] ring_header& header() { return *header_; }
  [[nodiscard]] slot& at(std::int64_t number) { return at_index(number % slots()); }
  [[nodiscard]] slot& at_index(std::int64_t index);
  [[nodiscard]] std::int64_t slots() const { return static_cast<std::int64_t>(shape_.slots); }
  [[nodiscard]] const queue_shape& shape() const { return shape_; }
  [[nodiscard]] std::int64_t slowest_cursor();

  void put(slot& target, std::span<const std::byte> content);
  static void get(slot& from, std::span<std::byte> buffer);  // buffer.size() bytes

  // A sender holds a mutex while it lives; the kernel releases it when the sender dies.
  void begin_life(unsigned sender);  // aborts what an earlier life left open
  void end_life(unsigned sender);
  bool abort_if_dead(slot& claimed, stamp seen);
  // What becomes of a dead sender's claim; anything but `aborted` is wrong.
  slot_state dead_claim_becomes = slot_state::aborted;

 private:
  queue_shape shape_;
  std::size_t stride_;
  shared_object<ring_header> header_;
};

}  // namespace shmfifo::harness::queues
