// SPDX-License-Identifier: MIT
#pragma once
// Text of others (messages, names of segments and cursors, errors that quote them) as people can
// read it. Whatever the bytes are, the result is printable ASCII on one line: it can neither drive
// the terminal that it is shown on nor forge a row. ASCII only, because what a terminal makes of
// the rest depends on its character set (0x9b starts a control sequence in some, as U+009B does in
// others), and because text that is invisible, or that changes its direction, passes for other
// text. Nothing is lost: --json has the text itself.

#include <fmt/format.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace shmfifo::apps {

// Printable ASCII stands for itself; everything else, and the backslash, is written as \xNN. So
// different texts stay different.
[[nodiscard]] inline std::string printable(std::string_view source) {
  std::string text;
  for (const char c : source) {
    if (c >= ' ' && c <= '~' && c != '\\') {
      text += c;
    } else {
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return text;
}
[[nodiscard]] inline std::string printable(std::span<const std::byte> bytes) {
  return printable(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

[[nodiscard]] inline std::string hexadecimal(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned char>(byte));
  }
  return text;
}

}  // namespace shmfifo::apps
