// SPDX-License-Identifier: MIT
#pragma once
// Runs a job in a child process in which, from a moment that the job chooses, every system call but
// exit_group is death by SIGSYS: the kernel itself is the judge of "no system call".

#include <functional>
#include <string>

namespace hot_path {

enum class ending {
  quiet,        // the job answered true, and made no system call after the seal
  system_call,  // it made one
  failed,       // the job answered false, or the child ended in another way
};

// `set_up` runs freely in the child and answers the job for after the seal. The child dies with
// its parent.
[[nodiscard]] ending run_sealed(const std::function<std::function<bool()>()>& set_up);

[[nodiscard]] std::string to_string(ending how);

}  // namespace hot_path
