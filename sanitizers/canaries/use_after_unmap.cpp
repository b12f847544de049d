// SPDX-License-Identifier: MIT
// Defect: a view into a segment is read after its mapping is gone.
#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  auto* word = file.map<volatile int>();
  *word = 7;
  ::munmap(const_cast<int*>(word), canaries::mapping_size);
  std::printf("read %d\n", *word);
  return canaries::came_to_the_end();
}
