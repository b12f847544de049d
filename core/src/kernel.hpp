// SPDX-License-Identifier: MIT
#pragma once
// Every call into the kernel that the library makes, behind names of our own: kernel.cpp and, for
// memory, memory.cpp are the files that have to be looked at (or replaced) to know what can fail.
// Each function that can fail returns a result whose error carries errno, the call's name as
// its rule, and a sentence.

#include <sys/types.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shmfifo/protocol/layout.hpp"
#include "shmfifo/protocol/memory_model.hpp"
#include "shmfifo/status.hpp"

namespace shmfifo::kernel {

inline constexpr const char* default_directory = "/dev/shm";

class descriptor {
 public:
  explicit descriptor(int number = -1) noexcept : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  ~descriptor();
  explicit operator bool() const noexcept { return number_ != -1; }
  [[nodiscard]] int get() const noexcept { return number_; }
  [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

 private:
  int number_;
};

// While one lives, pthread_cancel does not act on the thread. Where a call is a cancellation point,
// the thread would be unwound half-way through, and through functions that must not throw.
class cancellation_guard {
 public:
  cancellation_guard() noexcept;
  cancellation_guard(const cancellation_guard&) = delete;
  ~cancellation_guard();

 private:
  int before_ = 0;
};

// Where a segment's file is to be found.
struct location {
  std::string name;  // of the file; the segment's name without the leading slash
  std::string directory = default_directory;
  [[nodiscard]] std::string path() const { return directory + "/" + name; }
};

// What the kernel says about a segment's file.
struct file_facts {
  std::uint64_t device = 0;  // with the inode: which file this is
  std::uint64_t inode = 0;
  std::uint64_t size = 0;      // bytes
  std::uint64_t reserved = 0;  // bytes that have memory behind them
  std::uint32_t owner = 0;     // uid

  [[nodiscard]] bool same_file(const file_facts& other) const noexcept {
    return device == other.device && inode == other.inode;
  }
};

// The file behind a mapping, as this process can reach it again: by a read-only descriptor that is
// kept, or by name. Descriptors belong to the application, which may close or reuse their numbers
// at any time (every daemon does); a name may come to mean another file. So either is compared
// with the device and inode noted here before anything is done with it, the descriptor also with a
// mark of its own. Any thread.
class segment_file {
 public:
  segment_file(descriptor kept, const location& where, const file_facts& facts);
  ~segment_file();
  segment_file(const segment_file&) = delete;
  segment_file& operator=(const segment_file&) = delete;

  [[nodiscard]] const file_facts& facts() const noexcept { return facts_; }
  // A new open file description, or which call failed: with ESTALE if the name means another file
  // and there is no other way to this one.
  struct opened {
    descriptor file;
    failed_call failure = {};
  };
  [[nodiscard]] opened open(bool writable) const noexcept;
  // Whether somebody holds the lock; if the kernel cannot tell, somebody does.
  [[nodiscard]] bool locked(unsigned lock) const noexcept;

 private:
  // 0 if the number is this file's; ESTALE if another's; else errno of fstat.
  [[nodiscard]] int identify(int number) const noexcept;
  // The same, and ESTALE if it is this file's by another description.
  [[nodiscard]] int identify_kept() const noexcept;
  [[nodiscard]] opened open_this(const char* path, int flags) const noexcept;

  descriptor kept_;
  // The offset of kept_'s description, which nothing else uses: a descriptor of this file under the
  // same number may be the application's, or another handle's.
  off_t mark_;
  std::string path_;
  file_facts facts_;
};

// What a call was about. With the call and errno it decides which cure the error names.
enum class object : std::uint8_t {
  any,        // in the table of cures
  segment,    // the file of one, with or without a name
  lock,       // on such a file
  directory,  // where such files lie
};
// errno and the call's name, in the form of an error.
[[nodiscard]] error failed(int code, const char* call, const std::string& about,
                           object what = object::segment);
// What an error is about, in parts: putting them together takes memory, and may change errno.
struct subject {
  // NOLINTBEGIN(google-explicit-constructor): callers give a text.
  subject(const char* text) : before(text) {}
  subject(const std::string& text) : before(text) {}
  // NOLINTEND(google-explicit-constructor)
  subject(std::string_view first, std::string_view second, std::string_view third = "")
      : before(first), name(second), after(third) {}
  std::string_view before;
  std::string_view name = "";
  std::string_view after = "";
};
// The same as failed, with errno as it is now.
[[nodiscard]] error failed_now(const char* call, const subject& about,
                               object what = object::segment);
// The file could not be opened again, or a lock on it not asked for.
[[nodiscard]] error unreachable(const failed_call& failure, const std::string& name);

// A call that signals interrupt so often in a row fails: nothing here waits for ever.
inline constexpr unsigned interruptions_most = 100;
// Repeats a call that a signal interrupted.
template <class Call>
auto uninterrupted(Call&& call) {
  auto answer = call();
  for (unsigned tries = 1; answer == -1 && errno == EINTR && tries < interruptions_most; ++tries) {
    answer = call();
  }
  return answer;
}

// A file in the directory that has no name yet and vanishes with its last descriptor.
result<descriptor> create_unnamed(const location& where, std::uint32_t permissions);
// Makes the file so large, without memory behind it. EFBIG above RLIMIT_FSIZE.
result<void> extend(const descriptor& file, const location& where, std::uint64_t size);
struct reservation {
  std::uint64_t missing;               // bytes that have no memory yet
  std::byte* huge_pages_at = nullptr;  // where the file is mapped, if huge pages are wanted: they
                                       // come at the first touch of an advised mapping only
};
// Reserves the `size` bytes of the file: later writes cannot fail for lack of space. ENOMEM, rule
// "memory_limit", where the kernel would end this process instead; EINTR if signals leave no time
// for one page.
result<void> reserve(const descriptor& file, const location& where, std::uint64_t size,
                     const reservation& how);
// Gives the file its name, atomically; EEXIST if the name is taken.
result<void> give_name(const descriptor& file, const location& where);
result<descriptor> open_readable(const location& where);
// The same file, read-only; none where there is no /proc.
result<descriptor> open_readable(const descriptor& file);
result<void> remove_name(const location& where);
// EINVAL if it is no regular file.
result<file_facts> inspect(const descriptor& file, const std::string& name);
// What has the name now, whatever it is.
result<file_facts> inspect_name(const location& where);
// Reads the header without mapping the file, so that a truncated one is an answer and no SIGBUS.
// Bytes beyond a short file's end stay zero.
result<segment_header> read_header(const descriptor& file, const std::string& name);
result<std::byte*> map(const descriptor& file, std::uint64_t size, bool writable);
void unmap(std::byte* base, std::uint64_t size) noexcept;
// Advice: a kernel that does not take it changes nothing.
void advise(std::byte* base, std::uint64_t size, bool huge_pages, bool dump) noexcept;
// Lets the kernel zero and map every page.
result<void> touch(std::byte* base, std::uint64_t size, bool writable);
// How much of a mapping consists of huge pages, as /proc/self/smaps says; 0 if it is unknown.
std::uint64_t huge_bytes(std::byte* base, std::uint64_t size);
// The whole of a small file; nothing if it cannot be read.
std::optional<std::string> read_text(const std::string& path);
result<std::vector<std::string>> names_in(const std::string& directory);

// Effective uid of the caller.
[[nodiscard]] std::uint32_t effective_user() noexcept;
[[nodiscard]] std::uint64_t random_word() noexcept;
[[nodiscard]] std::uint64_t realtime_ns() noexcept;
void sleep_a_millisecond() noexcept;

}  // namespace shmfifo::kernel
