// SPDX-License-Identifier: MIT
#include "algorithms/treiber_stack.hpp"

namespace shmfifo::harness::tests {
namespace {

// Recorded; every execution is distinct, and the explorer's counts are those of the axioms on the
// random programs.
const enlist treiber_stack_push_push_pop{
    {"correct/treiber_stack.push_push_pop", treiber_push_push_pop(), {}, 20}};
const enlist treiber_stack_reuse{
    {"correct/treiber_stack.reuse_with_count", treiber_reuse(true), {}, 18}};

}  // namespace
}  // namespace shmfifo::harness::tests
