// SPDX-License-Identifier: MIT
// The C interface: each function translates its arguments, calls the one of shmfifo/segment.hpp
// that does the work, and translates the answer. Nothing is decided here.
#include "shmfifo.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <span>
#include <stdexcept>

#include "kernel.hpp"
#include "shmfifo/segment.hpp"

struct shmfifo_segment {
  shmfifo::segment self;
};
struct shmfifo_producer {
  shmfifo::producer self;
  shmfifo::claim open{};
};
struct shmfifo_consumer {
  shmfifo::consumer self;
};

namespace {

using shmfifo::status;

static_assert(static_cast<int>(status::interrupted) == SHMFIFO_INTERRUPTED);
static_assert(static_cast<int>(status::peer_dead) == SHMFIFO_PEER_DEAD);
static_assert(static_cast<int>(shmfifo::segment_mode::ring) == SHMFIFO_RING);
static_assert(static_cast<int>(shmfifo::full_policy::overwrite) == SHMFIFO_OVERWRITE);
static_assert(static_cast<int>(shmfifo::producer_role::many) == SHMFIFO_MANY);
static_assert(static_cast<int>(shmfifo::start_at::place::number) == SHMFIFO_NUMBER);
static_assert(static_cast<int>(shmfifo::participant_kind::durable) == SHMFIFO_IS_DURABLE);
static_assert(static_cast<int>(shmfifo::name_state::removed) == SHMFIFO_NAME_REMOVED);
static_assert(shmfifo::content_alignment == SHMFIFO_CONTENT_ALIGNMENT);
static_assert(sizeof(shmfifo_participant::name) > shmfifo::cursor_name_max);

shmfifo_status as_c(status answer) noexcept {
  return static_cast<shmfifo_status>(answer);
}
// A negative length becomes one above every content_size.
shmfifo::byte_view bytes_of(const void* content, std::int64_t value_length) noexcept {
  return {static_cast<const std::byte*>(content), static_cast<std::size_t>(value_length)};
}
shmfifo_poll_result as_c(const shmfifo::poll_result& seen) noexcept {
  return {seen.first, seen.count, static_cast<std::int32_t>(seen.answer), 0};
}
shmfifo_record as_c(const shmfifo::record_view& seen) noexcept {
  return {seen.value_length, seen.message_number, seen.content, seen.status};
}

template <std::size_t size>
void copy_text(char (&to)[size], std::string_view text) noexcept {
  const std::size_t length = std::min(text.size(), size - 1);
  std::fill(to, to + size, '\0');
  std::copy_n(text.data(), length, to);
}

int report(shmfifo_error* error, int code, std::string_view rule, std::string_view text) noexcept {
  if (error != nullptr) {
    error->code = code;
    copy_text(error->rule, rule);
    copy_text(error->text, text);
  }
  return code;
}

// Runs set-up code; whatever it throws (memory, in the end) becomes an error like any other.
// Answers 0 or errno.
template <class Body>
int guarded(shmfifo_error* error, Body&& body) noexcept {
  const shmfifo::kernel::cancellation_guard uncancelled;
  try {
    auto outcome = body();
    if (outcome) return report(error, 0, "", "");
    const shmfifo::error& why = outcome.error();
    return report(error, why.code, why.rule, why.text);
  } catch (const std::bad_alloc&) {
    return report(error, ENOMEM, "memory", "no memory for the call");
  } catch (const std::length_error&) {
    return report(error, EINVAL, "length", "an argument is longer than anything can be");
  } catch (...) {
    return report(error, EIO, "exception", "an unexpected exception was caught");
  }
}

// As guarded, for calls that make a handle of type `Handle` out of the result; null on failure.
template <class Handle, class Body>
Handle* make_handle(shmfifo_error* error, Body&& body) noexcept {
  void* place = nullptr;  // allocated first: nothing may fail after create()
  Handle* handle = nullptr;
  guarded(error, [&]() -> shmfifo::result<void> {
    place = ::operator new(sizeof(Handle));
    auto made = body();
    if (!made) return made.error();
    handle = new (place) Handle{std::move(made).value()};
    return {};
  });
  if (handle == nullptr) ::operator delete(place);
  return handle;
}

shmfifo::deadline after(std::int64_t timeout_ns) noexcept {
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::nanoseconds wait(timeout_ns);
  if (timeout_ns < 0 || wait >= shmfifo::no_deadline - now) return shmfifo::no_deadline;
  return now + wait;
}

// The caller's options, which may be null, or come from a header with fewer members than this one.
template <class Options>
shmfifo::result<Options> complete(const Options* c_options, const char* type) {
  Options options{};
  if (c_options == nullptr) return options;
  const std::uint32_t size = c_options->struct_size;
  if (size < sizeof size || size > sizeof options) {
    return shmfifo::error{EINVAL, "struct_size",
                          std::string(type) + ": found a struct_size of " + std::to_string(size) +
                              ", expected 4 to " + std::to_string(sizeof options)};
  }
  std::memcpy(&options, c_options, size);
  return options;
}

template <class Options>
shmfifo::owner_rule owner_in(const Options& c_options) noexcept {
  if (c_options.any_owner != 0) return shmfifo::owner_rule::any();
  if (c_options.owner_is_set != 0) return shmfifo::owner_rule::user(c_options.owner);
  return {};
}

// What create and attach have in common.
template <class Options, class COptions>
void copy_shared(Options& options, const COptions& c_options) {
  options.pretouch = c_options.pretouch != 0;
  options.huge_pages = c_options.huge_pages != 0;
  options.dump = c_options.dump != 0;
  options.owner = owner_in(c_options);
  if (c_options.directory != nullptr) options.directory = c_options.directory;
}

shmfifo::attach_options as_cpp(const shmfifo_attach_options& c_options) {
  shmfifo::attach_options options;
  if (c_options.read_only != 0) options.mode = shmfifo::access::read_only;
  copy_shared(options, c_options);
  return options;
}

// Zero is the default.
template <class Member, class Number>
void replace(Member& member, Number number) noexcept {
  if (number != 0) member = static_cast<Member>(number);
}

shmfifo::geometry shape_in(const shmfifo_create_options& c_options) noexcept {
  shmfifo::geometry shape;
  replace(shape.mode, c_options.mode);
  replace(shape.when_full, c_options.when_full);
  replace(shape.producers, c_options.producers);
  replace(shape.slot_count, c_options.slot_count);
  replace(shape.content_size, c_options.content_size);
  replace(shape.participant_count, c_options.participant_count);
  return shape;
}

shmfifo::create_options as_cpp(const shmfifo_create_options& c_options) {
  shmfifo::create_options options;
  replace(options.permissions, c_options.permissions);
  if (c_options.attach_if_exists != 0) options.existing = shmfifo::if_exists::attach;
  copy_shared(options, c_options);
  return options;
}

shmfifo::result<shmfifo::start_at> as_start(int start, std::int64_t number) {
  if (start < SHMFIFO_OLDEST || start > SHMFIFO_NUMBER) {
    return shmfifo::error{EINVAL, "start",
                          "start: found " + std::to_string(start) + ", expected 0 to 2"};
  }
  return shmfifo::start_at{static_cast<shmfifo::start_at::place>(start), number};
}

shmfifo_segment_stat as_c(const shmfifo::segment_stat& seen) noexcept {
  return {seen.uid,
          seen.created_ns,
          seen.shape.slot_count,
          seen.shape.content_size,
          seen.segment_size,
          seen.producer_cursor,
          seen.oldest,
          static_cast<std::uint32_t>(seen.shape.mode),
          static_cast<std::uint32_t>(seen.shape.when_full),
          static_cast<std::uint32_t>(seen.shape.producers),
          seen.shape.participant_count};
}

shmfifo_participant as_c(const shmfifo::participant_stat& seen) noexcept {
  shmfifo_participant entry{
      seen.cursor, seen.lag,        seen.index, seen.pid, static_cast<std::uint8_t>(seen.kind),
      seen.alive,  seen.holds_back, {}};
  copy_text(entry.name, seen.name);
  return entry;
}

}  // namespace

