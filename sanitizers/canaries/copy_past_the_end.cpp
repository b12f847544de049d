// SPDX-License-Identifier: MIT
// Defect: a message is copied into a smaller array of known size (_FORTIFY_SOURCE).
#include <cstring>

#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  const auto* content = file.map<char>();
  char record[16];
  std::memcpy(record, content, canaries::unknown(std::size_t{24}));
  return canaries::unknown(record[0]) == 0 ? canaries::came_to_the_end() : 1;
}
