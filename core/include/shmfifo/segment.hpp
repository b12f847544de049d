// SPDX-License-Identifier: MIT
#pragma once
// segment: a file in shared memory that holds a FIFO, attached by this process.
//
//   create, attach, remove                              by name
//   attach_producer, attach_consumer, attach_observer   take a role
//   mark                                                sets a message's application status
//   stat, recover, forget, check_name                   operation
//
// Trap: a full /dev/shm is an error of create (ENOSPC), never a SIGBUS later; but the owner of a
// file can cut it short, so segments of other users are refused unless owner_rule admits them.
// Threads: any number at once. Except for mark, the calls allocate and call the kernel, and return
// a result<T> whose error has the cause and the cure.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shmfifo/consumer.hpp"
#include "shmfifo/producer.hpp"
#include "shmfifo/status.hpp"

namespace shmfifo {

class mapping;  // one mapping of a segment's file, shared by the handles that use it

enum class if_exists : std::uint8_t {
  refuse,  // an existing name is an error (EEXIST)
  attach,  // an existing segment of the same geometry is attached instead
};

// Whose segments may be attached. The owner of a file can cut it short, which ends every
// process that has it mapped (SIGBUS), readers too; so one of another user is refused unless it
// is asked for.
struct owner_rule {
  // See the functions below.
  enum class kind : std::uint8_t { caller_or_root, user, any };
  kind accepted = kind::caller_or_root;  // which owners
  std::uint32_t uid = 0;                 // with kind::user

  // By the caller (its effective uid), or by root, who can end it anyway.
  static constexpr owner_rule caller_or_root() noexcept { return {}; }
  // By this user and nobody else.
  static constexpr owner_rule user(std::uint32_t uid) noexcept { return {kind::user, uid}; }
  // By any user.
  static constexpr owner_rule any() noexcept { return {kind::any}; }

  // Whether `caller` may attach what `owner` owns; both are uids.
  [[nodiscard]] constexpr bool admits(std::uint32_t owner, std::uint32_t caller) const noexcept {
    if (accepted == kind::user) return owner == uid;
    return accepted == kind::any || owner == caller || owner == 0;
  }
};

// How to create a segment, apart from its geometry.
struct create_options {
  std::uint32_t permissions = 0600;        // as of chmod, the umask does not apply
  if_exists existing = if_exists::refuse;  // what an existing name means
  bool pretouch = false;       // let the kernel zero and map every page now instead of at first use
  bool huge_pages = false;     // advise the kernel to use huge pages
  owner_rule owner = {};       // of an existing segment that is attached instead
  std::string directory = {};  // where the name lies, absolute, a tmpfs; empty: /dev/shm
  bool dump = false;           // let core dumps of this process hold the segment
};

// What the mapping allows; an observer needs no more than to read.
enum class access : std::uint8_t { read_write, read_only };

// How to attach.
struct attach_options {
  access mode = access::read_write;  // observers and stat need no more than read_only
  // Refuse a segment whose records have another size. (With `= {}`, here and below, a designated
  // initialiser may leave the member out without a warning.)
  std::optional<std::uint64_t> content_size = {};
  bool pretouch = false;       // map every page now instead of at first use
  owner_rule owner = {};       // refuse a segment of anybody else
  std::string directory = {};  // as of create_options
  bool huge_pages = false;     // as of create_options
  bool dump = false;           // as of create_options
};

// What the name of an attached segment means by now.
enum class name_state : std::uint8_t {
  same,      // this segment
  replaced,  // another file: the segment was removed, and the name made again
  removed,   // nothing
};

// One line that is in use.
struct participant_stat {
  unsigned index = 0;                              // of the line
  participant_kind kind = participant_kind::none;  // producer, consumer, durable cursor
  bool alive = false;                              // according to the kernel
  std::uint32_t pid = 0;                           // as noted at attach; 0 after an orderly detach
  std::string name;                                // of a durable cursor
  std::int64_t cursor = 0;                         // next number it will release
  std::int64_t lag = 0;                            // messages between the cursor and the producers
  bool holds_back = false;                         // a lossless ring is full because of this one
};

// What there is to know about a segment.
struct segment_stat {
  std::string name;                // without a leading slash
  std::uint64_t uid = 0;           // new with every creation
  std::uint64_t created_ns = 0;    // nanoseconds of CLOCK_REALTIME
  geometry shape;                  // as it was created
  std::uint64_t segment_size = 0;  // bytes of the file
  std::uint64_t huge_bytes = 0;  // of them in huge pages, as /proc/self/smaps says; 0: unknown, too
  std::int64_t producer_cursor = 0;            // first number nobody has taken
  std::int64_t oldest = 0;                     // a new reader's first number
  std::vector<participant_stat> participants;  // lines in use
};

// A handle that any number of threads may use at once, and copies of which share one mapping.
// Producers and consumers made from it keep the mapping alive; each of them is for one thread at
// a time.
class SHMFIFO_EXPORT segment {
 public:
  // The name is as for shm_open; its leading slash may be left out. A new segment appears under its
  // name only when it is complete, and all its memory is reserved: a full /dev/shm is an error here
  // (ENOSPC), never a SIGBUS later. Killed half-way, it leaves nothing behind.
  static result<segment> create(std::string_view name, const geometry& shape,
                                const create_options& options = {});

