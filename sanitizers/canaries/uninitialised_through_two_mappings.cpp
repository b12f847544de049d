// SPDX-License-Identifier: MIT
// Defect: as uninitialised_read, but the reader has a mapping of its own. Known blind: what is
// known about a byte is kept by its address, and the other mapping's addresses count as set.
#include <cstring>
#include <memory>

#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  auto* written = file.map<int>();
  const auto* read = file.map<int>();
  const std::unique_ptr<int[]> bytes(new int[4]);
  std::memcpy(written, bytes.get(), 4 * sizeof(int));
  if (read[2] == 42) std::puts("it was 42");
  return canaries::came_to_the_end();
}
