// SPDX-License-Identifier: MIT
// Defect: as race_on_one_mapping, but each thread has a mapping of its own, as two processes have.
// Known blind: the instruments know addresses, not pages, and say nothing. Hence the rule that the
// protocol runs under them as threads on one mapping.
#include <thread>

#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  const auto change = [](volatile int* word) {
    for (int i = 0; i < 1000; ++i) *word = *word + 1;
  };
  std::thread first(change, file.map<volatile int>());
  std::thread second(change, file.map<volatile int>());
  first.join();
  second.join();
  return canaries::came_to_the_end();
}
