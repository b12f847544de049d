// SPDX-License-Identifier: MIT
#include "algorithms/spsc_ring.hpp"

namespace shmfifo::harness::tests {
namespace {

// Counted by hand: the consumer's first poll sees one message or two; each further poll is fixed by
// the gate that follows it, or sees one more: 2 ways, times 3 for every message that has to wait
// for a free slot.
const enlist spsc_ring_two_messages{{"correct/spsc_ring.fits", spsc_ring(2), {}, 2}};
const enlist spsc_ring_three_messages{{"correct/spsc_ring.wraps", spsc_ring(3), {}, 6}};
const enlist spsc_ring_five_messages{{"correct/spsc_ring.wraps_twice", spsc_ring(5), {}, 54}};
const enlist spsc_ring_nine_messages{{"correct/spsc_ring.wraps_often", spsc_ring(9), {}, 4374}};

}  // namespace
}  // namespace shmfifo::harness::tests
