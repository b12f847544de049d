// SPDX-License-Identifier: MIT
#include "shmfifo/segment.hpp"

#include <cerrno>
#include <cstring>

#include "shmfifo/mark.hpp"
#include "shmfifo/validate.hpp"
#include "system.hpp"

namespace shmfifo {

class mapping {
 public:
  mapping(std::string name, system::descriptor file, std::byte* base, const segment_header& header,
          bool writable)
      : name_(std::move(name)),
        file_(std::move(file)),
        base_(base),
        header_(header),
        view_(base, geometry_of(header)),
        writable_(writable) {}
  mapping(const mapping&) = delete;
  mapping& operator=(const mapping&) = delete;
  ~mapping() { system::unmap(base_, header_.segment_size); }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const segment_header& header() const noexcept { return header_; }
  [[nodiscard]] const layout_view& view() const noexcept { return view_; }
  [[nodiscard]] bool writable() const noexcept { return writable_; }

  // A memory model with an open file description, and so with locks, of its own.
  [[nodiscard]] result<std_memory_model> open_memory() const {
    auto own = system::open_again(file_, writable_);
    if (!own) return own.failure();
    return std_memory_model(own->release());
  }
  [[nodiscard]] result<done> give_name() const { return system::give_name(file_, name_); }

 private:
  std::string name_;
  system::descriptor file_;
  std::byte* base_;
  segment_header header_;  // a validated copy
  layout_view view_;
  bool writable_;
};

namespace {

constexpr unsigned naming_tries = 5000;  // one a millisecond
constexpr unsigned create_tries = 100;   // somebody creates and removes the name in a loop

error refusal(const std::string& name, const broken_rule& broken, int code) {
  return {code, broken.rule,
          "'" + name + "' breaks the rule " + broken.rule + ": found " +
              std::to_string(broken.found) + ", expected " + std::to_string(broken.expected)};
}

// The file's name in /dev/shm for a name as shm_open takes it.
result<std::string> checked_name(std::string_view name) {
  if (!name.empty() && name.front() == '/') name.remove_prefix(1);
  const auto bad = [&](int code, const std::string& why) {
    return error{code, "name", "bad segment name '" + std::string(name) + "': " + why};
  };
  if (name.empty()) return bad(EINVAL, "it is empty");
  if (name.size() > 255) return bad(ENAMETOOLONG, "longer than 255 bytes");
  if (name.front() == '.') return bad(EINVAL, "it starts with a dot");
  for (const char c : name) {
    if (c == '/') return bad(EINVAL, "only the first character may be a slash");
    if (static_cast<unsigned char>(c) < 32 || c == 127)
      return bad(EINVAL, "it has a control character");
  }
  return std::string(name);
}

segment_header make_header(const geometry& shape) {
  segment_header header{};
  std::memcpy(header.magic, segment_magic, sizeof segment_magic);
  header.layout_version = layout_version;
  header.byte_order = byte_order_mark;
  header.word_size = sizeof(void*);
  header.header_size = sizeof(segment_header);
  header.uid = system::random_word();
  header.created_ns = system::realtime_ns();
  header.mode = static_cast<std::uint32_t>(shape.mode);
  header.full_policy = static_cast<std::uint32_t>(shape.when_full);
  header.producer_role = static_cast<std::uint32_t>(shape.producers);
  header.participant_count = shape.participant_count;
  header.content_size = shape.content_size;
  header.slot_count = shape.slot_count;
  header.slot_stride = shape.slot_stride();
  header.participants_offset = participants_offset;
  header.slots_offset = shape.slots_offset();
  header.segment_size = shape.segment_size();
  header.checksum = header_checksum(header);
  return header;
}

// A complete segment that has no name yet.
result<std::shared_ptr<mapping>> build(const std::string& name, const geometry& shape,
                                       const create_options& options) {
  auto file = system::create_unnamed(options.permissions);
  if (!file) return file.failure();
  const segment_header header = make_header(shape);
  if (auto reserved = system::reserve(*file, header.segment_size); !reserved)
    return reserved.failure();
  auto base = system::map(*file, header.segment_size, true, false);
  if (!base) return base.failure();
  auto home = std::make_shared<mapping>(name, std::move(*file), *base, header, true);
  if (options.huge_pages) system::advise_huge_pages(*base, header.segment_size);
  if (options.pretouch) {
    if (auto touched = system::touch(*base, header.segment_size); !touched)
      return touched.failure();
  }
  // Reserved memory is zero: control words, participants and slots start as they must.
  std::memcpy(*base, &header, sizeof header);
  return home;
}

result<done> same_geometry(const std::string& name, const geometry& found, const geometry& wanted) {
  const auto differs = [&](const char* rule, auto a, auto b) {
    return refusal(name, {rule, static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b)},
                   EEXIST);
  };
  if (found.mode != wanted.mode) return differs("mode", found.mode, wanted.mode);
  if (found.when_full != wanted.when_full) {
    return differs("full_policy", found.when_full, wanted.when_full);
  }
  if (found.producers != wanted.producers) {
    return differs("producer_role", found.producers, wanted.producers);
  }
  if (found.content_size != wanted.content_size) {
    return differs("content_size", found.content_size, wanted.content_size);
  }
  if (found.slot_count != wanted.slot_count) {
    return differs("slot_count", found.slot_count, wanted.slot_count);
  }
  if (found.participant_count != wanted.participant_count) {
    return differs("participant_count", found.participant_count, wanted.participant_count);
  }
  return done{};
}

// The words that change are checked as far as they can be while others go on changing them.
std::optional<broken_rule> validate_control(const layout_view& view) {
  const std_memory_model memory;
  // SYNC gate: seq_cst loads here only observe.
  const std::uint64_t floor =
      memory.load(view.control().gate_floor, std::memory_order_seq_cst, site::gate_floor_load);
  // SYNC cursor: acquire, the slot before the cursor is claimed or final.
  const std::uint64_t cursor = memory.load(view.control().producer_cursor,
                                           std::memory_order_acquire, site::attach_producer_cursor);
  const std::uint64_t most =
      view.shape().mode == segment_mode::log ? view.shape().slot_count : number_max;
  if (cursor > most) return broken_rule{"producer_cursor", cursor, most};
  if (cursor > 0) {
    const std::uint64_t stamp =
        memory.load(view.slot(cursor - 1).stamp, std::memory_order_acquire, site::attach_stamp);
    if (stamp_number(stamp) < cursor - 1) {
      return broken_rule{"producer_cursor", cursor, stamp_number(stamp) + 1};
    }
  }
  // A message can be read, and its reader gone, before its producer moves the cursor past it (or
  // dies instead): then the floor is one ahead.
  if (floor > cursor + 1) return broken_rule{"gate_floor", floor, cursor + 1};
  return std::nullopt;
}

result<std::shared_ptr<mapping>> attach_mapping(const std::string& name,
                                                const attach_options& options) {
  const bool writable = options.mode == access::read_write;
  auto file = system::open_named(name, writable);
  if (!file) return file.failure();
  auto size = system::size_of_regular_file(*file, name);
  if (!size) return size.failure();
  auto header = system::read_header(*file, name);
  if (!header) return header.failure();
  if (*size < sizeof(segment_header)) {
    return refusal(name, {"file_size", *size, sizeof(segment_header)}, EINVAL);
  }
  if (auto broken = validate(*header, *size)) return refusal(name, *broken, EINVAL);
  if (options.content_size && *options.content_size != header->content_size) {
    return refusal(name, {"content_size", header->content_size, *options.content_size}, EINVAL);
  }
  auto base = system::map(*file, header->segment_size, writable, options.pretouch);
  if (!base) return base.failure();
  auto home = std::make_shared<mapping>(name, std::move(*file), *base, *header, writable);
  if (auto broken = validate_control(home->view())) return refusal(name, *broken, EINVAL);
  return home;
}

}  // namespace

