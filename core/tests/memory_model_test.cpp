// SPDX-License-Identifier: MIT
// Goal: the production memory model does with locks, sleep and time what the protocol counts on.
// Method: two handles on one file, and the kernel's own view of the locks, byte by byte.
#include "shmfifo/protocol/memory_model.hpp"

#include <fcntl.h>

#include <set>

#include "support/hooked_memory.hpp"

namespace shmfifo {
namespace {

using testing::in_ms;
using testing::must;
using testing::open_memory;
using testing::small;

TEST(memory_model, every_site_has_its_own_name) {
  std::set<std::string_view> names;
  for (unsigned i = 0; i < static_cast<unsigned>(site::count); ++i) {
    names.insert(to_string(static_cast<site>(i)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(site::count));
  EXPECT_EQ(names.count("unknown"), 0U);
  EXPECT_EQ(to_string(site::count), "unknown");
}

TEST(memory_model, G11_a_lock_belongs_to_one_handle_until_it_is_given_back) {
  const testing::unique_name name;
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  std_memory_model first = open_memory(name);
  std_memory_model second = open_memory(name);
  for (const unsigned lock : {0U, 7U, 255U, lock_producer_role, lock_naming}) {
    EXPECT_FALSE(first.alive(lock));
    EXPECT_TRUE(first.try_own(lock));
    EXPECT_TRUE(first.alive(lock));  // the kernel alone would not say so to the owner
    EXPECT_TRUE(second.alive(lock));
    EXPECT_FALSE(second.try_own(lock));
    EXPECT_EQ(second.lock_failure().code, 0);  // held is an answer, no failure
    first.disown(lock);
    EXPECT_FALSE(first.alive(lock));
    EXPECT_TRUE(second.try_own(lock));
    second.disown(lock);
  }
}

TEST(memory_model, locks_move_with_their_handle_and_end_with_it) {
  const testing::unique_name name;
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  const std_memory_model witness = open_memory(name);
  {
    std_memory_model first = open_memory(name);
    ASSERT_TRUE(first.try_own(3));
    std_memory_model moved(std::move(first));
    EXPECT_TRUE(moved.alive(3));
    EXPECT_TRUE(moved.in_owner_process());
    EXPECT_TRUE(witness.alive(3));
    std_memory_model assigned;
    EXPECT_FALSE(assigned.in_owner_process());
    assigned = std::move(moved);
    EXPECT_TRUE(assigned.alive(3));
  }
  EXPECT_FALSE(witness.alive(3));
}

// Which byte is locked is part of the format.
TEST(memory_model, G13_each_lock_is_on_its_own_byte_of_the_file) {
  const testing::unique_name name;
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  const int file = ::open(name.path().c_str(), O_RDWR | O_CLOEXEC);
  const auto locked = [&](off_t start, off_t length) {
    struct ::flock request {};
    request.l_type = F_WRLCK;
    request.l_whence = SEEK_SET;
    request.l_start = start;
    request.l_len = length;
    EXPECT_EQ(::fcntl(file, F_OFD_GETLK, &request), 0);
    return request.l_type != F_UNLCK;
  };
  std_memory_model owner = open_memory(name);
  const std::pair<unsigned, off_t> places[] = {
      {0, 768}, {1, 832}, {255, 768 + 255 * 64}, {lock_producer_role, 0}, {lock_naming, 1}};
  for (const auto& [lock, byte] : places) {
    ASSERT_TRUE(owner.try_own(lock));
    EXPECT_TRUE(locked(byte, 1)) << lock;
    EXPECT_FALSE(locked(byte + 1, 0)) << lock;
    EXPECT_FALSE(byte > 0 && locked(0, byte)) << lock;
    owner.disown(lock);
    EXPECT_FALSE(locked(0, 0)) << lock;
  }
  ::close(file);
}

TEST(memory_model, time_runs_out_at_the_deadline_and_never_without_one) {
  EXPECT_FALSE(std_memory_model::expired(no_deadline));
  EXPECT_FALSE(std_memory_model::expired(in_ms(60000)));
  EXPECT_TRUE(std_memory_model::expired(in_ms(0)));
  EXPECT_TRUE(std_memory_model::expired(deadline::min()));
}

// Each call returns, whatever it is asked to wait for.
TEST(memory_model, G11_sleep_ends_when_the_bell_changed_or_the_slice_is_over) {
  const std_memory_model memory;
  std::uint32_t bell = 5;
  memory.sleep(bell, 4, no_deadline);   // changed already
  memory.sleep(bell, 5, no_deadline);   // nobody rings: the slice ends
  memory.sleep(bell, 5, in_ms(-1000));  // passed already
  memory.nap(no_deadline);
  memory.nap(in_ms(-1000));
  memory.wake(bell);  // nobody is there
  EXPECT_EQ(bell, 5U);
}

TEST(memory_model, exchanges_tell_what_they_met) {
  const std_memory_model memory;
  std::uint64_t word = 7;
  std::uint64_t expected = 6;
  EXPECT_FALSE(memory.compare_exchange(word, expected, 8, std::memory_order_acq_rel,
                                       std::memory_order_relaxed, site::operate));
  EXPECT_EQ(expected, 7U);
  EXPECT_TRUE(memory.compare_exchange(word, expected, 8, std::memory_order_acq_rel,
                                      std::memory_order_relaxed, site::operate));
  EXPECT_EQ(word, 8U);
  std::uint32_t bell = 2;
  EXPECT_EQ(memory.fetch_or(bell, 1, std::memory_order_relaxed, site::operate), 2U);
  EXPECT_EQ(bell, 3U);
}

}  // namespace
}  // namespace shmfifo
