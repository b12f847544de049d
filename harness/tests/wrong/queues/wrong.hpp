// SPDX-License-Identifier: MIT
#pragma once
// How a wrong queue is registered: one line each.

#include <string>

#include "steps.hpp"

namespace shmfifo::harness::queues {

template <class Steps>
queue_entry entry(const char* name, const char* description) {
  return {name, description, [] { return make_queue(std::make_unique<Steps>()); }};
}

// The variants of the right steps that wrong queues start from.
struct rejecting : steps {
  rejecting() {
    promises.rejects = true;
    promises.waits = false;
  }
};
struct overwriting : steps {
  overwriting() {
    promises.lossy = true;
    promises.waits = false;
  }
};
// One message in so many stays half sent for a while, so that a kill, a stop or the next producer
// meets it.
struct lingering : steps {
  lingering() { linger_every = 32; }
};
struct unnumbered : lingering {
  unnumbered() { promises.numbered = false; }
};

}  // namespace shmfifo::harness::queues
