// SPDX-License-Identifier: MIT
// A clock that only sleeping moves, put before libc's by linking or LD_PRELOAD: a wait is over at
// once, and every length of time that a program asks for is seen exactly. SHMFIFO_CLOCK_LOG names
// a file that gets a line for each sleep, "futex" or "nanosleep" and its nanoseconds;
// SHMFIFO_CLOCK_SIGNALS has a "NUMBER NANOSECONDS " for each signal to raise, in order, at the
// first sleep that ends so long after the start or later. For one process that waits for what does
// not come: time passes for nobody else. A thousand looks at the clock without a sleep move it by
// a nanosecond, so that no loop is endless.
#define _GNU_SOURCE
#include "virtual_clock.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { nanoseconds = 1000000000 };

static _Atomic int64_t now;
static _Atomic unsigned looks;  // since the last sleep

int64_t virtual_clock_now(void) {
  return now;
}

// Puts the address of libc's function into `function`; C knows no conversion from an object's.
static void find_next(const char* name, void* function) {
  void* const found = dlsym(RTLD_NEXT, name);
  memcpy(function, &found, sizeof found);
}

static const char* signals_left;

void virtual_clock_raise(const char* signals) {
  signals_left = signals;
}

static void raise_signals(int64_t past) {
  if (signals_left == NULL) signals_left = getenv("SHMFIFO_CLOCK_SIGNALS");
  while (signals_left != NULL && *signals_left != '\0') {
    char* rest = NULL;
    const int number = (int)strtol(signals_left, &rest, 10);
    if (past < strtoll(rest, &rest, 10)) return;
    signals_left = *rest == ' ' ? rest + 1 : rest;
    raise(number);
  }
}

static void sleep_for(const char* how, const struct timespec* time) {
  const int64_t length = (int64_t)time->tv_sec * nanoseconds + time->tv_nsec;
  looks = 0;
  const int64_t past = atomic_fetch_add(&now, length) + length;
  const char* path = getenv("SHMFIFO_CLOCK_LOG");
  static int log = -1;
  if (log < 0 && path != NULL) log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log >= 0) dprintf(log, "%s %lld\n", how, (long long)length);
  raise_signals(past);
}

int clock_gettime(clockid_t clock, struct timespec* time) {
  if (clock != CLOCK_MONOTONIC) {
    int (*real)(clockid_t, struct timespec*);
    find_next("clock_gettime", &real);
    return real(clock, time);
  }
  if (++looks % 1000 == 0) ++now;
  time->tv_sec = 1000 + now / nanoseconds;
  time->tv_nsec = now % nanoseconds;
  return 0;
}

int nanosleep(const struct timespec* time, struct timespec* left) {
  (void)left;
  sleep_for("nanosleep", time);
  return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec* time,
                    struct timespec* left) {
  (void)clock;
  if (flags != 0) abort();  // nobody here sleeps until a point in time
  return nanosleep(time, left);
}

long syscall(long number, ...) {
  long words[6];
  va_list more;
  va_start(more, number);
  for (int i = 0; i < 6; ++i) words[i] = va_arg(more, long);
  va_end(more);
  if (number == SYS_futex && words[1] == FUTEX_WAIT) {
    const struct timespec* time = (const struct timespec*)words[3];
    if (*(volatile uint32_t*)words[0] != (uint32_t)words[2]) {
      errno = EAGAIN;
      return -1;
    }
    sleep_for("futex", time);
    errno = ETIMEDOUT;
    return -1;
  }
  if (number == SYS_membarrier) return 0;  // nobody runs beside it, and a busy machine takes long
  long (*real)(long, ...);
  find_next("syscall", &real);
  return real(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}
