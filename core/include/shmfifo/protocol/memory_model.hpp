// SPDX-License-Identifier: MIT
#pragma once
// The seam under the protocol. Producers, consumers and recovery are templates over `memory_model`:
// they reach shared words, message bytes, sleeping, locks and the question "is it alive?" only
// through it. `std_memory_model` is production; a checker supplies another, in which every call is
// an event. Each access names its site and spells its order, so a checker can weaken one order
// without recompiling.

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "shmfifo/config.hpp"
#include "shmfifo/protocol/content_copy.hpp"

namespace shmfifo {

using deadline = std::chrono::steady_clock::time_point;   // when a wait ends
inline constexpr deadline no_deadline = deadline::max();  // never

// The kernel locks that the protocol asks for: one per participant line, and two for the
// whole segment.
inline constexpr unsigned lock_producer_role = participants_max;
inline constexpr unsigned lock_naming = participants_max + 1;  // held while a named cursor is made

// One name for each access of the protocol; `operate` is for set-up and diagnosis outside it.
// clang-format off
#define SHMFIFO_SITES(X) \
  X(publish_status_word) X(publish_length) X(publish_number) X(publish_content) \
  X(publish_stamp) X(publish_cursor) X(abort_stamp) X(overwrite_begin) X(commit_exchange) \
  X(release_held) \
  X(find_cursor) X(find_stamp) X(resume_cursor) X(room_cursor) X(room_stamp) \
  X(claim_cursor) X(claim_stamp) X(claim_intent) X(claim_exchange) X(claim_help) \
  X(claim_recheck_cursor) X(pass_over) \
  X(poll_stamp) X(poll_length) X(poll_number) X(poll_status_word) X(poll_content) \
  X(poll_recheck) X(poll_cursor) X(poll_release) \
  X(ready_stamp) X(examine_stamp) X(examine_dead) X(examine_again) X(alive_role) \
  X(gate_role) X(gate_consumer_cursor) X(gate_floor_load) X(gate_floor_raise) \
  X(producer_role_load) X(producer_role_store) X(producer_leave_role) \
  X(consumer_role_load) X(consumer_role_store) X(durable_role_store) X(consumer_leave_role) \
  X(attach_cursor) X(attach_floor) X(attach_advance) X(attach_resume) X(attach_name) \
  X(take_role) X(pass_role) X(find_role) X(recover_role) X(recover_role_again) X(recover_intent) \
  X(recover_stamp) X(recover_abort) X(recover_free) \
  X(mark_stamp) X(mark_load) X(mark_exchange) \
  X(bell_check) X(bell_ring) X(bell_announce) X(bell_rung) X(bell_light_fence) X(bell_heavy_fence) \
  X(wake_request) X(wake_look) X(wake_take) \
  X(operate)
// clang-format on

// Where the protocol accesses shared memory.
enum class site : std::uint8_t {
#define SHMFIFO_SITE_NAME(name) name,
  SHMFIFO_SITES(SHMFIFO_SITE_NAME)
#undef SHMFIFO_SITE_NAME
      count
};

// The site's own name, for reports.
[[nodiscard]] constexpr std::string_view to_string(site where) noexcept {
  constexpr std::string_view names[] = {
#define SHMFIFO_SITE_NAME(name) #name,
      SHMFIFO_SITES(SHMFIFO_SITE_NAME)
#undef SHMFIFO_SITE_NAME
  };
  return where < site::count ? names[static_cast<std::size_t>(where)] : "unknown";
}

namespace protocol {
using enum std::memory_order;
using enum site;
}  // namespace protocol

template <class M>
concept memory_model = std::move_constructible<M> &&
    requires(M& m, const M& c, std::uint64_t& word, std::uint32_t& bell, std::byte* bytes,
             const std::byte* source, std::size_t size, unsigned index, deadline until) {
  // Words. The exchange answers whether it took place and otherwise loads the value it met.
  { c.load(word, std::memory_order_acquire, site::poll_stamp) } -> std::same_as<std::uint64_t>;
  { c.load(bell, std::memory_order_acquire, site::poll_stamp) } -> std::same_as<std::uint32_t>;
  c.store(word, word, std::memory_order_release, site::poll_stamp);
  {
    c.compare_exchange(word, word, word, std::memory_order_acq_rel, std::memory_order_relaxed,
                       site::poll_stamp)
    } -> std::same_as<bool>;
  {
    c.fetch_or(bell, bell, std::memory_order_relaxed, site::poll_stamp)
    } -> std::same_as<std::uint32_t>;
  // Message bytes, which another process may be writing or reading: each byte is copied atomically,
  // with release (writing) or acquire (reading) order towards the words around it.
  c.write_content(bytes, source, size, std::memory_order_release, site::publish_content);
  c.read_content(bytes, source, size, std::memory_order_acquire, site::poll_content);
  // A hint that these bytes will be written soon.
  c.prefetch_for_write(source, size);
  // The caller is about to write content with plain stores: none may become visible before
  // the claim.
  c.order_plain_content();
  // An asymmetric pair (WG21 P1202): a light fence on one side and a heavy one on the other order
  // as two seq_cst fences would. The light side is the hot one.
  c.light_fence(site::bell_light_fence);
  c.heavy_fence(site::bell_heavy_fence);
  // Sleep while the bell holds the value, at the longest until the deadline; wake the first few
  // sleepers (wake), also as one that was woken (relay). A nap is a short sleep that needs no bell,
  // for observers, which may not write.
  c.sleep(bell, bell, until);
  c.nap(until);
  c.wake(bell);
  c.relay(bell);
  // About that many spin hints. False: spinning is pointless here, go to sleep at once.
  { c.pause(index) } -> std::same_as<bool>;
  { c.expired(until) } -> std::same_as<bool>;
  // Kernel locks: taken by this handle; held by anybody (the holder lives); given back.
  { m.try_own(index) } -> std::same_as<bool>;
  { c.alive(index) } -> std::same_as<bool>;
  m.disown(index);
  { c.in_owner_process() } -> std::same_as<bool>;
  { c.process_id() } -> std::same_as<std::uint32_t>;
};

// A system call that failed.
struct failed_call {
  const char* call = nullptr;  // its name
  int code = 0;                // errno; 0 if nothing failed
};

namespace kernel {
class segment_file;  // the way to the file, which is opened for a moment at a time
}

// Production. Every lock that it takes is held by a mapped page of its own, which keeps an open
// file description alive without a descriptor: the lock ends with the process however that ends, no
// child inherits it, the application cannot close it, and a reused pid, a zombie or a pid namespace
// cannot fool it. Movable, not copyable. Its calls may be made by one thread at a time, as those of
// the role that owns it.
class SHMFIFO_EXPORT std_memory_model {
 public:
  // For words only: without a file it has no locks.
  std_memory_model() = default;
  // With locks on this file; never null.
  explicit std_memory_model(std::shared_ptr<const kernel::segment_file> file) noexcept;
  // Takes the locks along.
  std_memory_model(std_memory_model&& other) noexcept;
  // Gives its own locks back and takes the other's.
  std_memory_model& operator=(std_memory_model&& other) noexcept;
  ~std_memory_model();