// ---- create, attach, remove
// ------------------------------------------------------------------------

result<segment> segment::create(std::string_view given_name, const create_options& options) {
  auto name = checked_name(given_name);
  if (!name) return name.failure();
  const geometry shape{options.mode,         options.when_full,
                       options.producers,    options.participant_count,
                       options.content_size, options.slot_count};
  if (auto broken = validate_geometry(shape)) return refusal(*name, *broken, EINVAL);
  if ((options.permissions & ~0777U) != 0) {
    return refusal(*name, {"permissions", options.permissions, options.permissions & 0777U},
                   EINVAL);
  }
  for (unsigned tries = 0; tries < create_tries; ++tries) {
    // Looking first spares a loser of the race the work of building; linkat decides all the same.
    auto existing = attach_mapping(*name, {});
    if (existing || existing.failure().code != ENOENT) {
      if (options.existing == if_exists::refuse) {
        return error{
            EEXIST, "name",
            "'" + *name + "' exists already: attach to it, remove it, or choose another name"};
      }
      if (!existing) return existing.failure();
      if (auto same = same_geometry(*name, (*existing)->view().shape(), shape); !same) {
        return same.failure();
      }
      return segment(std::move(*existing));
    }
    auto home = build(*name, shape, options);
    if (!home) return home.failure();
    auto named = (*home)->give_name();
    if (named) return segment(std::move(*home));
    if (named.failure().code != EEXIST) return named.failure();
  }
  return error{EAGAIN, "name", "'" + *name + "' is created and removed by others again and again"};
}

