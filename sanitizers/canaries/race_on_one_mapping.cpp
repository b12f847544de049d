// SPDX-License-Identifier: MIT
// Defect: two threads change one word of a shared mapping with plain stores, at one address.
#include <thread>

#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  auto* word = file.map<volatile int>();
  const auto change = [word] {
    for (int i = 0; i < 1000; ++i) *word = *word + 1;
  };
  std::thread first(change);
  std::thread second(change);
  first.join();
  second.join();
  return canaries::came_to_the_end();
}
