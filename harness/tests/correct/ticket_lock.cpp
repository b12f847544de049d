// SPDX-License-Identifier: MIT
#include "algorithms/locks.hpp"

namespace shmfifo::harness::tests {
namespace {

// Counted by hand: the order of the tickets is the order of everything: (t n)! / (n!)^t for t
// threads of n rounds.
const enlist ticket_lock_two{
    {"correct/ticket_lock.two_threads", lock_test<ticket_lock>(2, 1), {}, 2}};
const enlist ticket_lock_three{
    {"correct/ticket_lock.three_threads", lock_test<ticket_lock>(3, 1), {}, 6}};
const enlist ticket_lock_twice{
    {"correct/ticket_lock.two_rounds", lock_test<ticket_lock>(2, 2), {}, 6}};

}  // namespace
}  // namespace shmfifo::harness::tests
