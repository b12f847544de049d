// SPDX-License-Identifier: MIT
// Goal: a segment with one wrong bit in its header is refused by the name of a rule; behind it
// bits are harmless. Method: flip each bit of the header of a segment of any geometry, one after
// the other, and attach.
#include <set>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

// The rules that a header can break.
const std::set<std::string> rules{"magic",
                                  "byte_order",
                                  "word_size",
                                  "layout_version",
                                  "header_size",
                                  "mode",
                                  "full_policy",
                                  "producer_role",
                                  "participant_count",
                                  "content_size",
                                  "slot_count",
                                  "slot_stride",
                                  "participants_offset",
                                  "slots_offset",
                                  "segment_size",
                                  "reserved",
                                  "checksum",
                                  "file_size"};

TEST(header, G9_every_flipped_bit_is_refused_by_name) {
  expect_holds(
      [] {
        const geometry shape = *any_geometry();
        fixture f(shape);
        std::byte* base = base_of(f.home);
        for (std::size_t bit = 0; bit < control_offset * 8; ++bit) {
          const std::byte mask{static_cast<std::uint8_t>(1U << bit % 8)};
          base[bit / 8] ^= mask;
          auto found = segment::attach(f.name.get());
          base[bit / 8] ^= mask;
          if (bit >= sizeof(segment_header) * 8) {
            RC_ASSERT(bool(found));  // bytes that nothing uses
          } else {
            RC_ASSERT(!found);
            RC_ASSERT(rules.count(found.failure().rule) == 1U);
            RC_ASSERT(found.failure().text.find(found.failure().rule) != std::string::npos);
          }
        }
        RC_ASSERT(bool(segment::attach(f.name.get())));
      },
      10);
}

}  // namespace
}  // namespace shmfifo::property_tests
