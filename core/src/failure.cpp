// SPDX-License-Identifier: MIT
// The words for system calls that fail. errno alone does not say what helps: the same ENOENT means
// a missing segment, a missing directory or a missing /proc. `shmfifo_fault --sentences` prints
// what comes of this table.
#include <cerrno>
#include <cstring>

#include "kernel.hpp"

namespace shmfifo::kernel {
namespace {

struct cure {
  const char* call;  // nullptr: any
  object what;
  int code;
  const char* sentence;
};

constexpr const char* no_directory =
    "There is no such directory: mount a tmpfs there, or name another one (--directory, "
    "SHMFIFO_DIRECTORY)";
constexpr const char* not_a_directory = "That is no directory: name another one (--directory)";
constexpr const char* forbidden_directory =
    "This process may not make or list files there: see the directory's owner and mode, and the "
    "rules of the security module, if any";
constexpr const char* no_unnamed_files =
    "That file system has no unnamed files (O_TMPFILE): use a tmpfs";
constexpr const char* no_reservation =
    "That file system cannot reserve memory (a ramfs cannot): use a tmpfs";
constexpr const char* file_size =
    "Raise the limit of file size (ulimit -f), or ask for fewer slots";
constexpr const char* read_only = "That file system is mounted read-only";
constexpr const char* quota =
    "This user's quota of that file system is used up: remove files, or raise it";
constexpr const char* link_circle = "The path leads through too many symbolic links";
constexpr const char* no_segment =
    "There is no segment of this name: create it first, or see `shmfifo ls`";
constexpr const char* not_the_owner =
    "Only the owner of the segment or of its directory may remove it: see both modes";
constexpr const char* sealed =
    "A seal or an attribute of the file, or the security module, forbids it";
constexpr const char* locked_memory =
    "This process locks its memory (mlockall), and more than its limit: raise that (ulimit -l)";
constexpr const char* unreachable_file =
    "The name is gone or means another file, and the application has closed the library's "
    "descriptor, or there is no /proc: attach again";
constexpr const char* vanished =
    "The file is shorter than a moment ago: somebody truncated it meanwhile";
constexpr const char* broken_memory = "The machine's memory is broken there: see the kernel's log";
constexpr const char* not_a_file =
    "Something else has this name, and it is no segment: choose another name";
constexpr const char* signals =
    "A signal interrupted it: block signals in this thread during set-up";

// The first row that fits. ORDER: those for a call before those for all.
constexpr cure cures[] = {
    {"open", object::directory, EOPNOTSUPP, no_unnamed_files},
    {"open", object::directory, EISDIR, no_unnamed_files},
    {"open", object::directory, EINVAL, no_unnamed_files},
    {"open", object::directory, ENOSPC,
     "That file system has no inode left: remove files there, or mount it with more (nr_inodes)"},
    {nullptr, object::directory, ENOENT, no_directory},
    {nullptr, object::directory, ENOTDIR, not_a_directory},
    {nullptr, object::directory, EACCES, forbidden_directory},
    {nullptr, object::directory, EPERM, forbidden_directory},
    {nullptr, object::directory, ELOOP, link_circle},
    {nullptr, object::directory, EROFS, read_only},

    {"fallocate", object::segment, ENOSPC,
     "That file system is full: free memory there, make it larger (Docker: --shm-size), or ask for "
     "fewer slots"},
    {"fallocate", object::segment, EFBIG, file_size},
    {"ftruncate", object::segment, EFBIG, file_size},
    {"ftruncate", object::segment, EPERM, sealed},
    {"ftruncate", object::segment, ETXTBSY, sealed},
    {"fallocate", object::segment, EOPNOTSUPP, no_reservation},
    {"fallocate", object::segment, ENODEV, no_reservation},
    {"fallocate", object::segment, ENOSYS, no_reservation},
    {"fallocate", object::segment, EPERM, sealed},
    {"fallocate", object::segment, ETXTBSY, sealed},

    {"linkat", object::segment, ENOENT,
     "Without /proc a new segment gets its name only from Linux 6.10 on or with "
     "CAP_DAC_READ_SEARCH: mount /proc"},
    {"linkat", object::segment, EACCES, forbidden_directory},
    {"linkat", object::segment, EPERM, forbidden_directory},
    {"linkat", object::segment, ENOSPC, "That directory has no room for another name"},

    {"unlink", object::segment, ENOENT, no_segment},
    {"unlink", object::segment, ENOTDIR, not_a_directory},
    {"unlink", object::segment, EACCES, not_the_owner},
    {"unlink", object::segment, EPERM, not_the_owner},
    {"unlink", object::segment, EISDIR, not_a_file},
    {"unlink", object::segment, EBUSY, "Something is mounted there"},

    {"open", object::segment, ENOENT, no_segment},
    {"open", object::segment, ENOTDIR, not_a_directory},
    {"open", object::any, EACCES,
     "The mode of the segment or of its directory does not let this user in: its owner may change "
     "that (chmod, or --permissions at create)"},
    {"open", object::any, EPERM, sealed},
    {"open", object::any, ETXTBSY, sealed},
    {"open", object::segment, ENXIO, not_a_file},
    {"open", object::segment, ENODEV, not_a_file},
    {"open", object::segment, EISDIR, not_a_file},
    {"open", object::any, EROFS, "That file system is mounted read-only: attach read-only"},
    {"open", object::segment, ELOOP, "The name is a symbolic link, which is never followed"},

    {"lstat", object::segment, EACCES, forbidden_directory},
    {"lstat", object::segment, ENOTDIR, not_a_directory},
    {"lstat", object::segment, ELOOP, link_circle},

    {"mmap", object::any, EAGAIN, locked_memory},
    {"mmap", object::any, ENOMEM,
     "This process has no room for it: see its limits of memory (ulimit -v, ulimit -l) and of "
     "mappings (vm.max_map_count)"},
    {"mmap", object::any, EACCES, sealed},
    {"mmap", object::any, EPERM, sealed},
    {"mmap", object::any, ENODEV, "Files of that file system cannot be mapped: use a tmpfs"},

    {"madvise", object::any, EAGAIN, locked_memory},
    {"madvise", object::any, EFAULT, vanished},
    {"madvise", object::any, EHWPOISON, broken_memory},

    {"fcntl", object::lock, ENOLCK,
     "The kernel has no memory for another lock, or that file system has no locks"},
    {"fcntl", object::lock, EINVAL,
     "That kernel or file system has no locks of open file descriptions (Linux 3.15)"},
    {"open", object::lock, ENOENT, unreachable_file},
    {"open", object::lock, ESTALE, unreachable_file},

    {nullptr, object::any, EINTR, signals},
    {nullptr, object::any, EMFILE, "Raise this process's limit of open files (ulimit -n)"},
    {nullptr, object::any, ENFILE, "The whole machine has too many open files (fs.file-max)"},
    {nullptr, object::any, ENOMEM,
     "The kernel is out of memory for it: end other programs, or raise the container's memory "
     "limit"},
    {nullptr, object::any, EDQUOT, quota},
    {nullptr, object::any, EROFS, read_only},
    {nullptr, object::any, EIO, "Reading or writing failed below: see the kernel's log"},
};

const cure* find_cure(int code, std::string_view call, object what) noexcept {
  for (const cure& one : cures) {
    const bool fits = one.code == code && (one.call == nullptr || one.call == call) &&
                      (one.what == object::any || one.what == what);
    if (fits) return &one;
  }
  return nullptr;
}

}  // namespace

error failed(int code, const char* call, const std::string& about, object what) {
  std::string text = std::string(call) + " of " + about + " failed: " + std::strerror(code);
  if (const cure* found = find_cure(code, call, what)) text += ". " + std::string(found->sentence);
  return {code, call, std::move(text)};
}

error failed_now(const char* call, const subject& about, object what) {
  const int code = errno;
  std::string text(about.before);
  text.append(about.name).append(about.after);
  return failed(code, call, text, what);
}

error unreachable(const failed_call& failure, const std::string& name) {
  return failed(failure.code, failure.call, "the file of '" + name + "'", object::lock);
}

}  // namespace shmfifo::kernel
