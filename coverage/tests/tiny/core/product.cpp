// SPDX-License-Identifier: MIT
#include "product.hpp"

int run_to_the_end(int x) {
  return x + 1;
}

int run_before_exit(int x) {
  return x + 2;
}

int run_before_own_sigkill(int x) {
  return x + 3;
}

int run_before_sigkill_of_parent(int x) {
  return x > 0 ? x + 4 : x;
}
