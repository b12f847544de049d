// SPDX-License-Identifier: MIT
#pragma once

// Sequence lock: H.-J. Boehm, "Can seqlocks get along with programming language memory models?",
// MSPC 2012, figure 6 (the reader with an acquire fence) with the writer of section 3.

#include "scenario.hpp"

namespace shmfifo::harness::tests {

struct seqlock_fences {
  bool writer = true, reader = true;
};

// A writer writes twice; a reader tries once and must see a pair that was written.
inline model::test_body seqlock(int writes, seqlock_fences f = {}) {
  return [=] {
    model::atomic<std::uint64_t> sequence{0};
    model::atomic<std::uint64_t> left{0};
    model::atomic<std::uint64_t> right{0};
    model::thread writer([&] {
      std::uint64_t s = 0;
      for (int i = 1; i <= writes; ++i) {
        sequence.store(s + 1, relaxed);
        if (f.writer) model::fence(release);
        left.store(static_cast<std::uint64_t>(i), relaxed);
        right.store(static_cast<std::uint64_t>(i), relaxed);
        s += 2;
        sequence.store(s, release);
      }
    });
    model::thread reader([&] {
      const std::uint64_t before = sequence.load(acquire);
      if (before % 2 != 0) return;
      const std::uint64_t l = left.load(relaxed);
      const std::uint64_t r = right.load(relaxed);
      if (f.reader) model::fence(acquire);
      if (sequence.load(relaxed) != before) return;
      model::require(l == r, "an accepted snapshot is not torn");
    });
  };
}

}  // namespace shmfifo::harness::tests
