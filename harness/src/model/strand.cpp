// SPDX-License-Identifier: MIT
#include "strand.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define SHMFIFO_MODEL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHMFIFO_MODEL_ASAN 1
#endif
#endif
#if defined(SHMFIFO_MODEL_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace shmfifo::harness::model::detail {
namespace {

// The stack belongs to the strand, not to the fiber.
struct borrowed_stack {
  using traits_type = boost::context::stack_traits;
  void deallocate(boost::context::stack_context&) noexcept {}
};

void leave(void** fake_stack, const void* bottom, std::size_t bytes) {
#if defined(SHMFIFO_MODEL_ASAN)
  __sanitizer_start_switch_fiber(fake_stack, bottom, bytes);
#else
  (void)fake_stack, (void)bottom, (void)bytes;
#endif
}

void arrive(void* fake_stack, const void** bottom, std::size_t* bytes) {
#if defined(SHMFIFO_MODEL_ASAN)
  __sanitizer_finish_switch_fiber(fake_stack, bottom, bytes);
#else
  (void)fake_stack, (void)bottom, (void)bytes;
#endif
}

std::size_t page() {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

// Stacks of earlier checks, for the next ones: many checks are shorter than mapping their stacks.
class stack_store {
 public:
  stack_store() = default;
  stack_store(const stack_store&) = delete;
  stack_store& operator=(const stack_store&) = delete;
  ~stack_store() {
    for (const stack& s : idle_) ::munmap(s.memory, s.bytes);
  }

  std::byte* take(std::size_t bytes) {
    for (stack& s : idle_) {
      if (s.bytes != bytes) continue;
      std::byte* memory = s.memory;
      s = idle_.back();
      idle_.pop_back();
      return memory;
    }
    void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    if (::mprotect(memory, page(), PROT_NONE) != 0) throw std::bad_alloc();
    return static_cast<std::byte*>(memory);
  }

  void give(std::byte* memory, std::size_t bytes) {
    if (idle_.size() < idle_max) {
      idle_.push_back({memory, bytes});
    } else {
      ::munmap(memory, bytes);
    }
  }

 private:
  static constexpr std::size_t idle_max = 64;
  struct stack {
    std::byte* memory;
    std::size_t bytes;
  };
  std::vector<stack> idle_;
};

stack_store& stacks() {
  thread_local stack_store store;
  return store;
}

}  // namespace

void* body::room(std::size_t size, std::size_t alignment) {
  drop();
  if (size <= small && alignment <= alignof(std::max_align_t)) return where_ = here_;
  heap_ = std::make_unique<std::byte[]>(size + alignment);
  void* start = heap_.get();
  std::size_t space = size + alignment;
  return where_ = std::align(alignment, size, start, space);
}

void body::drop() noexcept {
  if (drop_ != nullptr) drop_(where_);
  drop_ = nullptr;
}

strand::strand(std::size_t stack_bytes, runner run, void* context) : run_(run), context_(context) {
  // One page below the stack stays closed: an overflow faults instead of corrupting a neighbour.
  bytes_ = (stack_bytes + page() - 1) / page() * page() + page();
  memory_ = stacks().take(bytes_);
}

strand::~strand() {
  stacks().give(memory_, bytes_);
}

void strand::start() {
  namespace context = boost::context;
  context::stack_context stack;
  stack.size = bytes_ - page();
  stack.sp = memory_ + bytes_;
#if defined(SHMFIFO_MODEL_ASAN)
  __asan_unpoison_memory_region(memory_ + page(), stack.size);
#endif
  const context::preallocated room(stack.sp, stack.size, stack);
  ::new (&inside_.fiber)
      context::fiber(std::allocator_arg, room, borrowed_stack{}, [this](context::fiber&& caller) {
        ::new (&scheduler_.fiber) context::fiber(std::move(caller));
        arrive(nullptr, &scheduler_bottom_, &scheduler_bytes_);
        loop();
        return std::move(scheduler_.fiber);
      });
  live_ = true;
}

void strand::loop() {
  while (true) {
    run_(*this, context_);
    running_ = false;
    pause();
  }
}

void strand::resume() {
  if (!live_) start();
  running_ = true;
  void* fake = nullptr;
  leave(&fake, memory_ + page(), bytes_ - page());
  boost::context::fiber back = std::move(inside_.fiber).resume();
  arrive(fake, nullptr, nullptr);
  ::new (&inside_.fiber) boost::context::fiber(std::move(back));
}

void strand::pause() {
  leave(&fake_stack_, scheduler_bottom_, scheduler_bytes_);
  boost::context::fiber back = std::move(scheduler_.fiber).resume();
  arrive(fake_stack_, &scheduler_bottom_, &scheduler_bytes_);
  ::new (&scheduler_.fiber) boost::context::fiber(std::move(back));
}

void strand::abandon() {
  if (!running_) return;
  running_ = false;
  live_ = false;
  work.drop();
}

}  // namespace shmfifo::harness::model::detail
