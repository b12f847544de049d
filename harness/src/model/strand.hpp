// SPDX-License-Identifier: MIT
#pragma once

// A thread of the tested code: a fiber on a stack of its own, and the place it has reached in this
// run. A run that leads nowhere is abandoned where it stands: its stack is reused without
// unwinding, because the tested code may be noexcept, and because unwinding would cost more than
// the run. Fibers that finish their body wait for the next one, so that a run costs two switches
// per thread.

#include <boost/context/fiber.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace shmfifo::harness::model::detail {

// Body of a thread, stored in place when it is small, so that starting a thread does not allocate.
class body {
 public:
  using run_function = void (*)(void*);
  using drop_function = void (*)(void*) noexcept;

  body() = default;
  body(const body&) = delete;
  body& operator=(const body&) = delete;
  ~body() { drop(); }

  [[nodiscard]] void* room(std::size_t size, std::size_t alignment);
  void set(run_function how_to_run, drop_function how_to_drop) noexcept {
    run_ = how_to_run;
    drop_ = how_to_drop;
  }
  void run() { run_(where_); }
  void drop() noexcept;

 private:
  static constexpr std::size_t small = 128;
  alignas(std::max_align_t) std::byte here_[small];
  std::unique_ptr<std::byte[]> heap_;
  void* where_ = nullptr;
  run_function run_ = nullptr;
  drop_function drop_ = nullptr;
};

class strand {
 public:
  enum class state : std::uint8_t {
    idle,      // not started in this run
    ready,     // can go on
    frontier,  // has repeated its part of the graph and wants to append
    waiting,   // repeats, and waits for another thread to repeat what it depends on
    spinning,  // blocked in a wait loop
    sleeping,  // blocked until a wake-up
    joining,   // blocked until another thread ends
    stopped,   // an assumption did not hold
    finished,
  };

  // Runs the body of a strand from its start to its end.
  using runner = void (*)(strand&, void* context);

  strand(std::size_t stack_bytes, runner run, void* context);
  strand(const strand&) = delete;
  strand& operator=(const strand&) = delete;
  ~strand();

  // Called by the scheduler: runs the thread until it pauses or finishes.
  void resume();
  // Called inside the fiber: back to the scheduler.
  void pause();
  // Forgets what the fiber was doing; the next resume() runs the body from its start.
  void abandon();

  body work;
  std::uint32_t number = 0;
  std::uint32_t done = 0;         // events repeated or appended in this run
  std::uint32_t joined = 0;       // the thread it waits for; when repeating, until that
  std::uint32_t joined_done = 0;  // thread has done more events than this
  state at = state::idle;
  bool mortal = false;
  bool gives_way = false;  // has just woken others: a lower-numbered one comes first
  bool ghost = false;      // repeats a wait loop to find out whether it can ever end
  bool ghost_stuck = false;
  std::uint32_t ghost_reads = 0;
  std::uint32_t ghost_pauses = 0;

 private:
  void start();
  void loop();

  // The handle is dropped without running its destructor, which would unwind the stack.
  union handle {
    handle() : fiber() {}
    ~handle() {}
    boost::context::fiber fiber;
  };

  runner run_;
  void* context_;
  std::byte* memory_ = nullptr;
  std::size_t bytes_ = 0;
  handle inside_;
  handle scheduler_;
  bool live_ = false;     // the fiber exists
  bool running_ = false;  // it is in the middle of a body
  void* fake_stack_ = nullptr;
  const void* scheduler_bottom_ = nullptr;
  std::size_t scheduler_bytes_ = 0;
};

}  // namespace shmfifo::harness::model::detail
