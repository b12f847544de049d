// SPDX-License-Identifier: MIT
#include "algorithms/eventcount.hpp"

namespace shmfifo::harness::tests {
namespace {

using model::broken;
const enlist wrong_eventcount_waiters{{"wrong/eventcount.relaxed_load_of_waiters",
                                       eventcount(1, {.load_waiters = relaxed}), broken::deadlock}};
const enlist wrong_eventcount_condition{{"wrong/eventcount.release_store_of_condition",
                                         eventcount(1, {.store_condition = release}),
                                         broken::deadlock}};
const enlist wrong_eventcount_announce{{"wrong/eventcount.relaxed_announcement",
                                        eventcount(1, {.announce = relaxed}), broken::deadlock}};
const enlist wrong_eventcount_epoch{{"wrong/eventcount.epoch_stands_still",
                                     eventcount(1, {.advance_epoch = false}), broken::deadlock}};

}  // namespace
}  // namespace shmfifo::harness::tests
