// SPDX-License-Identifier: MIT
// The bytes change while they are used: a second thread scribbles over header, control words, lines
// and slots, while producers, consumers and observers work. Nothing may crash, hang, or be read or
// written outside the mapping; what the messages then contain does not matter.
#include <atomic>
#include <thread>

#include "target.hpp"

namespace {

using namespace shmfifo;

struct scribble {
  std::uint16_t index = 0;
  std::uint64_t word = 0;
};

void scribble_on(const segment& home, std::span<const scribble> all,
                 const std::atomic<bool>& stop) {
  std::byte* base = reinterpret_cast<std::byte*>(&home.view().control()) - control_offset;
  const std::size_t words = home.shape().segment_size() / 8;
  const std::size_t slots = home.shape().slots_offset() / 8;
  const std::size_t used = (participants_offset + home.shape().participant_count * 64U) / 8;
  do {
    for (const scribble& each : all) {
      // Not on the padding between lines and slots, which nothing reads.
      std::size_t index = each.index % (used + words - slots);
      if (index >= used) index += slots - used;
      auto* at = reinterpret_cast<std::uint64_t*>(base + index * 8);
      std::atomic_ref<std::uint64_t>(*at).store(each.word, std::memory_order_relaxed);
    }
  } while (!stop.load(std::memory_order_relaxed));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::input from(data, size);
  const geometry shape = fuzz::take_geometry(from);
  std::vector<scribble> all;
  while (!from.empty() && all.size() < 64) {
    all.push_back({from.take<std::uint16_t>(), from.take<std::uint64_t>()});
  }
  segment home = fuzz::new_segment(shape);
  std::atomic<bool> stop{false};
  std::thread other([&] { scribble_on(home, all, stop); });
  fuzz::exercise(home);
  // Attaching anew meets a header that changes: refused or not, it copes.
  if (auto again = segment::attach(fuzz::own_name().get())) fuzz::exercise(*again);
  stop = true;
  other.join();
  return 0;
}
