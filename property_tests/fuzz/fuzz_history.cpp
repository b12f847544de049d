// SPDX-License-Identifier: MIT
// Any bytes as a saved history: refused with a sentence, or judged with a verdict that has one.
#include <stdexcept>

#include "memory_file.hpp"
#include "shmfifo/harness/oracle/judge.hpp"
#include "target.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shmfifo;
  const harness::memory_file file;
  fuzz::require(size == 0 || ::pwrite(file.number(), data, size, 0) == static_cast<ssize_t>(size),
                "the history's file can be written");
  try {
    const harness::histories logs = harness::histories::load(file.path());
    const harness::verdict judged = harness::judge(logs);
    fuzz::require(judged.ok() == judged.excerpt.empty(), "a verdict but ok says why");
    fuzz::require(!judged.text().empty(), "a verdict has a text");
  } catch (const std::runtime_error& refused) {
    fuzz::require(*refused.what() != 0, "a refusal says why");
  }
  return 0;
}
