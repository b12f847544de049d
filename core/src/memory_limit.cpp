// SPDX-License-Identifier: MIT
#include "memory_limit.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>

#include "kernel.hpp"

namespace shmfifo::kernel {
namespace {

// Version 1 writes a number close to 2^63 where there is no limit.
constexpr std::uint64_t limit_most = std::uint64_t{1} << 62;

// 0 where `b` is more than there is.
std::uint64_t difference(std::uint64_t a, std::uint64_t b) noexcept {
  return a - std::min(a, b);
}

// What stands before the separator; `text` goes on behind it.
std::string_view take(std::string_view& text, char separator) noexcept {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

// Nothing also for "max", which is how version 2 says that there is no limit.
std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const auto [end, broken] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (broken != std::errc{}) return std::nullopt;
  return number;
}

// A file that holds one number.
std::optional<std::uint64_t> read_number(const file_reader& read, const std::string& path) {
  const auto text = read(path);
  return text ? parse_number(*text) : std::nullopt;
}

std::optional<std::uint64_t> read_limit(const file_reader& read, const std::string& path) {
  const auto limit = read_number(read, path);
  if (!limit || *limit >= limit_most) return std::nullopt;
  return limit;
}

// From a file of lines "key number"; 0 if the key is missing.
std::uint64_t number_of(std::string_view text, std::string_view key) noexcept {
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    return parse_number(line).value_or(0);
  }
  return 0;
}

bool in_list(std::string_view list, std::string_view word) noexcept {
  while (!list.empty()) {
    if (take(list, ',') == word) return true;
  }
  return false;
}

// mountinfo writes a space, tab, line feed or backslash as \ and three octal digits.
std::string unescape(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    unsigned code = 0;
    const bool escaped = text.size() >= 4 && text[0] == '\\' &&
                         std::from_chars(&text[1], &text[1] + 3, code, 8).ptr == &text[1] + 3;
    plain += escaped ? static_cast<char>(code) : text[0];
    text.remove_prefix(escaped ? 4 : 1);
  }
  return plain;
}

// Where a group lies below a mount that shows the hierarchy from `root` on; nothing if it does not
// lie there. Both are seen from the process's cgroup namespace; "/.." leads out of that.
std::optional<std::string> path_below(const std::string& root, const std::string& group) {
  if (root == "/") return group.starts_with("/..") ? std::nullopt : std::optional(group);
  if (group == root || group.starts_with(root + "/")) return group.substr(root.size());
  // Above the namespace: the names between are unknown, but the mount's own limit holds.
  std::string_view above = root;
  while (above.ends_with("/..")) above.remove_suffix(3);
  const bool higher = above.empty() && !group.starts_with("/..");
  return higher ? std::optional<std::string>("") : std::nullopt;
}

// The pages of files, which the kernel can take back.
std::uint64_t file_pages(const file_reader& read, const std::string& path,
                         const std::string& prefix) {
  const std::string stat = read(path).value_or("");
  return number_of(stat, prefix + "inactive_file ") + number_of(stat, prefix + "active_file ");
}

// A group that has a limit; all in bytes.
struct state {
  std::string file;  // that holds the limit
  std::uint64_t limit;
  std::uint64_t used;  // without what can be taken back
  std::uint64_t room;  // with the swap space that is free
};

std::optional<state> state_of_one(const file_reader& read, const std::string& prefix,
                                  std::uint64_t free_swap) {
  const auto limit = read_limit(read, prefix + "limit_in_bytes");
  const auto usage = limit ? read_number(read, prefix + "usage_in_bytes") : std::nullopt;
  if (!usage) return std::nullopt;
  const std::uint64_t files = file_pages(read, prefix + "stat", "total_");
  const std::uint64_t used = difference(*usage, files);
  std::uint64_t room = difference(*limit, used) + free_swap;
  // A second limit is that of memory and swap space together.
  if (const auto both = read_number(read, prefix + "memsw.limit_in_bytes")) {
    const auto both_used = read_number(read, prefix + "memsw.usage_in_bytes").value_or(0);
    room = std::min(room, difference(*both, difference(both_used, files)));
  }
  return state{prefix + "limit_in_bytes", *limit, used, room};
}

