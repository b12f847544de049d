// SPDX-License-Identifier: MIT
#pragma once
// The library for C and for every language that calls C. Handles are opaque; no exception crosses
// this border. Set-up answers with a handle (NULL on failure) or with 0 (errno on failure) and
// fills `error` in, which may be NULL; it may allocate and call the kernel. The hot path answers
// with a status. Timeouts are nanoseconds from now; a negative one never ends.
//
// Who may call: a segment may be used by any number of threads at once; a producer or a consumer by
// one thread at a time. Handles belong to the process that made them: a child made by fork gets
// SHMFIFO_WRONG_PROCESS. Closing a segment leaves its producers and consumers usable. Every close
// takes NULL, too. Elsewhere a pointer must not be NULL unless its function says that it may.
//
// pthread_cancel: no call is a cancellation point. A thread is cancelled before or after a call,
// never in one, not even in a wait that has no deadline: a wake ends that. Asynchronous
// cancellation (PTHREAD_CANCEL_ASYNCHRONOUS) must be off.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHMFIFO_VERSION "1.0.0"  // of this header; shmfifo_version() tells the library's

// Bytes: what a poll or a claim hands out is aligned so, and vector loads may rely on it.
#define SHMFIFO_CONTENT_ALIGNMENT 32

// Shown by the shared library.
#define SHMFIFO_C_API __attribute__((visibility("default")))

typedef struct shmfifo_segment shmfifo_segment;    // one mapping of a segment
typedef struct shmfifo_producer shmfifo_producer;  // a producer's role
typedef struct shmfifo_consumer shmfifo_consumer;  // a consumer's or observer's role

// What a call of the hot path has to say.
typedef enum shmfifo_status {
  SHMFIFO_OK,
  SHMFIFO_FULL,           // no room now; nothing was changed
  SHMFIFO_EMPTY,          // the next number is not published yet
  SHMFIFO_ABORTED,        // these numbers will never carry a message
  SHMFIFO_LOST,           // these numbers were overwritten before this reader came to them
  SHMFIFO_INVALID,        // the bytes in the segment break a rule
  SHMFIFO_PEER_DEAD,      // timed out, and nobody who could end the wait is alive
  SHMFIFO_TIMED_OUT,      // the time is over
  SHMFIFO_BAD_LENGTH,     // negative or above content_size; nothing was changed
  SHMFIFO_NO_CLAIM,       // commit or abort without a claim
  SHMFIFO_CLAIM_PENDING,  // commit or abort the open claim first
  SHMFIFO_EXHAUSTED,      // no higher number can be stored: replace the segment
  SHMFIFO_WRONG_PROCESS,  // the handle belongs to the process that forked
  SHMFIFO_READ_ONLY,      // this handle may not write
  SHMFIFO_INTERRUPTED     // a wake of this handle ended the wait; nothing was changed
} shmfifo_status;

// Why set-up failed.
typedef struct shmfifo_error {
  int32_t code;    // errno of the failed call, or the errno that fits best; 0 after success
  char rule[60];   // short, stable name of what was broken or which call failed
  char text[448];  // a sentence with the cause, both values where two disagree, and the cure
} shmfifo_error;

enum { SHMFIFO_LOG = 1, SHMFIFO_RING = 2 };                                         // mode
enum { SHMFIFO_REJECT = 1, SHMFIFO_WAIT = 2, SHMFIFO_OVERWRITE = 3 };               // when_full
enum { SHMFIFO_SINGLE = 1, SHMFIFO_MANY = 2 };                                      // producers
enum { SHMFIFO_OLDEST = 0, SHMFIFO_LATEST = 1, SHMFIFO_NUMBER = 2 };                // start
enum { SHMFIFO_IS_PRODUCER = 1, SHMFIFO_IS_CONSUMER = 2, SHMFIFO_IS_DURABLE = 3 };  // kind

enum { SHMFIFO_NAME_SAME = 0, SHMFIFO_NAME_REPLACED = 1, SHMFIFO_NAME_REMOVED = 2 };  // name

