// SPDX-License-Identifier: MIT
#pragma once
// What a core does that hands out other numbers than it should: CMakeLists.txt puts `distorted`
// into a copy of protocol/poll.hpp, and compiles message_consumer with it. SHMFIFO_WRONG says
// which: "message 3 5" makes message 3 to 5, "first 4 6" an answer about numbers from 4 on to one
// from 6 on, "count 4 0" changes how many these are. A list of them is separated by blanks.

#include <cstdlib>
#include <sstream>
#include <string>

#include "shmfifo/status.hpp"

namespace shmfifo::wrong_core {

inline std::int64_t instead_of(const char* kind, std::int64_t number, std::int64_t value) {
  const char* wanted = std::getenv("SHMFIFO_WRONG");
  std::istringstream words(wanted != nullptr ? wanted : "");
  std::string word;
  std::int64_t at = 0;
  std::int64_t instead = 0;
  while (words >> word >> at >> instead) {
    if (word == kind && at == number) return instead;
  }
  return value;
}

inline record_view distorted(record_view record) {
  record.message_number = instead_of("message", record.message_number, record.message_number);
  return record;
}

inline poll_result distorted(poll_result told) {
  if (told.answer == status::ok) return told;
  told.count = instead_of("count", told.first, told.count);
  told.first = instead_of("first", told.first, told.first);
  return told;
}

}  // namespace shmfifo::wrong_core
