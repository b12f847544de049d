// SPDX-License-Identifier: MIT
#pragma once

// The current graph of a runtime in words: a table by thread with source lines and site names, the
// edges, the broken rule; and the same for Graphviz. Complete when the runtime recorded origins.

#include <string>

#include "runtime.hpp"

namespace shmfifo::harness::model::detail {

[[nodiscard]] std::string table_of(runtime& r, const std::string& headline);
[[nodiscard]] std::string dot_of(runtime& r, const std::string& headline);
[[nodiscard]] std::uint64_t signature_of(const graph& g);

}  // namespace shmfifo::harness::model::detail
