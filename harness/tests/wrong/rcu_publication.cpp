// SPDX-License-Identifier: MIT
#include "algorithms/rcu_publication.hpp"

namespace shmfifo::harness::tests {
namespace {

using model::broken;
const enlist wrong_rcu_publication_publish{{"wrong/rcu_publication.relaxed_publish",
                                            rcu_publish(1, {.publish = relaxed}),
                                            broken::data_race}};
const enlist wrong_rcu_publication_follow{{"wrong/rcu_publication.relaxed_follow",
                                           rcu_publish(1, {.follow = relaxed}), broken::data_race}};
const enlist wrong_rcu_publication_fence{{"wrong/rcu_publication.no_reader_fence",
                                          rcu_grace_period({.reader_fence = false}),
                                          broken::data_race}};

}  // namespace
}  // namespace shmfifo::harness::tests
