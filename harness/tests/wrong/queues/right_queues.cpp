// SPDX-License-Identifier: MIT
// The right queue in each of its kinds. They pass the same runs in which the wrong queues made from
// them are caught.
#include "wrong.hpp"

namespace shmfifo::harness::queues {
namespace {

const queue_registration right_queues[] = {
    queue_registration(entry<steps>("right", "waits when full")),
    queue_registration(entry<rejecting>("right_rejecting", "answers full")),
    queue_registration(entry<overwriting>("right_overwriting", "overwrites when full")),
    queue_registration(entry<unnumbered>("right_unnumbered", "waits; tells no numbers")),
    queue_registration(
        entry<lingering>("right_lingering", "waits; leaves messages half sent a while")),
};

}  // namespace
}  // namespace shmfifo::harness::queues
