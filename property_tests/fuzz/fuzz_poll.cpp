// SPDX-License-Identifier: MIT
// A sound header, and behind it anything: readers of every kind, writers and the operator's calls
// end with answers and stay inside the mapping. Input: a geometry, then pairs of a word's index and
// its value, because whole segments are too long for a fuzzer to change with sense.
#include "target.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shmfifo;
  fuzz::input from(data, size);
  const geometry shape = fuzz::take_geometry(from);
  segment home = fuzz::new_segment(shape);
  // The words of control block, lines and slots, without the page's padding between them.
  std::byte* lines = reinterpret_cast<std::byte*>(&home.view().control());
  std::byte* slots = reinterpret_cast<std::byte*>(&home.view().slot(0));
  const std::size_t before = (sizeof(control_block) + shape.participant_count * 64U) / 8;
  const std::size_t behind = shape.slot_count * shape.slot_stride() / 8;
  while (!from.empty()) {
    const std::size_t index = from.take<std::uint16_t>() % (before + behind);
    const auto word = from.take<std::uint64_t>();
    std::byte* at = index < before ? lines + index * 8 : slots + (index - before) * 8;
    std::memcpy(at, &word, sizeof word);
  }
  auto looking = segment::attach(fuzz::own_name().get(), {shmfifo::access::read_only, {}, false});
  if (looking) fuzz::exercise(*looking);
  fuzz::exercise(home);
  return 0;
}
