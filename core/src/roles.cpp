// SPDX-License-Identifier: MIT
// Taking and leaving the roles of a segment.
#include <algorithm>
#include <cerrno>
#include <new>

#include "mapping.hpp"
#include "shmfifo/segment.hpp"

namespace shmfifo {

producer::producer(std::shared_ptr<mapping> home, std_memory_model&& memory, unsigned self)
    : basic_producer(home->view(), std::move(memory), self), home_(std::move(home)) {}
producer::~producer() {
  if (memory().in_owner_process()) leave();  // not if it was moved away
}

namespace {

std::byte* aligned(std::byte* buffer) noexcept {
  const std::uintptr_t past = reinterpret_cast<std::uintptr_t>(buffer) % content_alignment;
  return past == 0 ? buffer : buffer + (content_alignment - past);
}

}  // namespace

consumer::consumer(std::shared_ptr<mapping> home, std_memory_model&& memory,
                   std::optional<unsigned> self, std::uint64_t position,
                   std::unique_ptr<std::byte[]> buffer)
    : basic_consumer(home->view(), std::move(memory), self, position, aligned(buffer.get())),
      home_(std::move(home)),
      buffer_(std::move(buffer)) {}
consumer::~consumer() {
  if (memory().in_owner_process()) leave();
}

// The kernel could not say whether a lock is held: no memory for locks, say.
error lock_trouble(const mapping& home, const std_memory_model& memory) {
  return kernel::unreachable(memory.lock_failure(), home.name());
}

result<void> own_naming(const mapping& home, std_memory_model& memory) {
  constexpr unsigned naming_tries = 5000;  // one a millisecond
  for (unsigned tries = 0; !memory.try_own(lock_naming); ++tries) {
    if (memory.lock_failure().code != 0) return lock_trouble(home, memory);
    if (tries == naming_tries) {
      return error{EBUSY, "cursor_name",
                   "another process has been attaching or forgetting a named cursor for long"};
    }
    kernel::sleep_a_millisecond();
  }
  return {};
}

namespace {

bool is_number(std::int64_t number) {
  return static_cast<std::uint64_t>(number) < number_max;  // a negative one is above all
}
error bad_start(const mapping& home, std::uint64_t most, std::int64_t number) {
  return {EINVAL, "start",
          "a reader of '" + home.name() + "' may start at 0 to " + std::to_string(most) +
              ", not at " + std::to_string(number)};
}

// The copy buffer, or null for readers in place, long enough to be aligned. Allocated before a line
// is taken, so failure needs no clean-up.
result<std::unique_ptr<std::byte[]>> buffer_for(const mapping& home, bool observer) {
  const geometry& shape = home.view().shape();
  if (!consumer::copies(shape, observer)) return std::unique_ptr<std::byte[]>();
  std::unique_ptr<std::byte[]> buffer(new (std::nothrow)
                                          std::byte[shape.content_size + content_alignment]);
  if (!buffer) {
    return error{ENOMEM, "buffer",
                 "no memory for a reader's buffer of " + std::to_string(shape.content_size) +
                     " bytes, the content size of '" + home.name() + "'"};
  }
  return buffer;
}

// Why take_line found none.
error no_line(const mapping& home, const std_memory_model& memory) {
  if (memory.lock_failure().code != 0) return lock_trouble(home, memory);
  return {EUSERS, "participant_count",
          "all " + std::to_string(home.view().shape().participant_count) +
              " participant lines of '" + home.name() +
              "' are in use: detach or forget one, or create with more"};
}

// Takes a line for a new cursor, durable if it has a name. `position` may move up to what is
// still there.
result<unsigned> place_cursor(const mapping& home, std_memory_model& memory,
                              const std::string& name, std::uint64_t& position, bool exact) {
  const layout_view& view = home.view();
  const auto line = protocol::take_line(view, memory);
  if (!line) return no_line(home, memory);
  memory.store(view.participant(*line).pid, memory.process_id(), std::memory_order_relaxed,
               site::attach_name);
  protocol::store_name(view.participant(*line), memory, name);
  const auto kind = name.empty() ? participant_kind::consumer : participant_kind::durable;
  const std::uint64_t asked = position;
  if (!protocol::enter_gate(view, memory, *line, kind, position, exact)) {
    protocol::free_line(
        view, memory, *line,
        memory.load(view.participant(*line).role, std::memory_order_relaxed, site::operate));
    return error{ENODATA, "start",
                 "number " + std::to_string(asked) + " of '" + home.name() +
                     "' may be overwritten already: ask for `oldest`"};
  }
  // The first consumer lets go what was kept for one that begins earlier.
  protocol::ring_bell(memory, view.control().space_bell);
  return *line;
}

// Resumes the cursor of this name, or makes it. One process at a time, so that a name is made
// only once.
result<unsigned> place_durable(const mapping& home, std_memory_model& memory,
                               const std::string& name, std::uint64_t& position, bool exact) {
  const layout_view& view = home.view();
  if (auto naming = own_naming(home, memory); !naming) return naming.error();
  const auto found = protocol::find_durable(view, memory, name);
  if (!found) {
    // One that is there already, from before there was this rule, is resumed.
    if (has_control_character(name)) {
      return error{EINVAL, "cursor_name", "a new cursor's name must have no control characters"};
    }
    auto line = place_cursor(home, memory, name, position, exact);
    memory.disown(lock_naming);
    return line;
  }
  const bool owned = memory.try_own(*found);
  memory.disown(lock_naming);
  if (!owned) {
    if (memory.lock_failure().code != 0) return lock_trouble(home, memory);
    return cursor_in_use(name, pid_of(view, memory, *found));
  }
  participant_line& line = view.participant(*found);
  memory.store(line.pid, memory.process_id(), std::memory_order_relaxed, site::attach_name);
  // Relaxed: its last owner is gone, and the lock that it gave up was handed on by the kernel.
  position = memory.load(line.consumer_cursor, std::memory_order_relaxed, site::attach_resume);
  if (position > number_max) {
    return refusal(home.name(), {"consumer_cursor", position, number_max}, EINVAL);
  }
  return *found;
}

}  // namespace

result<producer> segment::attach_producer() const try {
  if (!writable()) return not_writable(name());
  auto memory = home_->memory();
  if (shape().producers == producer_role::single && !memory.try_own(lock_producer_role)) {
    if (memory.lock_failure().code != 0) return lock_trouble(*home_, memory);
    std::string who;
    for (unsigned i = 0; i < shape().participant_count; ++i) {
      const participant_line& line = view().participant(i);
      const auto role = memory.load(line.role, std::memory_order_acquire, site::operate);
      if (role_kind(role) == participant_kind::producer && memory.alive(i)) {
        who = " (pid " +
              std::to_string(memory.load(line.pid, std::memory_order_relaxed, site::attach_name)) +
              ")";
      }
    }
    return error{EBUSY, "producer_role",
                 "'" + name() + "' has a producer already" + who +
                     ": end it, or create the segment for many producers"};
  }
  const auto line = protocol::take_line(view(), memory);
  if (!line) return no_line(*home_, memory);
  return producer(home_, std::move(memory), *line);
} catch (const std::bad_alloc&) {
  return no_memory();
}

std::uint64_t segment::start_number(start_at start, bool gated) const noexcept {
  const std_memory_model memory;
  if (start.where == start_at::place::number) return static_cast<std::uint64_t>(start.number);
  // SYNC cursor: acquire, as for any reader.
  const std::uint64_t cursor =
      memory.load(view().control().producer_cursor, std::memory_order_acquire, site::operate);
  if (start.where == start_at::place::latest) return cursor;
  if (shape().mode == segment_mode::log) return 0;
  if (gated) {
    return memory.load(view().control().gate_floor, std::memory_order_seq_cst, site::operate);
  }
  return cursor - std::min(cursor, shape().slot_count);
}

result<consumer> segment::attach_observer(start_at start) const try {
  if (start.where == start_at::place::number && !is_number(start.number)) {
    return bad_start(*home_, number_max - 1, start.number);
  }
  auto buffer = buffer_for(*home_, true);
  if (!buffer) return buffer.error();
  auto memory = home_->memory();
  return consumer(home_, std::move(memory), std::nullopt, start_number(start, false),
                  std::move(*buffer));
} catch (const std::bad_alloc&) {
  return no_memory();
}

result<consumer> segment::attach_consumer(const consumer_options& options) const try {
  if (!writable()) return not_writable(name());
  if (options.name.size() > cursor_name_max || options.name.find('\0') != std::string::npos) {
    return error{
        EINVAL, "cursor_name",
        "a cursor's name has at most " + std::to_string(cursor_name_max) + " bytes, none zero"};
  }
  const bool exact = options.start.where == start_at::place::number;
  std::uint64_t position = start_number(options.start, shape().gated());
  const std::uint64_t cursor = start_number(start_at::latest(), true);
  const std::uint64_t most = shape().gated() ? cursor : number_max - 1;
  if (exact && position > most) {  // a negative number, too
    return bad_start(*home_, most, options.start.number);
  }
  auto buffer = buffer_for(*home_, false);
  if (!buffer) return buffer.error();
  auto memory = home_->memory();
  const auto place = options.name.empty() ? place_cursor : place_durable;
  auto line = place(*home_, memory, options.name, position, exact);
  if (!line) return line.error();
  return consumer(home_, std::move(memory), *line, position, std::move(*buffer));
} catch (const std::bad_alloc&) {
  return no_memory();
}

}  // namespace shmfifo