// Zero in any member is the default (in brackets). Set struct_size to sizeof of what you compiled
// with: a library with more members takes the rest as zero, one with fewer refuses.
typedef struct shmfifo_create_options {
  uint32_t struct_size;        // bytes of this struct
  uint32_t mode;               // [SHMFIFO_RING]
  uint32_t when_full;          // [SHMFIFO_REJECT]
  uint32_t producers;          // [SHMFIFO_SINGLE]
  uint64_t slot_count;         // [1024]; a power of two in a ring
  uint64_t content_size;       // [1024]
  uint32_t participant_count;  // [64]
  uint32_t permissions;        // [0600]; the umask does not apply
  uint32_t attach_if_exists;   // [0: an existing name is the error EEXIST]
  uint32_t pretouch;           // [0: pages are zeroed at first use]
  uint32_t huge_pages;         // [0]
  uint32_t dump;               // [0: core dumps leave the segment out]
  uint32_t any_owner;          // [0]; with attach_if_exists, as in shmfifo_attach_options
  uint32_t owner_is_set;       // [0]; as above
  uint32_t owner;              // as above
  uint32_t reserved_too;       // 0
  const char* directory;       // [NULL: /dev/shm]; absolute, a tmpfs
} shmfifo_create_options;

// As above: zero in any member is the default, and struct_size is to be set. The owner of a
// segment's file can cut it short, which ends every process that has it mapped (SIGBUS), readers
// too; so one of another user than the caller (its effective uid) and root is refused (EACCES, rule
// "owner") unless it is asked for.
typedef struct shmfifo_attach_options {
  uint32_t struct_size;   // bytes of this struct
  uint32_t read_only;     // [0]; observers, stat and check_name need no more
  uint32_t pretouch;      // [0: pages are mapped at first use]
  uint32_t any_owner;     // [0]; nonzero: whoever owns it
  uint32_t owner_is_set;  // [0]; nonzero: `owner` and nobody else
  uint32_t owner;         // uid
  uint32_t huge_pages;    // [0]
  uint32_t dump;          // [0: core dumps leave the segment out]
  const char* directory;  // [NULL: /dev/shm]
} shmfifo_attach_options;

// A message.
typedef struct shmfifo_record {
  int64_t value_length;    // bytes, checked
  int64_t message_number;  // dense from 0
  const void* content;     // value_length bytes; from poll aligned to SHMFIFO_CONTENT_ALIGNMENT
  int8_t status;           // the application's mark
} shmfifo_record;

// SHMFIFO_OK with the numbers first .. first+count-1 handed out; SHMFIFO_ABORTED, _LOST or _INVALID
// with the numbers passed over; SHMFIFO_EMPTY or _WRONG_PROCESS with count 0.
typedef struct shmfifo_poll_result {
  int64_t first;     // number
  int64_t count;     // of numbers, from the first on
  int32_t answer;    // a shmfifo_status
  int32_t reserved;  // 0
} shmfifo_poll_result;

// One line that is in use.
typedef struct shmfifo_participant {
  int64_t cursor;      // of a consumer
  int64_t lag;         // messages between the cursor and the producers
  uint32_t index;      // of the line
  uint32_t pid;        // as noted at attach; 0 after an orderly detach
  uint8_t kind;        // SHMFIFO_IS_...
  uint8_t alive;       // according to the kernel
  uint8_t holds_back;  // a lossless ring is full because of this one
  char name[37];       // of a durable cursor
} shmfifo_participant;

// What there is to know about a segment.
typedef struct shmfifo_segment_stat {
  uint64_t uid;                // new with every creation
  uint64_t created_ns;         // CLOCK_REALTIME
  uint64_t slot_count;         // a power of two in a ring
  uint64_t content_size;       // bytes, the longest message
  uint64_t segment_size;       // bytes of the file
  int64_t producer_cursor;     // first number nobody has taken
  int64_t oldest;              // a new reader's first number
  uint32_t mode;               // SHMFIFO_LOG or SHMFIFO_RING
  uint32_t when_full;          // SHMFIFO_REJECT, ...
  uint32_t producers;          // SHMFIFO_SINGLE or SHMFIFO_MANY
  uint32_t participant_count;  // lines
} shmfifo_segment_stat;

