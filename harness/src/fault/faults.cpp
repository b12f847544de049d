// SPDX-License-Identifier: MIT
#include "shmfifo/harness/fault/faults.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <ctime>
#include <new>

namespace shmfifo::harness::fault {
namespace {

bool armed = false;
bool hit = false;
long blocks = 0;
plan current;
std::array<unsigned, call_count> made{};

// Counts a call; true if it is to fail (or to be cut short) now.
bool strikes(call which) {
  if (!armed) return false;
  const unsigned number = ++made[static_cast<std::size_t>(which)];
  if (which != current.which) return false;
  if (number < current.nth || (number > current.nth && !current.forever)) return false;
  hit = true;
  if (current.code != 0) errno = current.code;
  return true;
}
bool cut_short() {
  return current.code == 0;
}
bool lasts() {
  return armed && hit && current.forever && current.code != EINTR;
}

}  // namespace

void arm(const plan& what) {
  current = what;
  made = {};
  hit = false;
  armed = true;
}
std::array<unsigned, call_count> disarm() {
  armed = false;
  return made;
}
bool struck() {
  return hit;
}
long live_blocks() {
  return blocks;
}

std::string_view to_string(call which) {
  constexpr std::string_view names[] = {
      "open",    "fchmod",  "ftruncate", "fallocate", "mmap",  "linkat",  "unlink",
      "fstat",   "lstat",   "pread",     "read",      "fcntl", "madvise", "opendir",
      "readdir", "syscall", "nanosleep", "getrandom", "close", "munmap",  "allocation"};
  return names[static_cast<std::size_t>(which)];
}

#define SHMFIFO_CODE(name) \
  { name, #name }
// What the sections ERRORS of the manual pages (man-pages 6.03) list, and a little more.
// LONG: a table
const std::vector<failure_code>& codes_of(call which) {
  static const std::vector<failure_code> table[call_count] = {
      /* open */
      {SHMFIFO_CODE(EACCES),     SHMFIFO_CODE(EAGAIN),       SHMFIFO_CODE(EBADF),
       SHMFIFO_CODE(EBUSY),      SHMFIFO_CODE(EDQUOT),       SHMFIFO_CODE(EEXIST),
       SHMFIFO_CODE(EFAULT),     SHMFIFO_CODE(EFBIG),        SHMFIFO_CODE(EINTR),
       SHMFIFO_CODE(EINVAL),     SHMFIFO_CODE(EISDIR),       SHMFIFO_CODE(ELOOP),
       SHMFIFO_CODE(EMFILE),     SHMFIFO_CODE(ENAMETOOLONG), SHMFIFO_CODE(ENFILE),
       SHMFIFO_CODE(ENODEV),     SHMFIFO_CODE(ENOENT),       SHMFIFO_CODE(ENOMEM),
       SHMFIFO_CODE(ENOSPC),     SHMFIFO_CODE(ENOTDIR),      SHMFIFO_CODE(ENXIO),
       SHMFIFO_CODE(EOPNOTSUPP), SHMFIFO_CODE(EOVERFLOW),    SHMFIFO_CODE(EPERM),
       SHMFIFO_CODE(EROFS),      SHMFIFO_CODE(ETXTBSY)},
      /* fchmod */
      {SHMFIFO_CODE(EACCES), SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EFAULT), SHMFIFO_CODE(EINVAL),
       SHMFIFO_CODE(EIO), SHMFIFO_CODE(ELOOP), SHMFIFO_CODE(ENAMETOOLONG), SHMFIFO_CODE(ENOENT),
       SHMFIFO_CODE(ENOMEM), SHMFIFO_CODE(ENOTDIR), SHMFIFO_CODE(ENOTSUP), SHMFIFO_CODE(EPERM),
       SHMFIFO_CODE(EROFS)},
      /* ftruncate */
      {SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EFBIG), SHMFIFO_CODE(EINTR), SHMFIFO_CODE(EINVAL),
       SHMFIFO_CODE(EIO), SHMFIFO_CODE(EPERM), SHMFIFO_CODE(EROFS), SHMFIFO_CODE(ETXTBSY)},
      /* fallocate */
      {SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EFBIG), SHMFIFO_CODE(EINTR), SHMFIFO_CODE(EINVAL),
       SHMFIFO_CODE(EIO), SHMFIFO_CODE(ENODEV), SHMFIFO_CODE(ENOSPC), SHMFIFO_CODE(ENOSYS),
       SHMFIFO_CODE(EOPNOTSUPP), SHMFIFO_CODE(EPERM), SHMFIFO_CODE(ESPIPE), SHMFIFO_CODE(ETXTBSY)},
      /* mmap */
      {SHMFIFO_CODE(EACCES), SHMFIFO_CODE(EAGAIN), SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EEXIST),
       SHMFIFO_CODE(EINVAL), SHMFIFO_CODE(ENFILE), SHMFIFO_CODE(ENODEV), SHMFIFO_CODE(ENOMEM),
       SHMFIFO_CODE(EOVERFLOW), SHMFIFO_CODE(EPERM), SHMFIFO_CODE(ETXTBSY)},
      /* linkat */
      {SHMFIFO_CODE(EACCES), SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EDQUOT), SHMFIFO_CODE(EEXIST),
       SHMFIFO_CODE(EFAULT), SHMFIFO_CODE(EINVAL), SHMFIFO_CODE(EIO), SHMFIFO_CODE(ELOOP),
       SHMFIFO_CODE(EMLINK), SHMFIFO_CODE(ENAMETOOLONG), SHMFIFO_CODE(ENOENT), SHMFIFO_CODE(ENOMEM),
       SHMFIFO_CODE(ENOSPC), SHMFIFO_CODE(ENOTDIR), SHMFIFO_CODE(EPERM), SHMFIFO_CODE(EROFS),
       SHMFIFO_CODE(EXDEV)},
      /* unlink */
      {SHMFIFO_CODE(EACCES), SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EBUSY), SHMFIFO_CODE(EFAULT),
       SHMFIFO_CODE(EINVAL), SHMFIFO_CODE(EIO), SHMFIFO_CODE(EISDIR), SHMFIFO_CODE(ELOOP),
       SHMFIFO_CODE(ENAMETOOLONG), SHMFIFO_CODE(ENOENT), SHMFIFO_CODE(ENOMEM),
       SHMFIFO_CODE(ENOTDIR), SHMFIFO_CODE(EPERM), SHMFIFO_CODE(EROFS)},
      /* fstat */
      {SHMFIFO_CODE(EACCES), SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EFAULT), SHMFIFO_CODE(EINVAL),
       SHMFIFO_CODE(ELOOP), SHMFIFO_CODE(ENAMETOOLONG), SHMFIFO_CODE(ENOENT), SHMFIFO_CODE(ENOMEM),
       SHMFIFO_CODE(ENOTDIR), SHMFIFO_CODE(EOVERFLOW)},
      /* lstat */
      {SHMFIFO_CODE(EACCES), SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EFAULT), SHMFIFO_CODE(EINVAL),
       SHMFIFO_CODE(ELOOP), SHMFIFO_CODE(ENAMETOOLONG), SHMFIFO_CODE(ENOENT), SHMFIFO_CODE(ENOMEM),
       SHMFIFO_CODE(ENOTDIR), SHMFIFO_CODE(EOVERFLOW)},
      /* pread */
      {SHMFIFO_CODE(EAGAIN),
       SHMFIFO_CODE(EBADF),
       SHMFIFO_CODE(EFAULT),
       SHMFIFO_CODE(EINTR),
       SHMFIFO_CODE(EINVAL),
       SHMFIFO_CODE(EIO),
       SHMFIFO_CODE(EISDIR),
       SHMFIFO_CODE(ENXIO),
       SHMFIFO_CODE(EOVERFLOW),
       SHMFIFO_CODE(ESPIPE),
       {0, "short"}},
      /* read */
      {SHMFIFO_CODE(EAGAIN), SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EFAULT), SHMFIFO_CODE(EINTR),
       SHMFIFO_CODE(EINVAL), SHMFIFO_CODE(EIO), SHMFIFO_CODE(EISDIR)},
      /* fcntl */
      {SHMFIFO_CODE(EACCES), SHMFIFO_CODE(EAGAIN), SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EBUSY),
       SHMFIFO_CODE(EDEADLK), SHMFIFO_CODE(EFAULT), SHMFIFO_CODE(EINTR), SHMFIFO_CODE(EINVAL),
       SHMFIFO_CODE(EMFILE), SHMFIFO_CODE(ENOLCK), SHMFIFO_CODE(ENOTDIR), SHMFIFO_CODE(EPERM)},
      /* madvise */
      {SHMFIFO_CODE(EACCES), SHMFIFO_CODE(EAGAIN), SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EBUSY),
       SHMFIFO_CODE(EFAULT), SHMFIFO_CODE(EHWPOISON), SHMFIFO_CODE(EINVAL), SHMFIFO_CODE(EIO),
       SHMFIFO_CODE(ENOMEM), SHMFIFO_CODE(EPERM)},
      /* opendir */
      {SHMFIFO_CODE(EACCES), SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EMFILE), SHMFIFO_CODE(ENFILE),
       SHMFIFO_CODE(ENOENT), SHMFIFO_CODE(ENOMEM), SHMFIFO_CODE(ENOTDIR)},
      /* readdir */
      {SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EFAULT), SHMFIFO_CODE(EINVAL), SHMFIFO_CODE(EIO),
       SHMFIFO_CODE(ENOENT), SHMFIFO_CODE(ENOTDIR)},
      /* syscall: membarrier, futex */
      {SHMFIFO_CODE(EACCES), SHMFIFO_CODE(EAGAIN), SHMFIFO_CODE(EDEADLK), SHMFIFO_CODE(EFAULT),
       SHMFIFO_CODE(EINTR), SHMFIFO_CODE(EINVAL), SHMFIFO_CODE(ENFILE), SHMFIFO_CODE(ENOMEM),
       SHMFIFO_CODE(ENOSYS), SHMFIFO_CODE(EPERM), SHMFIFO_CODE(ESRCH), SHMFIFO_CODE(ETIMEDOUT)},
      /* nanosleep */
      {SHMFIFO_CODE(EFAULT), SHMFIFO_CODE(EINTR), SHMFIFO_CODE(EINVAL)},
      /* getrandom */
      {SHMFIFO_CODE(EAGAIN),
       SHMFIFO_CODE(EFAULT),
       SHMFIFO_CODE(EINTR),
       SHMFIFO_CODE(EINVAL),
       SHMFIFO_CODE(ENOSYS),
       {0, "short"}},
      /* close */
      {SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EDQUOT), SHMFIFO_CODE(EINTR), SHMFIFO_CODE(EIO),
       SHMFIFO_CODE(ENOSPC)},
      /* munmap: the page is mmap's, too */
      {SHMFIFO_CODE(EACCES), SHMFIFO_CODE(EAGAIN), SHMFIFO_CODE(EBADF), SHMFIFO_CODE(EEXIST),
       SHMFIFO_CODE(EINVAL), SHMFIFO_CODE(ENFILE), SHMFIFO_CODE(ENODEV), SHMFIFO_CODE(ENOMEM),
       SHMFIFO_CODE(EOVERFLOW), SHMFIFO_CODE(EPERM), SHMFIFO_CODE(ETXTBSY)},
      /* allocation */
      {SHMFIFO_CODE(ENOMEM)},
  };
  return table[static_cast<std::size_t>(which)];
}
#undef SHMFIFO_CODE

}  // namespace shmfifo::harness::fault

