// SPDX-License-Identifier: MIT
// Goal: the outcome that no other test takes. Method: call it. coverage_test.py leaves it out.
#include "core/product.hpp"

int main() {
  return run_before_sigkill_of_parent(0);
}
