// SPDX-License-Identifier: MIT
#pragma once

// Exploration shared between processes: each goes through the first few choices in the same order
// and takes every nth of what lies below. No memory is shared and nothing is exchanged before the
// end.

#include <string_view>
#include <vector>

#include "shmfifo/harness/model/check.hpp"

namespace shmfifo::harness::model::detail {

struct share {
  std::uint32_t number = 0;
  std::uint32_t of = 1;
};

[[nodiscard]] result explore_share(const test_body& body, const options& options, share mine);
[[nodiscard]] result explore_in_processes(const test_body& body, const options& options);

// Replay strings: the alternatives taken, as text.
[[nodiscard]] std::string text_of(const std::vector<std::uint32_t>& path);
[[nodiscard]] bool parse(std::string_view text, std::vector<std::uint32_t>& path);

}  // namespace shmfifo::harness::model::detail
