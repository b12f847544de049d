// SPDX-License-Identifier: MIT
// Goal: a ring that wakes one sleeper wakes all. Method: a kernel's queue in the model, where
// whoever is not woken sleeps for ever, which is a deadlock.
#include "relay.hpp"

namespace shmfifo::model_tests {
namespace {

const registration relay{{"relay.G11_one_ring_for_two_sleepers", "2 sleepers, 1 ring",
                          [] { one_ring_for_two_sleepers(true); }}};

}  // namespace
}  // namespace shmfifo::model_tests
