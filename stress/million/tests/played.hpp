// SPDX-License-Identifier: MIT
#pragma once
// A short script in two real processes, as the tests use it.

#include "actors.hpp"

namespace shmfifo::million {

using script = std::function<void(actor&)>;

inline run_outcome played(const script& act, std::int64_t messages = 3) {
  run_options options;
  options.messages = messages;
  options.executions = 7;
  return run_in_two_processes(options, 10, act);
}

}  // namespace shmfifo::million
