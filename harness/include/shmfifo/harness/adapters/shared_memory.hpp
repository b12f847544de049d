// SPDX-License-Identifier: MIT
#pragma once
// What most adapters of queues in shared memory need: a wait up to a deadline for calls that only
// try, memory that all processes of a run share, and a message of fixed size for queues of one C++
// type.

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <stdexcept>
#include <string>

#include "shmfifo/harness/adapters/queue.hpp"

namespace shmfifo::harness {

// Repeats `attempt` until it returns true, or once more after `until` has passed: "no room" and
// "nothing there" must be true at the deadline, and a deadline may be past from the beginning.
// Spins briefly, then yields, then sleeps, so that a run with more processes than processors goes
// on.
template <class Attempt>
bool retry_until(deadline until, Attempt&& attempt) {
  for (unsigned failures = 0;; ++failures) {
    const bool last = std::chrono::steady_clock::now() >= until;
    if (attempt()) return true;
    if (last) return false;
    if (failures >= 256) {
      ::usleep(50);
    } else if (failures >= 16) {
      ::sched_yield();
    }
  }
}

// An object in anonymous memory that this process shares with children forked later, and `extra`
// bytes behind it, which are 0. Make it in `queue::create`: the actors inherit it at the same
// address, it has no name, and it is gone with the last process of the run, however that ends.
template <class T>
class shared_object {
  static_assert(alignof(T) <= 4096, "a mapping begins at a page");

 public:
  // Throws std::runtime_error if there is no memory.
  explicit shared_object(std::size_t extra = 0) : bytes_(sizeof(T) + extra) {
    void* memory =
        ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      throw std::runtime_error("no shared memory of " + std::to_string(bytes_) +
                               " bytes; ask for fewer slots or shorter messages");
    }
    object_ = new (memory) T{};
  }
  shared_object(const shared_object&) = delete;
  shared_object& operator=(const shared_object&) = delete;
  // Unmaps it here only: other processes may still use the object, so it is not destroyed.
  ~shared_object() { ::munmap(object_, bytes_); }

  // The object, never null.
  [[nodiscard]] T* get() const noexcept { return object_; }
  // A member of it.
  [[nodiscard]] T* operator->() const noexcept { return object_; }
  // The object.
  [[nodiscard]] T& operator*() const noexcept { return *object_; }
  // The bytes behind the object.
  [[nodiscard]] std::byte* extra() const noexcept {
    return reinterpret_cast<std::byte*>(object_) + sizeof(T);
  }

 private:
  std::size_t bytes_;
  T* object_ = nullptr;
};

// A message for a queue that carries values of one type: its length and up to `Size` bytes.
template <std::size_t Size>
struct fixed_message {
  std::uint64_t length = 0;  // as the queue delivers it, which may be wrong
  std::byte content[Size];   // the first `length` bytes count

  // Throws std::runtime_error if messages of the run do not fit: call it in `queue::create`.
  static void require_fit(const queue_shape& shape) {
    if (shape.content_size <= Size) return;
    throw std::runtime_error("messages have at most " + std::to_string(Size) +
                             " bytes here; give a smaller --content-size");
  }
  // Takes the bytes of a send.
  void put(std::span<const std::byte> from) {
    length = from.size();
    std::copy(from.begin(), from.end(), content);
  }
  // The answer of a receive that got this message. A broken length is reported as it is.
  [[nodiscard]] received get(std::span<std::byte> buffer) const {
    const std::size_t copied = std::min({static_cast<std::size_t>(length), Size, buffer.size()});
    std::copy_n(content, copied, buffer.begin());
    return {.answer = receive_answer::message, .length = static_cast<std::int64_t>(length)};
  }
};

}  // namespace shmfifo::harness
