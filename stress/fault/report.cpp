// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace shmfifo::harness::fault {
namespace {

void write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  if (!(file << text).flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace

std::vector<unsigned> occurrences(unsigned made, bool all, unsigned spread) {
  std::vector<unsigned> list;
  for (unsigned nth = 1; nth <= made; ++nth) {
    if (all || nth <= 3 || nth == made || nth % spread == 0) list.push_back(nth);
  }
  return list;
}

void report::add(const std::string& name, call which, const tally& seen) {
  rows_.push_back({name, which, seen});
  fmt::print("{:<17}{:<11}x{:<5}{:>5} cases {:>5} {} {:>5} {} {:>3} wrong   {}\n", name,
             to_string(which), seen.made, seen.cases, seen.refused, refused_, seen.tolerated,
             tolerated_, seen.wrong, seen.codes);
  std::fflush(stdout);
  total_.made += seen.made;
  total_.cases += seen.cases;
  total_.refused += seen.refused;
  total_.tolerated += seen.tolerated;
  total_.wrong += seen.wrong;
}

int report::finish(const std::string& json, const std::string& markdown) const {
  fmt::print("total: {} cases, {} {}, {} {}, {} wrong\n", total_.cases, total_.refused, refused_,
             total_.tolerated, tolerated_, total_.wrong);
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  const auto line = [](const std::string& name, std::string_view which, const tally& seen) {
    return fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", name, which, seen.made,
                       seen.cases, seen.refused, seen.tolerated, seen.wrong, seen.codes);
  };
  std::string table = fmt::format("| {} | call | made | cases | {} | {} | wrong | each with |\n",
                                  subject_, refused_, tolerated_);
  table += "|---|---|---|---|---|---|---|---|\n";
  for (const row& r : rows_) {
    list.push_back({{subject_, r.name},
                    {"call", to_string(r.which)},
                    {"made", r.seen.made},
                    {"cases", r.seen.cases},
                    {refused_, r.seen.refused},
                    {tolerated_, r.seen.tolerated},
                    {"wrong", r.seen.wrong},
                    {"errnos", r.seen.codes}});
    table += line(r.name, to_string(r.which), r.seen);
  }
  if (!json.empty()) write(json, list.dump(2) + "\n");
  if (!markdown.empty()) write(markdown, table + line("total", "", total_));
  return total_.wrong == 0 && total_.cases > 0 ? 0 : 1;
}

}  // namespace shmfifo::harness::fault
