// SPDX-License-Identifier: MIT
#pragma once
// The end of every run, once for people and once for scripts: the same fields in the same order, as
// lines or, with --json, as one object on one line.

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "printable.hpp"
#include "standard_output.hpp"

namespace shmfifo::apps {

using fields = nlohmann::ordered_json;

// JSON on one line, in ASCII (control characters of names are escaped there, too). Bytes that are
// no UTF-8 (names may hold any) are replaced, never an exception.
inline std::string json_text(const fields& value) {
  return value.dump(-1, ' ', true, fields::error_handler_t::replace);
}

inline std::string summary_text(const fields& summary, bool json) {
  if (json) return json_text(summary) + "\n";
  std::string lines;
  for (const auto& [key, value] : summary.items()) {
    std::string text = json_text(value);
    if (value.is_string()) text = printable(value.get_ref<const std::string&>());
    if (value.is_number_float()) text = fmt::format("{:.3f}", value.get<double>());
    lines += fmt::format("{:<20} {}\n", key, text);
  }
  return lines;
}

inline void print_json(const fields& value) {
  print_now(json_text(value) + "\n");
}
inline void print_summary(const fields& summary, bool json) {
  print_now(summary_text(summary, json));
}

}  // namespace shmfifo::apps
