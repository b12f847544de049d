// SPDX-License-Identifier: MIT
#include "algorithms/rcu_publication.hpp"

namespace shmfifo::harness::tests {
namespace {

// Counted by hand: the reader sees no object or one of n, so n + 1. With a grace period: the writer
// sees the reader's flag before or after its visit, the reader sees the old object or the new; of
// these four, the fences forbid that the writer sees nobody while the reader sees the old one.
const enlist rcu_publication_one{{"correct/rcu_publication.one_version", rcu_publish(1), {}, 2}};
const enlist rcu_publication_three{
    {"correct/rcu_publication.three_versions", rcu_publish(3), {}, 4}};
const enlist rcu_publication_grace{
    {"correct/rcu_publication.grace_period", rcu_grace_period(), {}, 3}};

}  // namespace
}  // namespace shmfifo::harness::tests
