// SPDX-License-Identifier: MIT
#include "kernel.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "shmfifo/protocol/memory_model.hpp"

namespace shmfifo {
namespace {

// Sleeps end now and then although nobody rang: a process that is killed between its last store
// and the bell cannot ring it. This bounds how long such news waits; it never decides that anyone
// is dead.
constexpr std::chrono::milliseconds sleep_slice{20};
constexpr std::chrono::milliseconds nap_slice{1};

// What the library must know of this process, because of fork: one word on a page that the kernel
// zeroes in every child, also in one made without fork's handlers; if there is no such page, the
// handlers alone do it. And a gate that fork waits at: while a lock is being taken there is a
// descriptor, and a child made then would keep the lock for as long as it lives.
//
// Made before main and never destroyed: roles may live in static objects that end after this one
// would, and what is made at its first use has a lock that a fork in another thread would leave
// taken in the child, for ever.
class this_process {
 public:
  static this_process& instance() noexcept { return *made_; }

  [[nodiscard]] std::mutex& fork_gate() noexcept { return fork_gate_; }
  [[nodiscard]] const volatile std::uint64_t* word() const noexcept { return word_; }
  // This process's generation: new in a child, so that handles from before the fork stay refused.
  std::uint64_t generation() noexcept {
    const std::lock_guard no_fork(fork_gate_);
    if (*word_ == 0) *word_ = ++last_generation_;
    return *word_;
  }

 private:
  this_process() noexcept {
    if (auto* const wiped = map_wiped_word()) word_ = wiped;
    pthread_atfork([] { made_->fork_gate_.lock(); }, [] { made_->fork_gate_.unlock(); },
                   [] {
                     *made_->word_ = 0;
                     made_->fork_gate_.unlock();
                   });
  }
  // The kernel rounds both sizes up to a page. Null if there is none.
  static volatile std::uint64_t* map_wiped_word() noexcept {
    void* const page = ::mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return nullptr;
    ::madvise(page, sizeof(std::uint64_t), MADV_WIPEONFORK);
    return static_cast<volatile std::uint64_t*>(page);
  }
  // Before the initialisers of objects that may use the library (101 is the first that is free).
  [[gnu::constructor(101)]] static void make() noexcept {
    alignas(this_process) static std::byte place[sizeof(this_process)];
    made_ = new (place) this_process;
  }

  static inline this_process* made_ = nullptr;
  std::mutex fork_gate_;
  std::uint64_t no_page_ = 0;
  volatile std::uint64_t* word_ = &no_page_;
  std::uint64_t last_generation_{};  // where it begins does not matter
};

bool join_membarrier() noexcept {
  return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
}

struct ::flock lock_request(unsigned lock) noexcept {
  struct ::flock request {};
  request.l_type = F_WRLCK;
  request.l_whence = SEEK_SET;
  request.l_start = lock < participants_max
                        ? static_cast<off_t>(participants_offset + lock * sizeof(participant_line))
                        : static_cast<off_t>(lock - participants_max);
  request.l_len = 1;
  return request;
}

timespec remaining(deadline until, std::chrono::nanoseconds at_most) noexcept {
  std::chrono::nanoseconds left = at_most;
  if (until != no_deadline) {
    const deadline now = std::chrono::steady_clock::now();
    // Compared first: the difference to the first of all times overflows.
    left = until > now ? std::min(until - now, at_most) : std::chrono::nanoseconds{0};
  }
  timespec time{};
  time.tv_nsec = static_cast<long>(left.count());  // both slices are below a second
  return time;
}

}  // namespace

// ---- std_memory_model: locks, sleep and wake
// -------------------------------------------------------

std_memory_model::std_memory_model(std::shared_ptr<const kernel::segment_file> file) noexcept
    : file_(std::move(file)),
      asymmetric_(join_membarrier()),
      fork_sentinel_(this_process::instance().word()),
      process_generation_(this_process::instance().generation()) {}

std_memory_model::std_memory_model(std_memory_model&& other) noexcept {
  *this = std::move(other);
}

std_memory_model& std_memory_model::operator=(std_memory_model&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(owned_, other.owned_);
  std::swap(lock_failure_, other.lock_failure_);
  std::swap(asymmetric_, other.asymmetric_);
  std::swap(fork_sentinel_, other.fork_sentinel_);
  std::swap(process_generation_, other.process_generation_);
  return *this;
}

std_memory_model::~std_memory_model() {
  // A forked child never had the pages: something else may be at their addresses by now.
  if (!in_owner_process()) return;
  for (const owned_lock& own : owned_) disown(own.lock);
}

void std_memory_model::heavy_fence(site) const noexcept {
  // Where the kernel refuses, the fence is one-sided: a wake-up may then come up to a sleep
  // slice late.
  if (::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) != 0) __sync_synchronize();
}

