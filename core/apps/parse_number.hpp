// SPDX-License-Identifier: MIT
#pragma once
// Numbers that people write: all of a text, or nothing.

#include <charconv>
#include <optional>
#include <string_view>

namespace shmfifo::apps {

// Nothing if the text is no such number, has anything else in it, or does not fit. `base` is that
// of std::from_chars, for integers.
template <class Number, class... Base>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text, Base... base) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, broken] = std::from_chars(text.data(), end, value, base...);
  if (broken != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace shmfifo::apps
