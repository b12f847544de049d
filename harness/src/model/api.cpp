// SPDX-License-Identifier: MIT

// The functions that tested code calls, handed to the runtime that is exploring it.

#include "runtime.hpp"

namespace shmfifo::harness::model {

using detail::runtime;

namespace detail {

std::uint64_t load(word w, std::memory_order o, const access_site& s) {
  return runtime::active().load(w, o, s);
}
void store(word w, std::uint64_t value, std::memory_order o, const access_site& s) {
  runtime::active().store(w, value, o, s);
}
std::uint64_t fetch(word w, update u, std::uint64_t operand, std::memory_order o,
                    const access_site& s) {
  return runtime::active().fetch(w, u, operand, o, s);
}
bool compare_exchange(word w, std::uint64_t& expected, std::uint64_t desired, bool weak,
                      std::memory_order success, std::memory_order failure, const access_site& s) {
  return runtime::active().compare_exchange(w, expected, desired, weak, success, failure, s);
}
std::uint64_t read_plain(word w, const access_site& s) {
  return runtime::active().read_plain(w, s);
}
void write_plain(word w, std::uint64_t value, const access_site& s) {
  runtime::active().write_plain(w, value, s);
}
void construct(word w, bool initialised, std::uint64_t value, const access_site& s) {
  // An object made outside check() simply has the value that its memory holds.
  if (runtime* r = runtime::active_or_null()) r->construct(w, initialised, value, s);
}
room new_thread(const new_thread_request& r, const access_site& s) {
  return runtime::active().new_thread(r, s);
}
void start_thread(std::uint32_t thread, void (*run)(void*), void (*drop)(void*) noexcept) {
  runtime::active().start_thread(thread, run, drop);
}
void join_thread(std::uint32_t thread, const access_site& s) {
  runtime::active().join_thread(thread, s);
}
void* allocate(std::size_t size, std::size_t alignment) {
  return runtime::active().allocate(size, alignment);
}

}  // namespace detail

void fence(std::memory_order order, access_site s) {
  runtime::active().fence(order, s);
}
bool futex_wait(const std::uint32_t& word, std::uint32_t value, bool may_time_out, access_site s) {
  return runtime::active().futex_wait(word, value, may_time_out, s);
}
void futex_wake_all(const std::uint32_t& word, access_site s) {
  runtime::active().futex_wake_all(word, s);
}
std::uint32_t this_thread() {
  return runtime::active().running_thread();
}
bool dead(std::uint32_t thread_number, liveness_edge edge, access_site s) {
  return runtime::active().dead(thread_number, edge, s);
}
void pause(source_location where) {
  runtime::active().pause(where);
}
std::uint32_t choose(std::uint32_t outcomes, access_site s) {
  return runtime::active().choose(outcomes, s);
}
void assume(bool holds) {
  runtime::active().assume(holds);
}
void require(bool holds, std::string_view what, source_location where) {
  runtime::active().require(holds, what, where);
}

}  // namespace shmfifo::harness::model
