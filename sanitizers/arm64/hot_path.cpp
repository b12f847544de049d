// SPDX-License-Identifier: MIT
// The hot path as functions of known names, whose instructions check_orders.py reads: once as the
// core has it, once over a memory model that is relaxed everywhere. The second shows that a lost
// order would be reported. Never run.
#include "shmfifo/shmfifo.hpp"

namespace {

using namespace shmfifo;

class relaxed_memory : public std_memory_model {
 public:
  static constexpr std::memory_order none = std::memory_order_relaxed;

  template <class T>
  [[nodiscard]] T load(const T& word, std::memory_order, site where) const noexcept {
    return std_memory_model::load(word, none, where);
  }
  template <class T>
  void store(T& word, std::type_identity_t<T> value, std::memory_order, site where) const noexcept {
    std_memory_model::store(word, value, none, where);
  }
  template <class T>
  [[nodiscard]] bool compare_exchange(T& word, T& expected, std::type_identity_t<T> desired,
                                      std::memory_order, std::memory_order,
                                      site where) const noexcept {
    return std_memory_model::compare_exchange(word, expected, desired, none, none, where);
  }
  void write_content(std::byte* to, const std::byte* from, std::size_t size, std::memory_order,
                     site where) const noexcept {
    std_memory_model::write_content(to, from, size, none, where);
  }
  void read_content(std::byte* to, const std::byte* from, std::size_t size, std::memory_order,
                    site where) const noexcept {
    std_memory_model::read_content(to, from, size, none, where);
  }
};

template <class M>
[[gnu::always_inline]] inline std::int64_t read_one(basic_consumer<M>& reader) {
  std::int64_t seen = -1;
  static_cast<void>(reader.poll([&](const record_view& one) { seen = one.value_length; }, 1));
  return seen;
}

}  // namespace

extern "C" {

// Flattened: calls become part of the function, as far as they may be inlined.
#define HOT [[gnu::flatten, gnu::used]]

HOT status core_publish(basic_producer<std_memory_model>& writer, const std::byte* content) {
  return writer.try_publish(byte_view(content, 8));
}
HOT std::int64_t core_poll(basic_consumer<std_memory_model>& reader) {
  return read_one(reader);
}
HOT protocol::claim_step core_claim(const layout_view& view, const std_memory_model& memory) {
  return protocol::claim_slot(view, memory, 1, 2);
}
HOT status relaxed_publish(basic_producer<relaxed_memory>& writer, const std::byte* content) {
  return writer.try_publish(byte_view(content, 8));
}
HOT std::int64_t relaxed_poll(basic_consumer<relaxed_memory>& reader) {
  return read_one(reader);
}
HOT protocol::claim_step relaxed_claim(const layout_view& view, const relaxed_memory& memory) {
  return protocol::claim_slot(view, memory, 1, 2);
}
}

int main() {}
