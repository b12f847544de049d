// SPDX-License-Identifier: MIT
#pragma once
// For programs that virtual_clock.c is linked to.

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Nanoseconds that this process has asked to sleep so far.
int64_t virtual_clock_now(void);
// From now on these signals are raised instead of those of SHMFIFO_CLOCK_SIGNALS.
void virtual_clock_raise(const char* signals);

#ifdef __cplusplus
}
#endif
