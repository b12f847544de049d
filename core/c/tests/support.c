// SPDX-License-Identifier: MIT
#include "support.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char name[64];
static char path[80];
static char lock_path[80];

// The file that says, as long as it is locked, that the test or a child of it lives. A cleaner may
// come between its creation and its lock: then under another name.
static int take_lock(void) {
  for (;;) {
    uint64_t bits;
    struct stat now;
    CHECK(getrandom(&bits, sizeof bits, 0) == sizeof bits);
    snprintf(name, sizeof name, "/shmfifo-test-%016" PRIx64 "-c", bits);
    snprintf(path, sizeof path, "/dev/shm%s", name);
    snprintf(lock_path, sizeof lock_path, "/dev/shm/shmfifo-test-%016" PRIx64 "-lock", bits);
    const int lock = open(lock_path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    CHECK(lock >= 0 && flock(lock, LOCK_SH) == 0 && fstat(lock, &now) == 0);
    if (now.st_nlink == 1) return lock;
    close(lock);
  }
}

static void remove_both(void) {
  unlink(path);
  unlink(lock_path);
}

static _Noreturn void reap(int inherited) {
  const int own = open(lock_path, O_RDONLY | O_CLOEXEC);
  close(inherited);
  for (int fd = 0; fd < 3; ++fd) close(fd);  // whoever reads the test's output must see its end
  if (flock(own, LOCK_EX) == 0) remove_both();
  _exit(0);
}

// The reaper is no child of the test, which may be killed with its children.
static void start_reaper(int lock) {
  const pid_t between = fork();
  CHECK(between >= 0);
  if (between == 0) {
    setsid();
    if (fork() == 0) reap(lock);
    _exit(0);
  }
  CHECK(waitpid(between, NULL, 0) == between);
}

const char* test_name(void) {
  if (name[0] == '\0') {
    start_reaper(take_lock());  // it stays locked until this process ends
    CHECK(atexit(remove_both) == 0);
  }
  return name;
}
const char* test_path(void) {
  return path;
}

// The library's operator new and delete, by their names as linkers know them. Replacing them here
// makes every allocation of the library fail where the test says, without a line of C++.
static int successes_left = -1;
static atomic_long alive;

static enum failure kind = no_memory;

long allocations_alive(void) {
  return alive;
}
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
  ++alive;
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
  void* memory = malloc(size);
  if (memory != NULL) ++alive;
  return memory;
}
void* _ZnamRKSt9nothrow_t(size_t size, const void* tag) {
  return _ZnwmRKSt9nothrow_t(size, tag);
}
void _ZdlPv(void* memory) {
  if (memory != NULL) --alive;
  free(memory);
}
void _ZdlPvm(void* memory, size_t size) {
  (void)size;
  _ZdlPv(memory);
}
void _ZdaPv(void* memory) {
  _ZdlPv(memory);
}

// Only in builds that count coverage: _exit alone would lose what the child has run.
__attribute__((weak)) extern void __gcov_dump(void);
__attribute__((weak)) extern int __llvm_profile_write_file(void);

void exit_child(int code) {
  if (__gcov_dump) __gcov_dump();
  if (__llvm_profile_write_file) (void)__llvm_profile_write_file();
  _exit(code);
}

shmfifo_segment* make_ring(uint32_t when_full, uint64_t slots) {
  shmfifo_error error;
  const shmfifo_create_options options = {.struct_size = sizeof options,
                                          .when_full = when_full,
                                          .slot_count = slots,
                                          .content_size = 64,
                                          .participant_count = 4};
  shmfifo_segment* segment = shmfifo_create(test_name(), &options, &error);
  if (segment == NULL) fprintf(stderr, "%s\n", error.text);
  CHECK(segment != NULL && error.code == 0 && error.rule[0] == '\0' && error.text[0] == '\0');
  return segment;
}

int run_test(const struct test* tests, size_t count, int words_count, char** words) {
  for (size_t i = 0; words_count == 2 && i < count; ++i) {
    if (strcmp(words[1], tests[i].name) != 0) continue;
    test_name();
    tests[i].run();
    return 0;
  }
  fprintf(stderr, "usage: %s NAME_OF_A_TEST\n", words[0]);
  return 2;
}
