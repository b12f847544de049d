// SPDX-License-Identifier: MIT
#pragma once
// The text of a finding, put together from the log that it is about.

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

#include "hand_made.hpp"

namespace shmfifo::harness {

// An event as an excerpt shows it.
inline std::string line_of(const event& entry) {
  std::ostringstream text;
  if (entry.kind == event_kind::attached) {
    text << "attached (incarnation " << entry.number
         << (entry.killed != 0 ? ", the last one was killed)" : ")");
    return text.str();
  }
  if (entry.number >= 0) text << "number " << entry.number << ": ";
  if (entry.kind == event_kind::aborted) text << "aborted, " << entry.identity << " of them";
  if (entry.kind == event_kind::lost) text << "lost, " << entry.identity << " of them";
  if (entry.kind == event_kind::invalid) text << "invalid, " << entry.identity << " of them";
  if (entry.kind != event_kind::message) return text.str();
  text << "message of " << entry.length << " bytes, ";
  if (entry.length < static_cast<std::int32_t>(content_source::self_naming)) {
    text << "raw 0x" << std::hex << entry.identity;
    return text.str();
  }
  const message_id id = unpack(entry.identity);
  text << "producer " << id.producer << " sequence " << id.sequence;
  if (entry.sound == 0) text << ", BYTES WRONG";
  return text.str();
}

// Not the first one, so that nothing is right by accident.
inline constexpr unsigned second_receiver = 1;

struct sentence {
  rule broken;
  std::string why;
  std::string behind;  // the events
};

// The finding is about this event, the receiver's last one unless another is given.
inline void expect_sentence(const hand_made& run, unsigned receiver, const sentence& expected,
                            std::size_t at = 0) {
  const auto told = run.logs.told(receiver);
  if (at == 0) at = told.size() - 1;
  std::string text = "  " + expected.why + " in the history of ";
  const unsigned consumers = run.logs.facts().consumers;
  text += run.logs.is_observer(receiver) ? "observer " + std::to_string(receiver - consumers)
                                         : "consumer " + std::to_string(receiver);
  text += ":";
  for (std::size_t e = at < 2 ? 0 : at - 2; e < std::min(told.size(), at + 2); ++e) {
    text += std::string(e == at ? "\n  > event " : "\n    event ") + std::to_string(e) + ": " +
            line_of(told[e]);
  }
  if (!expected.behind.empty()) text += "\n  " + expected.behind;
  const verdict found = run.judged();
  EXPECT_EQ(to_string(found.broken), to_string(expected.broken));
  EXPECT_EQ(found.excerpt, text);
}

inline std::string named(message_id id) {
  return "producer " + std::to_string(id.producer) + " sequence " + std::to_string(id.sequence);
}
inline void refuse_up_to(hand_made& run, unsigned producer, std::uint64_t sequence) {
  while (run.logs.sender(producer).logged < sequence) run.is_refused(producer);
}

}  // namespace shmfifo::harness
