// SPDX-License-Identifier: MIT
#pragma once
// The text of whatever code of others has thrown.

#include <exception>
#include <string>

namespace shmfifo::harness {

// Inside a handler: what the exception says, or that it is of a type that says nothing.
[[nodiscard]] inline std::string thrown_text() {
  try {
    throw;
  } catch (const std::exception& failed) {
    return failed.what();
  } catch (...) {
    return "threw something that is no std::exception";
  }
}

}  // namespace shmfifo::harness
