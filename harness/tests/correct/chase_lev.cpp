// SPDX-License-Identifier: MIT
#include "algorithms/chase_lev.hpp"

namespace shmfifo::harness::tests {
namespace {

// Recorded; every execution is distinct, and the explorer's counts are those of the axioms on the
// random programs.
const enlist chase_lev_one{{"correct/chase_lev.one_item_one_steal", chase_lev_test(1, 1), {}, 8}};
const enlist chase_lev_two{
    {"correct/chase_lev.two_items_two_steals", chase_lev_test(2, 2), {}, 90}};

}  // namespace
}  // namespace shmfifo::harness::tests
