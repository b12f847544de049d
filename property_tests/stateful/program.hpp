// SPDX-License-Identifier: MIT
#pragma once
// A program for the FIFO: a geometry and operations, with one text form that people read, that
// failures print and that property_tests/regressions/ keeps. The same programs come from RapidCheck
// (generate.hpp) and from the bytes of a fuzzer (decode).

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "stateful/reference_types.hpp"

namespace shmfifo::property_tests {

namespace reference = harness::reference;

struct program {
  geometry shape;
  std::vector<reference::operation> operations;
};

// One line each: "segment ring reject single slots=4 content=16 participants=8",
// "publish h0 length=5 fill=7".
std::string to_text(const geometry& shape);
std::string to_text(const reference::operation& o);
std::string to_text(const reference::answer& a);
std::string to_text(const reference::visible_state& state);
std::string to_text(const program& p);

// Reads what to_text(program) writes; `#` starts a comment. Throws std::runtime_error with the
// line.
program parse_program(std::istream& text);

// Any bytes make a program; handles stay in the test's own process.
program decode(std::span<const std::uint8_t> input, std::size_t operations_max);

}  // namespace shmfifo::property_tests
