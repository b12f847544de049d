// SPDX-License-Identifier: MIT
#include "shmfifo/harness/oracle/verdict.hpp"

#include <fmt/format.h>

namespace shmfifo::harness {
namespace {

struct rule_text {
  std::string_view name;
  std::string_view guarantee;
  std::string_view meaning;
};

constexpr rule_text rule_texts[] = {
#define SHMFIFO_RULE_TEXT(name, guarantee, text) {#name, guarantee, text},
    SHMFIFO_RULES(SHMFIFO_RULE_TEXT)
#undef SHMFIFO_RULE_TEXT
};

const rule_text& text_of(rule broken) noexcept {
  return rule_texts[broken < rule::count ? static_cast<std::size_t>(broken) : 0];
}

}  // namespace

std::string_view to_string(rule broken) noexcept {
  return text_of(broken).name;
}
std::string_view guarantee_of(rule broken) noexcept {
  return text_of(broken).guarantee;
}
std::string_view meaning_of(rule broken) noexcept {
  return text_of(broken).meaning;
}

std::string_view to_string(outcome answer) noexcept {
  constexpr std::string_view names[] = {"ok", "violation", "unknown"};
  return names[static_cast<std::size_t>(answer)];
}

std::string verdict::text() const {
  if (answer == outcome::ok) return "ok";
  if (answer == outcome::unknown) return "unknown: " + excerpt;
  return fmt::format("violation: {} ({}): {}\n{}", to_string(broken), guarantee_of(broken),
                     meaning_of(broken), excerpt);
}

}  // namespace shmfifo::harness
