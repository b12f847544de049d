// SPDX-License-Identifier: MIT
#include "algorithms/seqlock.hpp"

namespace shmfifo::harness::tests {
namespace {

using model::broken;
const enlist wrong_seqlock_writer{
    {"wrong/seqlock.no_writer_fence", seqlock(1, {.writer = false}), broken::assertion}};
const enlist wrong_seqlock_reader{
    {"wrong/seqlock.no_reader_fence", seqlock(1, {.reader = false}), broken::assertion}};

}  // namespace
}  // namespace shmfifo::harness::tests