void std_memory_model::sleep(const std::uint32_t& bell, std::uint32_t value,
                             deadline until) const noexcept {
  const timespec time = remaining(until, sleep_slice);
  ::syscall(SYS_futex, &bell, FUTEX_WAIT, value, &time);
}

void std_memory_model::nap(deadline until) const noexcept {
  const kernel::cancellation_guard guard;
  const timespec time = remaining(until, nap_slice);
  ::nanosleep(&time, nullptr);
}

void std_memory_model::wake(const std::uint32_t& bell) const noexcept {
  // All of a hundred sleepers would take milliseconds, and push the waker off its processor.
  ::syscall(SYS_futex, &bell, FUTEX_WAKE, 2, nullptr);
}

bool std_memory_model::try_own(unsigned lock) noexcept {
  if (lock_failure_.code != 0) return false;
  const std::lock_guard no_fork(this_process::instance().fork_gate());
  const kernel::segment_file::opened now = file_->open(true);
  if (!now.file) return lock_fails(now.failure);
  const int file = now.file.get();
  struct ::flock request = lock_request(lock);
  const int answer = kernel::uninterrupted([&] { return ::fcntl(file, F_OFD_SETLK, &request); });
  // Held by another is an answer; anything else (no memory for locks, say) is a failure to ask.
  if (answer != 0) return errno == EAGAIN || errno == EACCES ? false : lock_fails({"fcntl", errno});
  void* page = ::mmap(nullptr, page_size, PROT_NONE, MAP_SHARED, file, 0);
  if (page == MAP_FAILED) return lock_fails({"mmap", errno});
  if (::madvise(page, page_size, MADV_DONTFORK) != 0) {
    lock_fails({"madvise", errno});
    ::munmap(page, page_size);
    return false;
  }
  *find_owned(no_lock) = {lock, page};
  return true;
}

bool std_memory_model::lock_fails(const failed_call& failure) noexcept {
  lock_failure_ = failure;
  return false;
}

std_memory_model::owned_lock* std_memory_model::find_owned(unsigned lock) noexcept {
  return std::find_if(std::begin(owned_), std::end(owned_),
                      [lock](const owned_lock& own) { return own.lock == lock; });
}

bool std_memory_model::alive(unsigned lock) const noexcept {
  return file_->locked(lock);
}

void std_memory_model::disown(unsigned lock) noexcept {
  owned_lock* own = find_owned(lock);
  if (own == std::end(owned_) || lock == no_lock) return;
  ::munmap(own->page, page_size);
  *own = {};
}

std::uint32_t std_memory_model::process_id() const noexcept {
  return static_cast<std::uint32_t>(::getpid());
}

// ---- files and mappings
// ----------------------------------------------------------------------------

