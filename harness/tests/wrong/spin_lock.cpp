// SPDX-License-Identifier: MIT
#include "algorithms/locks.hpp"

namespace shmfifo::harness::tests {
namespace {

using model::broken;
const enlist wrong_spin_lock_take{
    {"wrong/spin_lock.relaxed_take", lock_test<spin_lock>(2, 1, relaxed), broken::data_race}};
const enlist wrong_spin_lock_give{{"wrong/spin_lock.relaxed_give",
                                   lock_test<spin_lock>(2, 1, acquire, relaxed),
                                   broken::data_race}};

}  // namespace
}  // namespace shmfifo::harness::tests
