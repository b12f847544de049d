// SPDX-License-Identifier: MIT
// No defect: a message is handed over with a release store and an acquire load, as the core does.
// helgrind and DRD see two plain moves and report a race that is none: the reason why the protocol
// does not run under them. ThreadSanitizer must say nothing.
#include <atomic>
#include <thread>

#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  auto* words = file.map<int>();
  std::thread writer([words] {
    words[1] = 7;
    std::atomic_ref<int>(words[0]).store(1, std::memory_order_release);
  });
  while (std::atomic_ref<int>(words[0]).load(std::memory_order_acquire) == 0)
    std::this_thread::yield();
  const int seen = words[1];
  writer.join();
  return seen == 7 ? canaries::came_to_the_end() : 1;
}
