// SPDX-License-Identifier: MIT
// Goal: a message costs no heap allocation and no system call, in every mode, policy and kind of
// reader. Method: thousands of messages through every call of the hot path, once under an allocator
// that counts and once in a child that the kernel kills at its first system call. Each watch is
// shown to bite.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <new>

#include "counting_allocator.hpp"
#include "system_call_trap.hpp"
#include "traffic.hpp"

namespace hot_path {
namespace {

class hot_path : public testing::TestWithParam<shape> {};

TEST_P(hot_path, G14_allocates_nothing) {
  const auto all = traffic::open(GetParam());
  ASSERT_NE(all, nullptr);
  const std::uint64_t before = allocations();
  const bool right = all->run();
  EXPECT_EQ(allocations(), before);
  EXPECT_TRUE(right);
}

TEST_P(hot_path, G14_makes_no_system_call) {
  const ending how = run_sealed([]() -> std::function<bool()> {
    std::shared_ptr<traffic> all = traffic::open(GetParam());
    if (!all) return {};
    return [all] { return all->run(); };
  });
  EXPECT_EQ(how, ending::quiet) << to_string(how);
}

INSTANTIATE_TEST_SUITE_P(, hot_path, testing::ValuesIn(all_shapes()),
                         [](const auto& chosen) { return chosen.param.name; });

TEST(hot_path_watch, G14_counts_malloc_and_its_relatives) {
  const auto counted = [](auto allocate) {
    const std::uint64_t before = allocations();
    void* memory = allocate();
    asm volatile("" : : "r"(memory) : "memory");  // or the compiler drops what nobody uses
    std::free(memory);
    return allocations() - before;
  };
  EXPECT_EQ(counted([] { return std::malloc(10); }), 1U);
  EXPECT_EQ(counted([] { return std::calloc(1, 10); }), 1U);
  EXPECT_EQ(counted([] { return std::realloc(nullptr, 10); }), 1U);
  EXPECT_EQ(counted([] { return std::aligned_alloc(64, 64); }), 1U);
  const std::uint64_t before = allocations();
  ::operator delete(::operator new(10));
  ::operator delete (::operator new (64, std::align_val_t{64}), std::align_val_t{64});
  EXPECT_EQ(allocations() - before, 2U);
}

TEST(hot_path_watch, G14_catches_a_system_call) {
  const ending how =
      run_sealed([]() -> std::function<bool()> { return [] { return ::getppid() > 0; }; });
  EXPECT_EQ(how, ending::system_call) << to_string(how);
}

// The trap sees through the library, too: with a sleeper announced, publish has to wake it.
TEST(hot_path_watch, G14_catches_the_wake_up_of_a_sleeper) {
  const ending how = run_sealed([]() -> std::function<bool()> {
    std::shared_ptr<traffic> all = traffic::open(all_shapes().front());
    if (!all) return {};
    return [all] {
      const shmfifo::std_memory_model memory;
      memory.store(all->segment().view().control().data_bell, shmfifo::protocol::bell_sleeper,
                   std::memory_order_seq_cst, shmfifo::site::bell_announce);
      return all->producer().publish("x") == shmfifo::status::ok;
    };
  });
  EXPECT_EQ(how, ending::system_call) << to_string(how);
}

TEST(hot_path_watch, G14_tells_a_failed_job_from_a_good_one) {
  EXPECT_EQ(run_sealed([] { return std::function<bool()>([] { return false; }); }), ending::failed);
  EXPECT_EQ(run_sealed([] { return std::function<bool()>(); }), ending::failed);
  EXPECT_EQ(run_sealed([] { return std::function<bool()>([] { return true; }); }), ending::quiet);
}

}  // namespace
}  // namespace hot_path