  // Validates everything and copies the geometry out; the error names the broken rule and both
  // values. EACCES also for a segment of another user, with both uids.
  static result<segment> attach(std::string_view name, const attach_options& options = {});

  // Removes the name. Whoever has the segment mapped keeps it. ENOENT if there is none.
  // The directory is as of create_options.
  static result<void> remove(std::string_view name, std::string_view directory = {});

  // EBUSY: the role of single producer is taken; EUSERS: no free participant line;
  // EACCES: read-only.
  [[nodiscard]] result<producer> attach_producer() const;
  // Also: EBUSY: the named cursor is in use; ENODATA: the number is gone; EINVAL: bad name
  // or number.
  [[nodiscard]] result<consumer> attach_consumer(const consumer_options& options = {}) const;
  // Takes no line, holds nobody back; a read-only segment will do. EINVAL: bad number.
  [[nodiscard]] result<consumer> attach_observer(start_at start = start_at::oldest()) const;

  // Changes the application's status of a published message. Any thread; lock-free. ok; empty;
  // aborted; lost; invalid; read_only.
  [[nodiscard]] status mark(std::int64_t number, std::int8_t value) const noexcept;
  // Clears away what the dead left; returns how many participants. Needs no quiet segment.
  [[nodiscard]] result<unsigned> recover() const;
  // Removes a durable cursor that nobody uses. ENOENT; EBUSY.
  [[nodiscard]] result<void> forget(std::string_view cursor) const;

  // Who is attached, alive or dead, how far behind. Never disturbs a running segment.
  [[nodiscard]] result<segment_stat> stat() const;
  // Whether the name still means this segment: for waits that time out, since whoever has a removed
  // segment attached keeps it and would wait for ever. One system call.
  [[nodiscard]] result<name_state> check_name() const;
  // Without a leading slash.
  [[nodiscard]] const std::string& name() const noexcept;
  // As it was created.
  [[nodiscard]] const geometry& shape() const noexcept;
  [[nodiscard]] const layout_view& view()
      const noexcept;  // for instruments; the protocol's rules apply
  [[nodiscard]] std_memory_model memory() const noexcept;  // for instruments; locks of its own
  // False after attaching read-only.
  [[nodiscard]] bool writable() const noexcept;

 private:
  explicit segment(std::shared_ptr<mapping> home) : home_(std::move(home)) {}
  [[nodiscard]] std::uint64_t start_number(start_at start, bool gated) const noexcept;

  std::shared_ptr<mapping> home_;
};

// The names in a directory (as of create_options) that look like segments of this library, by
// their magic.
[[nodiscard]] SHMFIFO_EXPORT result<std::vector<std::string>> list_segments(
    std::string_view directory = {});

}  // namespace shmfifo
