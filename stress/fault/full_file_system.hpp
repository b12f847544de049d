// SPDX-License-Identifier: MIT
#pragma once
// A real file system without space, instead of a call that is made to fail.

namespace shmfifo::harness::fault {

// Gives this process a private, empty /dev/shm, which ends with it; false if that is not allowed.
bool private_shm(const char* options);

// Returns the exit code: 0 if a running segment is not affected when the file system fills up.
int run_full_file_system();

}  // namespace shmfifo::harness::fault
