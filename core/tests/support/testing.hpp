// SPDX-License-Identifier: MIT
#pragma once
// What the core's tests share besides the support of all tests: short words for common steps.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "shmfifo/harness/support/child.hpp"
#include "shmfifo/harness/support/names.hpp"
#include "shmfifo/harness/support/value_or_stop.hpp"
#include "shmfifo/shmfifo.hpp"

namespace shmfifo::testing {

using harness::child;
using harness::enter_private_mounts;
using harness::must;
using harness::sleep_for_ever;
using harness::unique_name;

inline geometry small(segment_mode mode, full_policy when_full = full_policy::reject,
                      producer_role role = producer_role::single, std::uint64_t slots = 4) {
  geometry shape;
  shape.mode = mode;
  shape.when_full = when_full;
  shape.producers = role;
  shape.slot_count = slots;
  shape.content_size = 16;
  shape.participant_count = 8;
  return shape;
}

// The bytes of a word.
inline byte_view bytes_of(const std::uint64_t& word) {
  return std::as_bytes(std::span(&word, 1));
}

template <class M>
status put(basic_producer<M>& writer, std::uint64_t word) {
  return writer.try_publish(bytes_of(word));
}

// One poll, as text: "0:5 1:6" for messages with these words, "aborted 1+1", "lost 0+3",
// "empty", ...
inline std::string look(consumer& reader, std::int64_t limit = 100) {
  std::string text;
  const poll_result result = reader.poll(
      [&](const record_view& record) {
        std::uint64_t word = 0;
        std::memcpy(&word, record.content, std::min<std::size_t>(8, record.bytes().size()));
        if (!text.empty()) text += ' ';
        text += std::to_string(record.message_number) + ":" + std::to_string(word);
      },
      limit);
  if (result.answer == status::ok || result.answer == status::empty) {
    return result.answer == status::ok ? text : "empty";
  }
  return std::string(to_string(result.answer)) + " " + std::to_string(result.first) + "+" +
         std::to_string(result.count);
}

inline deadline in_ms(int milliseconds) {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
}

}  // namespace shmfifo::testing
