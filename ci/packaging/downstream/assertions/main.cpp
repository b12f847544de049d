// SPDX-License-Identifier: MIT
// Asks for the value of a result that holds an error, where an assertion has to stop it.
#include <shmfifo/shmfifo.hpp>

#include <cstdio>

int main() {
  auto nothing = shmfifo::segment::attach("");
#if defined(SHMFIFO_ASSERTIONS)
  nothing.value();
#endif
  std::printf("no assertion, error %d\n", nothing.error().code);
}
