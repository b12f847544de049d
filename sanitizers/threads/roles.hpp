// SPDX-License-Identifier: MIT
#pragma once
// The threads' roles: from the segment, as programs get them, or over a memory model in which some
// sites have lost their order. The second shows that the instrument would report it: an access at
// such a site stays atomic but orders nothing, as if its author had written relaxed.

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "shmfifo/harness/support/value_or_stop.hpp"
#include "shmfifo/shmfifo.hpp"

namespace shmfifo::threads {

using harness::must;

class sound_roles {
 public:
  explicit sound_roles(const segment& home) : home_(home) {}
  [[nodiscard]] producer make_producer() const { return must(home_.attach_producer()); }
  [[nodiscard]] consumer make_consumer() const { return must(home_.attach_consumer()); }
  [[nodiscard]] consumer make_observer() const { return must(home_.attach_observer()); }

 private:
  segment home_;
};

inline std::array<bool, static_cast<std::size_t>(site::count)> weakened = {};

// False if there is no site of this name.
inline bool weaken(std::string_view name) {
  for (std::size_t i = 0; i < weakened.size(); ++i) {
    if (to_string(static_cast<site>(i)) == name) return weakened[i] = true;
  }
  return false;
}

class weakened_memory : public std_memory_model {
 public:
  explicit weakened_memory(std_memory_model&& memory) : std_memory_model(std::move(memory)) {}

  template <class T>
  [[nodiscard]] T load(const T& word, std::memory_order order, site where) const {
    return std_memory_model::load(word, left_of(order, where), where);
  }
  template <class T>
  void store(T& word, std::type_identity_t<T> value, std::memory_order order, site where) const {
    std_memory_model::store(word, value, left_of(order, where), where);
  }
  template <class T>
  [[nodiscard]] bool compare_exchange(T& word, T& expected, std::type_identity_t<T> desired,
                                      std::memory_order success, std::memory_order failure,
                                      site where) const {
    return std_memory_model::compare_exchange(word, expected, desired, left_of(success, where),
                                              left_of(failure, where), where);
  }
  void write_content(std::byte* to, const std::byte* from, std::size_t size,
                     std::memory_order order, site where) const {
    std_memory_model::write_content(to, from, size, left_of(order, where), where);
  }
  void read_content(std::byte* to, const std::byte* from, std::size_t size, std::memory_order order,
                    site where) const {
    std_memory_model::read_content(to, from, size, left_of(order, where), where);
  }

 private:
  static std::memory_order left_of(std::memory_order order, site where) {
    return weakened[static_cast<std::size_t>(where)] ? std::memory_order_relaxed : order;
  }
};
static_assert(memory_model<weakened_memory>);

class weakened_producer : public basic_producer<weakened_memory> {
 public:
  weakened_producer(const layout_view& view, weakened_memory&& memory, unsigned line)
      : basic_producer(view, std::move(memory), line) {}
  ~weakened_producer() { leave(); }
};

class weakened_consumer : public basic_consumer<weakened_memory> {
 public:
  weakened_consumer(const layout_view& view, weakened_memory&& memory, unsigned line,
                    std::unique_ptr<std::byte[]> buffer)
      : basic_consumer(view, std::move(memory), line, 0, buffer.get()),
        buffer_(std::move(buffer)) {}
  ~weakened_consumer() { leave(); }

 private:
  std::unique_ptr<std::byte[]> buffer_;
};

// The same steps as in the core's roles.cpp, without its answers to trouble.
class weakened_roles {
 public:
  explicit weakened_roles(const segment& home) : home_(home) {}

  [[nodiscard]] weakened_producer make_producer() const {
    weakened_memory memory(home_.memory());
    const unsigned line = protocol::take_line(home_.view(), memory).value();
    return {home_.view(), std::move(memory), line};
  }
  [[nodiscard]] weakened_consumer make_consumer() const {
    weakened_memory memory(home_.memory());
    const unsigned line = protocol::take_line(home_.view(), memory).value();
    std::uint64_t position = 0;
    static_cast<void>(protocol::enter_gate(home_.view(), memory, line, participant_kind::consumer,
                                           position, false));
    return {home_.view(), std::move(memory), line,
            std::make_unique<std::byte[]>(home_.view().shape().content_size)};
  }

 private:
  segment home_;
};

}  // namespace shmfifo::threads
