// SPDX-License-Identifier: MIT

// Compares the model checker with verdicts computed elsewhere (herd7 under RC11 with C++20's
// release sequences): for every row, whether the weak outcome is allowed, how many executions are
// consistent, and how many of them show the weak outcome; and that no execution was visited twice.

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>

#include <fmt/format.h>

#include "litmus_program.hpp"

namespace {

namespace litmus = shmfifo::harness::litmus;

struct row {
  std::string test;
  litmus::assignment orders;
  std::string orders_text;
  std::string verdict;
  std::uint64_t executions = 0;
  std::uint64_t weak = 0;
};

struct mismatch {
  std::size_t line = 0;
  std::string text;
};

struct summary {
  std::uint64_t passed = 0;
  std::uint64_t executions = 0;
  double seconds = 0;
  std::vector<mismatch> mismatches;
};

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  std::string part;
  std::istringstream stream(text);
  while (std::getline(stream, part, by)) parts.push_back(part);
  return parts;
}

row parse_row(const std::string& text, std::size_t line) {
  const auto complain = [&](const std::string& why) {
    return std::runtime_error(fmt::format("verdicts, line {}: {}", line, why));
  };
  const auto fields = split(text, ',');
  if (fields.size() != 6) throw complain(fmt::format("{} fields instead of 6", fields.size()));
  const auto slots = split(fields[1], ' ');
  const auto orders = split(fields[2], ' ');
  if (slots.size() != orders.size()) throw complain("as many orders as slots are needed");
  row r;
  r.test = fields[0];
  r.orders_text = fields[2];
  for (std::size_t i = 0; i < slots.size(); ++i) r.orders[slots[i]] = orders[i];
  r.verdict = fields[3];
  if (r.verdict != "allowed" && r.verdict != "forbidden") {
    throw complain(fmt::format("'{}' is neither allowed nor forbidden", r.verdict));
  }
  try {
    r.executions = std::stoull(fields[4]);
    r.weak = std::stoull(fields[5]);
  } catch (const std::exception&) {
    throw complain("the last two fields are numbers");
  }
  return r;
}

std::string differences(const row& r, const litmus::tally& t) {
  std::string text;
  const auto differ = [&](const char* what, const auto& expected, const auto& got) {
    if (expected != got) text += fmt::format(" {}: expected {}, got {};", what, expected, got);
  };
  if (!t.problem.empty()) return " " + t.problem;
  differ("weak outcome", r.verdict, std::string(t.weak > 0 ? "allowed" : "forbidden"));
  differ("executions", r.executions, t.executions);
  differ("weak executions", r.weak, t.weak);
  differ("duplicates", std::uint64_t{0}, t.duplicates);
  return text;
}

summary compare(const std::map<std::string, litmus::program>& programs, std::istream& verdicts) {
  summary s;
  std::string text;
  std::size_t line = 1;
  std::getline(verdicts, text);
  if (split(text, ',').size() != 6)
    throw std::runtime_error("verdicts, line 1: no header of 6 fields");
  const auto start = std::chrono::steady_clock::now();
  while (std::getline(verdicts, text)) {
    ++line;
    if (text.empty()) continue;
    const row r = parse_row(text, line);
    const auto program = programs.find(r.test);
    if (program == programs.end()) {
      throw std::runtime_error(fmt::format("verdicts, line {}: no program '{}'", line, r.test));
    }
    const litmus::tally t = litmus::run(program->second, r.orders);
    s.executions += t.executions;
    const std::string difference = differences(r, t);
    if (difference.empty()) {
      ++s.passed;
    } else {
      s.mismatches.push_back({line, fmt::format("{} ({}):{}", r.test, r.orders_text, difference)});
    }
  }
  s.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  // An empty file proves nothing.
  if (s.passed + s.mismatches.size() == 0) throw std::runtime_error("verdicts: no rows");
  return s;
}

void print(const summary& s, bool as_json) {
  if (as_json) {
    nlohmann::json out = {{"passed", s.passed},
                          {"failed", s.mismatches.size()},
                          {"executions", s.executions},
                          {"seconds", s.seconds},
                          {"mismatches", nlohmann::json::array()}};
    for (const mismatch& m : s.mismatches) {
      out["mismatches"].push_back({{"line", m.line}, {"difference", m.text}});
    }
    fmt::print("{}\n", out.dump(2));
    return;
  }
  for (const mismatch& m : s.mismatches) fmt::print("line {}: {}\n", m.line, m.text);
  fmt::print("{} executions in {:.2f} s\n{} passed, {} failed\n", s.executions, s.seconds, s.passed,
             s.mismatches.size());
}

std::ifstream open(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(fmt::format("cannot read {}", path));
  return file;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Runs litmus programs in the model checker and compares what it finds with a table.\n"
      "Exit codes: 0 every row agrees, 1 some row does not, 2 the files or words are wrong."};
  std::string programs_path;
  std::string verdicts_path;
  bool as_json = false;
  app.add_option("--programs", programs_path, "programs, JSON")->required();
  app.add_option("--verdicts", verdicts_path, "expected verdicts and counts, CSV")->required();
  app.add_flag("--json", as_json, "print the outcome as JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  try {
    std::ifstream programs_file = open(programs_path);
    std::ifstream verdicts_file = open(verdicts_path);
    const auto programs = litmus::parse_programs(nlohmann::json::parse(programs_file));
    const summary s = compare(programs, verdicts_file);
    print(s, as_json);
    return s.mismatches.empty() ? 0 : 1;
  } catch (const std::exception& e) {
    fmt::print(stderr, "rc11_litmus: {}\n", e.what());
    return 2;
  }
}