namespace kernel {

namespace {
// The path to a descriptor's file, in memory of its own: callers may not allocate.
struct path_of {
  explicit path_of(const descriptor& file) noexcept {
    std::snprintf(text, sizeof text, "/proc/self/fd/%d", file.get());
  }
  char text[32];
};

// A link of this name is not followed, and a FIFO blocks nobody.
constexpr int named_file = O_NOFOLLOW | O_NONBLOCK;

// Numbers 0 to 2 are the application's, also when it has closed them: what it prints must never go
// into a segment.
int open_above_standard(const char* path, int flags, std::uint32_t permissions = 0) noexcept {
  const cancellation_guard guard;
  const int number = ::open(path, flags | O_CLOEXEC, permissions);
  if (number < 0 || number > STDERR_FILENO) return number;
  const int above = ::fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int code = errno;
  ::close(number);
  errno = code;
  return above;
}
file_facts facts_of(const struct ::stat& seen) noexcept {
  // st_blocks counts in these, whatever the file system's.
  constexpr std::uint64_t block_size = 512;
  return {seen.st_dev, seen.st_ino, static_cast<std::uint64_t>(seen.st_size),
          static_cast<std::uint64_t>(seen.st_blocks) * block_size, seen.st_uid};
}
// An errno may be meant of the name or of its directory.
error failed_at(const char* call, const location& where) {
  const int code = errno;
  const bool there = ::faccessat(AT_FDCWD, where.directory.c_str(), X_OK, AT_EACCESS) == 0;
  if (!there && errno == code) return failed(code, call, where.directory, object::directory);
  return failed(code, call, where.path());
}
}  // namespace

cancellation_guard::cancellation_guard() noexcept {
  ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_);
}
cancellation_guard::~cancellation_guard() {
  ::pthread_setcancelstate(before_, nullptr);
}

descriptor::~descriptor() {
  const cancellation_guard guard;
  if (*this) ::close(number_);
}

segment_file::segment_file(descriptor kept, const location& where, const file_facts& facts)
    : kept_(std::move(kept)),
      mark_(static_cast<off_t>(random_word() >> 24)),
      path_(where.path()),
      facts_(facts) {
  ::lseek(kept_.get(), mark_, SEEK_SET);
}

segment_file::~segment_file() {
  const int code = identify_kept();
  // The number is another description's now, or nobody's.
  if (code == ESTALE || code == EBADF) static_cast<void>(kept_.release());
}

int segment_file::identify_kept() const noexcept {
  const int code = identify(kept_.get());
  return code == 0 && ::lseek(kept_.get(), 0, SEEK_CUR) != mark_ ? ESTALE : code;
}

int segment_file::identify(int number) const noexcept {
  struct ::stat facts {};
  if (::fstat(number, &facts) != 0) return errno;
  return facts_of(facts).same_file(facts_) ? 0 : ESTALE;
}

segment_file::opened segment_file::open_this(const char* path, int flags) const noexcept {
  descriptor file(open_above_standard(path, flags));
  if (!file) return {descriptor(), {"open", errno}};
  const int code = identify(file.get());
  if (code != 0) return {descriptor(), {code == ESTALE ? "open" : "fstat", code}};
  return {std::move(file)};
}

segment_file::opened segment_file::open(bool writable) const noexcept {
  const int flags = writable ? O_RDWR : O_RDONLY;
  if (identify_kept() == 0) {
    opened again = open_this(path_of(kept_).text, flags);
    if (again.failure.code != ENOENT) return again;  // or there is no /proc
  }
  return open_this(path_.c_str(), flags | named_file);
}

bool segment_file::locked(unsigned lock) const noexcept {
  struct ::flock request = lock_request(lock);
  const auto ask = [&](int number) { return ::fcntl(number, F_OFD_GETLK, &request) == 0; };
  // Looked at before and after: the number may become another file's in between.
  if (identify_kept() == 0 && ask(kept_.get()) && identify_kept() == 0) {
    return request.l_type != F_UNLCK;
  }
  request = lock_request(lock);
  const opened again = open(false);
  return !ask(again.file.get()) || request.l_type != F_UNLCK;  // no file cannot be asked about
}

