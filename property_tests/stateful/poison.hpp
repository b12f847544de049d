// SPDX-License-Identifier: MIT
#pragma once
// AddressSanitizer sees no overrun inside a mapping, unless the program marks what is out of
// bounds. Before each operation it marks all of these: the gaps between the parts of the segment,
// the content of slots that no message is in, and what lies behind the end of each message; except
// where the operation may write. Without AddressSanitizer this is nothing.

#include "stateful/reference_fifo.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define SHMFIFO_CAN_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHMFIFO_CAN_POISON 1
#endif
#endif

#if defined(SHMFIFO_CAN_POISON)
#include <sanitizer/asan_interface.h>
#endif

namespace shmfifo::property_tests {

#if defined(SHMFIFO_CAN_POISON)

inline void allow_everything(const layout_view& view) {
  std::byte* base = reinterpret_cast<std::byte*>(&view.control()) - control_offset;
  __asan_unpoison_memory_region(base, view.shape().segment_size());
}

inline void poison_all_but(const layout_view& view, const harness::reference::fifo& model,
                           const harness::reference::operation& o) {
  using harness::reference::op;
  const geometry& shape = view.shape();
  std::byte* base = reinterpret_cast<std::byte*>(&view.control()) - control_offset;
  allow_everything(view);
  const auto forbid = [&](std::byte* first, std::byte* end) {
    __asan_poison_memory_region(first, static_cast<std::size_t>(end - first));
  };
  forbid(base, base + control_offset);  // the header was copied out
  std::byte* lines_end =
      base + participants_offset + shape.participant_count * sizeof(participant_line);
  forbid(lines_end, base + shape.slots_offset());
  const auto lengths = model.lengths();  // of the message in each slot; -1: none
  // Handles keep claims open, so a producer may write wherever its next number or its claim is.
  const bool writes = model.attached(o.handle % harness::reference::handles_max) &&
                      model.writes(o.handle % harness::reference::handles_max);
  for (std::uint64_t i = 0; i < shape.slot_count; ++i) {
    slot_header& slot = view.slot(i);
    std::byte* content = layout_view::content(slot);
    std::byte* end = reinterpret_cast<std::byte*>(&slot) + shape.slot_stride();
    if (writes) {
      // Whole words: of a content size that is not a multiple of 8, the last bytes cannot be
      // marked.
      forbid(content + round_up(shape.content_size, 8), end);
    } else {
      const std::int64_t length = lengths[i];
      forbid(content + round_up(length < 0 ? 0 : static_cast<std::uint64_t>(length), 8), end);
    }
  }
  forbid(base + shape.slots_offset() + shape.slot_count * shape.slot_stride(),
         base + shape.segment_size());
}

#else

inline void allow_everything(const layout_view&) {}
inline void poison_all_but(const layout_view&, const harness::reference::fifo&,
                           const harness::reference::operation&) {}

#endif

}  // namespace shmfifo::property_tests
