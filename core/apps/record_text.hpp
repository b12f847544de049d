// SPDX-License-Identifier: MIT
#pragma once
// Message bytes as people and JSON can read them. Whatever the bytes are, the result is printable
// ASCII: a message must not be able to drive the terminal it is shown on.

#include <fmt/format.h>

#include <cstddef>
#include <span>
#include <string>

namespace shmfifo::apps {

// Printable ASCII stands for itself; everything else, and the backslash, is written as \xNN.
[[nodiscard]] inline std::string printable(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const std::byte byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    if (c >= 32 && c < 127 && c != '\\') {
      text += static_cast<char>(c);
    } else {
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", c);
    }
  }
  return text;
}

[[nodiscard]] inline std::string hexadecimal(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned char>(byte));
  }
  return text;
}

}  // namespace shmfifo::apps
