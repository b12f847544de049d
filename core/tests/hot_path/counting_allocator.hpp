// SPDX-License-Identifier: MIT
#pragma once
// Counts every allocation of this process: the test program's own malloc and its relatives stand in
// front of the C library's, and operator new calls them.

#include <cstdint>

namespace hot_path {

[[nodiscard]] std::uint64_t allocations() noexcept;  // since the program began, by all threads

}  // namespace hot_path
