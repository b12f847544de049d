// SPDX-License-Identifier: MIT
#pragma once

// check(): runs a test body in every consistent execution of RC11. The body is thread 0: it sets up
// the state, starts threads, joins them and requires what must hold. It is run again for each
// execution, so it must do the same whenever it reads the same values; if it does not, the verdict
// is `unknown`.

#include <functional>
#include <string>
#include <string_view>

#include "shmfifo/harness/model/options.hpp"
#include "shmfifo/harness/model/result.hpp"

namespace shmfifo::harness::model {

using test_body = std::function<void()>;  // run again for each execution

// One at a time in a thread of the operating system. Blocks until the verdict is known.
[[nodiscard]] result check(const test_body& body, const options& options = {});

// Runs the one execution that a replay string names, and reports it. The body and the options that
// change behaviour must be the ones that gave the string; otherwise the verdict is `unknown`.
[[nodiscard]] result replay(const test_body& body, std::string_view path,
                            const options& options = {});

// A complete execution, for options::on_execution.
class execution {
 public:
  // Made by check().
  explicit execution(const void* runtime) noexcept : runtime_(runtime) {}
  // The last value in the modification order of the word at this address.
  [[nodiscard]] std::uint64_t final_value(const void* word) const;
  // How many events it has.
  [[nodiscard]] std::uint32_t events() const;
  // Equal for executions that are equal up to an exchange of symmetric threads: threads, values,
  // reads-from and modification orders.
  [[nodiscard]] std::uint64_t signature() const;
  // Its events by thread, as in a report.
  [[nodiscard]] std::string table() const;

 private:
  const void* runtime_;
};

}  // namespace shmfifo::harness::model