const char* shmfifo_version(void) {
  return SHMFIFO_VERSION;
}
uint32_t shmfifo_layout_version(void) {
  return shmfifo::layout_version;
}
const char* shmfifo_status_text(int answer) {
  if (answer < SHMFIFO_OK || answer > SHMFIFO_INTERRUPTED) return "unknown";
  return shmfifo::to_string(static_cast<status>(answer)).data();  // made of literals
}

shmfifo_segment* shmfifo_create(const char* name, const shmfifo_create_options* c_options,
                                shmfifo_error* error) {
  return make_handle<shmfifo_segment>(error, [&]() -> shmfifo::result<shmfifo::segment> {
    auto options = complete(c_options, "shmfifo_create_options");
    if (!options) return options.error();
    return shmfifo::segment::create(name, shape_in(*options), as_cpp(*options));
  });
}

shmfifo_segment* shmfifo_attach(const char* name, int read_only, shmfifo_error* error) {
  shmfifo_attach_options options{};
  options.struct_size = sizeof options;
  options.read_only = read_only != 0;
  return shmfifo_attach_with(name, &options, error);
}
shmfifo_segment* shmfifo_attach_with(const char* name, const shmfifo_attach_options* c_options,
                                     shmfifo_error* error) {
  return make_handle<shmfifo_segment>(error, [&]() -> shmfifo::result<shmfifo::segment> {
    auto options = complete(c_options, "shmfifo_attach_options");
    if (!options) return options.error();
    return shmfifo::segment::attach(name, as_cpp(*options));
  });
}
void shmfifo_close(shmfifo_segment* segment) {
  delete segment;
}
int shmfifo_remove(const char* name, shmfifo_error* error) {
  return guarded(error, [&] { return shmfifo::segment::remove(name); });
}
int shmfifo_remove_in(const char* name, const char* directory, shmfifo_error* error) {
  return guarded(error, [&] { return shmfifo::segment::remove(name, directory); });
}

