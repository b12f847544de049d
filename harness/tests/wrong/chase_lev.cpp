// SPDX-License-Identifier: MIT
#include "algorithms/chase_lev.hpp"

namespace shmfifo::harness::tests {
namespace {

using model::broken;
const enlist wrong_chase_lev_take{{"wrong/chase_lev.weak_take_fence",
                                   chase_lev_test(2, 2, {.take_fence = acq_rel}),
                                   broken::assertion}};
const enlist wrong_chase_lev_steal{{"wrong/chase_lev.weak_steal_fence",
                                    chase_lev_test(2, 2, {.steal_fence = acq_rel}),
                                    broken::assertion}};

}  // namespace
}  // namespace shmfifo::harness::tests