std::optional<state> state_of_two(const file_reader& read, const std::string& prefix,
                                  std::uint64_t free_swap) {
  const auto limit = read_limit(read, prefix + "max");
  const auto usage = limit ? read_number(read, prefix + "current") : std::nullopt;
  if (!usage) return std::nullopt;
  const std::uint64_t used = difference(*usage, file_pages(read, prefix + "stat", ""));
  std::uint64_t swap_room = free_swap;
  if (const auto swap = read_number(read, prefix + "swap.max")) {
    const auto swap_used = read_number(read, prefix + "swap.current").value_or(0);
    swap_room = std::min(swap_room, difference(*swap, swap_used));
  }
  return state{prefix + "max", *limit, used, difference(*limit, used) + swap_room};
}

error shortage(const state& here, std::uint64_t size) {
  return {ENOMEM, "memory_limit",
          "the segment needs " + std::to_string(size) +
              " more bytes of memory, but this container (control group) has a limit of " +
              std::to_string(here.limit) + " bytes, of which " + std::to_string(here.used) +
              " are in use. Raise the limit (Docker: --memory; Kubernetes: "
              "resources.limits.memory; systemd: MemoryMax), or ask for fewer slots. The limit is "
              "in " +
              here.file};
}

// The paths of this process's groups in the two kinds of hierarchy.
struct group_paths {
  std::optional<std::string> one;
  std::optional<std::string> two;
};

group_paths parse_group_paths(std::string_view text) {
  group_paths paths;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    const std::string_view id = take(line, ':');
    const std::string_view controllers = take(line, ':');
    if (id == "0" && controllers.empty()) paths.two = line;
    if (in_list(controllers, "memory")) paths.one = line;
  }
  return paths;
}

// One line of mountinfo, if it mounts a hierarchy with the memory controller.
struct hierarchy_mount {
  std::string root;       // the part of the hierarchy that is seen
  std::string directory;  // where it is seen
  bool two;
};

std::optional<hierarchy_mount> parse_mount(std::string_view line) {
  const std::size_t separator = line.find("- cgroup");
  if (separator == line.npos) return std::nullopt;
  std::string_view kind = line.substr(separator + 2);
  const bool two = take(kind, ' ') == "cgroup2";
  take(kind, ' ');  // the source; the options are left
  if (!two && !in_list(kind, "memory")) return std::nullopt;
  for (int numbers = 0; numbers < 3; ++numbers) take(line, ' ');
  const std::string_view root = take(line, ' ');
  return hierarchy_mount{unescape(root), unescape(take(line, ' ')), two};
}

}  // namespace

memory_limits::memory_limits(file_reader read) : read_(std::move(read)) {
  const auto paths = read_("/proc/self/cgroup");
  const auto mounts = read_("/proc/self/mountinfo");
  if (!paths || !mounts) return;
  const group_paths groups = parse_group_paths(*paths);
  std::string_view rest = *mounts;
  while (!rest.empty()) {
    const auto mount = parse_mount(take(rest, '\n'));
    if (!mount) continue;
    const auto& path = mount->two ? groups.two : groups.one;
    const auto below = path ? path_below(mount->root, *path) : std::nullopt;
    if (below) add_groups(mount->directory, *below, mount->two);
  }
}

void memory_limits::add_groups(const std::string& mount, std::string_view below, bool two) {
  if (below.ends_with('/')) below.remove_suffix(1);
  for (;; below = below.substr(0, below.rfind('/'))) {
    groups_.push_back({mount + std::string(below) + "/memory.", two});
    if (below.empty()) return;
  }
}

result<void> memory_limits::allow(std::uint64_t size) const {
  if (groups_.empty()) return {};
  // The kernel's own bookkeeping (page tables, the file's index) counts, too: half a percent.
  const std::uint64_t needed = size + size / 128;
  const std::uint64_t free_swap =
      number_of(read_("/proc/meminfo").value_or(""), "SwapFree:") * 1024;
  for (const auto& [prefix, two] : groups_) {
    const auto here =
        two ? state_of_two(read_, prefix, free_swap) : state_of_one(read_, prefix, free_swap);
    if (here && needed > here->room) return shortage(*here, size);
  }
  return {};
}

}  // namespace shmfifo::kernel
