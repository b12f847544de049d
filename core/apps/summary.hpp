// SPDX-License-Identifier: MIT
#pragma once
// The end of every run, once for people and once for scripts: the same fields in the same order, as
// lines or, with --json, as one object on one line.

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

namespace shmfifo::apps {

using fields = nlohmann::ordered_json;

// JSON on one line; bytes that are no UTF-8 (names may hold any) are replaced, never an exception.
inline void print_json(const fields& value) {
  fmt::print("{}\n", value.dump(-1, ' ', false, fields::error_handler_t::replace));
  std::fflush(stdout);
}

inline void print_summary(const fields& summary, bool json) {
  if (json) {
    print_json(summary);
    return;
  }
  for (const auto& [key, value] : summary.items()) {
    std::string text = value.dump(-1, ' ', false, fields::error_handler_t::replace);
    if (value.is_string()) text = value.get<std::string>();
    if (value.is_number_float()) text = fmt::format("{:.3f}", value.get<double>());
    fmt::print("{:<20} {}\n", key, text);
  }
}

}  // namespace shmfifo::apps