result<descriptor> create_unnamed(const location& where, std::uint32_t permissions) {
  descriptor file(open_above_standard(where.directory.c_str(), O_TMPFILE | O_RDWR, permissions));
  if (!file) {
    return failed_now("open", {"an unnamed file in ", where.directory}, object::directory);
  }
  if (::fchmod(file.get(), permissions) != 0) return failed_now("fchmod", "the new segment");
  return file;
}

result<void> give_name(const descriptor& file, const location& where) {
  const std::string path = where.path();
  if (::linkat(file.get(), "", AT_FDCWD, path.c_str(), AT_EMPTY_PATH) == 0) return {};
  // Before Linux 6.10 that takes CAP_DAC_READ_SEARCH, and is called ENOENT without it.
  if (errno == ENOENT &&
      ::linkat(AT_FDCWD, path_of(file).text, AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) {
    return {};
  }
  return failed_at("linkat", where);
}

result<descriptor> open_readable(const location& where) {
  descriptor file(open_above_standard(where.path().c_str(), O_RDONLY | named_file));
  if (!file) return failed_at("open", where);
  return file;
}

result<descriptor> open_readable(const descriptor& file) {
  descriptor again(open_above_standard(path_of(file).text, O_RDONLY));
  if (!again && errno != ENOENT) return failed_now("open", "the new segment, to read");
  return again;
}

result<void> remove_name(const location& where) {
  if (::unlink(where.path().c_str()) != 0) return failed_at("unlink", where);
  return {};
}

result<file_facts> inspect(const descriptor& file, const std::string& name) {
  struct ::stat facts {};
  if (::fstat(file.get(), &facts) != 0) return failed_now("fstat", {"'", name, "'"});
  if (!S_ISREG(facts.st_mode)) {
    return error{EINVAL, "file_type", "'" + name + "' is no regular file, so it is no segment"};
  }
  return facts_of(facts);
}

result<file_facts> inspect_name(const location& where) {
  struct ::stat facts {};
  if (::lstat(where.path().c_str(), &facts) != 0) return failed_at("lstat", where);
  return facts_of(facts);
}

result<segment_header> read_header(const descriptor& file, const std::string& name) {
  segment_header header{};
  std::size_t got = 0;
  while (got < sizeof header) {
    const ssize_t n = uninterrupted([&] {
      return ::pread(file.get(), reinterpret_cast<char*>(&header) + got, sizeof header - got,
                     static_cast<off_t>(got));
    });
    if (n < 0) return failed_now("pread", {"'", name, "'"});
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  return header;
}

std::optional<std::string> read_text(const std::string& path) {
  const descriptor file(open_above_standard(path.c_str(), O_RDONLY));
  if (!file) return std::nullopt;
  std::string text;
  char piece[4096];
  for (;;) {
    const ssize_t got = uninterrupted([&] { return ::read(file.get(), piece, sizeof piece); });
    if (got < 0) return std::nullopt;
    if (got == 0) return text;
    text.append(piece, static_cast<std::size_t>(got));
  }
}

result<std::vector<std::string>> names_in(const std::string& directory) {
  struct closer {
    void operator()(DIR* open) const noexcept { ::closedir(open); }
  };
  const std::unique_ptr<DIR, closer> list(::opendir(directory.c_str()));
  if (!list) return failed_now("opendir", directory, object::directory);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;  // readdir's end and its failure look the same but for errno
    const dirent* entry = ::readdir(list.get());
    if (entry == nullptr && errno != 0) return failed_now("readdir", directory, object::directory);
    if (entry == nullptr) break;
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::uint32_t effective_user() noexcept {
  return ::geteuid();
}

std::uint64_t random_word() noexcept {
  const cancellation_guard guard;
  std::uint64_t word{};
  if (::getrandom(&word, sizeof word, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof word)) {
    word = __builtin_bswap64(realtime_ns());  // the bits that change first come first
  }
  return word;
}

std::uint64_t realtime_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

void sleep_a_millisecond() noexcept {
  const cancellation_guard guard;
  const timespec time{0, 1'000'000};
  ::nanosleep(&time, nullptr);
}

}  // namespace kernel
}  // namespace shmfifo
