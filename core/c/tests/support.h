// SPDX-License-Identifier: MIT
#pragma once
// What the tests of the C interface share: a check that ends the program, names that are removed
// however the test ends, and an allocator that fails on demand.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shmfifo.h"

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                \
    }                                                                         \
  } while (0)

// A program's tests, each run by its name in a process of its own.
struct test {
  const char* name;
  void (*run)(void);
};
#define TEST(name) \
  { #name, name }
// Runs the one that the command line names; what main is to return.
int run_test(const struct test* tests, size_t count, int words_count, char** words);

// A new segment under test_name().
shmfifo_segment* make_ring(uint32_t when_full, uint64_t slots);

// A name that nobody else uses; a process of its own removes it when this one has ended, by the
// scheme of shmfifo/harness/support/names.hpp.
const char* test_name(void);
// The file behind it.
const char* test_path(void);

// From now on the allocation (operator new of the library) after `successes` more fails, and all
// that follow; a negative number ends this.
void fail_allocations_after(int successes);

// How many allocations of the library have not been given back.
long allocations_alive(void);

// What the allocator throws then: std::bad_alloc, std::length_error (once) or another exception.
enum failure { no_memory, too_long, something_else };
void fail_allocations_by(enum failure wanted);

// The end of a forked child, counted where coverage is.
_Noreturn void exit_child(int code);
