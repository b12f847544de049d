// SPDX-License-Identifier: MIT
// Defect: a message longer than the array on the stack goes over the return address, in a loop that
// no library function checks (-fstack-protector).
#include "shared_mapping.hpp"

namespace {

[[gnu::noinline]] void copy(const char* content, std::size_t size) {
  char record[16];
  volatile char* to = record;
  for (std::size_t i = 0; i < size; ++i) to[i] = content[i];
}

}  // namespace

int main() {
  const canaries::shared_file file;
  copy(file.map<char>(), canaries::unknown(std::size_t{64}));
  return canaries::came_to_the_end();
}