result<segment> segment::attach(std::string_view given_name, const attach_options& options) {
  auto name = checked_name(given_name);
  if (!name) return name.failure();
  auto home = attach_mapping(*name, options);
  if (!home) return home.failure();
  return segment(std::move(*home));
}

result<done> segment::remove(std::string_view given_name) {
  auto name = checked_name(given_name);
  if (!name) return name.failure();
  return system::remove_name(*name);
}

result<std::vector<std::string>> list_segments() {
  auto names = system::names_in_shm();
  if (!names) return names;
  std::erase_if(*names, [](const std::string& name) {
    auto file = system::open_named(name, false);
    if (!file || !system::size_of_regular_file(*file, name)) return true;
    auto header = system::read_header(*file, name);
    return !header || std::memcmp(header->magic, segment_magic, sizeof segment_magic) != 0;
  });
  return names;
}

// ---- roles
// -----------------------------------------------------------------------------------------

producer::producer(std::shared_ptr<mapping> home, std_memory_model&& memory, unsigned self)
    : basic_producer(home->view(), std::move(memory), self), home_(std::move(home)) {}
producer::~producer() {
  if (home_ && memory().in_owner_process()) leave();
}

consumer::consumer(std::shared_ptr<mapping> home, std_memory_model&& memory,
                   std::optional<unsigned> self, std::uint64_t position)
    : basic_consumer(home->view(), std::move(memory), self, position), home_(std::move(home)) {}
consumer::~consumer() {
  if (home_ && memory().in_owner_process()) leave();
}

