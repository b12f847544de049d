// SPDX-License-Identifier: MIT
// Defect: an index read from the segment is past the end of a vector (_GLIBCXX_ASSERTIONS).
#include <vector>

#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  auto* index = file.map<std::size_t>();
  *index = canaries::unknown(std::size_t{4});
  std::vector<int> cursors(4);
  cursors[*index] = 1;
  return cursors[0] == 0 ? canaries::came_to_the_end() : 1;
}
