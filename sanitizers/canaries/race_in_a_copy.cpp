// SPDX-License-Identifier: MIT
// Defect: as race_on_one_mapping, but the bytes are moved by memcpy. g++ expands short copies after
// ThreadSanitizer has inserted its calls, so such a race is seen only with -fno-builtin-memcpy,
// which the presets set.
#include <cstring>
#include <thread>

#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  auto* content = file.map<char>();
  const auto change = [content](char value) {
    char message[56];
    std::memset(message, value, sizeof message);
    for (int i = 0; i < 1000; ++i) {
      const std::size_t size = 16 + canaries::unknown(std::size_t{17}) % 40;
      std::memcpy(content, message, size);
    }
  };
  std::thread first(change, 'a');
  std::thread second(change, 'b');
  first.join();
  second.join();
  return canaries::came_to_the_end();
}
