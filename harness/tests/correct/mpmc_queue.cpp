// SPDX-License-Identifier: MIT
#include "algorithms/mpmc_queue.hpp"

namespace shmfifo::harness::tests {
namespace {

// Wraps, counted by hand: the consumer finds nothing, 1; or takes the first message, and the
// producer's third push sees its cell taken still or free again, 2. Two producers: recorded; every
// execution is distinct, and the explorer's counts are those of the axioms on the random programs.
const enlist mpmc_queue_two_producers{
    {"correct/mpmc_queue.two_producers", mpmc_two_producers(), {}, 30}};
const enlist mpmc_queue_wraps{{"correct/mpmc_queue.wraps", mpmc_wraps(), {}, 3}};

}  // namespace
}  // namespace shmfifo::harness::tests
