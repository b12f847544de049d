// SPDX-License-Identifier: MIT
#pragma once
// Processes that run beside the actors of a run on the core and are killed like them: they recover
// the running segment, or create, attach and remove other segments.

#include <string>

namespace shmfifo::stress {

// Recovers the segment in an endless loop; several processes do so at once.
void recover_for_ever(const std::string& name);
// Creates and removes other segments; the name of the running one must be refused.
void create_for_ever(const std::string& name);
// Attaches to the segments of create_for_ever: gets a complete segment or a clear error.
void attach_for_ever(const std::string& name);

}  // namespace shmfifo::stress
