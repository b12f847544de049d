// SPDX-License-Identifier: MIT
#include "algorithms/locks.hpp"

namespace shmfifo::harness::tests {
namespace {

// Recorded; every execution is distinct, and the explorer's counts are those of the axioms on the
// random programs.
const enlist peterson_all{{"correct/peterson.seq_cst", peterson(seq_cst, seq_cst), {}, 4}};

}  // namespace
}  // namespace shmfifo::harness::tests
