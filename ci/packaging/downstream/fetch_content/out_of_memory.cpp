// SPDX-License-Identifier: MIT
// Somebody else's program, without exceptions: that there is no memory for a name is an error like
// any other.
#include <shmfifo/shmfifo.hpp>

#include <cerrno>
#include <cstdio>

int main() {
  constexpr std::size_t more_than_any_address_space = std::size_t{1} << 60;
  const auto refused = shmfifo::segment::attach({"name", more_than_any_address_space});
  std::printf("%s\n", refused.error().text.c_str());
  return !refused && refused.error().code == ENOMEM ? 0 : 1;
}
