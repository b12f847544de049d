// SPDX-License-Identifier: MIT
#include "algorithms/spsc_ring.hpp"

namespace shmfifo::harness::tests {
namespace {

using model::broken;
const enlist wrong_spsc_ring_publish{
    {"wrong/spsc_ring.relaxed_publish", spsc_ring(3, {.publish = relaxed}), broken::data_race}};
const enlist wrong_spsc_ring_poll{
    {"wrong/spsc_ring.relaxed_poll", spsc_ring(3, {.poll = relaxed}), broken::data_race}};
const enlist wrong_spsc_ring_free_slot{
    {"wrong/spsc_ring.relaxed_free", spsc_ring(3, {.free = relaxed}), broken::data_race}};
const enlist wrong_spsc_ring_gate{
    {"wrong/spsc_ring.relaxed_gate", spsc_ring(3, {.gate = relaxed}), broken::data_race}};

}  // namespace
}  // namespace shmfifo::harness::tests
