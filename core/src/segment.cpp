// SPDX-License-Identifier: MIT
#include "shmfifo/segment.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "mapping.hpp"
#include "shmfifo/protocol/mark.hpp"

namespace shmfifo {
namespace {

constexpr unsigned create_tries = 100;  // somebody creates and removes the name in a loop

// Whether the lookup itself failed (out of descriptors or memory, or a directory that may not be
// searched), which says nothing about the name: something that is no segment may have it.
bool looking_failed(const kernel::location& where, const error& failure) {
  const std::string_view rule = failure.rule;
  if (rule != "open") return rule == "fstat" || rule == "pread" || rule == "mmap";
  if (failure.code == ENOENT) return false;
  constexpr int taken[] = {EACCES, ELOOP, ENXIO};
  const bool perhaps =
      std::find(std::begin(taken), std::end(taken), failure.code) != std::end(taken);
  return !perhaps || !kernel::inspect_name(where);
}

result<void> same_geometry(const std::string& name, const geometry& found,
                           const geometry& expected) {
  const auto number = [](auto value) { return static_cast<std::uint64_t>(value); };
  const broken_rule rules[] = {
      {"mode", number(found.mode), number(expected.mode)},
      {"full_policy", number(found.when_full), number(expected.when_full)},
      {"producer_role", number(found.producers), number(expected.producers)},
      {"content_size", found.content_size, expected.content_size},
      {"slot_count", found.slot_count, expected.slot_count},
      {"participant_count", found.participant_count, expected.participant_count}};
  for (const broken_rule& rule : rules) {
    if (rule.found != rule.expected) return refusal(name, rule, EEXIST);
  }
  return {};
}

}  // namespace

// ---- create, attach, remove
// ------------------------------------------------------------------------

result<segment> segment::create(std::string_view given_name, const geometry& shape,
                                const create_options& options) try {
  auto where = locate(given_name, options.directory);
  if (!where) return where.error();
  const std::string& name = where->name;
  if (auto broken = validate_geometry(shape)) return refusal(name, *broken, EINVAL);
  if ((options.permissions & ~0777U) != 0) {
    return refusal(name, {"permissions", options.permissions, options.permissions & 0777U}, EINVAL);
  }
  for (unsigned tries = 0; tries < create_tries; ++tries) {
    // Looking first spares a loser of the race the work of building; linkat decides all the same.
    attach_options attaching;
    attaching.owner = options.owner;
    attaching.huge_pages = options.huge_pages;
    attaching.dump = options.dump;
    auto existing = attach_mapping(*where, attaching);
    if (!existing && looking_failed(*where, existing.error())) return existing.error();
    if (existing || existing.error().code != ENOENT) {
      if (options.existing == if_exists::refuse) {
        return error{
            EEXIST, "name",
            "'" + name + "' exists already: attach to it, remove it, or choose another name"};
      }
      if (!existing) return existing.error();
      if (auto same = same_geometry(name, (*existing)->view().shape(), shape); !same) {
        return same.error();
      }
      return segment(std::move(*existing));
    }
    auto home = build_segment(*where, shape, options);
    if (home) return segment(std::move(*home));
    const error& failure = home.error();
    if (failure.code != EEXIST || failure.rule != std::string_view("linkat")) return failure;
  }
  return error{EAGAIN, "name", "'" + name + "' is created and removed by others again and again"};
} catch (const std::bad_alloc&) {
  return no_memory();
}

result<segment> segment::attach(std::string_view given_name, const attach_options& options) try {
  auto where = locate(given_name, options.directory);
  if (!where) return where.error();
  auto home = attach_mapping(*where, options);
  if (!home) return home.error();
  return segment(std::move(*home));
} catch (const std::bad_alloc&) {
  return no_memory();
}

result<void> segment::remove(std::string_view name, std::string_view directory) try {
  auto where = locate(name, directory);
  if (!where) return where.error();
  return kernel::remove_name(*where);
} catch (const std::bad_alloc&) {
  return no_memory();
}

result<std::vector<std::string>> list_segments(std::string_view given_directory) try {
  auto directory = checked_directory(given_directory);
  if (!directory) return directory.error();
  auto names = kernel::names_in(*directory);
  if (!names) return names;
  // Skip files that cannot be read. Report EMFILE, ENFILE and ENOMEM, or the list would be
  // silently incomplete.
  std::optional<error> short_of_means;
  const auto passed_over = [&](const error& why) {
    if (why.code == EMFILE || why.code == ENFILE || why.code == ENOMEM) short_of_means = why;
    return true;
  };
  std::erase_if(*names, [&](const std::string& name) {
    auto file = kernel::open_readable({name, *directory});
    if (!file) return passed_over(file.error());
    if (auto facts = kernel::inspect(*file, name); !facts) return passed_over(facts.error());
    auto header = kernel::read_header(*file, name);
    if (!header) return passed_over(header.error());
    return std::memcmp(header->magic, segment_magic, sizeof segment_magic) != 0;
  });
  if (short_of_means) return *short_of_means;
  return names;
} catch (const std::bad_alloc&) {
  return no_memory();
}

// ---- operation
// -------------------------------------------------------------------------------------

status segment::mark(std::int64_t number, std::int8_t value) const noexcept {
  if (!writable()) return status::read_only;
  return protocol::mark(view(), std_memory_model(), number, value);
}

result<unsigned> segment::recover() const try {
  if (!writable()) return not_writable(name());
  auto memory = home_->memory();
  return protocol::recover_dead(view(), memory);
} catch (const std::bad_alloc&) {
  return no_memory();
}

result<void> segment::forget(std::string_view cursor) const try {
  if (!writable()) return not_writable(name());
  auto memory = home_->memory();
  if (auto naming = own_naming(*home_, memory); !naming) return naming.error();
  const auto line = protocol::find_durable(view(), memory, cursor);
  if (!line) {
    return error{
        ENOENT, "cursor_name",
        "'" + name() + "' has no cursor '" + std::string(cursor) + "': see `shmfifo stat`"};
  }
  if (!memory.try_own(*line)) {
    if (memory.lock_failure().code != 0) return lock_trouble(*home_, memory);
    return cursor_in_use(std::string(cursor), pid_of(view(), memory, *line));
  }
  const std::uint64_t role =
      memory.load(view().participant(*line).role, std::memory_order_relaxed, site::operate);
  protocol::free_line(view(), memory, *line, role);
  return {};
} catch (const std::bad_alloc&) {
  return no_memory();
}

result<segment_stat> segment::stat() const try {
  auto memory = home_->memory();
  segment_stat stat;
  stat.name = name();
  stat.uid = home_->header().uid;
  stat.created_ns = home_->header().created_ns;
  stat.shape = shape();
  stat.segment_size = home_->header().segment_size;
  stat.huge_bytes = home_->huge_bytes();
  stat.oldest = static_cast<std::int64_t>(start_number(start_at::oldest(), shape().gated()));
  const std::uint64_t cursor = start_number(start_at::latest(), false);
  stat.producer_cursor = static_cast<std::int64_t>(cursor);
  const protocol::lowest_cursor lowest = protocol::find_lowest_cursor(view(), memory);
  for (unsigned i = 0; i < shape().participant_count; ++i) {
    const participant_line& line = view().participant(i);
    participant_stat entry;
    entry.kind = role_kind(memory.load(line.role, std::memory_order_acquire, site::operate));
    if (entry.kind == participant_kind::none) continue;
    entry.index = i;
    entry.alive = memory.alive(i);
    entry.pid = pid_of(view(), memory, i);
    if (entry.kind == participant_kind::durable) {
      entry.name = protocol::load_name(line, memory).view();
    }
    if (entry.kind != participant_kind::producer) {
      const std::uint64_t number =
          memory.load(line.consumer_cursor, std::memory_order_acquire, site::operate);
      entry.cursor = static_cast<std::int64_t>(number);
      entry.lag = static_cast<std::int64_t>(cursor > number ? cursor - number : 0);
      entry.holds_back =
          shape().gated() && i == lowest.holder && cursor >= number + shape().slot_count;
    }
    stat.participants.push_back(std::move(entry));
  }
  return stat;
} catch (const std::bad_alloc&) {
  return no_memory();
}

result<name_state> segment::check_name() const try {
  return home_->check_name();
} catch (const std::bad_alloc&) {
  return no_memory();
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
std_memory_model segment::memory() const noexcept {
  return home_->memory();
}

}  // namespace shmfifo
