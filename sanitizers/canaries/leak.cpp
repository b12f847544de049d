// SPDX-License-Identifier: MIT
// Defect: the reader's copy of a record is never freed, and the only pointer to it is overwritten.
#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  auto** record = file.map<char*>();
  for (int i = 0; i < 3; ++i) {
    *record = new char[1048];
    **record = 1;
  }
  *record = nullptr;
  return canaries::came_to_the_end();
}
