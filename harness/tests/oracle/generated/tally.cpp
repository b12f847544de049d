// SPDX-License-Identifier: MIT
#include "tally.hpp"

#include <fmt/format.h>

namespace shmfifo::harness::generated {

void tally::add(std::uint64_t number, const examined& seen) {
  ++histories;
  undecided += seen.judged.answer == outcome::unknown ? 1U : 0U;
  kind_counts& kind = kinds[seen.run.kind->name];
  ++(seen.struck ? kind.wrong : kind.right);
  kind.kills += seen.figures.kills;
  kind.redelivered += seen.figures.redelivered;
  kind.aborted += seen.figures.aborted;
  kind.lost += seen.figures.lost;
  kind.delivered += seen.figures.delivered;
  if (seen.struck) {
    defect_counts& planted = defects[to_string(seen.run.planted)];
    ++planted.planted;
    planted.shows += seen.truth == expected::violation || seen.truth == expected::not_ok ? 1U : 0U;
    if (seen.truth == expected::violation && seen.judged.answer == outcome::violation) {
      ++planted.found;
      ++planted.rules[to_string(seen.judged.broken)];
    } else if (seen.truth == expected::not_ok && !seen.judged.ok()) {
      ++planted.found;
    }
  }
  if (!seen.blind_spot.empty()) ++blind_spots[seen.blind_spot];
  if (seen.wrong == mistake::none) return;
  const std::string about = fmt::format(
      "{}: {}{}{}", to_string(seen.wrong), seen.run.kind->name,
      seen.struck ? fmt::format(", {}", to_string(seen.run.planted)) : "",
      seen.judged.answer == outcome::violation ? fmt::format(", {}", to_string(seen.judged.broken))
                                               : "");
  ++mistakes[about];
  first_number.emplace(about, number);
}

std::string tally::text() const {
  std::string out = fmt::format("{} histories, {} undecided\n", histories, undecided);
  out += fmt::format("{:<24}{:>8}{:>8}{:>9}{:>9}{:>9}{:>9}{:>10}\n", "kind", "right", "defect",
                     "kills", "again", "aborted", "lost", "delivered");
  for (const auto& [name, counts] : kinds) {
    out += fmt::format("{:<24}{:>8}{:>8}{:>9}{:>9}{:>9}{:>9}{:>10}\n", name, counts.right,
                       counts.wrong, counts.kills, counts.redelivered, counts.aborted, counts.lost,
                       counts.delivered);
  }
  if (!defects.empty())
    out += fmt::format("{:<24}{:>9}{:>9}{:>9}  by\n", "defect", "planted", "shows", "found");
  for (const auto& [name, counts] : defects) {
    out += fmt::format("{:<24}{:>9}{:>9}{:>9} ", name, counts.planted, counts.shows, counts.found);
    for (const auto& [by, times] : counts.rules) out += fmt::format(" {} {}", by, times);
    out += "\n";
  }
  for (const auto& [sentence, times] : blind_spots)
    out += fmt::format("blind {}: {}\n", times, sentence);
  for (const auto& [about, times] : mistakes) out += fmt::format("{:>8} {}\n", times, about);
  return out;
}

std::string tally::shortest_mistakes(const examination& how, std::size_t most) const {
  std::string out;
  for (const auto& [about, number] : first_number) {
    if (most-- == 0) break;
    out += fmt::format("history {}: {}\n{}\n", number, about,
                       described(shrunk(numbered_choices(number), how), how));
  }
  return out;
}

tally examine_many(std::uint64_t first, std::uint64_t count, const examination& how) {
  tally all;
  for (std::uint64_t i = first; i < first + count; ++i)
    all.add(i, examine(numbered_choices(i), how));
  return all;
}

}  // namespace shmfifo::harness::generated