// ---- set-up and operation: allocate, call the kernel, may block for what the kernel takes ------

SHMFIFO_C_API const char* shmfifo_version(void);            // any thread; wait-free
SHMFIFO_C_API uint32_t shmfifo_layout_version(void);        // any thread; wait-free
SHMFIFO_C_API const char* shmfifo_status_text(int status);  // any thread; wait-free; "unknown"

// Any thread. All memory is reserved here. EEXIST, EINVAL, ENAMETOOLONG, ENOSPC, ENOMEM, EMFILE,
// EACCES. `options` may be NULL.
SHMFIFO_C_API shmfifo_segment* shmfifo_create(const char* name,
                                              const shmfifo_create_options* options,
                                              shmfifo_error* error);
// Any thread. Checks everything first. ENOENT, EACCES, EINVAL with the broken rule, ENOMEM, EMFILE.
SHMFIFO_C_API shmfifo_segment* shmfifo_attach(const char* name, int read_only,
                                              shmfifo_error* error);
// The same with options, which may be NULL.
SHMFIFO_C_API shmfifo_segment* shmfifo_attach_with(const char* name,
                                                   const shmfifo_attach_options* options,
                                                   shmfifo_error* error);
SHMFIFO_C_API void shmfifo_close(shmfifo_segment* segment);                // nobody uses it
SHMFIFO_C_API int shmfifo_remove(const char* name, shmfifo_error* error);  // any thread; ENOENT
// The same in another directory than /dev/shm.
SHMFIFO_C_API int shmfifo_remove_in(const char* name, const char* directory, shmfifo_error* error);

// Any thread. EBUSY: the role is taken; EUSERS: no free line; EACCES: read-only; ENOMEM, EMFILE.
SHMFIFO_C_API shmfifo_producer* shmfifo_attach_producer(shmfifo_segment* segment,
                                                        shmfifo_error* error);
// Any thread. `cursor` names a durable cursor; NULL or "" for a mere consumer. `number` counts only
// with SHMFIFO_NUMBER. As above, and EINVAL: bad name, start or number; ENODATA: it is gone.
SHMFIFO_C_API shmfifo_consumer* shmfifo_attach_consumer(shmfifo_segment* segment,
                                                        const char* cursor, int start,
                                                        int64_t number, shmfifo_error* error);
// Any thread; a read-only segment will do. EINVAL, ENOMEM.
SHMFIFO_C_API shmfifo_consumer* shmfifo_attach_observer(shmfifo_segment* segment, int start,
                                                        int64_t number, shmfifo_error* error);
// The owner's thread. Leaves the role in good order; aborts an open claim; a durable cursor stays.
SHMFIFO_C_API void shmfifo_close_producer(shmfifo_producer* producer);
// As for a producer.
SHMFIFO_C_API void shmfifo_close_consumer(shmfifo_consumer* consumer);

// Any thread; disturbs nobody. Fills at most `capacity` participants and answers in `*count` how
// many there are; each pointer may be NULL, `participants` if capacity is 0. ENOMEM.
SHMFIFO_C_API int shmfifo_stat(shmfifo_segment* segment, shmfifo_segment_stat* stat,
                               shmfifo_participant* participants, size_t capacity, size_t* count,
                               shmfifo_error* error);
// Any thread; needs no quiet segment. Clears away what the dead left; `freed` (or NULL): how many
// participants. EACCES, ENOMEM.
SHMFIFO_C_API int shmfifo_recover(shmfifo_segment* segment, uint32_t* freed, shmfifo_error* error);
// Any thread. Removes a durable cursor that nobody uses. ENOENT, EBUSY, EACCES, ENOMEM, EMFILE.
SHMFIFO_C_API int shmfifo_forget(shmfifo_segment* segment, const char* cursor,
                                 shmfifo_error* error);
