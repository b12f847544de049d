// SPDX-License-Identifier: MIT
#pragma once
// For set-up that may not fail: the value, or an exception that ends the test or program and says
// why. For every type with an operator bool, a value() and an error with a text.

#include <stdexcept>
#include <utility>

namespace shmfifo::harness {

// The value. Throws std::runtime_error with the error's sentence if there is none.
template <class Result>
auto must(Result answer) {
  if (!answer) throw std::runtime_error(answer.error().text);
  return std::move(answer).value();
}

}  // namespace shmfifo::harness
