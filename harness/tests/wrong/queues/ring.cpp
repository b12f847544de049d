// SPDX-License-Identifier: MIT
#include "ring.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace shmfifo::harness::queues {

void bell::ring() {
  rings.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst) != 0) {
    ::syscall(SYS_futex, &rings, FUTEX_WAKE, std::numeric_limits<int>::max(), nullptr, nullptr, 0);
  }
}

void bell::sleep(std::uint32_t seen, deadline until) {
  constexpr std::chrono::nanoseconds slice = std::chrono::milliseconds(20);
  const std::chrono::nanoseconds left = until - std::chrono::steady_clock::now();
  if (left <= left.zero()) return;
  const timespec time{0, std::min(left, slice).count()};
  ::syscall(SYS_futex, &rings, FUTEX_WAIT, seen, &time, nullptr, 0);
}

ring::ring(const queue_shape& shape)
    : shape_(shape),
      stride_((sizeof(slot) + shape.content_size + 63) / 64 * 64),
      header_(63 + stride_ * shape.slots) {  // slots: all bytes 0, so free
  if (shape.producers > senders_max || shape.consumers > receivers_max) {
    throw std::runtime_error("the small queues hold 16 senders and 16 consumers; ask for fewer");
  }
  pthread_mutexattr_t kind;
  pthread_mutexattr_init(&kind);
  pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
  for (auto& mutex : header_->alive) pthread_mutex_init(&mutex, &kind);
  pthread_mutexattr_destroy(&kind);
}

slot& ring::at_index(std::int64_t index) {
  auto* first = reinterpret_cast<std::byte*>(header_.get()) + (sizeof(ring_header) + 63) / 64 * 64;
  return *reinterpret_cast<slot*>(first + static_cast<std::size_t>(index) * stride_);
}

std::int64_t ring::slowest_cursor() {
  std::int64_t slowest = std::numeric_limits<std::int64_t>::max();
  for (unsigned i = 0; i < shape_.consumers; ++i) {
    slowest = std::min(slowest, header_->cursors[i].load(std::memory_order_acquire));
  }
  return slowest;
}

void ring::put(slot& target, std::span<const std::byte> content) {
  target.length.store(static_cast<std::int64_t>(content.size()), std::memory_order_relaxed);
  for (std::size_t at = 0; at < content.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, &content[at], std::min<std::size_t>(8, content.size() - at));
    target.words()[at / 8].store(word, std::memory_order_relaxed);
  }
}

void ring::get(slot& from, std::span<std::byte> buffer) {
  for (std::size_t at = 0; at < buffer.size(); at += 8) {
    const std::uint64_t word = from.words()[at / 8].load(std::memory_order_relaxed);
    std::memcpy(&buffer[at], &word, std::min<std::size_t>(8, buffer.size() - at));
  }
}

void ring::begin_life(unsigned sender) {
  pthread_mutex_t& life = header_->alive[sender];
  if (pthread_mutex_lock(&life) == EOWNERDEAD) pthread_mutex_consistent(&life);
  for (std::int64_t i = 0; i < slots(); ++i) {
    const stamp seen = at_index(i).stamped();
    if (seen.state != slot_state::claimed || seen.sender != sender) continue;
    at_index(i).stamp_word.store(stamp{seen.number, sender, dead_claim_becomes}.word(),
                                 std::memory_order_release);
  }
  header_->published.ring();
}

void ring::end_life(unsigned sender) {
  pthread_mutex_unlock(&header_->alive[sender]);
}

bool ring::abort_if_dead(slot& claimed, stamp seen) {
  pthread_mutex_t& life = header_->alive[seen.sender];
  const int answer = pthread_mutex_trylock(&life);
  if (answer != 0 && answer != EOWNERDEAD) return false;
  if (answer == EOWNERDEAD) pthread_mutex_consistent(&life);
  // The sender may have published before it died; then the stamp has changed and stays.
  std::uint64_t expected = seen.word();
  claimed.stamp_word.compare_exchange_strong(
      expected, stamp{seen.number, seen.sender, dead_claim_becomes}.word(),
      std::memory_order_acq_rel, std::memory_order_relaxed);
  pthread_mutex_unlock(&life);
  header_->published.ring();
  return true;
}

}  // namespace shmfifo::harness::queues
