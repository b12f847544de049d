// SPDX-License-Identifier: MIT
#include "algorithms/locks.hpp"

namespace shmfifo::harness::tests {
namespace {

using model::broken;
const enlist wrong_dekker_weak{
    {"wrong/dekker.release_acquire", dekker(release, acquire), broken::data_race}};

}  // namespace
}  // namespace shmfifo::harness::tests
