// SPDX-License-Identifier: MIT
#include "algorithms/mpmc_queue.hpp"

namespace shmfifo::harness::tests {
namespace {

using model::broken;
const enlist wrong_mpmc_queue_publish{{"wrong/mpmc_queue.relaxed_publish",
                                       mpmc_two_producers({.publish = relaxed}),
                                       broken::data_race}};
const enlist wrong_mpmc_queue_poll{
    {"wrong/mpmc_queue.relaxed_poll", mpmc_wraps({.poll = relaxed}), broken::data_race}};

}  // namespace
}  // namespace shmfifo::harness::tests
