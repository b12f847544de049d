// SPDX-License-Identifier: MIT
// Queues without numbers that overwrite: what is lost is known by its count alone.
#include <algorithm>
#include <thread>

#include "wrong.hpp"

namespace shmfifo::harness::queues {
namespace {

// A receiver that attaches again begins with the oldest message that is still there.
struct lossy_unnumbered : overwriting {
  lossy_unnumbered() {
    promises.numbered = promises.durable = promises.observers = false;
    linger_every = 16;
  }
  std::int64_t first_position(ring& in, const reader&) override {
    const std::int64_t next = in.header().next.load(std::memory_order_acquire);
    return std::max<std::int64_t>(next - in.slots(), 0);
  }
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    // A slow receiver, so that some are lost.
    if (one_in(24)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return steps::look(in, self, buffer);
  }
};

struct counts_short_when_attached_again : lossy_unnumbered {
  std::int64_t first_position(ring& in, const reader& self) override {
    const std::int64_t first = lossy_unnumbered::first_position(in, self);
    again = first > 0;
    return first;
  }
  received pass_over(ring& in, reader& self) override {
    received answer = lossy_unnumbered::pass_over(in, self);
    if (again && answer.count > 1) --answer.count;
    return answer;
  }
  bool again = false;
};

// Shows its defect only to a receiver that gets enough messages.
struct lossy_duplicates : lossy_unnumbered {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    const received answer = lossy_unnumbered::look(in, self, buffer);
    if (answer.answer == receive_answer::message && ++delivered % 150 == 0) --self.position;
    return answer;
  }
  unsigned delivered = 0;
};

// So slow that next to nothing arrives.
template <class Base>
struct starving : Base {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return Base::look(in, self, buffer);
  }
};

const queue_registration wrong_lossy[] = {
    queue_registration(
        entry<lossy_unnumbered>("right_lossy_unnumbered", "overwrites; reports no numbers")),
    queue_registration(entry<counts_short_when_attached_again>("counts_short_when_attached_again",
                                                               "one lost too few after a restart")),
    queue_registration(entry<lossy_duplicates>("lossy_duplicates", "overwrites; one of 150 twice")),
    queue_registration(
        entry<starving<lossy_unnumbered>>("right_starving", "overwrites; next to nothing comes")),
    queue_registration(
        entry<starving<lossy_duplicates>>("starving_duplicates", "lossy_duplicates, but slow")),
};

}  // namespace
}  // namespace shmfifo::harness::queues
