// SPDX-License-Identifier: MIT
// Defect: bytes that were never set are published, and a reader branches on them.
#include <cstring>
#include <memory>

#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  auto* message = file.map<int>();
  const std::unique_ptr<int[]> bytes(new int[4]);
  std::memcpy(message, bytes.get(), 4 * sizeof(int));
  if (message[2] == 42) std::puts("it was 42");
  return canaries::came_to_the_end();
}