  template <class T>
  [[nodiscard]] T load(const T& word, std::memory_order order, site) const noexcept {
    // atomic_ref<const T> begins with C++26; nothing is written through this one.
    return std::atomic_ref<T>(const_cast<T&>(word)).load(order);
  }
  // As std::atomic_ref's.
  template <class T>
  void store(T& word, std::type_identity_t<T> value, std::memory_order order, site) const noexcept {
    std::atomic_ref<T>(word).store(value, order);
  }
  // As std::atomic_ref's compare_exchange_strong.
  template <class T>
  [[nodiscard]] bool compare_exchange(T& word, T& expected, std::type_identity_t<T> desired,
                                      std::memory_order success, std::memory_order failure,
                                      site) const noexcept {
    return std::atomic_ref<T>(word).compare_exchange_strong(expected, desired, success, failure);
  }
  // As std::atomic_ref's.
  template <class T>
  [[nodiscard]] T fetch_or(T& word, std::type_identity_t<T> bits, std::memory_order order,
                           site) const noexcept {
    return std::atomic_ref<T>(word).fetch_or(bits, order);
  }

  // See copy_content.
  void write_content(std::byte* to, const std::byte* from, std::size_t size,
                     std::memory_order order, site) const noexcept {
    copy_content<shared_end::to>(to, from, size, order);
  }
  // See copy_content.
  void read_content(std::byte* to, const std::byte* from, std::size_t size, std::memory_order order,
                    site) const noexcept {
    copy_content<shared_end::from>(to, from, size, order);
  }
  // Not __builtin_prefetch on x86-64, which in general asks to read there: the store pays for a
  // second journey of the line. Processors without this instruction pass over it.
  // Always inline: elsewhere it has no effects that g++ knows of, and a call would be dropped.
  [[gnu::always_inline]] static void prefetch_for_write(const std::byte* from,
                                                        std::size_t size) noexcept {
    for (std::size_t i = 0; i < size; i += cache_line) {
#if defined(__x86_64__)
      asm volatile("prefetchw %0" : : "m"(from[i]));
#else
      __builtin_prefetch(from + i, 1);
#endif
    }
  }
  // See order_stores.
  void order_plain_content() const noexcept {
    order_stores();
  }

