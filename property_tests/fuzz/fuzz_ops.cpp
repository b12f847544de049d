// SPDX-License-Identifier: MIT
// Bytes as a program: the core must answer as the reference does. The same programs as the stateful
// property's, found by coverage instead of chance; what fails is printed in the form that
// property_tests/regressions/ keeps.
#include "stateful/world.hpp"
#include "target.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shmfifo;
  const property_tests::program p = property_tests::decode({data, size}, 60);
  const std::string text = property_tests::difference(p, 16);
  if (!text.empty()) {
    std::fprintf(stderr, "%s\n%s\n", property_tests::to_text(p).c_str(), text.c_str());
  }
  fuzz::require(text.empty(), "the core answers as the reference does");
  return 0;
}
