// SPDX-License-Identifier: MIT
// Goal: the two fences of the bell order as a pair, with membarrier and without. Which processes
// take part in it decides which side pays; that it was decided wrongly shows on no x86-64 but once
// in a million runs. And whoever spins gives the processor its hints. Method: the virtual kernel's
// journal, and the processor's trap flag, under which a signal handler sees each instruction and
// counts the full fences and the hints.
#include <signal.h>
#include <ucontext.h>

#include "support/hooked_memory.hpp"
#include "virtual_kernel.hpp"

#ifdef __x86_64__
#include <x86intrin.h>

#include <cstring>

namespace shmfifo {
namespace {

using testing::must;
using testing::open_memory;
using testing::small;

volatile unsigned full_fences = 0;
volatile unsigned spin_hints = 0;
constexpr unsigned long long trap_flag = 1U << 8;

// mfence, or `lock or` of nothing into the stack, which compilers prefer. The counters of coverage
// are added to.
bool is_full_fence(const unsigned char* code) {
  if (std::memcmp(code, "\x0f\xae\xf0", 3) == 0) return true;
  if (*code != 0xf0) return false;
  const bool wide = (code[1] & 0xf0) == 0x40;  // a prefix for 64 bits
  const unsigned char* operation = code + (wide ? 2 : 1);
  return *operation == 0x83 && (operation[1] >> 3 & 7) == 1;
}

void look_at_next_instruction(int, siginfo_t*, void* context) {
  const unsigned char* at = nullptr;
  std::memcpy(&at, &static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP], sizeof at);
  if (is_full_fence(at)) full_fences = full_fences + 1;
  if (std::memcmp(at, "\xf3\x90", 2) == 0) spin_hints = spin_hints + 1;
}

template <class Call>
[[gnu::noinline]] unsigned full_fences_in(Call&& call) {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_sigaction = look_at_next_instruction;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGTRAP, &action, &before);
  full_fences = 0;
  spin_hints = 0;
  __writeeflags(__readeflags() | trap_flag);
  asm volatile("nop");  // the first trap comes behind it
  call();
  __writeeflags(__readeflags() & ~trap_flag);
  ::sigaction(SIGTRAP, &before, nullptr);
  return full_fences;
}

unsigned light_fences_of(const std_memory_model& memory) {
  return full_fences_in([&] { memory.light_fence(site::bell_light_fence); });
}
unsigned heavy_fences_of(const std_memory_model& memory) {
  return full_fences_in([&] { memory.heavy_fence(site::bell_heavy_fence); });
}

struct fence_scene {
  testing::unique_name name;
  segment home = must(segment::create(name.get(), small(segment_mode::ring)));
  virtual_time::kernel kernel{};
};

TEST(fences, a_full_fence_is_seen) {
  EXPECT_EQ(full_fences_in([] {}), 0U);
  EXPECT_EQ(full_fences_in([] { __sync_synchronize(); }), 1U);
}

TEST(fences, a_pause_consists_of_so_many_hints_to_the_processor) {
  for (const unsigned times : {0U, 1U, 5U}) {
    bool spins = false;
    EXPECT_EQ(full_fences_in([&] { spins = std_memory_model::pause(times); }), 0U);
    EXPECT_EQ(spin_hints, times);
    EXPECT_TRUE(spins);  // it is never pointless
  }
}

TEST(fences, G11_a_process_that_takes_part_in_membarrier_has_light_fences_that_cost_nothing) {
  fence_scene scene;
  std_memory_model memory = open_memory(scene.name);
  EXPECT_EQ(scene.kernel.asked(), "membarrier 4 0");  // GLOBAL_EXPEDITED: of all processes
  EXPECT_EQ(light_fences_of(memory), 0U);
  EXPECT_EQ(heavy_fences_of(memory), 0U);
  EXPECT_EQ(scene.kernel.asked(), "membarrier 2 0");
  const std_memory_model moved(std::move(memory));
  EXPECT_EQ(light_fences_of(moved), 0U);
  std_memory_model assigned;
  assigned = open_memory(scene.name);
  EXPECT_EQ(light_fences_of(assigned), 0U);
}

// The other side's heavy fence reaches only processes that take part.
TEST(fences, G11_a_process_that_takes_no_part_in_membarrier_has_full_light_fences) {
  fence_scene scene;
  scene.kernel.membarrier_works = false;
  std_memory_model memory = open_memory(scene.name);
  scene.kernel.membarrier_works = true;
  EXPECT_EQ(light_fences_of(memory), 1U);
  const std_memory_model moved(std::move(memory));
  EXPECT_EQ(light_fences_of(moved), 1U);
  EXPECT_EQ(light_fences_of(std_memory_model()), 1U);  // for words only; it asked nobody
}

TEST(fences, G11_a_heavy_fence_that_the_kernel_refuses_is_a_full_one) {
  fence_scene scene;
  const std_memory_model memory = open_memory(scene.name);
  scene.kernel.membarrier_works = false;
  EXPECT_EQ(heavy_fences_of(memory), 1U);
}

// Each handle asks, before it can ring or sleep.
TEST(fences, G11_every_role_takes_part) {
  fence_scene scene;
  const auto writer = must(scene.home.attach_producer());
  EXPECT_EQ(scene.kernel.asked(), "membarrier 4 0");
  const auto reader = must(scene.home.attach_consumer());
  EXPECT_EQ(scene.kernel.asked(), "membarrier 4 0");
  const auto observer = must(scene.home.attach_observer());
  EXPECT_EQ(scene.kernel.asked(), "membarrier 4 0");
  EXPECT_EQ(must(scene.home.recover()), 0U);
  EXPECT_EQ(scene.kernel.asked(), "membarrier 4 0");
}

}  // namespace
}  // namespace shmfifo
#endif