  // Nothing but a compiler barrier, where the kernel has membarrier(2).
  void light_fence(site) const noexcept {
    if (asymmetric_) [[likely]] {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
      __sync_synchronize();
    }
  }
  // membarrier(2); without it, as the light one, a full fence.
  void heavy_fence(site) const noexcept;

  // A futex; for some milliseconds at the most, whatever the deadline.
  void sleep(const std::uint32_t& bell, std::uint32_t value, deadline until) const noexcept;
  // Sleeps a moment, not past the deadline.
  void nap(deadline until) const noexcept;
  // Wakes two sleepers on the bell, in whatever process: of the same priority those that wait
  // longest.
  void wake(const std::uint32_t& bell) const noexcept;
  // The same.
  void relay(const std::uint32_t& bell) const noexcept {
    wake(bell);
  }
  // Always true.
  static bool pause(unsigned times) noexcept {
    for (unsigned i = 0; i < times; ++i) spin_hint();
    return true;
  }
  // Whether the deadline has passed.
  [[nodiscard]] static bool expired(deadline until) noexcept {
    return until != no_deadline && std::chrono::steady_clock::now() >= until;
  }

  // Takes a lock unless somebody holds it, be it this process through another handle. Once the
  // kernel could not tell (lock_failure) it takes none: that is to be reported, not passed over.
  [[nodiscard]] bool try_own(unsigned lock) noexcept;
  // Whether somebody holds the lock.
  [[nodiscard]] bool alive(unsigned lock) const noexcept;
  // Gives a lock back.
  void disown(unsigned lock) noexcept;
  // The first of a try_own.
  [[nodiscard]] failed_call lock_failure() const noexcept {
    return lock_failure_;
  }

  // False in a child made by fork (or clone) from the process that made this handle.
  [[nodiscard]] bool in_owner_process() const noexcept {
    return fork_sentinel_ != nullptr && *fork_sentinel_ == process_generation_;
  }
  // As noted in a participant's line, for people.
  [[nodiscard]] std::uint32_t process_id() const noexcept;

 private:
  static constexpr unsigned no_lock = ~0U;
  struct owned_lock {
    unsigned lock = no_lock;
    void* page = nullptr;  // holds the description that holds the lock
  };
  owned_lock* find_owned(unsigned lock) noexcept;
  bool lock_fails(const failed_call& failure) noexcept;

  std::shared_ptr<const kernel::segment_file> file_;
  owned_lock owned_[3];  // at most a line, a role and a name
  failed_call lock_failure_;
  bool asymmetric_ = false;  // this process takes part in membarrier: its light fences cost nothing
  // A page that the kernel zeroes in children.
  const volatile std::uint64_t* fork_sentinel_ = nullptr;
  std::uint64_t process_generation_{};
};

static_assert(memory_model<std_memory_model>);

}  // namespace shmfifo
