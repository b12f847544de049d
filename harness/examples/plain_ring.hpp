// SPDX-License-Identifier: MIT
#pragma once
// A ring for one producer and one consumer, as many libraries have one: values of one type, two
// calls that only try. `ring_queue.cpp` puts it under test.

#include <atomic>
#include <cstddef>

template <class T, std::size_t Slots>
struct plain_ring {
  bool try_push(const T& value) {
    const std::size_t at = written.load(std::memory_order_relaxed);
    if (at - read.load(std::memory_order_acquire) == Slots) return false;
    values[at % Slots] = value;
    written.store(at + 1, std::memory_order_release);
    return true;
  }
  bool try_pop(T& value) {
    const std::size_t at = read.load(std::memory_order_relaxed);
    if (at == written.load(std::memory_order_acquire)) return false;
    value = values[at % Slots];
    read.store(at + 1, std::memory_order_release);
    return true;
  }
  alignas(64) std::atomic<std::size_t> written = 0;
  alignas(64) std::atomic<std::size_t> read = 0;
  T values[Slots];
};
