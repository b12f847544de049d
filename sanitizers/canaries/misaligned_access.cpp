// SPDX-License-Identifier: MIT
// Defect: a record is laid over the segment at offset 17, where no number may be.
#include <cstdint>

#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  auto* bytes = file.map<std::byte>();
  auto* number = reinterpret_cast<std::int64_t*>(bytes + canaries::unknown(17));
  *number = 1;
  return canaries::came_to_the_end();
}