shmfifo_producer* shmfifo_attach_producer(shmfifo_segment* segment, shmfifo_error* error) {
  return make_handle<shmfifo_producer>(error, [&] { return segment->self.attach_producer(); });
}
shmfifo_consumer* shmfifo_attach_consumer(shmfifo_segment* segment, const char* cursor, int start,
                                          int64_t number, shmfifo_error* error) {
  return make_handle<shmfifo_consumer>(error, [&]() -> shmfifo::result<shmfifo::consumer> {
    auto place = as_start(start, number);
    if (!place) return place.error();
    return segment->self.attach_consumer(
        {.name = cursor != nullptr ? cursor : "", .start = *place});
  });
}
shmfifo_consumer* shmfifo_attach_observer(shmfifo_segment* segment, int start, int64_t number,
                                          shmfifo_error* error) {
  return make_handle<shmfifo_consumer>(error, [&]() -> shmfifo::result<shmfifo::consumer> {
    auto place = as_start(start, number);
    if (!place) return place.error();
    return segment->self.attach_observer(*place);
  });
}
void shmfifo_close_producer(shmfifo_producer* producer) {
  delete producer;
}
void shmfifo_close_consumer(shmfifo_consumer* consumer) {
  delete consumer;
}

int shmfifo_stat(shmfifo_segment* segment, shmfifo_segment_stat* stat,
                 shmfifo_participant* participants, size_t capacity, size_t* count,
                 shmfifo_error* error) {
  return guarded(error, [&] {
    auto seen = segment->self.stat();
    if (!seen) return seen;
    if (stat != nullptr) *stat = as_c(*seen);
    const auto& all = seen->participants;
    const std::size_t shown = std::min(capacity, all.size());
    for (std::size_t i = 0; i < shown; ++i) participants[i] = as_c(all[i]);
    if (count != nullptr) *count = all.size();
    return seen;
  });
}
int shmfifo_recover(shmfifo_segment* segment, uint32_t* freed, shmfifo_error* error) {
  return guarded(error, [&] {
    auto recovered = segment->self.recover();
    if (recovered && freed != nullptr) *freed = *recovered;
    return recovered;
  });
}
int shmfifo_forget(shmfifo_segment* segment, const char* cursor, shmfifo_error* error) {
  return guarded(error, [&] { return segment->self.forget(cursor); });
}
int shmfifo_check_name(shmfifo_segment* segment, int* state, shmfifo_error* error) {
  return guarded(error, [&] {
    auto found = segment->self.check_name();
    if (found) *state = static_cast<int>(*found);
    return found;
  });
}
shmfifo_status shmfifo_mark(shmfifo_segment* segment, int64_t number, int8_t value) {
  return as_c(segment->self.mark(number, value));
}

