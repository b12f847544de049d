// SPDX-License-Identifier: MIT
#include "algorithms/treiber_stack.hpp"

namespace shmfifo::harness::tests {
namespace {

using model::broken;
const enlist push{{"wrong/treiber_stack.relaxed_push", treiber_push_push_pop({.push = relaxed}),
                   broken::data_race}};
const enlist pop{{"wrong/treiber_stack.relaxed_pop", treiber_push_push_pop({.pop = relaxed}),
                  broken::data_race}};
const enlist reuse{
    {"wrong/treiber_stack.reuse_without_count", treiber_reuse(false), broken::assertion}};

}  // namespace
}  // namespace shmfifo::harness::tests
