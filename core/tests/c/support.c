// SPDX-License-Identifier: MIT
#include "support.h"

#include <sys/wait.h>

static char name[64];
static char path[80];

// The reaper is no child of the test, which may be killed with its children, and keeps none of its
// files open, so that whoever reads the test's output sees the end.
static void start_reaper(void) {
  int life[2];
  CHECK(pipe(life) == 0);
  const pid_t between = fork();
  CHECK(between >= 0);
  if (between == 0) {
    if (fork() != 0) _exit(0);
    setsid();
    close(life[1]);
    for (int fd = 0; fd < 3; ++fd) close(fd);
    char byte;
    while (read(life[0], &byte, 1) > 0) {
    }
    unlink(path);
    _exit(0);
  }
  CHECK(waitpid(between, NULL, 0) == between);
  close(life[0]);  // the other end stays open until this process ends
}

const char* test_name(void) {
  if (name[0] == '\0') {
    snprintf(name, sizeof name, "/shmfifo-test-%d-c", (int)getpid());
    snprintf(path, sizeof path, "/dev/shm%s", name);
    start_reaper();
  }
  return name;
}
const char* test_path(void) {
  return path;
}

// The library's operator new and delete, by their names as linkers know them. Replacing them here
// makes every allocation of the library fail where the test says, without a line of C++.
static int successes_left = -1;

static enum failure kind = no_memory;

void fail_allocations_after(int successes) {
  successes_left = successes;
}
void fail_allocations_by(enum failure wanted) {
  kind = wanted;
}

// Of the C++ run time.
void _ZSt17__throw_bad_allocv(void) __attribute__((noreturn));
void _ZSt20__throw_length_errorPKc(const char* text) __attribute__((noreturn));
void _ZSt16__throw_bad_castv(void) __attribute__((noreturn));
void* _Znwm(size_t size);
void* _Znam(size_t size);
void* _ZnwmRKSt9nothrow_t(size_t size, const void* tag);
void* _ZnamRKSt9nothrow_t(size_t size, const void* tag);
void _ZdlPv(void* memory);
void _ZdlPvm(void* memory, size_t size);
void _ZdaPv(void* memory);

void* _Znwm(size_t size) {
  if (successes_left == 0 && kind == too_long) {
    successes_left = -1;  // its text is allocated, too
    _ZSt20__throw_length_errorPKc("too long");
  }
  if (successes_left == 0 && kind == something_else) _ZSt16__throw_bad_castv();
  if (successes_left == 0) _ZSt17__throw_bad_allocv();
  if (successes_left > 0) --successes_left;
  void* memory = malloc(size);
  if (memory == NULL) _ZSt17__throw_bad_allocv();
  return memory;
}
void* _Znam(size_t size) {
  return _Znwm(size);
}
// All forms, or none: an instrument's own would otherwise stand beside these.
void* _ZnwmRKSt9nothrow_t(size_t size, const void* tag) {
  (void)tag;
  if (successes_left == 0) {
    if (kind == too_long) successes_left = -1;
    return NULL;
  }
  if (successes_left > 0) --successes_left;
  return malloc(size);
}
void* _ZnamRKSt9nothrow_t(size_t size, const void* tag) {
  return _ZnwmRKSt9nothrow_t(size, tag);
}
void _ZdlPv(void* memory) {
  free(memory);
}
void _ZdlPvm(void* memory, size_t size) {
  (void)size;
  free(memory);
}
void _ZdaPv(void* memory) {
  free(memory);
}

// Only in builds that count coverage: _exit alone would lose what the child has run.
__attribute__((weak)) extern void __gcov_dump(void);
__attribute__((weak)) extern int __llvm_profile_write_file(void);

void exit_child(int code) {
  if (__gcov_dump) __gcov_dump();
  if (__llvm_profile_write_file) (void)__llvm_profile_write_file();
  _exit(code);
}
