// SPDX-License-Identifier: MIT
#include "algorithms/eventcount.hpp"

namespace shmfifo::harness::tests {
namespace {

// Recorded; every execution is distinct, and the explorer's counts are those of the axioms on the
// random programs.
const enlist eventcount_one{{"correct/eventcount.one_waiter", eventcount(1), {}, 9}};
const enlist eventcount_two{{"correct/eventcount.two_waiters", eventcount(2), {}, 420}};

}  // namespace
}  // namespace shmfifo::harness::tests
