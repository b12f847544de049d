// SPDX-License-Identifier: MIT
#pragma once

// Symmetry reduction: threads started together with one body are twins, and an execution in which
// two of them have exchanged their parts says nothing new. One of each set of such executions is
// explored. The rules are about two twins that did the same up to some event and then differed:
// (1) The one that came there first reads the older write, has its write earlier in the
//     modification order, or chose the greater outcome. What extending a graph canonically adds
//     (the newest write, the last place, outcome 0) keeps this, which is all that TruSt asks.
// (2) Unless it may have come there first only because a revisit kept it and dropped the other
//     ("pinned"): then either order is explored, which repeats a few executions.
// (3) After a revisit, no twin may be behind one with a higher number that did the same so far and
//     then more; nor may the revisited read differ from what a twin did there afterwards: in both
//     cases the mirror image comes about without this revisit.
// Related: Kokologiannakis, Marmanis, Vafeiadis, "SPORE: Combining Symmetry and Partial Order
// Reduction", PLDI 2024, doi 10.1145/3656449. These rules are our own. That they leave nothing out
// is not proved but tested, on random programs (tests/model/symmetry_test.cpp).

#include <cstdint>
#include <string>
#include <vector>

#include "graph.hpp"

namespace shmfifo::harness::model::detail {

// Whether the thread was started together with others of the same body.
[[nodiscard]] bool has_twins(const graph& g, std::uint32_t thread);

// Rules 1 and 2 for this thread and each of its twins.
[[nodiscard]] bool in_order(const graph& g, std::uint32_t thread);

// Rule 3 when this read has just been revisited; rules 1 and 2 for its thread are the caller's.
[[nodiscard]] bool revisit_in_order(const graph& g, slot read);

// Empty, or how the event shows that its thread is no twin: after the same past it does something
// else. Called when the event has been appended.
[[nodiscard]] std::string difference_from_twins(const graph& g, slot s);

// Every way to exchange twins: what thread number each thread is given. As many as the factorial of
// their number, so for counting executions in tests, not for exploring.
[[nodiscard]] std::vector<std::vector<std::uint32_t>> exchanges(const graph& g);

}  // namespace shmfifo::harness::model::detail
