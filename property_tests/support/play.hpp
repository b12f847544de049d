// SPDX-License-Identifier: MIT
#pragma once
// Short words for what most properties do: make a segment of a random shape, publish some bytes,
// and read until nothing comes, with a record of everything that was reported on the way.

#include <cstring>
#include <span>
#include <vector>

#include "property.hpp"
#include "stateful/generate.hpp"
#include "stateful/world.hpp"

namespace shmfifo {
inline void showValue(const geometry& shape, std::ostream& os) {
  os << property_tests::to_text(shape);
}
inline void showValue(full_policy policy, std::ostream& os) {
  constexpr const char* words[] = {"?", "reject", "wait", "overwrite"};
  os << words[static_cast<std::size_t>(policy)];
}
inline void showValue(producer_role role, std::ostream& os) {
  os << (role == producer_role::single ? "single" : "many");
}
inline void showValue(const start_at& start, std::ostream& os) {
  os << "place " << static_cast<int>(start.where) << " number " << start.number;
}
}  // namespace shmfifo

namespace shmfifo::harness::reference {
inline void showValue(const operation& o, std::ostream& os) {
  os << property_tests::to_text(o);
}
}  // namespace shmfifo::harness::reference

namespace shmfifo::property_tests {

using harness::must;
using reference::content_for;
using reference::message;
using bytes = std::vector<std::uint8_t>;

struct fixture {
  explicit fixture(const geometry& of) : shape(of), home(must(segment::create(name.get(), of))) {}
  geometry shape;
  harness::unique_name name;
  segment home;
};

inline byte_view view_of(const bytes& content) {
  return std::as_bytes(std::span(content));
}
inline status publish(producer& writer, const bytes& content) {
  return writer.try_publish(view_of(content));
}
// `count` messages of one byte that counts on from `first`.
inline void publish_many(producer& writer, std::int64_t first, std::int64_t count) {
  for (std::int64_t i = first; i < first + count; ++i) {
    RC_ASSERT(publish(writer, {static_cast<std::uint8_t>(i)}) == status::ok);
  }
}

struct story {
  std::vector<message> messages;
  std::int64_t aborted = 0;
  std::int64_t lost = 0;
  std::int64_t invalid = 0;
  [[nodiscard]] std::int64_t numbers() const {
    return static_cast<std::int64_t>(messages.size()) + aborted + lost + invalid;
  }
};

// Reads until `empty`; each number must be reported once and in order.
inline story drain(consumer& reader, std::int64_t limit = 256) {
  story told;
  std::int64_t next = reader.position();
  for (;;) {
    const std::size_t before = told.messages.size();
    const poll_result result = reader.poll(
        [&](const record_view& record) {
          RC_ASSERT(record.message_number ==
                    next + static_cast<std::int64_t>(told.messages.size() - before));
          const auto* first = reinterpret_cast<const std::uint8_t*>(record.content);
          told.messages.push_back({record.message_number,
                                   record.value_length,
                                   record.status,
                                   {first, first + record.value_length}});
        },
        limit);
    RC_ASSERT(result.first == next);
    next += result.count;
    RC_ASSERT(reader.position() == next);
    if (result.answer == status::empty) return told;
    if (result.answer == status::aborted) told.aborted += result.count;
    if (result.answer == status::lost) told.lost += result.count;
    if (result.answer == status::invalid) told.invalid += result.count;
    RC_ASSERT(result.count > 0);
  }
}

inline std::byte* base_of(const segment& home) {
  return reinterpret_cast<std::byte*>(&home.view().control()) - control_offset;
}
inline std::vector<std::byte> image_of(const segment& home) {
  return {base_of(home), base_of(home) + home.shape().segment_size()};
}
// The slots alone: what messages are made of.
inline std::vector<std::byte> slots_of(const segment& home) {
  return {base_of(home) + home.shape().slots_offset(), base_of(home) + home.shape().segment_size()};
}

}  // namespace shmfifo::property_tests
