// SPDX-License-Identifier: MIT
#pragma once
// The end of every run, once for people and once for scripts: the same fields in the same order, as
// lines or, with --json, as one object on one line.

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

namespace shmfifo::apps {

using fields = nlohmann::ordered_json;

// JSON on one line; bytes that are no UTF-8 (names may hold any) are replaced, never an exception.
inline std::string json_text(const fields& value) {
  return value.dump(-1, ' ', false, fields::error_handler_t::replace) + "\n";
}

inline std::string summary_text(const fields& summary, bool json) {
  if (json) return json_text(summary);
  std::string lines;
  for (const auto& [key, value] : summary.items()) {
    std::string text = value.dump(-1, ' ', false, fields::error_handler_t::replace);
    if (value.is_string()) text = value.get<std::string>();
    if (value.is_number_float()) text = fmt::format("{:.3f}", value.get<double>());
    lines += fmt::format("{:<20} {}\n", key, text);
  }
  return lines;
}

// Needs no memory: whoever changes something makes the text of its success first.
inline void print_now(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw std::system_error(errno, std::generic_category(), "standard output");
  }
}

inline void print_json(const fields& value) {
  print_now(json_text(value));
}
inline void print_summary(const fields& summary, bool json) {
  print_now(summary_text(summary, json));
}

}  // namespace shmfifo::apps
