// SPDX-License-Identifier: MIT
#include "algorithms/locks.hpp"

namespace shmfifo::harness::tests {
namespace {

using model::broken;
const enlist wrong_ticket_lock_take{
    {"wrong/ticket_lock.relaxed_take", lock_test<ticket_lock>(2, 1, relaxed), broken::data_race}};
const enlist wrong_ticket_lock_give{{"wrong/ticket_lock.relaxed_give",
                                     lock_test<ticket_lock>(2, 1, acquire, relaxed),
                                     broken::data_race}};

}  // namespace
}  // namespace shmfifo::harness::tests
