// SPDX-License-Identifier: MIT
#pragma once
// What an exploration found, for people and for programs: where an instruction stands in the
// source and what it is, the command that replays it, the table and the JSON.

#include <cstdint>
#include <string>
#include <vector>

#include "explorer.hpp"

namespace shmfifo::harness::crash {

struct row {
  const scenario* what = nullptr;
  exploration found;
};

// "/path/shmfifo_crash --operation ... --at 17"
std::string replay_command(const scenario& what, const failure& seen);
std::string describe_failure(const scenario& what, const failure& seen);

std::string table(const std::vector<row>& rows, bool markdown);
std::string to_json(const std::vector<row>& rows, const std::string& build);

}  // namespace shmfifo::harness::crash
