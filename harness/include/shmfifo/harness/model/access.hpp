// SPDX-License-Identifier: MIT
#pragma once

// Accesses to plain words of memory by address, for code that keeps its state in PODs and reaches
// it through a seam. A location is its address; its initial value is what the memory held when the
// running execution first touched it. The model never writes to that memory, so what the set-up put
// there stays. Words are 1, 2, 4 or 8 bytes, and each must always be accessed with the same size.
// Every function here may be called only by threads of a running check(), and each is one event or,
// for a read-modify-write, two.

#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "shmfifo/harness/model/options.hpp"
#include "shmfifo/harness/model/source_location.hpp"

namespace shmfifo::harness::model {

// Where an access comes from, for reports and for orders changed by site.
struct access_site {
  site_id site = no_site;  // its name, if it has one
  source_location where;   // file and line
};

// Here, under this name.
[[nodiscard]] inline access_site at(site_id site,
                                    source_location where = source_location::current()) noexcept {
  return {site, where};
}

namespace detail {

enum class update : std::uint8_t { exchange, add, subtract, bit_or, bit_and, bit_xor };

struct word {
  const void* address;
  std::uint32_t size;
};

std::uint64_t load(word, std::memory_order, const access_site&);
void store(word, std::uint64_t, std::memory_order, const access_site&);
std::uint64_t fetch(word, update, std::uint64_t, std::memory_order, const access_site&);
bool compare_exchange(word, std::uint64_t& expected, std::uint64_t desired, bool weak,
                      std::memory_order success, std::memory_order failure, const access_site&);
std::uint64_t read_plain(word, const access_site&);
void write_plain(word, std::uint64_t, const access_site&);
void construct(word, bool initialised, std::uint64_t, const access_site&);

template <typename T>
concept modelled = std::is_trivially_copyable_v<T> &&
    (sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);

template <modelled T>
[[nodiscard]] word word_of(const T& object) noexcept {
  return {&object, sizeof(T)};
}

template <modelled T>
[[nodiscard]] std::uint64_t to_bits(const T& value) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

template <modelled T>
[[nodiscard]] T from_bits(std::uint64_t bits) noexcept {
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

}  // namespace detail

// As std::atomic_ref's.
template <detail::modelled T>
[[nodiscard]] T load(const T& word, std::memory_order order, access_site s = at(no_site)) {
  return detail::from_bits<T>(detail::load(detail::word_of(word), order, s));
}

// As std::atomic_ref's.
template <detail::modelled T>
void store(T& word, std::type_identity_t<T> value, std::memory_order order,
           access_site s = at(no_site)) {
  detail::store(detail::word_of(word), detail::to_bits(value), order, s);
}

// As std::atomic_ref's.
template <detail::modelled T>
T exchange(T& word, std::type_identity_t<T> value, std::memory_order order,
           access_site s = at(no_site)) {
  return detail::from_bits<T>(detail::fetch(detail::word_of(word), detail::update::exchange,
                                            detail::to_bits(value), order, s));
}

// As std::atomic_ref's.
template <detail::modelled T>
requires std::is_integral_v<T> T fetch_add(T& word, std::type_identity_t<T> value,
                                           std::memory_order order, access_site s = at(no_site)) {
  return detail::from_bits<T>(
      detail::fetch(detail::word_of(word), detail::update::add, detail::to_bits(value), order, s));
}

// As std::atomic_ref's.
template <detail::modelled T>
requires std::is_integral_v<T> T fetch_or(T& word, std::type_identity_t<T> value,
                                          std::memory_order order, access_site s = at(no_site)) {
  return detail::from_bits<T>(detail::fetch(detail::word_of(word), detail::update::bit_or,
                                            detail::to_bits(value), order, s));
}

// As std::atomic_ref's.
template <detail::modelled T>
requires std::is_integral_v<T> T fetch_and(T& word, std::type_identity_t<T> value,
                                           std::memory_order order, access_site s = at(no_site)) {
  return detail::from_bits<T>(detail::fetch(detail::word_of(word), detail::update::bit_and,
                                            detail::to_bits(value), order, s));
}

// On failure `expected` becomes what was read, as with std::atomic.
template <detail::modelled T>
[[nodiscard]] bool compare_exchange(T& word, T& expected, std::type_identity_t<T> desired,
                                    std::memory_order success, std::memory_order failure,
                                    bool weak = false, access_site s = at(no_site)) {
  std::uint64_t bits = detail::to_bits(expected);
  const bool done = detail::compare_exchange(detail::word_of(word), bits, detail::to_bits(desired),
                                             weak, success, failure, s);
  if (!done) expected = detail::from_bits<T>(bits);
  return done;
}

// Non-atomic accesses: two that meet, unordered, one of them a write, are a data race.
template <detail::modelled T>
[[nodiscard]] T read_plain(const T& word, access_site s = at(no_site)) {
  return detail::from_bits<T>(detail::read_plain(detail::word_of(word), s));
}

// See read_plain.
template <detail::modelled T>
void write_plain(T& word, std::type_identity_t<T> value, access_site s = at(no_site)) {
  detail::write_plain(detail::word_of(word), detail::to_bits(value), s);
}

// std::atomic_thread_fence.
void fence(std::memory_order order, access_site s = at(no_site));

// FUTEX_WAIT: sleeps while the word holds `value`, until a wake-up; returns whether it slept. The
// kernel's queue is modelled as a lock that both operations take, so no wake-up falls between the
// comparison and the sleep. With `may_time_out` it may also return without one.
bool futex_wait(const std::uint32_t& word, std::uint32_t value, bool may_time_out = false,
                access_site s = at(no_site));
// FUTEX_WAKE of all threads that sleep on the word.
void futex_wake_all(const std::uint32_t& word, access_site s = at(no_site));

}  // namespace shmfifo::harness::model
