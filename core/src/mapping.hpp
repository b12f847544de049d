// SPDX-License-Identifier: MIT
#pragma once

// One mapping of a segment's file, shared by the handles that use it, and the ways to get one:
// build a new segment, or attach to one after checking everything.

#include <memory>
#include <string>
#include <string_view>

#include "kernel.hpp"
#include "shmfifo/protocol/validate.hpp"
#include "shmfifo/segment.hpp"

#if !defined(__cpp_exceptions)
#error "only shmfifo's own sources need -fexceptions: out of memory becomes ENOMEM by a catch"
#endif

namespace shmfifo {

class mapping {
 public:
  mapping(kernel::location where, std::shared_ptr<const kernel::segment_file> file, std::byte* base,
          const segment_header& header, bool writable)
      : where_(std::move(where)),
        file_(std::move(file)),
        base_(base),
        header_(header),
        view_(base, geometry_of(header)),
        writable_(writable) {}
  mapping(const mapping&) = delete;
  mapping& operator=(const mapping&) = delete;
  ~mapping() { kernel::unmap(base_, header_.segment_size); }

  [[nodiscard]] const std::string& name() const noexcept { return where_.name; }
  [[nodiscard]] const segment_header& header() const noexcept { return header_; }
  [[nodiscard]] const layout_view& view() const noexcept { return view_; }
  [[nodiscard]] bool writable() const noexcept { return writable_; }
  [[nodiscard]] std::uint64_t huge_bytes() const {
    return kernel::huge_bytes(base_, header_.segment_size);
  }
  // With locks of its own.
  [[nodiscard]] std_memory_model memory() const noexcept { return std_memory_model(file_); }
  [[nodiscard]] result<name_state> check_name() const;

 private:
  kernel::location where_;
  std::shared_ptr<const kernel::segment_file> file_;
  std::byte* base_;
  segment_header header_;  // a validated copy
  layout_view view_;
  bool writable_;
};

// The file for a name as shm_open takes it, and a directory as of create_options. What could mean
// another file is refused.
result<kernel::location> locate(std::string_view name, std::string_view directory);
result<std::string> checked_directory(std::string_view directory);

// Such characters forge rows on the terminal of whoever lists names.
bool has_control_character(std::string_view name) noexcept;

// For set-up functions that std::bad_alloc ended. Short, so that the text needs no memory.
error no_memory() noexcept;
// The sentence for a broken rule, with both values.
error refusal(const std::string& name, const broken_rule& broken, int code);
error not_writable(const std::string& name);
error cursor_in_use(const std::string& cursor, std::uint32_t pid);
error lock_trouble(const mapping& home, const std_memory_model& memory);

// Takes the lock under which cursors get, and lose, their names: between finding a name's line and
// owning it nobody else may give the line to another.
result<void> own_naming(const mapping& home, std_memory_model& memory);

// As noted by the line's owner when it attached; 0 after an orderly detach.
std::uint32_t pid_of(const layout_view& view, const std_memory_model& memory, unsigned line);

// A complete segment. It has its name from the last step on; EEXIST if that is taken.
result<std::shared_ptr<mapping>> build_segment(const kernel::location& where, const geometry& shape,
                                               const create_options& options);
result<std::shared_ptr<mapping>> attach_mapping(const kernel::location& where,
                                                const attach_options& options);

}  // namespace shmfifo
