// SPDX-License-Identifier: MIT
// Defect: a length from the segment is added to without a check, and does not fit.
#include <cstdint>
#include <limits>

#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  auto* length = file.map<std::int64_t>();
  *length = canaries::unknown(std::numeric_limits<std::int64_t>::max());
  *length = *length + canaries::unknown(std::int64_t{32});
  return canaries::came_to_the_end();
}
