// SPDX-License-Identifier: MIT
#pragma once
// The production memory model with a hook before every access that names a site. A test uses it to
// let something happen at exactly one point of the protocol, which real processes would hit once in
// a million runs.

#include <functional>
#include <optional>

#include "support/testing.hpp"

namespace shmfifo::testing {

// Locks of its own on the segment's file.
inline std_memory_model open_memory(const unique_name& name) {
  return must(segment::attach(name.get())).memory();
}

// What a failed exchange met is looked at anew, or carries nothing; only the gate's is ordered.
inline void expect_order_of_failure(std::memory_order order) {
  EXPECT_TRUE(order == std::memory_order_relaxed || order == std::memory_order_seq_cst);
}

class hooked_memory : public std_memory_model {
 public:
  using hook = std::function<void(site)>;
  hooked_memory(std_memory_model&& memory, hook before)
      : std_memory_model(std::move(memory)), before_(std::move(before)) {}

  template <class T>
  [[nodiscard]] T load(const T& word, std::memory_order order, site where) const {
    before_(where);
    return std_memory_model::load(word, order, where);
  }
  template <class T>
  void store(T& word, std::type_identity_t<T> value, std::memory_order order, site where) const {
    before_(where);
    std_memory_model::store(word, value, order, where);
  }
  template <class T>
  [[nodiscard]] bool compare_exchange(T& word, T& expected, std::type_identity_t<T> desired,
                                      std::memory_order success, std::memory_order failure,
                                      site where) const {
    before_(where);
    expect_order_of_failure(failure);
    return std_memory_model::compare_exchange(word, expected, desired, success, failure, where);
  }
  template <class T>
  [[nodiscard]] T fetch_or(T& word, std::type_identity_t<T> bits, std::memory_order order,
                           site where) const {
    before_(where);
    return std_memory_model::fetch_or(word, bits, order, where);
  }
  void write_content(std::byte* to, const std::byte* from, std::size_t size,
                     std::memory_order order, site where) const {
    before_(where);
    std_memory_model::write_content(to, from, size, order, where);
  }
  void read_content(std::byte* to, const std::byte* from, std::size_t size, std::memory_order order,
                    site where) const {
    before_(where);
    std_memory_model::read_content(to, from, size, order, where);
  }
  void light_fence(site where) const {
    before_(where);
    std_memory_model::light_fence(where);
  }
  void heavy_fence(site where) const {
    before_(where);
    std_memory_model::heavy_fence(where);
  }

 private:
  hook before_;
};

static_assert(memory_model<hooked_memory>);

// Calls `action` at the first access at `where`, and never again: what it does may pass there too.
inline hooked_memory::hook once_at(site where, std::function<void()> action) {
  return [where, action = std::move(action), done = std::make_shared<bool>(false)](site here) {
    if (here != where || *done) return;
    *done = true;
    action();
  };
}

// Roles as segment makes them, with a hook.
class hooked_producer : public basic_producer<hooked_memory> {
 public:
  hooked_producer(const segment& home, const unique_name& name, hooked_memory::hook before)
      : hooked_producer(home, open_memory(name), std::move(before)) {}
  ~hooked_producer() { leave(); }

 private:
  hooked_producer(const segment& home, std_memory_model&& memory, hooked_memory::hook before)
      : hooked_producer(home, std::move(memory), std::move(before),
                        protocol::take_line(home.view(), memory).value()) {}
  hooked_producer(const segment& home, std_memory_model&& memory, hooked_memory::hook before,
                  unsigned line)
      : basic_producer(home.view(), hooked_memory(std::move(memory), std::move(before)), line) {}
};

class hooked_observer : public basic_consumer<hooked_memory> {
 public:
  hooked_observer(const segment& home, const unique_name& name, std::uint64_t position,
                  hooked_memory::hook before)
      : basic_consumer(home.view(), hooked_memory(open_memory(name), std::move(before)),
                       std::nullopt, position, buffer_) {}

 private:
  std::byte buffer_[64] = {};
};

}  // namespace shmfifo::testing
