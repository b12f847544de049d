// SPDX-License-Identifier: MIT
#include "segment_check.hpp"

#include "segment_checker.hpp"

namespace shmfifo::apps {

check_report check_segment(const segment& home) {
  return segment_checker<std_memory_model>(home.view()).run();
}

}  // namespace shmfifo::apps
