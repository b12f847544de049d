// SPDX-License-Identifier: MIT
#pragma once

// Straight-line litmus programs as data: read from JSON, run in the model with any assignment of
// memory orders to their slots. Kept apart from the program that compares verdicts so that tests
// can run programs of their own making.

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "shmfifo/harness/model/model.hpp"

namespace shmfifo::harness::litmus {

enum class letter : char { write = 'W', read = 'R', add = 'U', exchange = 'X', fence = 'F' };

struct instruction {
  letter what = letter::fence;
  std::uint32_t location = 0;
  std::int64_t value = 0;
  std::uint32_t reg = 0;
  std::string slot;
};

// A condition over registers (r0) and final values (fx): comparisons, &&, ||, parentheses.
struct condition {
  enum class kind : std::uint8_t { all, any, equal, differ, less, more } what = kind::all;
  std::vector<condition> parts;
  bool final_value = false;
  std::uint32_t index = 0;
  std::int64_t constant = 0;
};

struct program {
  std::string name;
  std::vector<std::vector<instruction>> threads;
  std::vector<std::string> locations;
  std::vector<std::string> registers;
  condition weak;
};

// Orders of the slots; "none" makes a fence vanish.
using assignment = std::map<std::string, std::string>;

struct tally {
  std::uint64_t executions = 0;
  std::uint64_t weak = 0;
  std::uint64_t duplicates = 0;
  std::string problem;  // empty, or why there is no answer
};

// Throws std::runtime_error, naming the program and what is wrong with it.
[[nodiscard]] std::map<std::string, program> parse_programs(const nlohmann::json& file);
[[nodiscard]] condition parse_condition(const std::string& text, const program& p);
[[nodiscard]] tally run(const program& p, const assignment& orders);

}  // namespace shmfifo::harness::litmus