namespace {

error not_writable(const std::string& name) {
  return {EACCES, "access", "'" + name + "' is attached read-only: only observers may read it so"};
}
error no_line(const mapping& home) {
  return {EUSERS, "participant_count",
          "all " + std::to_string(home.view().shape().participant_count) +
              " participant lines of '" + home.name() +
              "' are in use: detach or forget one, or create with more"};
}

error cursor_in_use(const std::string& name, std::uint32_t pid) {
  return {EBUSY, "cursor_name",
          "the cursor '" + name + "' is in use (pid " + std::to_string(pid) +
              "): only one consumer at a time may advance it"};
}

std::uint32_t pid_of(const layout_view& view, const std_memory_model& memory, unsigned line) {
  return memory.load(view.participant(line).pid, std::memory_order_relaxed, site::attach_name);
}

// Takes a line for a new cursor, durable if it has a name. `position` may move up to what is still
// there.
result<unsigned> place_cursor(const mapping& home, std_memory_model& memory,
                              const std::string& name, std::uint64_t& position, bool exact) {
  const layout_view& view = home.view();
  const auto line = protocol::take_line(view, memory);
  if (!line) return no_line(home);
  memory.store(view.participant(*line).pid, memory.process_id(), std::memory_order_relaxed,
               site::attach_name);
  protocol::store_name(view.participant(*line), memory, name);
  const auto kind = name.empty() ? participant_kind::consumer : participant_kind::durable;
  const std::uint64_t wanted = position;
  if (!protocol::enter_gate(view, memory, *line, kind, position, exact)) {
    protocol::free_line(
        view, memory, *line,
        memory.load(view.participant(*line).role, std::memory_order_relaxed, site::recover_role));
    return error{ENODATA, "start",
                 "number " + std::to_string(wanted) + " of '" + home.name() +
                     "' may be overwritten already: ask for `oldest`"};
  }
  return *line;
}

// Resumes the cursor of this name, or makes it. One process at a time, so that a name is made only
// once.
result<unsigned> place_durable(const mapping& home, std_memory_model& memory,
                               const std::string& name, std::uint64_t& position, bool exact) {
  const layout_view& view = home.view();
  for (unsigned tries = 0; !memory.try_own(lock_naming); ++tries) {
    if (tries == naming_tries) {
      return error{EBUSY, "cursor_name",
                   "another process has been attaching a named cursor for long"};
    }
    system::sleep_ms(1);
  }
  const auto found = protocol::find_durable(view, memory, name);
  if (!found) {
    auto line = place_cursor(home, memory, name, position, exact);
    memory.disown(lock_naming);
    return line;
  }
  const bool owned = memory.try_own(*found);
  memory.disown(lock_naming);
  if (!owned) return cursor_in_use(name, pid_of(view, memory, *found));
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

result<producer> segment::attach_producer() const {
  if (!writable()) return not_writable(name());
  auto memory = home_->open_memory();
  if (!memory) return memory.failure();
  if (shape().producers == producer_role::single && !memory->try_own(lock_producer_role)) {
    std::string who;
    for (unsigned i = 0; i < shape().participant_count; ++i) {
      const participant_line& line = view().participant(i);
      const auto role = memory->load(line.role, std::memory_order_acquire, site::recover_role);
      if (role_kind(role) == participant_kind::producer && memory->alive(i)) {
        who = " (pid " +
              std::to_string(memory->load(line.pid, std::memory_order_relaxed, site::attach_name)) +
              ")";
      }
    }
    return error{EBUSY, "producer_role",
                 "'" + name() + "' has a producer already" + who +
                     ": end it, or create the segment for many producers"};
  }
  const auto line = protocol::take_line(view(), *memory);
  if (!line) return no_line(*home_);
  return producer(home_, std::move(*memory), *line);
}

std::uint64_t segment::start_number(start_at start, bool gated) const noexcept {
  const std_memory_model memory;
  if (start.where == start_at::place::number) return static_cast<std::uint64_t>(start.number);
  // SYNC cursor: acquire, as for any reader.
  const std::uint64_t cursor = memory.load(view().control().producer_cursor,
                                           std::memory_order_acquire, site::attach_producer_cursor);
  if (start.where == start_at::place::latest) return cursor;
  if (shape().mode == segment_mode::log) return 0;
  if (gated) {
    return memory.load(view().control().gate_floor, std::memory_order_seq_cst,
                       site::gate_floor_load);
  }
  return cursor > shape().slot_count ? cursor - shape().slot_count : 0;
}

result<consumer> segment::attach_observer(start_at start) const {
  if (start.where == start_at::place::number && start.number < 0) {
    return error{EINVAL, "start",
                 "message numbers start at 0, not at " + std::to_string(start.number)};
  }
  auto memory = home_->open_memory();
  if (!memory) return memory.failure();
  return consumer(home_, std::move(*memory), std::nullopt, start_number(start, false));
}

result<consumer> segment::attach_consumer(const consumer_options& options) const {
  if (!writable()) return not_writable(name());
  if (options.name.size() > cursor_name_max || options.name.find('\0') != std::string::npos) {
    return error{
        EINVAL, "cursor_name",
        "a cursor's name has at most " + std::to_string(cursor_name_max) + " bytes, none zero"};
  }
  const bool exact = options.start.where == start_at::place::number;
  std::uint64_t position = start_number(options.start, shape().gated());
  const std::uint64_t cursor = start_number(start_at::latest(), true);
  if (exact && (options.start.number < 0 || (shape().gated() && position > cursor))) {
    return error{EINVAL, "start",
                 "a consumer of '" + name() + "' may start at 0 to " + std::to_string(cursor) +
                     ", not at " + std::to_string(options.start.number)};
  }
  auto memory = home_->open_memory();
  if (!memory) return memory.failure();
  const auto place = options.name.empty() ? place_cursor : place_durable;
  auto line = place(*home_, *memory, options.name, position, exact);
  if (!line) return line.failure();
  return consumer(home_, std::move(*memory), *line, position);
}

// ---- operation
// -------------------------------------------------------------------------------------

status segment::mark(std::int64_t number, std::int8_t value) const noexcept {
  if (!writable()) return status::read_only;
  return protocol::mark(view(), std_memory_model(), number, value);
}

result<unsigned> segment::recover() const {
  if (!writable()) return not_writable(name());
  auto memory = home_->open_memory();
  if (!memory) return memory.failure();
  return protocol::recover_dead(view(), *memory);
}

result<done> segment::forget(std::string_view cursor) const {
  if (!writable()) return not_writable(name());
  auto memory = home_->open_memory();
  if (!memory) return memory.failure();
  const auto line = protocol::find_durable(view(), *memory, cursor);
  if (!line) {
    return error{
        ENOENT, "cursor_name",
        "'" + name() + "' has no cursor '" + std::string(cursor) + "': see `shmfifo stat`"};
  }
  if (!memory->try_own(*line)) {
    return cursor_in_use(std::string(cursor), pid_of(view(), *memory, *line));
  }
  const std::uint64_t role =
      memory->load(view().participant(*line).role, std::memory_order_relaxed, site::recover_role);
  protocol::free_line(view(), *memory, *line, role);
  return done{};
}

result<segment_stat> segment::stat() const {
  auto memory = home_->open_memory();
  if (!memory) return memory.failure();
  segment_stat stat;
  stat.name = name();
  stat.uid = home_->header().uid;
  stat.created_ns = home_->header().created_ns;
  stat.shape = shape();
  stat.segment_size = home_->header().segment_size;
  stat.oldest = static_cast<std::int64_t>(start_number(start_at::oldest(), shape().gated()));
  const std::uint64_t cursor = start_number(start_at::latest(), false);
  stat.producer_cursor = static_cast<std::int64_t>(cursor);
  const protocol::lowest_cursor lowest = protocol::find_lowest_cursor(view(), *memory);
  for (unsigned i = 0; i < shape().participant_count; ++i) {
    const participant_line& line = view().participant(i);
    participant_stat entry;
    entry.kind = role_kind(memory->load(line.role, std::memory_order_acquire, site::recover_role));
    if (entry.kind == participant_kind::none) continue;
    entry.index = i;
    entry.alive = memory->alive(i);
    entry.pid = pid_of(view(), *memory, i);
    if (entry.kind == participant_kind::durable) {
      entry.name = protocol::load_name(line, *memory).view();
    }
    if (entry.kind != participant_kind::producer) {
      const std::uint64_t number =
          memory->load(line.consumer_cursor, std::memory_order_acquire, site::gate_consumer_cursor);
      entry.cursor = static_cast<std::int64_t>(number);
      entry.lag = static_cast<std::int64_t>(cursor > number ? cursor - number : 0);
      entry.holds_back = shape().gated() && i == lowest.holder && number == lowest.number &&
                         cursor >= number + shape().slot_count;
    }
    stat.participants.push_back(std::move(entry));
  }
  return stat;
}

const std::string& segment::name() const noexcept {
  return home_->name();
}
const geometry& segment::shape() const noexcept {
  return home_->view().shape();
}
const layout_view& segment::view() const noexcept {
  return home_->view();
}
bool segment::writable() const noexcept {
  return home_->writable();
}

}  // namespace shmfifo