shmfifo_status shmfifo_try_publish(shmfifo_producer* producer, const void* content,
                                   int64_t value_length) {
  return as_c(producer->self.try_publish(bytes_of(content, value_length)));
}
shmfifo_status shmfifo_publish(shmfifo_producer* producer, const void* content,
                               int64_t value_length, int64_t timeout_ns) {
  // The clock is read only if there is no room at once.
  const shmfifo::byte_view message = bytes_of(content, value_length);
  const status answer = producer->self.try_publish(message);
  if (answer != status::full || timeout_ns == 0) return as_c(answer);
  return as_c(producer->self.publish(message, after(timeout_ns)));
}
shmfifo_status shmfifo_claim(shmfifo_producer* producer, void** content, int64_t timeout_ns) {
  auto taken = producer->self.try_take();
  if (taken.answer() == status::full && timeout_ns != 0) {
    taken = producer->self.take(after(timeout_ns));
  }
  if (!taken) return as_c(taken.answer());
  *content = taken.content().data();
  producer->open = std::move(taken);
  return SHMFIFO_OK;
}
shmfifo_status shmfifo_commit(shmfifo_producer* producer, int64_t value_length) {
  if (!producer->self.in_owner_process()) return SHMFIFO_WRONG_PROCESS;
  return as_c(std::move(producer->open).commit(static_cast<std::size_t>(value_length)));
}
shmfifo_status shmfifo_abort(shmfifo_producer* producer) {
  if (!producer->self.in_owner_process()) return SHMFIFO_WRONG_PROCESS;
  return as_c(std::move(producer->open).abort());
}
int64_t shmfifo_last_number(const shmfifo_producer* producer) {
  return producer->self.last_number();
}
void shmfifo_wake_producer(shmfifo_producer* producer) {
  producer->self.wake();
}

shmfifo_poll_result shmfifo_poll(shmfifo_consumer* consumer, shmfifo_handler handler, void* user,
                                 int64_t limit) {
  // noexcept: a handler that throws must not unwind through its C callers.
  return as_c(consumer->self.poll(
      [=](const shmfifo::record_view& seen) noexcept {
        const shmfifo_record record = as_c(seen);
        return handler(&record, user) != 0;
      },
      limit));
}
shmfifo_poll_result shmfifo_read(shmfifo_consumer* consumer, shmfifo_record* record, void* buffer,
                                 size_t size) {
  const auto seen = consumer->self.read({static_cast<std::byte*>(buffer), size});
  if (seen.answer == status::ok) *record = {seen.length, seen.number, buffer, seen.status};
  return as_c(shmfifo::poll_result{seen.answer, seen.number, seen.count});
}
shmfifo_status shmfifo_wait(shmfifo_consumer* consumer, int64_t timeout_ns) {
  return as_c(consumer->self.wait(after(timeout_ns)));
}
int64_t shmfifo_position(const shmfifo_consumer* consumer) {
  return consumer->self.position();
}
void shmfifo_wake_consumer(shmfifo_consumer* consumer) {
  consumer->self.wake();
}
