// SPDX-License-Identifier: MIT
#pragma once

// Threads of the tested code, and what they tell the explorer: that they wait, that they choose,
// that something must hold, that a thread may be killed at any of its events. A thread is a
// fiber; when the explorer gives up an execution it leaves the fiber where it is, without
// unwinding, so a thread should own no memory across model accesses except through model::make.

#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include "shmfifo/harness/model/atomic.hpp"

namespace shmfifo::harness::model {

namespace detail {

struct room {
  void* where;
  std::uint32_t thread;
};
inline constexpr std::uint32_t not_symmetric = 0xFFFFFFFF;
struct new_thread_request {
  std::size_t size;  // of its body
  std::size_t alignment;
  bool mortal = false;
  // How many with this body the caller has just started.
  std::uint32_t twins_before = not_symmetric;
};
room new_thread(const new_thread_request&, const access_site&);
void start_thread(std::uint32_t thread, void (*run)(void*), void (*drop)(void*) noexcept);
void join_thread(std::uint32_t thread, const access_site&);
void* allocate(std::size_t size, std::size_t alignment);

}  // namespace detail

struct mortal_t {};  // the type of `mortal`
// Marks a thread that the explorer also kills before each of its events.
inline constexpr mortal_t mortal{};

// A thread of the tested code.
class thread {
 public:
  // Starts it.
  template <typename callable>
  requires std::is_invocable_v<callable&>
  explicit thread(callable body, access_site s = at(no_site)) {
    begin(std::move(body), {sizeof(callable), alignof(callable)}, s);
  }
  // Starts it, to be killed before each of its events as well.
  template <typename callable>
  requires std::is_invocable_v<callable&> thread(mortal_t, callable body,
                                                 access_site s = at(no_site)) {
    begin(std::move(body), {sizeof(callable), alignof(callable), true}, s);
  }
  thread(const thread&) = delete;
  thread& operator=(const thread&) = delete;
  // Joins, like std::jthread.
  ~thread() {
    if (!joined_) join();
  }

  // What it did happens before what follows.
  void join(access_site s = at(no_site)) {
    detail::join_thread(number_, s);
    joined_ = true;
  }
  // The number that this_thread() returns in it.
  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

 private:
  friend class thread_group;
  template <typename callable>
  thread(const detail::new_thread_request& request, callable body, const access_site& s) {
    begin(std::move(body), request, s);
  }

  template <typename callable>
  void begin(callable body, const detail::new_thread_request& request, const access_site& s) {
    const detail::room r = detail::new_thread(request, s);
    ::new (r.where) callable(std::move(body));
    number_ = r.thread;
    detail::start_thread(
        r.thread, [](void* p) { (*static_cast<callable*>(p))(); },
        [](void* p) noexcept { static_cast<callable*>(p)->~callable(); });
  }

  std::uint32_t number_ = 0;
  bool joined_ = false;
};

// Any number of threads, joined in the order they were started. Keeps its list in the memory of
// model::make, so an execution given up half-way leaks nothing, as a std::vector would.
class thread_group {
 public:
  thread_group() = default;
  thread_group(const thread_group&) = delete;
  thread_group& operator=(const thread_group&) = delete;
  ~thread_group() { join(); }

  // Starts one more.
  template <typename callable>
  void start(callable body, access_site s = at(no_site)) {
    add({sizeof(callable), alignof(callable)}, std::move(body), s);
  }
  // Starts `count` threads with copies of one body, which the test does not tell apart: neither the
  // body nor what is required of the outcome depends on which of them did what. Executions in which
  // two of them have merely exchanged their parts are explored once. A body that shows a difference
  // (it takes another step after the same past, asks for its number, uses model::make) makes the
  // verdict `unknown`; a requirement that tells them apart cannot be noticed.
  template <typename callable>
  void start_symmetric(std::uint32_t count, const callable& body, access_site s = at(no_site)) {
    for (std::uint32_t i = 0; i < count; ++i) {
      add({sizeof(callable), alignof(callable), false, i}, callable(body), s);
    }
  }
  // Joins all.
  void join(access_site s = at(no_site)) {
    for (; first_ != nullptr; first_ = first_->next) first_->item->join(s);
    last_ = &first_;
  }

 private:
  struct link {
    thread* item;
    link* next;
  };
  template <typename callable>
  void add(const detail::new_thread_request& request, callable body, const access_site& s) {
    void* room = detail::allocate(sizeof(thread), alignof(thread));
    auto* added = ::new (detail::allocate(sizeof(link), alignof(link)))
        link{::new (room) thread(request, std::move(body), s), nullptr};
    *last_ = added;
    last_ = &added->next;
  }
  link* first_ = nullptr;
  link** last_ = &first_;
};

// Number of the calling thread; the body of the test itself is 0.
[[nodiscard]] std::uint32_t this_thread();

// Whether a mortal thread has ended, killed or not, as a kernel lock reports it. With an edge (the
// default), a yes makes everything that the thread did happen before what follows, as the kernel's
// own locking does; without one, a yes says nothing about its writes.
enum class liveness_edge : std::uint8_t { happens_before, no_edge };
// See liveness_edge.
[[nodiscard]] bool dead(std::uint32_t thread_number,
                        liveness_edge edge = liveness_edge::happens_before,
                        access_site s = at(no_site));

// Ends a turn of a wait loop: the turn only read (a failed compare-exchange is a read), and without
// a new value it would only repeat itself. The explorer follows the turns that end the loop, and
// reports a deadlock when none can ever come.
void pause(source_location where = source_location::current());

// Loads until the value is enough, and returns it: a wait loop that ends its turns with pause().
template <typename T, typename predicate>
T await(const atomic<T>& word, predicate enough, std::memory_order order,
        access_site s = at(no_site)) {
  while (true) {
    const T value = word.load(order, s);
    if (enough(value)) return value;
    pause(s.where);
  }
}

// One of 0 .. outcomes-1, each explored.
[[nodiscard]] std::uint32_t choose(std::uint32_t outcomes, access_site s = at(no_site));
// Gives up, without complaint, the executions in which this does not hold.
void assume(bool holds);
// A violation where this does not hold.
void require(bool holds, std::string_view what = "require",
             source_location where = source_location::current());

// An object for this execution only: the same address whenever this thread makes its nth object,
// never destroyed, memory taken back when the execution ends.
template <typename T, typename... arguments>
T* make(arguments&&... values) {
  return ::new (detail::allocate(sizeof(T), alignof(T))) T(std::forward<arguments>(values)...);
}

}  // namespace shmfifo::harness::model
