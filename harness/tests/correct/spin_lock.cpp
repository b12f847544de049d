// SPDX-License-Identifier: MIT
#include "algorithms/locks.hpp"

namespace shmfifo::harness::tests {
namespace {

// Counted by hand: waiting turns only read and are not told apart, so what remains is who holds the
// lock in which order: (t n)! / (n!)^t for t threads of n rounds.
const enlist spin_lock_two{{"correct/spin_lock.two_threads", lock_test<spin_lock>(2, 1), {}, 2}};
const enlist spin_lock_three{
    {"correct/spin_lock.three_threads", lock_test<spin_lock>(3, 1), {}, 6}};
const enlist spin_lock_twice{{"correct/spin_lock.two_rounds", lock_test<spin_lock>(2, 2), {}, 6}};

}  // namespace
}  // namespace shmfifo::harness::tests
