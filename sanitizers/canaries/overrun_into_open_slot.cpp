// SPDX-License-Identifier: MIT
// Defect: as overrun_into_poisoned_slot, with nothing poisoned. Known blind: all of the mapping may
// be written, so a message that runs into its neighbour is no error to the instrument.
#include "slots.hpp"

int main() {
  const canaries::shared_file file;
  canaries::overrun(file.map<canaries::slot>());
  return canaries::came_to_the_end();
}
