// SPDX-License-Identifier: MIT
#pragma once
// The memory limits of the control groups (cgroups, versions 1 and 2) that this process belongs to.
// The kernel does not refuse shared memory above such a limit: it ends a process of the group. So
// the library asks before it reserves memory.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel.hpp"
#include "shmfifo/status.hpp"

namespace shmfifo::kernel {

// The text of a file, by its path; nothing if it cannot be read.
using file_reader = std::function<std::optional<std::string>(const std::string&)>;

class memory_limits {
 public:
  // Finds this process's groups. Tests bring files of their own. What is missing or makes no sense
  // limits nothing.
  explicit memory_limits(file_reader read = read_text);
  // Whether all groups allow so many more bytes, now: asked anew by each call. ENOMEM, with the
  // limit, what is in use, and the cure. What the kernel can write to files or to free swap space
  // counts as free.
  [[nodiscard]] result<void> allow(std::uint64_t size) const;

 private:
  struct group {
    std::string prefix;  // of its files' paths
    bool two;            // the hierarchy's version
  };
  void add_groups(const std::string& mount, std::string_view below, bool two);

  file_reader read_;
  std::vector<group> groups_;
};

}  // namespace shmfifo::kernel
