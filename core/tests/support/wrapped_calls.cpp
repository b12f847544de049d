// SPDX-License-Identifier: MIT
#include "support/wrapped_calls.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <new>
#include <sstream>
#include <string_view>
#include <utility>

// NOLINTNEXTLINE(bugprone-reserved-identifier): the linker's name.
extern "C" int __real_fcntl(int file, int command, ...);

namespace shmfifo::testing {

planned_failure planned;
off_t longest_uninterrupted = 0;
std::function<void(const std::string& call)> on_call;

namespace {

// ---- what fails

bool fails(const char* call) {
  if (planned.code == 0 || planned.call != call || planned.successes-- > 0) return false;
  errno = planned.code;
  if (!planned.for_ever) planned.code = 0;
  planned.met = true;
  return true;
}

// A successful call may leave anything in errno.
constexpr int garbage = EINTR;
template <class Answer>
Answer succeeded(Answer answer, Answer bad) {
  if (answer != bad) errno = garbage;
  return answer;
}
template <class Answer>
Answer succeeded(Answer answer) {
  return succeeded<Answer>(answer, -1);
}

// ---- what is seen

// A file of segments, or a way to one; else it is one of the files in which the kernel describes
// its limits.
bool of_a_segment(std::string_view path) {
  return path.starts_with("/dev/shm") || path.starts_with("/proc/self/fd");
}

// "/dev/shm/x(rw)"; empty if it is no file of segments.
std::string file_text(int file) {
  if (file == AT_FDCWD) return "AT_FDCWD";
  char path[300];
  const int code = errno;
  const ssize_t size = ::readlink(("/proc/self/fd/" + std::to_string(file)).c_str(), path, 299);
  const int mode = __real_fcntl(file, F_GETFL);
  errno = code;
  if (size < 0) return mode == -1 ? "closed" : "unknown";  // there is no /proc
  const std::string_view seen(path, static_cast<std::size_t>(size));
  if (!of_a_segment(seen)) return "";
  const bool writable = (mode & O_ACCMODE) == O_RDWR;
  const bool unnamed = seen.starts_with("/dev/shm/#");
  return (unnamed ? "unnamed" : std::string(seen)) + (writable ? "(rw)" : "(r)");
}

// The number in the path of a descriptor differs from run to run.
std::string path_text(const std::string& path) {
  constexpr std::string_view descriptors = "/proc/self/fd/";
  if (!path.starts_with(descriptors)) return path;
  return std::string(descriptors) + file_text(std::atoi(path.c_str() + descriptors.size()));
}

std::string octal(unsigned mode) {
  std::ostringstream text;
  text << '0' << std::oct << mode;
  return text.str();
}

struct flag {
  int bits;
  const char* name;
};

// "A|B|0x8": what has no name is not hidden.
template <std::size_t count>
std::string flags_text(int bits, const flag (&names)[count]) {
  std::ostringstream text;
  const char* separator = "";
  for (const flag& one : names) {
    if ((bits & one.bits) != one.bits) continue;
    text << std::exchange(separator, "|") << one.name;
    bits &= ~one.bits;
  }
  if (bits != 0) text << separator << "0x" << std::hex << bits;
  return text.str();
}

template <std::size_t count>
std::string name_of(int number, const flag (&names)[count]) {
  for (const flag& one : names) {
    if (number == one.bits) return one.name;
  }
  return std::to_string(number);
}

#define SHMFIFO_FLAG(name) \
  { static_cast<int>(name), #name }
constexpr flag open_flags[] = {SHMFIFO_FLAG(O_TMPFILE),  SHMFIFO_FLAG(O_RDWR),
                               SHMFIFO_FLAG(O_WRONLY),   SHMFIFO_FLAG(O_NOFOLLOW),
                               SHMFIFO_FLAG(O_NONBLOCK), SHMFIFO_FLAG(O_CLOEXEC)};
constexpr flag rights_flags[] = {SHMFIFO_FLAG(PROT_READ), SHMFIFO_FLAG(PROT_WRITE)};
constexpr flag mapping_flags[] = {SHMFIFO_FLAG(MAP_SHARED), SHMFIFO_FLAG(MAP_PRIVATE),
                                  SHMFIFO_FLAG(MAP_ANONYMOUS)};
constexpr flag at_flags[] = {SHMFIFO_FLAG(AT_EMPTY_PATH), SHMFIFO_FLAG(AT_SYMLINK_FOLLOW),
                             SHMFIFO_FLAG(AT_EACCESS)};
constexpr flag advices[] = {SHMFIFO_FLAG(MADV_HUGEPAGE), SHMFIFO_FLAG(MADV_DONTDUMP),
                            SHMFIFO_FLAG(MADV_DONTFORK), SHMFIFO_FLAG(MADV_POPULATE_READ),
                            SHMFIFO_FLAG(MADV_POPULATE_WRITE)};
constexpr flag commands[] = {SHMFIFO_FLAG(F_OFD_SETLK), SHMFIFO_FLAG(F_OFD_GETLK),
                             SHMFIFO_FLAG(F_DUPFD_CLOEXEC)};
constexpr flag lock_types[] = {SHMFIFO_FLAG(F_RDLCK), SHMFIFO_FLAG(F_WRLCK), SHMFIFO_FLAG(F_UNLCK)};
constexpr flag fences[] = {SHMFIFO_FLAG(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED),
                           SHMFIFO_FLAG(MEMBARRIER_CMD_GLOBAL_EXPEDITED)};
constexpr flag futex_calls[] = {SHMFIFO_FLAG(FUTEX_WAIT), SHMFIFO_FLAG(FUTEX_WAKE)};
#undef SHMFIFO_FLAG

bool reporting = false;  // what the observer calls itself is not seen

// Nothing is made into text unless somebody looks: that takes memory, which may be what fails.
bool observed() {
  return on_call && !reporting;
}

template <class... Words>
void report(const Words&... words) {
  const int code = errno;
  std::ostringstream text;
  const char* separator = "";
  ((text << std::exchange(separator, " ") << words), ...);
  reporting = true;
  on_call(text.str());
  reporting = false;
  errno = code;
}
template <class... Words>
void report_file(const char* call, int file, const Words&... words) {
  const std::string text = file_text(file);
  if (!text.empty()) report(call, text, words...);
}

// Mappings of segments. Memory for them must not be asked for: that is a call to be failed.
struct mapped {
  std::uintptr_t base = 0;
  std::size_t size = 0;
};
mapped mappings[512];

mapped* find_mapping(const void* at) {
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  return std::find_if(std::begin(mappings), std::end(mappings),
                      [=](const mapped& one) { return address - one.base < one.size; });
}
void note_mapping(const void* base, std::size_t size) {
  *std::find_if(std::begin(mappings), std::end(mappings), [](const mapped& one) {
    return one.size == 0;
  }) = {reinterpret_cast<std::uintptr_t>(base), size};
}
// "0 4096": where in a mapping, and how much.
void report_range(const std::string& call, const void* at, std::size_t size) {
  const mapped* found = find_mapping(at);
  if (found == std::end(mappings)) return report(call, "elsewhere", size);
  report(call, reinterpret_cast<std::uintptr_t>(at) - found->base, size);
}

// A mark differs from whatever a program comes to by itself, and fits into any file system's files.
std::string offset_text(off_t offset) {
  const bool mark = offset >= off_t{1} << 20 && offset < off_t{1} << 40;
  return mark ? "mark" : std::to_string(offset);
}

std::string lock_text(const struct ::flock& lock) {
  return name_of(lock.l_type, lock_types) + (lock.l_whence == SEEK_SET ? " " : " from elsewhere ") +
         std::to_string(lock.l_start) + "+" + std::to_string(lock.l_len);
}

}  // namespace
}  // namespace shmfifo::testing

using namespace shmfifo::testing;

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names.
extern "C" {

int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  std::va_list more;
  va_start(more, flags);
  const bool makes = (flags & (O_CREAT | O_TMPFILE)) != 0;
  const unsigned mode = makes ? va_arg(more, unsigned) : 0;
  va_end(more);
  if (observed() && of_a_segment(path)) {
    report("open", path_text(path), flags_text(flags, open_flags), makes ? octal(mode) : "-");
  }
  const char* const call = of_a_segment(path) ? "open" : "open_of_limits";
  return fails(call) ? -1 : succeeded(__real_open(path, flags, mode));
}

int __wrap_fcntl(int file, int command, ...);
int __wrap_fcntl(int file, int command, ...) {
  std::va_list more;
  va_start(more, command);
  void* argument = va_arg(more, void*);
  va_end(more);
  const bool locks = command == F_OFD_SETLK || command == F_OFD_GETLK;
  if (observed()) {
    report_file("fcntl", file, name_of(command, commands),
                locks ? lock_text(*static_cast<const struct ::flock*>(argument))
                      : std::to_string(reinterpret_cast<std::intptr_t>(argument)));
  }
  return fails("fcntl") ? -1 : succeeded(__real_fcntl(file, command, argument));
}

int __real_fallocate(int file, int mode, off_t at, off_t size);
int __wrap_fallocate(int file, int mode, off_t at, off_t size);
int __wrap_fallocate(int file, int mode, off_t at, off_t size) {
  if (fails("fallocate")) return -1;
  if (longest_uninterrupted != 0 && size > longest_uninterrupted) {
    errno = EINTR;
    return -1;
  }
  if (observed()) report_file("fallocate", file, mode, at, size);
  return succeeded(__real_fallocate(file, mode, at, size));
}

// The descriptor or page is gone also if its end is to fail.
int __real_close(int file);
int __wrap_close(int file);
int __wrap_close(int file) {
  if (observed()) report_file("close", file);
  const int answer = succeeded(__real_close(file));
  return fails("close") ? -1 : answer;
}
int __real_munmap(void* at, std::size_t size);
int __wrap_munmap(void* at, std::size_t size);
int __wrap_munmap(void* at, std::size_t size) {
  if (observed()) report_range("munmap", at, size);
  if (mapped* gone = find_mapping(at); gone != std::end(mappings)) *gone = {};
  const int answer = succeeded(__real_munmap(at, size));
  return fails("munmap") ? -1 : answer;
}

#define SHMFIFO_WRAP(answer, bad, call, parameters, arguments, ...)                \
  answer __real_##call parameters;                                                 \
  answer __wrap_##call parameters;                                                 \
  answer __wrap_##call parameters {                                                \
    if (observed()) __VA_ARGS__;                                                   \
    return fails(#call) ? (bad) : succeeded<answer>(__real_##call arguments, bad); \
  }
SHMFIFO_WRAP(int, -1, fstatfs, (int file, struct statfs* facts), (file, facts),
             report_file("fstatfs", file))
SHMFIFO_WRAP(int, -1, ftruncate, (int file, off_t size), (file, size),
             report_file("ftruncate", file, size))
SHMFIFO_WRAP(int, -1, fchmod, (int file, mode_t mode), (file, mode),
             report_file("fchmod", file, octal(mode)))
SHMFIFO_WRAP(int, -1, fstat, (int file, struct stat* facts), (file, facts),
             report_file("fstat", file))
SHMFIFO_WRAP(off_t, -1, lseek, (int file, off_t offset, int whence), (file, offset, whence),
             report_file("lseek", file,
                         (whence == SEEK_SET ? "SEEK_SET " : "SEEK_CUR ") + offset_text(offset)))
SHMFIFO_WRAP(int, -1, lstat, (const char* path, struct stat* facts), (path, facts),
             report("lstat", path))
SHMFIFO_WRAP(int, -1, faccessat, (int from, const char* path, int mode, int flags),
             (from, path, mode, flags),
             report("faccessat", file_text(from), path, mode, flags_text(flags, at_flags)))
SHMFIFO_WRAP(int, -1, linkat, (int a, const char* from, int b, const char* to, int flags),
             (a, from, b, to, flags),
             report("linkat", file_text(a), path_text(from), file_text(b), to,
                    flags_text(flags, at_flags)))
SHMFIFO_WRAP(int, -1, unlink, (const char* path), (path), report("unlink", path))
SHMFIFO_WRAP(ssize_t, -1, read, (int file, void* to, std::size_t size), (file, to, size),
             report_file("read", file, size))
SHMFIFO_WRAP(int, -1, getrlimit, (decltype(RLIMIT_FSIZE) what, struct rlimit* limits),
             (what, limits), report("getrlimit", what == RLIMIT_FSIZE ? "RLIMIT_FSIZE" : "other"))
SHMFIFO_WRAP(int, -1, nanosleep, (const timespec* time, timespec* left), (time, left),
             report("nanosleep", time->tv_sec * 1'000'000'000 + time->tv_nsec))
SHMFIFO_WRAP(DIR*, nullptr, opendir, (const char* path), (path), report("opendir", path))
SHMFIFO_WRAP(int, -1, closedir, (DIR * folder), (folder), report("closedir"))
#undef SHMFIFO_WRAP

ssize_t __real_pread(int file, void* to, std::size_t size, off_t at);
ssize_t __wrap_pread(int file, void* to, std::size_t size, off_t at);
ssize_t __wrap_pread(int file, void* to, std::size_t size, off_t at) {
  if (observed()) report_file("pread", file, size, at);
  if (fails("pread")) return -1;
  return succeeded(
      __real_pread(file, to, fails("long_pread") ? std::min<std::size_t>(size, 3) : size, at));
}

ssize_t __real_getrandom(void* to, std::size_t size, unsigned flags);
ssize_t __wrap_getrandom(void* to, std::size_t size, unsigned flags);
ssize_t __wrap_getrandom(void* to, std::size_t size, unsigned flags) {
  if (observed()) report("getrandom", size, flags == GRND_NONBLOCK ? "GRND_NONBLOCK" : "other");
  if (fails("getrandom")) return -1;
  return succeeded(__real_getrandom(to, fails("long_getrandom") ? 1 : size, flags));
}

// Its end leaves errno as it was.
dirent* __real_readdir(DIR* folder);
dirent* __wrap_readdir(DIR* folder);
dirent* __wrap_readdir(DIR* folder) {
  return fails("readdir") ? nullptr : __real_readdir(folder);
}

int __real_madvise(void* at, std::size_t size, int advice);
int __wrap_madvise(void* at, std::size_t size, int advice);
int __wrap_madvise(void* at, std::size_t size, int advice) {
  if (observed()) report_range("madvise " + name_of(advice, advices), at, size);
  const bool mere_advice = advice == MADV_HUGEPAGE || advice == MADV_DONTDUMP;
  const char* call = mere_advice ? "advice" : advice == MADV_DONTFORK ? "dontfork" : "madvise";
  return fails(call) ? -1 : succeeded(__real_madvise(at, size, advice));
}

void* __real_mmap(void* at, std::size_t size, int rights, int flags, int file, off_t offset);
void* __wrap_mmap(void* at, std::size_t size, int rights, int flags, int file, off_t offset);
void* __wrap_mmap(void* at, std::size_t size, int rights, int flags, int file, off_t offset) {
  // Memory without a file is asked for once, before main: only the environment can forbid it.
  if (file == -1) {
    return std::getenv(without_page) != nullptr
               ? MAP_FAILED
               : __real_mmap(at, size, rights, flags, file, offset);
  }
  if (observed())
    report_file("mmap", file, rights == PROT_NONE ? "PROT_NONE" : flags_text(rights, rights_flags),
                flags_text(flags, mapping_flags), offset, size);
  if (fails("mmap")) return MAP_FAILED;
  void* const base = succeeded(__real_mmap(at, size, rights, flags, file, offset), MAP_FAILED);
  if (base != MAP_FAILED) note_mapping(base, size);
  return base;
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...) {
  std::va_list more;
  va_start(more, number);
  long words[6];
  for (long& word : words) word = va_arg(more, long);
  va_end(more);
  if (number == SYS_membarrier && observed())
    report("membarrier", name_of(static_cast<int>(words[0]), fences), words[1], words[2]);
  if (number == SYS_futex && observed()) {
    const auto* time = reinterpret_cast<const timespec*>(words[3]);
    report("futex", name_of(static_cast<int>(words[1]), futex_calls), words[2],
           time == nullptr ? "" : std::to_string(time->tv_sec * 1'000'000'000 + time->tv_nsec));
  }
  if (number == SYS_membarrier && fails("membarrier")) return -1;
  return succeeded(
      __real_syscall(number, words[0], words[1], words[2], words[3], words[4], words[5]));
}

void* __real__Znwm(std::size_t size);  // operator new
void* __wrap__Znwm(std::size_t size);
void* __wrap__Znwm(std::size_t size) {
  if (fails("_Znwm")) throw std::bad_alloc();
  void* const memory = __real__Znwm(size);
  errno = garbage;
  return memory;
}
}
// NOLINTEND(bugprone-reserved-identifier)
