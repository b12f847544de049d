// SPDX-License-Identifier: MIT
#pragma once

// The core's memory_model seam on top of the explorer: the protocol that ships runs in it
// unchanged. A world is one segment, small and made anew for each execution, with kernel locks that
// end with their holder. Content is copied in words, each an event.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "shmfifo/harness/model/model.hpp"
#include "shmfifo/protocol/layout.hpp"
#include "shmfifo/protocol/memory_model.hpp"

namespace shmfifo::harness::model {

[[nodiscard]] constexpr access_site core_site(
    site where, source_location from = source_location::current()) noexcept {
  return {static_cast<site_id>(where), from};
}

// The core's site names, for options::site_names.
[[nodiscard]] inline std::vector<std::string> core_site_names() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(site::count); ++i) {
    names.emplace_back(to_string(static_cast<site>(i)));
  }
  return names;
}

// The kind and order of access last seen at a site; the mutation of orders starts from it. Every
// access writes it; read it after a run.
enum class access_kind : std::uint8_t { none, load, store, update, fence };
struct site_use {
  access_kind kind = access_kind::none;
  std::memory_order order = std::memory_order_relaxed;
};
inline std::array<site_use, static_cast<std::size_t>(site::count)> core_site_uses;
inline void note_use(site where, access_kind kind, std::memory_order order) noexcept {
  core_site_uses[static_cast<std::size_t>(where)] = {kind, order};
}

// A segment of at most 8 slots of 8 bytes and 4 participants, all zero, and the locks on its bytes.
struct core_world {
  static constexpr std::size_t lock_count = 6;  // 4 lines, the producer role, the naming lock

  explicit core_world(geometry shape) : bytes{}, view(bytes, shape) {
    for (unsigned i = 0; i < shape.participant_count; ++i) {
      view.participant(i).role = make_role(1, participant_kind::none);  // used before
    }
  }

  alignas(destructive_distance) std::byte bytes[8192];
  // Holder's thread number plus 1; 0 is free. A dead holder holds nothing.
  std::array<std::uint32_t, lock_count> locks{};
  layout_view view;
  std::uint32_t mortals = 0;  // bit t: thread t may die and leave its locks behind
  liveness_edge edge = liveness_edge::happens_before;

  [[nodiscard]] std::uint32_t& lock(unsigned index) noexcept {
    return locks[index < 4 ? index : 4 + index - lock_producer_role];
  }
};

class core_memory {
 public:
  core_memory() = default;
  explicit core_memory(core_world& world) noexcept : world_(&world) {}

  template <class T>
  [[nodiscard]] T load(const T& word, std::memory_order order, site s) const noexcept {
    note_use(s, access_kind::load, order);
    return model::load(word, order, core_site(s));
  }
  template <class T>
  void store(T& word, std::type_identity_t<T> value, std::memory_order order,
             site s) const noexcept {
    note_use(s, access_kind::store, order);
    model::store(word, value, order, core_site(s));
  }
  template <class T>
  [[nodiscard]] bool compare_exchange(T& word, T& expected, std::type_identity_t<T> desired,
                                      std::memory_order success, std::memory_order failure,
                                      site s) const noexcept {
    note_use(s, access_kind::update, success);
    return model::compare_exchange(word, expected, desired, success, failure, false, core_site(s));
  }
  template <class T>
  [[nodiscard]] T fetch_or(T& word, std::type_identity_t<T> bits, std::memory_order order,
                           site s) const noexcept {
    note_use(s, access_kind::update, order);
    return model::fetch_or(word, bits, order, core_site(s));
  }

  void write_content(std::byte* to, const std::byte* from, std::size_t size,
                     std::memory_order order, site s) const noexcept {
    note_use(s, access_kind::store, order);
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, from + i, sizeof word);
      model::store(reinterpret_cast<std::uint64_t&>(to[i]), word, order, core_site(s));
    }
  }
  void read_content(std::byte* to, const std::byte* from, std::size_t size, std::memory_order order,
                    site s) const noexcept {
    note_use(s, access_kind::load, order);
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
      const std::uint64_t word =
          model::load(reinterpret_cast<const std::uint64_t&>(from[i]), order, core_site(s));
      std::memcpy(to + i, &word, sizeof word);
    }
  }
  static void prefetch_for_write(const std::byte*, std::size_t) noexcept {}
  void order_plain_content() const noexcept {}

  void light_fence(site s) const noexcept {
    note_use(s, access_kind::fence, std::memory_order_seq_cst);
    fence(std::memory_order_seq_cst, core_site(s));
  }
  void heavy_fence(site s) const noexcept {
    note_use(s, access_kind::fence, std::memory_order_seq_cst);
    fence(std::memory_order_seq_cst, core_site(s));
  }
  void sleep(const std::uint32_t& bell, std::uint32_t value, deadline until) const noexcept {
    futex_wait(bell, value, until != no_deadline);
  }
  static void nap(deadline) noexcept { model::pause(); }
  // All at once: one that relays would wake, too, those whom a ring forgot. model_relay.cpp has
  // the relay.
  void wake(const std::uint32_t& bell) const noexcept { futex_wake_all(bell); }
  static void relay(const std::uint32_t&) noexcept {}
  static bool pause(unsigned) noexcept { return false; }
  [[nodiscard]] static bool expired(deadline until) noexcept { return until == deadline::min(); }

  // The kernel's lock table is a lock itself: what a holder did is visible to the next.
  [[nodiscard]] bool try_own(unsigned lock) noexcept {
    std::uint32_t holder = model::load(world_->lock(lock), std::memory_order_acquire);
    if (holder != 0 && !dead_holder(holder)) return false;
    return model::compare_exchange(world_->lock(lock), holder, this_thread() + 1,
                                   std::memory_order_acq_rel, std::memory_order_acquire);
  }
  [[nodiscard]] bool alive(unsigned lock) const noexcept {
    const std::uint32_t holder = model::load(world_->lock(lock), std::memory_order_acquire);
    return holder != 0 && !dead_holder(holder);
  }
  void disown(unsigned lock) noexcept {
    model::store(world_->lock(lock), 0, std::memory_order_release);
  }
  [[nodiscard]] static bool in_owner_process() noexcept { return true; }
  [[nodiscard]] static std::uint32_t process_id() noexcept { return 1; }

 private:
  [[nodiscard]] bool dead_holder(std::uint32_t holder) const noexcept {
    return (world_->mortals >> (holder - 1) & 1) != 0 && holder - 1 != this_thread() &&
           dead(holder - 1, world_->edge);
  }

  core_world* world_ = nullptr;
};

static_assert(memory_model<core_memory>);

}  // namespace shmfifo::harness::model
