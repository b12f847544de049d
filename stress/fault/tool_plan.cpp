// SPDX-License-Identifier: MIT
// Linked into the operator's tool itself: when main begins, arms the fault that the environment
// names; at the end, reports the calls that were made. Calls that libraries make before main do not
// count. SHMFIFO_FAULT=<call> <nth> <0 once, 1 for ever> <errno> ("none" only counts)
// SHMFIFO_FAULT_REPORT=<descriptor> an array of unsigned, then struck
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "shmfifo/harness/fault/faults.hpp"

namespace shmfifo::harness::fault {
namespace {

void arm_by_environment() {
  const char* text = std::getenv("SHMFIFO_FAULT");
  if (text == nullptr) return;
  plan what;
  char name[32] = {};
  unsigned forever = 0;
  if (std::sscanf(text, "%31s %u %u %d", name, &what.nth, &forever, &what.code) == 4) {
    for (std::size_t i = 0; i < call_count; ++i) {
      if (to_string(static_cast<call>(i)) == name) what.which = static_cast<call>(i);
    }
  }
  what.forever = forever != 0;
  arm(what);
}

class report_at_end {
 public:
  report_at_end() = default;
  report_at_end(const report_at_end&) = delete;
  report_at_end& operator=(const report_at_end&) = delete;
  ~report_at_end() {
    const char* descriptor = std::getenv("SHMFIFO_FAULT_REPORT");
    const auto made = disarm();
    if (descriptor == nullptr) return;
    const unsigned hit = struck() ? 1 : 0;
    static_cast<void>(!::write(std::atoi(descriptor), made.data(), sizeof made));
    static_cast<void>(!::write(std::atoi(descriptor), &hit, sizeof hit));
  }
};

const report_at_end at_end;

}  // namespace
}  // namespace shmfifo::harness::fault

extern "C" {
int __real_main(int count, char** words);
int __wrap_main(int count, char** words) {
  shmfifo::harness::fault::arm_by_environment();
  return __real_main(count, words);
}
}
