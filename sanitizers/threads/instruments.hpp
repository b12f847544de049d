// SPDX-License-Identifier: MIT
#pragma once
// helgrind and DRD treat an atomic store as a plain one, so all their reports on the mapping would
// be wrong. Here they ignore it; what remains is the state of the process: the mutexes, the handles
// shared between threads, the list of descriptors, the fork handlers.

#include <cstddef>

#if defined(SHMFIFO_UNDER_HELGRIND)
#include <valgrind/helgrind.h>
#elif defined(SHMFIFO_UNDER_DRD)
#include <valgrind/drd.h>
#endif

namespace shmfifo::instruments {

inline void leave_to_others([[maybe_unused]] std::byte* base, [[maybe_unused]] std::size_t size) {
#if defined(SHMFIFO_UNDER_HELGRIND)
  VALGRIND_HG_DISABLE_CHECKING(base, size);
#elif defined(SHMFIFO_UNDER_DRD)
  VALGRIND_DO_CLIENT_REQUEST_STMT(VG_USERREQ__DRD_START_SUPPRESSION, base, size, 0, 0, 0);
#endif
}

}  // namespace shmfifo::instruments
