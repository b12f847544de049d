// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#ifdef SHMFIFO_PLANTED_BUGS
#include "planted.hpp"
#endif

namespace shmfifo::harness::crash {
namespace {

std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  char buffer[512];
  while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) text += buffer;
  ::pclose(pipe);
  return text;
}

struct place_in_file {
  std::string path;
  std::uintptr_t offset = 0;
};

// The file that an address is mapped from, and the address as that file knows it.
place_in_file find_file(std::uintptr_t address) {
  std::ifstream maps("/proc/self/maps");
  std::string line;
  std::string path_seen;
  std::uintptr_t base = 0;
  while (std::getline(maps, line)) {
    std::istringstream words(line);
    std::string range;
    std::string rights;
    std::string offset;
    std::string device;
    std::string inode;
    std::string path;
    words >> range >> rights >> offset >> device >> inode >> path;
    const std::size_t dash = range.find('-');
    const std::uintptr_t first = std::stoull(range.substr(0, dash), nullptr, 16);
    const std::uintptr_t last = std::stoull(range.substr(dash + 1), nullptr, 16);
    if (path != path_seen) base = first - std::stoull(offset, nullptr, 16);
    path_seen = path;
    if (address >= first && address < last) return {path, address - base};
  }
  return {};
}

std::string executable() {
  char path[4096];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : "shmfifo_crash";
}

constexpr const char* headings[] = {"operation", "queue",    "position", "instructions",
                                    "states",    "pictures", "kills",    "pauses",
                                    "depth two", "drifted",  "outcome",  "seconds"};

std::vector<std::string> cells(const row& r) {
  const exploration& found = r.found;
  return {
      r.what->operation,
      r.what->mode(),
      r.what->position,
      std::to_string(found.instructions),
      std::to_string(found.states),
      std::to_string(found.pictures),
      std::to_string(found.kills),
      std::to_string(found.pauses),
      std::to_string(found.second_kills),
      std::to_string(found.drifted),
      found.failures.empty() ? "survived" : std::to_string(found.failures.size()) + " VIOLATIONS",
      fmt::format("{:.2f}", found.seconds)};
}

std::vector<std::string> total(const std::vector<row>& rows) {
  exploration sum;
  std::uint64_t failures = 0;
  for (const row& r : rows) {
    sum.instructions += r.found.instructions;
    sum.states += r.found.states;
    sum.pictures += r.found.pictures;
    sum.kills += r.found.kills;
    sum.pauses += r.found.pauses;
    sum.second_kills += r.found.second_kills;
    sum.drifted += r.found.drifted;
    sum.seconds += r.found.seconds;
    failures += r.found.failures.size();
  }
  return {"total",
          "",
          std::to_string(rows.size()) + " scenarios",
          std::to_string(sum.instructions),
          std::to_string(sum.states),
          std::to_string(sum.pictures),
          std::to_string(sum.kills),
          std::to_string(sum.pauses),
          std::to_string(sum.second_kills),
          std::to_string(sum.drifted),
          failures == 0 ? "all survived" : std::to_string(failures) + " VIOLATIONS",
          fmt::format("{:.1f}", sum.seconds)};
}

// The source lines of an address, inlined functions included.
std::string source_of(const place_in_file& where) {
  return output_of(
      fmt::format("addr2line -Cfpi -e '{}' {:#x} 2>/dev/null", where.path, where.offset));
}

bool is_a_file(const place_in_file& where) {
  return !where.path.empty() && where.path.front() == '/';
}

// The instruction, its source line, and those of its callers.
std::string describe_place(const failure& seen) {
  const place_in_file where = find_file(seen.address);
  if (!is_a_file(where)) {
    return fmt::format("{:#x} in {}", seen.address, where.path.empty() ? "?" : where.path);
  }
  const std::string code = output_of(
      fmt::format("objdump -d --no-show-raw-insn -C --start-address={:#x} --stop-address={:#x} "
                  "'{}' 2>/dev/null | grep -E '^ +[0-9a-f]+:' | head -1",
                  where.offset, where.offset + 16, where.path));
  std::string source = source_of(where);
  for (const std::uintptr_t caller : seen.callers) {
    if (const place_in_file from = find_file(caller); is_a_file(from)) {
      source += "called by " + source_of(from);
    }
  }
  std::string text = "  " + (code.empty() ? fmt::format("{:#x}\n", where.offset) : code);
  std::istringstream lines(source);
  std::string line;
  while (std::getline(lines, line)) text += "    " + line + "\n";
  return text;
}

}  // namespace

std::string replay_command(const scenario& what, const failure& seen) {
  std::string bug;
#ifdef SHMFIFO_PLANTED_BUGS
  bug = std::string(" --bug ") + planted::names[planted::bug];
#endif
  return fmt::format("{}{} --operation {} --queue {} --position {} --{} --at {}", executable(), bug,
                     what.operation, what.mode(), what.position, to_string(seen.way),
                     seen.instruction);
}

std::string describe_failure(const scenario& what, const failure& seen) {
  return fmt::format(
      "VIOLATION: {} ({}, {}), {} at instruction {}: {}\n{}  the segment since the operation "
      "began:\n{}  replay: {}\n",
      what.operation, what.mode(), what.position, to_string(seen.way), seen.instruction,
      seen.sentence, describe_place(seen), seen.difference, replay_command(what, seen));
}

std::string table(const std::vector<row>& rows, bool markdown) {
  std::vector<std::vector<std::string>> lines;
  lines.emplace_back(std::begin(headings), std::end(headings));
  for (const row& r : rows) lines.push_back(cells(r));
  lines.push_back(total(rows));
  std::vector<std::size_t> widths(std::size(headings));
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (std::size_t n = 0; n < lines.size(); ++n) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      text += fmt::format("{}{:<{}}", markdown ? "| " : "", lines[n][i], widths[i] + 1);
    }
    text += markdown ? "|\n" : "\n";
    if (n == 0 && markdown) {
      for (std::size_t i = 0; i < widths.size(); ++i) text += "|---";
      text += "|\n";
    }
  }
  return text;
}

std::string to_json(const std::vector<row>& rows, const std::string& build) {
  nlohmann::ordered_json all;
  all["build"] = build;
  all["scenarios"] = nlohmann::ordered_json::array();
  bool passed = true;
  for (const row& r : rows) {
    nlohmann::ordered_json entry;
    entry["operation"] = r.what->operation;
    entry["queue"] = r.what->mode();
    entry["position"] = r.what->position;
    entry["instructions"] = r.found.instructions;
    entry["states"] = r.found.states;
    entry["pictures"] = r.found.pictures;
    entry["kills"] = r.found.kills;
    entry["pauses"] = r.found.pauses;
    entry["depth_two"] = r.found.second_kills;
    entry["drifted"] = r.found.drifted;
    entry["seconds"] = r.found.seconds;
    entry["violations"] = nlohmann::ordered_json::array();
    for (const failure& seen : r.found.failures) {
      passed = false;
      entry["violations"].push_back({{"manner", to_string(seen.way)},
                                     {"instruction", seen.instruction},
                                     {"sentence", seen.sentence},
                                     {"where", describe_place(seen)},
                                     {"difference", seen.difference},
                                     {"replay", replay_command(*r.what, seen)}});
    }
    all["scenarios"].push_back(std::move(entry));
  }
  all["passed"] = passed;
  return all.dump(2) + "\n";
}

}  // namespace shmfifo::harness::crash
