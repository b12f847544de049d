// SPDX-License-Identifier: MIT
// Defect: a message is a byte longer than its slot, and the next slot was poisoned before.
#include "slots.hpp"

int main() {
  const canaries::shared_file file;
  auto* slots = file.map<canaries::slot>();
  canaries::poison(slots[1]);
  canaries::overrun(slots);
  return canaries::came_to_the_end();
}
