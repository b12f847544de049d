// SPDX-License-Identifier: MIT
// Queues that behave badly where no verdict is at stake, for command_line.py.
#include <cstdlib>
#include <memory>

#include "shmfifo/harness/adapters/queue.hpp"

namespace {
using namespace shmfifo::harness;

// The first queue of this program is a right one.
std::unique_ptr<queue> right_queue() {
  return queue_registration::all().front().make();
}

struct ill_behaved : queue {
  capabilities promises() const override { return inner->promises(); }
  void create(const queue_shape& shape) override { inner->create(shape); }
  void destroy() noexcept override { inner->destroy(); }
  std::unique_ptr<sender> attach_sender(unsigned id) override { return inner->attach_sender(id); }
  std::unique_ptr<receiver> attach_receiver(unsigned id, bool observer) override {
    return inner->attach_receiver(id, observer);
  }
  std::unique_ptr<queue> inner = right_queue();
};

struct ends_in_destroy : ill_behaved {
  void destroy() noexcept override { std::abort(); }
};
struct throws_in_create : ill_behaved {
  void create(const queue_shape&) override { throw 7; }
};
struct throws_when_made : ill_behaved {
  throws_when_made() { throw 7; }
};

template <class Queue>
void add(const char* name) {
  const queue_registration entry({name, "behaves badly", [] { return std::make_unique<Queue>(); }});
}

const bool registered = [] {
  add<ends_in_destroy>("ends_in_destroy");
  add<throws_in_create>("throws_in_create");
  add<throws_when_made>("throws_when_made");
  if (std::getenv("SHMFIFO_TEST_TWO_OF_ONE_NAME") != nullptr) add<ill_behaved>("ends_in_destroy");
  return true;
}();

}  // namespace
