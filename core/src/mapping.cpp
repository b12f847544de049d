// SPDX-License-Identifier: MIT
#include "mapping.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace shmfifo {
namespace {

// Takes the mapped bytes over, or gives them back if there is no memory for their owner.
std::shared_ptr<mapping> adopt(const kernel::location& where,
                               std::shared_ptr<const kernel::segment_file> file, std::byte* base,
                               const segment_header& header, bool writable) {
  try {
    return std::make_shared<mapping>(where, std::move(file), base, header, writable);
  } catch (...) {
    kernel::unmap(base, header.segment_size);
    throw;
  }
}

segment_header make_header(const geometry& shape) {
  segment_header header{.magic = {},
                        .layout_version = layout_version,
                        .byte_order = byte_order_mark,
                        .word_size = sizeof(void*),
                        .header_size = sizeof(segment_header),
                        .uid = kernel::random_word(),
                        .created_ns = kernel::realtime_ns(),
                        .mode = static_cast<std::uint32_t>(shape.mode),
                        .full_policy = static_cast<std::uint32_t>(shape.when_full),
                        .producer_role = static_cast<std::uint32_t>(shape.producers),
                        .participant_count = shape.participant_count,
                        .content_size = shape.content_size,
                        .slot_count = shape.slot_count,
                        .slot_stride = shape.slot_stride(),
                        .participants_offset = participants_offset,
                        .slots_offset = shape.slots_offset(),
                        .segment_size = shape.segment_size(),
                        .reserved = {},
                        .checksum = 0};
  std::memcpy(header.magic, segment_magic, sizeof segment_magic);
  header.checksum = header_checksum(header);
  return header;
}

// The words that change are checked as far as they can be while others go on changing them.
std::optional<broken_rule> validate_control(const layout_view& view) {
  const std_memory_model memory;
  // SYNC gate: seq_cst loads here only observe.
  const std::uint64_t floor =
      memory.load(view.control().gate_floor, std::memory_order_seq_cst, site::operate);
  // SYNC cursor: acquire, the slot before the cursor is claimed or final.
  const std::uint64_t cursor =
      memory.load(view.control().producer_cursor, std::memory_order_acquire, site::operate);
  const std::uint64_t most =
      view.shape().mode == segment_mode::log ? view.shape().slot_count : number_max;
  if (cursor > most) return broken_rule{"producer_cursor", cursor, most};
  if (cursor > 0) {
    const std::uint64_t stamp =
        memory.load(view.slot(cursor - 1).stamp, std::memory_order_acquire, site::operate);
    if (stamp_number(stamp) < cursor - 1) {
      return broken_rule{"producer_cursor", cursor, stamp_number(stamp) + 1};
    }
  }
  // A message can be read, and its reader gone, before its producer moves the cursor past it (or
  // dies instead): then the floor is one ahead.
  if (floor > cursor + 1) return broken_rule{"gate_floor", floor, cursor + 1};
  return std::nullopt;
}

std::string describe(const owner_rule& rule, std::uint32_t caller) {
  if (rule.accepted == owner_rule::kind::user) return "uid " + std::to_string(rule.uid);
  return "the caller, uid " + std::to_string(caller) + ", or root";
}

// A file restored with holes, say: a load from one could end this process (SIGBUS).
error not_reserved(const std::string& name, std::uint64_t found, std::uint64_t expected) {
  error broken = refusal(name, {"reserved", found, expected}, EINVAL);
  broken.text +=
      " bytes of memory. Whoever may write reserves the rest when it attaches: `shmfifo "
      "recover " +
      name + "`";
  return broken;
}

result<void> check_owner(const std::string& name, std::uint32_t owner, const owner_rule& rule) {
  const std::uint32_t caller = kernel::effective_user();
  if (rule.admits(owner, caller)) return {};
  return error{EACCES, "owner",
               "'" + name + "' belongs to uid " + std::to_string(owner) + ", expected " +
                   describe(rule, caller) +
                   ": its owner could end this process by cutting the file short. If that user is "
                   "trusted, name it as the owner (--owner " +
                   std::to_string(owner) + ")"};
}

}  // namespace

error no_memory() noexcept {
  return {ENOMEM, "memory", "out of memory"};
}

error refusal(const std::string& name, const broken_rule& broken, int code) {
  return {code, broken.rule,
          "'" + name + "' breaks the rule " + broken.rule + ": found " +
              std::to_string(broken.found) + ", expected " + std::to_string(broken.expected)};
}

error not_writable(const std::string& name) {
  return {EACCES, "access", "'" + name + "' is attached read-only: only observers may read it so"};
}
error cursor_in_use(const std::string& name, std::uint32_t pid) {
  return {EBUSY, "cursor_name",
          "the cursor '" + name + "' is in use (pid " + std::to_string(pid) +
              "): only one consumer at a time may advance it"};
}

result<name_state> mapping::check_name() const {
  auto found = kernel::inspect_name(where_);
  if (!found && found.error().code == ENOENT) return name_state::removed;
  if (!found) return found.error();
  return found->same_file(file_->facts()) ? name_state::same : name_state::replaced;
}

