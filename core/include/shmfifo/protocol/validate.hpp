// SPDX-License-Identifier: MIT
#pragma once
// The rules that a segment's header must keep before a byte of it is used. Pure: works on a private
// copy of the header and on the file's size, so it can be run on any bytes. The first broken rule
// is named, with the value found and the value expected.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "shmfifo/protocol/layout.hpp"

namespace shmfifo {

// FNV-1a, 64 bits: each single changed bit changes it. It guards against accidents, not against
// malice: the other rules do that.
[[nodiscard]] inline std::uint64_t header_checksum(const segment_header& header) noexcept {
  const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
  std::uint64_t hash = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < offsetof(segment_header, checksum); ++i) {
    hash = (hash ^ bytes[i]) * 0x100000001b3;
  }
  return hash;
}

// The geometry that a header tells, not yet checked.
[[nodiscard]] inline geometry geometry_of(const segment_header& header) noexcept {
  return {static_cast<segment_mode>(header.mode),
          static_cast<full_policy>(header.full_policy),
          static_cast<producer_role>(header.producer_role),
          header.slot_count,
          header.content_size,
          header.participant_count};
}

// The first broken rule of a whole header, whose file has this size; nothing if it may be used.
[[nodiscard]] inline std::optional<broken_rule> validate(const segment_header& header,
                                                         std::uint64_t file_size) noexcept {
  const auto same = [](const char* rule, std::uint64_t found,
                       std::uint64_t expected) -> std::optional<broken_rule> {
    if (found == expected) return std::nullopt;
    return broken_rule{rule, found, expected};
  };
  const auto magic = std::bit_cast<std::uint64_t>(header.magic);
  const auto our_magic = std::bit_cast<std::uint64_t>(segment_magic);
  if (auto broken = same("magic", magic, our_magic)) return broken;
  if (auto broken = same("byte_order", header.byte_order, byte_order_mark)) return broken;
  if (auto broken = same("word_size", header.word_size, sizeof(void*))) return broken;
  if (auto broken = same("layout_version", header.layout_version, layout_version)) return broken;
  if (auto broken = same("header_size", header.header_size, sizeof(segment_header))) return broken;
  const geometry shape = geometry_of(header);
  if (auto broken = validate_geometry(shape)) return broken;
  if (auto broken = same("slot_stride", header.slot_stride, shape.slot_stride())) return broken;
  if (auto broken = same("participants_offset", header.participants_offset, participants_offset)) {
    return broken;
  }
  if (auto broken = same("slots_offset", header.slots_offset, shape.slots_offset())) return broken;
  if (auto broken = same("segment_size", header.segment_size, shape.segment_size())) return broken;
  for (const std::uint64_t word : header.reserved) {
    if (auto broken = same("reserved", word, 0)) return broken;
  }
  if (auto broken = same("checksum", header.checksum, header_checksum(header))) return broken;
  return same("file_size", file_size, header.segment_size);
}

}  // namespace shmfifo
