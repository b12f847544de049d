// SPDX-License-Identifier: MIT
#pragma once
// Examines many histories, counts, and keeps the first ones that the judge was wrong about.

#include <map>
#include <string>
#include <vector>

#include "examine.hpp"

namespace shmfifo::harness::generated {

struct tally {
  struct kind_counts {
    std::uint64_t right = 0, wrong = 0, kills = 0, redelivered = 0, aborted = 0, lost = 0,
                  delivered = 0;
  };
  struct defect_counts {
    std::uint64_t planted = 0;  // runs in which it struck
    std::uint64_t shows = 0;    // of these, with logs that a right queue cannot have
    std::uint64_t found = 0;
    std::map<std::string_view, std::uint64_t> rules;  // by which it was found
  };

  std::uint64_t histories = 0;
  std::uint64_t undecided = 0;  // unknown
  std::map<std::string_view, kind_counts> kinds;
  std::map<std::string_view, defect_counts> defects;
  std::map<std::string_view, std::uint64_t> blind_spots;
  std::map<std::string, std::uint64_t> mistakes;      // by what they are about
  std::map<std::string, std::uint64_t> first_number;  // of the history

  void add(std::uint64_t number, const examined& seen);
  [[nodiscard]] std::string text() const;
  // The first mistakes, each with a history that is as short as possible.
  [[nodiscard]] std::string shortest_mistakes(const examination& how, std::size_t most = 3) const;
};

[[nodiscard]] tally examine_many(std::uint64_t first, std::uint64_t count, const examination& how);

}  // namespace shmfifo::harness::generated
