// SPDX-License-Identifier: MIT
#pragma once
// Two neighbouring slots in a shared mapping, and a way to mark one of them out of bounds for an
// instrument. Without that, the whole mapping counts as one object.

#include <cstring>

#include "shared_mapping.hpp"

#if defined(SHMFIFO_UNDER_MEMCHECK)
#include <valgrind/memcheck.h>
#elif defined(SHMFIFO_UNDER_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace canaries {

struct slot {
  char content[64];
};

inline void poison(slot& one) {
#if defined(SHMFIFO_UNDER_MEMCHECK)
  static_cast<void>(VALGRIND_MAKE_MEM_NOACCESS(&one, sizeof one));
#elif defined(SHMFIFO_UNDER_ASAN)
  ASAN_POISON_MEMORY_REGION(&one, sizeof one);
#else
  static_cast<void>(one);
#endif
}

// One byte more than the first slot has.
inline void overrun(slot* slots) {
  volatile char* content = slots[0].content;
  for (std::size_t i = 0; i <= unknown(sizeof(slot)); ++i) content[i] = 'x';
}

}  // namespace canaries