// ---- the wrappers, under the names that the linker gives them

using shmfifo::harness::fault::blocks;
using shmfifo::harness::fault::call;
using shmfifo::harness::fault::cut_short;
using shmfifo::harness::fault::lasts;
using shmfifo::harness::fault::strikes;

// The other forms of new end here, too. The program's new handler is called, as by the library's
// own operator; SHMFIFO_FAULT_NO_HANDLER is a planted bug: as if no handler were set.
void* operator new(std::size_t size) {
  for (;;) {
    void* const memory = strikes(call::allocation) ? nullptr : std::malloc(size);
    if (memory != nullptr) {
      ++blocks;
      return memory;
    }
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr || std::getenv("SHMFIFO_FAULT_NO_HANDLER") != nullptr) {
      throw std::bad_alloc();
    }
    handler();
  }
}
void operator delete(void* memory) noexcept {
  if (memory != nullptr) --blocks;
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}

extern "C" {
int __real_open(const char*, int, ...);
int __real_fchmod(int, mode_t);
int __real_ftruncate(int, off_t);
int __real_fallocate(int, int, off_t, off_t);
void* __real_mmap(void*, std::size_t, int, int, int, off_t);
int __real_linkat(int, const char*, int, const char*, int);
int __real_unlink(const char*);
int __real_fstat(int, struct stat*);
int __real_lstat(const char*, struct stat*);
ssize_t __real_pread(int, void*, std::size_t, off_t);
ssize_t __real_read(int, void*, std::size_t);
int __real_fcntl(int, int, ...);
int __real_madvise(void*, std::size_t, int);
DIR* __real_opendir(const char*);
struct dirent* __real_readdir(DIR*);
long __real_syscall(long, ...);
int __real_nanosleep(const timespec*, timespec*);
ssize_t __real_getrandom(void*, std::size_t, unsigned);
int __real_close(int);
int __real_munmap(void*, std::size_t);

int __wrap_open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return strikes(call::open) ? -1 : __real_open(path, flags, mode);
}
int __wrap_fchmod(int file, mode_t mode) {
  return strikes(call::fchmod) ? -1 : __real_fchmod(file, mode);
}
int __wrap_ftruncate(int file, off_t size) {
  return strikes(call::ftruncate) ? -1 : __real_ftruncate(file, size);
}
int __wrap_fallocate(int file, int mode, off_t offset, off_t size) {
  return strikes(call::fallocate) ? -1 : __real_fallocate(file, mode, offset, size);
}
void* __wrap_mmap(void* at, std::size_t size, int rights, int flags, int file, off_t offset) {
  return strikes(call::mmap) ? MAP_FAILED : __real_mmap(at, size, rights, flags, file, offset);
}
int __wrap_linkat(int from, const char* path, int to, const char* name, int flags) {
  return strikes(call::linkat) ? -1 : __real_linkat(from, path, to, name, flags);
}
int __wrap_unlink(const char* path) {
  return strikes(call::unlink) ? -1 : __real_unlink(path);
}
int __wrap_fstat(int file, struct stat* facts) {
  return strikes(call::fstat) ? -1 : __real_fstat(file, facts);
}
int __wrap_lstat(const char* path, struct stat* facts) {
  return strikes(call::lstat) ? -1 : __real_lstat(path, facts);
}
ssize_t __wrap_pread(int file, void* to, std::size_t size, off_t offset) {
  if (!strikes(call::pread)) return __real_pread(file, to, size, offset);
  return cut_short() ? __real_pread(file, to, size > 3 ? 3 : size, offset) : -1;
}
ssize_t __wrap_read(int file, void* to, std::size_t size) {
  return strikes(call::read) ? -1 : __real_read(file, to, size);
}
int __wrap_fcntl(int file, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void* argument = va_arg(rest, void*);
  va_end(rest);
  return strikes(call::fcntl) ? -1 : __real_fcntl(file, command, argument);
}
int __wrap_madvise(void* at, std::size_t size, int advice) {
  return strikes(call::madvise) ? -1 : __real_madvise(at, size, advice);
}
DIR* __wrap_opendir(const char* path) {
  return strikes(call::opendir) ? nullptr : __real_opendir(path);
}
struct dirent* __wrap_readdir(DIR* directory) {
  return strikes(call::readdir) ? nullptr : __real_readdir(directory);
}
long __wrap_syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  long a[6];
  for (long& argument : a) argument = va_arg(rest, long);
  va_end(rest);
  return strikes(call::syscall) ? -1 : __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
// A permanent failure is not waited for: it is still there after any sleep.
int __wrap_nanosleep(const timespec* time, timespec* left) {
  if (strikes(call::nanosleep)) return -1;
  return lasts() ? 0 : __real_nanosleep(time, left);
}
ssize_t __wrap_getrandom(void* to, std::size_t size, unsigned flags) {
  if (!strikes(call::getrandom)) return __real_getrandom(to, size, flags);
  return cut_short() ? __real_getrandom(to, 3, flags) : -1;
}
// These two do their work and still report a failure, as Linux does for close.
int __wrap_close(int file) {
  const bool fails = strikes(call::close);
  const int code = errno;
  const int answer = __real_close(file);
  if (fails) errno = code;
  return fails ? -1 : answer;
}
int __wrap_munmap(void* at, std::size_t size) {
  const bool fails = strikes(call::munmap);
  const int code = errno;
  const int answer = __real_munmap(at, size);
  if (fails) errno = code;
  return fails ? -1 : answer;
}
}
