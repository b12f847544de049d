// SPDX-License-Identifier: MIT
// Any bytes as the segment's file: attaching refuses them by the name of a rule, or everything that
// can be done with a segment ends with an answer. The first byte may ask for a right checksum and a
// right file size, which chance alone would never hit.
#include "shmfifo/protocol/validate.hpp"
#include "target.hpp"

namespace {
constexpr std::uint64_t file_size_max = 1 << 20;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shmfifo;
  fuzz::input from(data, size);
  const auto wishes = from.take<std::uint8_t>();
  std::vector<std::uint8_t> bytes(from.rest().begin(), from.rest().end());
  std::uint64_t file_size = bytes.size();
  if (bytes.size() >= sizeof(segment_header)) {
    segment_header header;
    std::memcpy(&header, bytes.data(), sizeof header);
    if ((wishes & 1) != 0) header.checksum = header_checksum(header);
    if ((wishes & 2) != 0 && header.segment_size <= file_size_max) file_size = header.segment_size;
    std::memcpy(bytes.data(), &header, sizeof header);
  }
  fuzz::write_segment_file(bytes, file_size);
  for (const auto mode : {shmfifo::access::read_only, shmfifo::access::read_write}) {
    auto home = segment::attach(fuzz::own_name().get(), {mode, {}, false});
    if (!home) {
      fuzz::require(*home.error().rule != 0 && !home.error().text.empty(), "a refusal says why");
      continue;
    }
    fuzz::exercise(*home);
  }
  return 0;
}
