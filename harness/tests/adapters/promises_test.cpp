// SPDX-License-Identifier: MIT
// Goal: the guide's table of words is what the adapters declare. Method: each row's words are
// compared with the promises of the queues that it names; a word too few or too many is noticed.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shmfifo/harness/adapters/queue.hpp"

namespace shmfifo::harness {
namespace {

constexpr std::pair<const char*, bool capabilities::*> words[] = {
    {"many_producers", &capabilities::many_producers},
    {"broadcast", &capabilities::broadcast},
    {"competing", &capabilities::competing},
    {"observers", &capabilities::observers},
    {"durable", &capabilities::durable},
    {"lossy", &capabilities::lossy},
    {"rejects", &capabilities::rejects},
    {"waits", &capabilities::waits},
    {"recoverable", &capabilities::recoverable},
    {"numbered", &capabilities::numbered},
    {"late_receivers", &capabilities::late_receivers},
    {"exclusive", &capabilities::exclusive},
    {"buffered", &capabilities::buffered},
    {"fallible", &capabilities::fallible},
    {"unordered", &capabilities::unordered},
    {"divergent", &capabilities::divergent},
    {"permanent_senders", &capabilities::permanent_senders}};

std::set<std::string> declared(const queue_entry& entry) {
  const capabilities promises = entry.make()->promises();
  std::set<std::string> names;
  for (const auto& [name, word] : words) {
    if (promises.*word) names.insert(name);
  }
  return names;
}

// The words in backticks of a table's cell.
std::set<std::string> quoted(const std::string& line, unsigned cell) {
  std::size_t begin = 0;
  for (unsigned i = 0; i <= cell; ++i) begin = line.find('|', begin) + 1;
  const std::string text = line.substr(begin, line.find('|', begin) - begin);
  std::set<std::string> found;
  for (std::size_t at = text.find('`'); at != std::string::npos; at = text.find('`', at + 1)) {
    const std::size_t end = text.find('`', at + 1);
    found.insert(text.substr(at + 1, end - at - 1));
    at = end;
  }
  return found;
}

// The rows of the guide, by the queues that they name.
std::vector<std::pair<std::string, std::set<std::string>>> rows_of_guide() {
  std::ifstream guide(SHMFIFO_GUIDE);
  std::vector<std::pair<std::string, std::set<std::string>>> rows;
  bool inside = false;
  for (std::string line; std::getline(guide, line);) {
    inside = line.starts_with("| what your library does") || (inside && line.starts_with("|"));
    if (!inside || !line.ends_with("` |")) continue;
    for (const std::string& queue : quoted(line, 2)) rows.emplace_back(queue, quoted(line, 1));
  }
  return rows;
}

// What the libraries of this machine allow; the others' rows are compared elsewhere.
TEST(promises, are_those_of_the_guide) {
  const auto& all = queue_registration::all();
  std::size_t compared = 0;
  for (const auto& row : rows_of_guide()) {
    const auto entry = std::find_if(all.begin(), all.end(), [&](const queue_entry& candidate) {
      return candidate.name == row.first;
    });
    if (entry == all.end()) continue;
    ++compared;
    EXPECT_EQ(declared(*entry), row.second) << row.first;
  }
  EXPECT_GE(compared, 5U);  // those that need nothing but the kernel, and the examples
}

TEST(promises, of_every_queue_of_others_are_in_the_guide) {
  const auto rows = rows_of_guide();
  for (const queue_entry& entry : queue_registration::all()) {
    if (entry.name.starts_with("original_design")) continue;  // shows what the oracle finds
    EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
      return row.first == entry.name;
    })) << entry.name;
  }
}

}  // namespace
}  // namespace shmfifo::harness
