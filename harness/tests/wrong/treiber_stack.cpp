// SPDX-License-Identifier: MIT
#include "algorithms/treiber_stack.hpp"

namespace shmfifo::harness::tests {
namespace {

using model::broken;
const enlist wrong_treiber_stack_push{{"wrong/treiber_stack.relaxed_push",
                                       treiber_push_push_pop({.push = relaxed}),
                                       broken::data_race}};
const enlist wrong_treiber_stack_pop{{"wrong/treiber_stack.relaxed_pop",
                                      treiber_push_push_pop({.pop = relaxed}), broken::data_race}};
const enlist wrong_treiber_stack_reuse{
    {"wrong/treiber_stack.reuse_without_count", treiber_reuse(false), broken::assertion}};

}  // namespace
}  // namespace shmfifo::harness::tests
