// SPDX-License-Identifier: MIT
#pragma once
// A real /dev/shm without room, instead of a call that is made to fail.

namespace shmfifo::harness::fault {

// Gives this process a /dev/shm of its own, empty and gone with it; false where that may not be.
bool private_shm(const char* options);

// The exit code: 0 if a segment that runs while the file system fills up is never hurt.
int run_full_file_system();

}  // namespace shmfifo::harness::fault
