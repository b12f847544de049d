// SPDX-License-Identifier: MIT
// Defect: a function is called through a pointer of another type (-fsanitize=cfi).
#include "shared_mapping.hpp"

namespace {

[[gnu::noinline]] int handler(long number) {
  return static_cast<int>(number);
}

}  // namespace

int main() {
  const canaries::shared_file file;
  using other = int (*)(double);
  auto* call = file.map<other>();
  *call = reinterpret_cast<other>(reinterpret_cast<void*>(&handler));
  static_cast<void>((*call)(1.0));
  return canaries::came_to_the_end();
}
