// SPDX-License-Identifier: MIT
// No defect at all: nothing may be reported, and the runner must refuse it where a report is due.
#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  *file.map<int>() = 1;
  return canaries::came_to_the_end();
}
