// SPDX-License-Identifier: MIT
#include "sentences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <vector>

namespace shmfifo::harness::fault {

void sentences::add(call which, const char* code, const std::string& text) {
  static const std::regex name("shmfifo-fault-[0-9a-f]+-[0-9a-z]+");
  static const std::regex number("(/fd/|\\()[0-9]+");
  std::string line = std::regex_replace(text, name, "NAME");
  line = std::regex_replace(line, number, "$1N");
  lines_.insert(fmt::format("{} {}: {}\n", to_string(which), code, line));
}

void sentences::add_calls(const std::string& operation, const std::string& calls) {
  static const std::regex varying(" (read|nanosleep)\\b");
  lines_.insert(fmt::format("{} makes{}\n", operation, std::regex_replace(calls, varying, "")));
}

std::string sentences::text() const {
  std::string all;
  for (const std::string& line : lines_) all += line;
  return all;
}

unsigned sentences::differences(const std::string& file) const {
  std::ifstream in(file);
  std::set<std::string> kept;
  for (std::string line; std::getline(in, line);) kept.insert(line + "\n");
  std::vector<std::string> missing, unknown;
  std::set_difference(kept.begin(), kept.end(), lines_.begin(), lines_.end(),
                      std::back_inserter(missing));
  std::set_difference(lines_.begin(), lines_.end(), kept.begin(), kept.end(),
                      std::back_inserter(unknown));
  for (const std::string& line : missing) fmt::print("VIOLATION: no error says: {}", line);
  for (const std::string& line : unknown) fmt::print("VIOLATION: not in {}: {}", file, line);
  return static_cast<unsigned>(missing.size() + unknown.size());
}

}  // namespace shmfifo::harness::fault
