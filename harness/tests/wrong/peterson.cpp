// SPDX-License-Identifier: MIT
#include "algorithms/locks.hpp"

namespace shmfifo::harness::tests {
namespace {

using model::broken;
const enlist wrong_peterson_weak{
    {"wrong/peterson.release_acquire", peterson(release, acquire), broken::data_race}};

}  // namespace
}  // namespace shmfifo::harness::tests
