// SPDX-License-Identifier: MIT
// Goal: the table, the JSON and the text of a violation say what was found, each figure in its
// place. Method: findings that are made up, in which every figure is another one.
#include "report.hpp"

#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "false_worlds.hpp"

namespace shmfifo::harness::crash {
namespace {

exploration made_up(std::uint64_t first) {
  exploration found;
  found.instructions = first;
  found.states = first + 1;
  found.pictures = first + 2;
  found.kills = first + 3;
  found.pauses = first + 4;
  found.second_kills = first + 5;
  found.drifted = first + 6;
  found.seconds = static_cast<double>(first) + 0.125;
  return found;
}

failure made_up_failure(manner way, std::uint64_t instruction) {
  failure seen;
  seen.way = way;
  seen.instruction = instruction;
  seen.address = 1;  // in no file
  seen.sentence = "it is wrong";
  seen.difference = "  slot[0].stamp: this -> that\n";
  return seen;
}

std::string executable() {
  char path[4096] = {};
  EXPECT_GT(::readlink("/proc/self/exe", path, sizeof path - 1), 0);
  return path;
}

struct findings {
  scenario one = quiet();
  scenario other = quiet(log_last, log(producer_role::single));
  std::vector<row> rows;
  findings() {
    one.operation = "publish";
    other.operation = "a_long_operation";
    rows.push_back({&one, made_up(100)});
    rows.push_back({&other, made_up(2000)});
  }
  findings(const findings&) = delete;
  findings& operator=(const findings&) = delete;
};

TEST(report, the_table_has_each_figure_under_its_heading_and_the_sums_at_its_end) {
  findings all;
  EXPECT_EQ(table(all.rows, false),
            "operation        queue            position    instructions states pictures kills "
            "pauses depth two drifted outcome      seconds \n"
            "publish          ring-reject-many wrapped     100          101    102      103   104  "
            "  105       106     survived     100.12  \n"
            "a_long_operation log-single       log_last    2000         2001   2002     2003  2004 "
            "  2005      2006    survived     2000.12 \n"
            "total                             2 scenarios 2100         2102   2104     2106  2108 "
            "  2110      2112    all survived 2100.2  \n");
  all.rows.pop_back();
  all.rows[0].found.failures = {made_up_failure(manner::kill, 7), made_up_failure(manner::stop, 8)};
  EXPECT_EQ(table(all.rows, true),
            "| operation | queue            | position    | instructions | states | pictures | "
            "kills | pauses | depth two | drifted | outcome      | seconds |\n"
            "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
            "| publish   | ring-reject-many | wrapped     | 100          | 101    | 102      | 103 "
            "  | 104    | 105       | 106     | 2 VIOLATIONS | 100.12  |\n"
            "| total     |                  | 1 scenarios | 100          | 101    | 102      | 103 "
            "  | 104    | 105       | 106     | 2 VIOLATIONS | 100.1   |\n");
}

TEST(report, the_json_has_each_figure_under_its_key) {
  findings all;
  all.rows[1].found.failures = {made_up_failure(manner::depth_two, 7),
                                made_up_failure(manner::stop, 8)};
  const auto figures = [](const char* operation, const char* queue, const char* position,
                          unsigned first, nlohmann::json violations) {
    return nlohmann::json{{"operation", operation},   {"queue", queue},
                          {"position", position},     {"instructions", first},
                          {"states", first + 1},      {"pictures", first + 2},
                          {"kills", first + 3},       {"pauses", first + 4},
                          {"depth_two", first + 5},   {"drifted", first + 6},
                          {"seconds", first + 0.125}, {"violations", std::move(violations)}};
  };
  const auto violation = [](const char* way, unsigned instruction) {
    return nlohmann::json{{"manner", way},
                          {"instruction", instruction},
                          {"sentence", "it is wrong"},
                          {"where", "0x1 in ?"},
                          {"difference", "  slot[0].stamp: this -> that\n"},
                          {"replay", executable() +
                                         " --operation a_long_operation --queue log-single "
                                         "--position log_last --" +
                                         way + " --at " + std::to_string(instruction)}};
  };
  nlohmann::json expected = {
      {"build", "of today"},
      {"scenarios",
       {figures("publish", "ring-reject-many", "wrapped", 100, nlohmann::json::array()),
        figures("a_long_operation", "log-single", "log_last", 2000,
                {violation("depth-two", 7), violation("stop", 8)})}},
      {"passed", false}};
  const std::string text = to_json(all.rows, "of today");
  EXPECT_EQ(nlohmann::json::parse(text), expected);
  EXPECT_TRUE(text.starts_with("{\n  \"build\": \"of today\",\n")) << "to be read, in this order";
  EXPECT_EQ(text.back(), '\n');
  all.rows.pop_back();
  expected["passed"] = true;
  expected["scenarios"].erase(1);
  EXPECT_EQ(nlohmann::json::parse(to_json(all.rows, "of today")), expected);
  EXPECT_EQ(
      nlohmann::json::parse(to_json({}, "")),
      (nlohmann::json{{"build", ""}, {"scenarios", nlohmann::json::array()}, {"passed", true}}));
}

TEST(report, a_violation_is_told_with_its_place_the_difference_and_the_replay) {
  const findings all;
  EXPECT_EQ(
      describe_failure(all.one, made_up_failure(manner::depth_two_kill, 9)),
      "VIOLATION: publish (ring-reject-many, wrapped), depth-two-kill at instruction 9: it is "
      "wrong\n0x1 in ?  the segment since the operation began:\n"
      "  slot[0].stamp: this -> that\n  replay: " +
          executable() +
          " --operation publish --queue ring-reject-many --position wrapped --depth-two-kill "
          "--at 9\n");
}

// An address in code that has line numbers.
template <class Function>
std::uintptr_t address_of(Function* function) {
  return reinterpret_cast<std::uintptr_t>(function);
}

std::string place_of(std::uintptr_t address, std::vector<std::uintptr_t> callers = {}) {
  const findings all;
  failure seen = made_up_failure(manner::kill, 7);
  seen.address = address;
  seen.callers = std::move(callers);
  const std::string text = describe_failure(all.one, seen);
  const std::size_t from = text.find('\n') + 1;
  return text.substr(from, text.find("  the segment since") - from);
}

// The first lines of a place: the instruction, its source and what calls it.
TEST(report, an_instruction_is_told_with_its_source_line_and_its_callers) {
  const std::string place = place_of(address_of(write_message),
                                     {address_of(die_with_claim), 1, address_of(all_scenarios)});
  const std::string number = "[0-9]+(?: \\(discriminator [0-9]+\\))?\n";
  EXPECT_TRUE(std::regex_match(
      place,
      std::regex(
          "  +[0-9a-f]+:\\s+[a-z].*\n"
          "    shmfifo::harness::crash::write_message.* at .*scenario\\.cpp:" +
          number +
          "    called by shmfifo::harness::crash::die_with_claim.* at .*world\\.cpp:" + number +
          "    called by shmfifo::harness::crash::all_scenarios.* at "
          ".*upkeep\\.cpp:" +
          number)))
      << place;
}

TEST(report, an_address_outside_of_files_is_told_by_its_mapping) {
  std::ifstream maps("/proc/self/maps");
  std::uintptr_t stack = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.ends_with("[stack]")) stack = std::stoull(line, nullptr, 16);
  }
  ASSERT_NE(stack, 0U);
  char text[64];
  std::snprintf(text, sizeof text, "%#lx in [stack]", static_cast<unsigned long>(stack));
  EXPECT_EQ(place_of(stack), text);
  // What lies just before a mapping is not in it.
  EXPECT_EQ(place_of(stack - 1).find("[stack]"), std::string::npos);
}

}  // namespace
}  // namespace shmfifo::harness::crash