bool has_control_character(std::string_view name) noexcept {
  return std::any_of(name.begin(), name.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; });
}

namespace {
result<std::string> checked_name(std::string_view name) {
  if (name.starts_with('/')) name.remove_prefix(1);
  const auto bad = [&](int code, const std::string& why) {
    return error{code, "name", "bad segment name '" + std::string(name) + "': " + why};
  };
  if (name.empty()) return bad(EINVAL, "it is empty");
  if (name.size() > 255) return bad(ENAMETOOLONG, "longer than 255 bytes");
  if (name.front() == '.') return bad(EINVAL, "it starts with a dot");
  if (name.find('/') != name.npos) return bad(EINVAL, "only the first character may be a slash");
  if (has_control_character(name)) return bad(EINVAL, "it has a control character");
  return std::string(name);
}
}  // namespace

result<std::string> checked_directory(std::string_view directory) {
  if (directory.empty()) return std::string(kernel::default_directory);
  const bool ends_early = directory.find('\0') != directory.npos;
  if (directory.front() == '/' && !ends_early) return std::string(directory);
  return error{EINVAL, "directory",
               "bad directory '" + std::string(directory) + "': it must be absolute, as /dev/shm"};
}

result<kernel::location> locate(std::string_view name, std::string_view directory) {
  auto file = checked_name(name);
  if (!file) return file.error();
  auto in = checked_directory(directory);
  if (!in) return in.error();
  return kernel::location{std::move(*file), std::move(*in)};
}

std::uint32_t pid_of(const layout_view& view, const std_memory_model& memory, unsigned line) {
  return memory.load(view.participant(line).pid, std::memory_order_relaxed, site::attach_name);
}

result<std::shared_ptr<mapping>> build_segment(const kernel::location& where, const geometry& shape,
                                               const create_options& options) {
  auto file = kernel::create_unnamed(where, options.permissions);
  if (!file) return file.error();
  const segment_header header = make_header(shape);
  const std::uint64_t size = header.segment_size;
  if (auto extended = kernel::extend(*file, where, size); !extended) return extended.error();
  auto facts = kernel::inspect(*file, where.name);
  if (!facts) return facts.error();
  auto kept = kernel::open_readable(*file);
  if (!kept) return kept.error();
  auto reachable = std::make_shared<const kernel::segment_file>(std::move(*kept), where, *facts);
  auto base = kernel::map(*file, size, true);
  if (!base) return base.error();
  auto home = adopt(where, std::move(reachable), *base, header, true);
  kernel::advise(*base, size, options.huge_pages, options.dump);
  const kernel::reservation everything{size, options.huge_pages ? *base : nullptr};
  if (auto reserved = kernel::reserve(*file, where, size, everything); !reserved) {
    return reserved.error();
  }
  if (options.pretouch) {
    if (auto touched = kernel::touch(*base, size, true); !touched) return touched.error();
  }
  // Reserved memory is zero: control words, participants and slots start as they must.
  std::memcpy(*base, &header, sizeof header);
  if (auto named = kernel::give_name(*file, where); !named) return named.error();
  return home;
}

result<std::shared_ptr<mapping>> attach_mapping(const kernel::location& where,
                                                const attach_options& options) {
  const bool writable = options.mode == access::read_write;
  const std::string& name = where.name;
  auto file = kernel::open_readable(where);
  if (!file) return file.error();
  auto facts = kernel::inspect(*file, name);
  if (!facts) return facts.error();
  if (auto owned = check_owner(name, facts->owner, options.owner); !owned) return owned.error();
  auto header = kernel::read_header(*file, name);
  if (!header) return header.error();
  if (facts->size < sizeof(segment_header)) {
    return refusal(name, {"file_size", facts->size, sizeof(segment_header)}, EINVAL);
  }
  if (auto broken = validate(*header, facts->size)) return refusal(name, *broken, EINVAL);
  if (options.content_size && *options.content_size != header->content_size) {
    return refusal(name, {"content_size", header->content_size, *options.content_size}, EINVAL);
  }
  auto reachable = std::make_shared<const kernel::segment_file>(std::move(*file), where, *facts);
  const auto [mapped, failure] = reachable->open(writable);
  if (!mapped) return kernel::unreachable(failure, name);
  const std::uint64_t size = header->segment_size;
  if (facts->reserved < size) {
    if (!writable) return not_reserved(name, facts->reserved, size);
    const kernel::reservation rest{size - facts->reserved};
    if (auto reserved = kernel::reserve(mapped, where, size, rest); !reserved) {
      return reserved.error();
    }
  }
  auto base = kernel::map(mapped, size, writable);
  if (!base) return base.error();
  auto home = adopt(where, std::move(reachable), *base, *header, writable);
  kernel::advise(*base, size, options.huge_pages, options.dump);
  if (options.pretouch) {
    if (auto touched = kernel::touch(*base, size, writable); !touched) return touched.error();
  }
  if (auto broken = validate_control(home->view())) return refusal(name, *broken, EINVAL);
  return home;
}

}  // namespace shmfifo