// Any thread; one system call. Whether the name still means this segment, in `*state`: SAME;
// REPLACED, another one was made under it; REMOVED. For waits that time out: whoever has a removed
// segment attached keeps it. EACCES, ENOMEM.
SHMFIFO_C_API int shmfifo_check_name(shmfifo_segment* segment, int* state, shmfifo_error* error);
// Any thread; lock-free. OK, EMPTY, ABORTED, LOST, INVALID, READ_ONLY.
SHMFIFO_C_API shmfifo_status shmfifo_mark(shmfifo_segment* segment, int64_t number, int8_t value);

// ---- producer: the owner's thread --------------------------------------------------------------

// Copies a message in and never waits; lock-free, wait-free with one producer. OK, FULL,
// BAD_LENGTH, EXHAUSTED, INVALID, CLAIM_PENDING, WRONG_PROCESS.
SHMFIFO_C_API shmfifo_status shmfifo_try_publish(shmfifo_producer* producer, const void* content,
                                                 int64_t value_length);
// The same, but blocks for room under the policy SHMFIFO_WAIT: also TIMED_OUT, PEER_DEAD,
// INTERRUPTED. A timeout of 0 never waits and answers FULL.
SHMFIFO_C_API shmfifo_status shmfifo_publish(shmfifo_producer* producer, const void* content,
                                             int64_t value_length, int64_t timeout_ns);
// Zero copy: hands out the next slot's content (content_size bytes) until commit or abort. Answers
// and waits as publish does.
SHMFIFO_C_API shmfifo_status shmfifo_claim(shmfifo_producer* producer, void** content,
                                           int64_t timeout_ns);
// Lock-free. OK, BAD_LENGTH (the claim stays open), NO_CLAIM, LOST, WRONG_PROCESS.
SHMFIFO_C_API shmfifo_status shmfifo_commit(shmfifo_producer* producer, int64_t value_length);
// Lock-free. OK, NO_CLAIM, WRONG_PROCESS.
SHMFIFO_C_API shmfifo_status shmfifo_abort(shmfifo_producer* producer);
// Wait-free. The number published (or aborted) last by this handle; -1 before the first.
SHMFIFO_C_API int64_t shmfifo_last_number(const shmfifo_producer* producer);
// Any thread, and signal handlers, until the handle is closed; lock-free. Ends this handle's wait
// for room with SHMFIFO_INTERRUPTED: the one going on, else the next. A call that finds room does
// not wait, and leaves the wake-up to one that does.
SHMFIFO_C_API void shmfifo_wake_producer(shmfifo_producer* producer);

// ---- consumer: the owner's thread --------------------------------------------------------------

// Sees one message, valid until it returns. Answers nonzero to go on, 0 to stop after this one. It
// must return: an exception that leaves it, or a cancellation in it, ends the process.
typedef int (*shmfifo_handler)(const shmfifo_record* record, void* user);

// Hands up to `limit` messages to the handler, then releases them all at once; never waits,
// lock-free. What was passed over has a poll of its own, is told once, and is released by the
// next call.
SHMFIFO_C_API shmfifo_poll_result shmfifo_poll(shmfifo_consumer* consumer, shmfifo_handler handler,
                                               void* user, int64_t limit);
// Copies one message into `buffer`, at most `size` bytes of it; record->content points to the copy.
// Answers as poll, with a count of 1 at the most. The next call releases the message.
SHMFIFO_C_API shmfifo_poll_result shmfifo_read(shmfifo_consumer* consumer, shmfifo_record* record,
                                               void* buffer, size_t size);
// Blocks until poll has something to tell, without using the processor. OK, TIMED_OUT, PEER_DEAD,
// WRONG_PROCESS, INTERRUPTED.
SHMFIFO_C_API shmfifo_status shmfifo_wait(shmfifo_consumer* consumer, int64_t timeout_ns);
// Wait-free. The number that poll looks at next.
SHMFIFO_C_API int64_t shmfifo_position(const shmfifo_consumer* consumer);
// Any thread, and signal handlers, until the handle is closed; lock-free. Ends this handle's
// shmfifo_wait with SHMFIFO_INTERRUPTED: the one going on, else the next, also if there are
// messages. Never lost; several before one wait are one.
SHMFIFO_C_API void shmfifo_wake_consumer(shmfifo_consumer* consumer);

#ifdef __cplusplus
}
#endif
