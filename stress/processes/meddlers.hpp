// SPDX-License-Identifier: MIT
#pragma once
// Processes that run beside the actors of a run on the core and are killed like them: they recover
// the running segment, or create, attach and remove segments beside it.

#include <string>

namespace shmfifo::stress {

// Recovers the segment without end, from many threads' worth of processes at once.
void recover_for_ever(const std::string& name);
// Creates and removes segments beside the running one; the running one's name is refused to it.
void create_for_ever(const std::string& name);
// Attaches to what create_for_ever made: it gets a whole segment or a clear error.
void attach_for_ever(const std::string& name);

}  // namespace shmfifo::stress
