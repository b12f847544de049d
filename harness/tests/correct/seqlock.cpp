// SPDX-License-Identifier: MIT
#include "algorithms/seqlock.hpp"

namespace shmfifo::harness::tests {
namespace {

// Counted by hand, for one write: a reader that starts at an odd number leaves, 1; one that starts
// behind the write sees all of it, 1; one that starts before it sees either value in each half:
// both old, and any of 3 numbers afterwards; otherwise, thanks to the fences, one of 2, in 3 ways.
// 1 + 1 + 3 + 6 = 11.
const enlist seqlock_one{{"correct/seqlock.one_write", seqlock(1), {}, 11}};
const enlist seqlock_two{{"correct/seqlock.two_writes", seqlock(2), {}, 39}};

}  // namespace
}  // namespace shmfifo::harness::tests
