// SPDX-License-Identifier: MIT
#pragma once
// The findings of an exploration as text and JSON: the instruction, its place in the source, the
// command that replays it, the table.

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
