// SPDX-License-Identifier: MIT
#pragma once
// The switch of the mutants in the rewritten sources. SHMFIFO_MUTANT=ID switches one on;
// SHMFIFO_MUTANT_REACH=FILE notes in byte ID of FILE which ones a program comes by. The file is
// mapped shared, so that children, and those that are killed, note theirs.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shmfifo_mutation {

struct settings {
  bool known = false;
  int active = 0;
  long size = 0;
  unsigned char* reached = nullptr;
};

inline settings from_environment() noexcept {
  settings found;
  found.known = true;
  if (const char* id = getenv("SHMFIFO_MUTANT")) found.active = atoi(id);
  if (const char* name = getenv("SHMFIFO_MUTANT_REACH")) {
    const int file = open(name, O_RDWR | O_CLOEXEC);
    struct stat about {};
    if (file >= 0 && fstat(file, &about) == 0 && about.st_size > 0) {
      void* place = mmap(nullptr, static_cast<size_t>(about.st_size), PROT_READ | PROT_WRITE,
                         MAP_SHARED, file, 0);
      if (place != MAP_FAILED) {
        found.reached = static_cast<unsigned char*>(place);
        found.size = about.st_size;
      }
    }
    if (file >= 0) close(file);
  }
  return found;
}

inline settings current;

// Before all that a file's own initialisers do: 101 is the first priority that is free, and those
// of one priority run in the order of their definitions.
[[gnu::constructor(101)]] static void look_up() noexcept {
  if (!current.known) current = from_environment();
}

[[gnu::noinline, gnu::cold]] inline void note(int id) noexcept {
  if (id < current.size) __atomic_store_n(current.reached + id, 1, __ATOMIC_RELAXED);
}

inline bool on(int id) noexcept {
  if (__builtin_expect(current.reached != nullptr, 0)) note(id);
  return current.active == id;
}
constexpr bool on_at_run_time(int id) noexcept {
  return !__builtin_is_constant_evaluated() && on(id);
}

}  // namespace shmfifo_mutation

#define SHMFIFO_MUTANT(id) ::shmfifo_mutation::on(id)
#define SHMFIFO_MUTANT_CONSTANT(id) ::shmfifo_mutation::on_at_run_time(id)
