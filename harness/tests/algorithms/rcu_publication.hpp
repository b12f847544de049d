// SPDX-License-Identifier: MIT
#pragma once

// Publication of an immutable object through a pointer, and its reuse after a grace period:
// McKenney, Slingwine, "Read-copy update", PDCS 1998; the flag-and-fence reader follows Desnoyers
// et al., "User-level implementations of read-copy update", IEEE TPDS 23(2), 2012, section 5.

#include "scenario.hpp"

namespace shmfifo::harness::tests {

struct rcu_orders {
  std::memory_order publish = release, follow = acquire;
  bool reader_fence = true;
};

inline model::test_body rcu_publish(int versions, rcu_orders o = {}) {
  return [=] {
    struct object {
      model::plain<std::uint64_t> value;
    };
    model::atomic<object*> current{nullptr};
    model::thread writer([&] {
      for (int i = 1; i <= versions; ++i) {
        auto* made = model::make<object>();
        made->value.write(static_cast<std::uint64_t>(i));
        current.store(made, o.publish);
      }
    });
    model::thread reader([&] {
      object* seen = current.load(o.follow);
      if (seen != nullptr) model::require(seen->value.read() != 0, "a complete object");
    });
  };
}

inline model::test_body rcu_grace_period(rcu_orders o = {}) {
  return [=] {
    model::plain<std::uint64_t> old_value{1U};
    model::plain<std::uint64_t> new_value;
    model::atomic<std::uint32_t> current{0};
    model::atomic<std::uint32_t> reading{0};
    model::thread reader([&] {
      reading.store(1, relaxed);
      if (o.reader_fence) model::fence(seq_cst);
      const std::uint64_t seen = current.load(o.follow) == 0 ? old_value.read() : new_value.read();
      model::require(seen == 1 || seen == 2, "the old value or the new");
      reading.store(0, release);
    });
    model::thread writer([&] {
      new_value.write(2);
      current.store(1, o.publish);
      model::fence(seq_cst);
      model::await(
          reading, [](std::uint32_t r) { return r == 0; }, acquire);
      old_value.write(99);  // nobody can be reading it any more
    });
  };
}

}  // namespace shmfifo::harness::tests
