// SPDX-License-Identifier: MIT
#pragma once
// Simulates the run that a list of choices makes, has it judged, and compares.

#include <string>

#include "expectation.hpp"
#include "shmfifo/harness/oracle/judge.hpp"

namespace shmfifo::harness::generated {

enum class mistake : std::uint8_t {
  none,
  false_accusation,  // of a right queue
  missed_defect,     // that shows
  missed_end,        // ok, although something is missing at the end
  needless_doubt,    // unknown, although everything was seen
  wrong_rule,        // a violation, but not of a rule that the defect breaks
  count
};
[[nodiscard]] std::string_view to_string(mistake which) noexcept;

struct examined {
  scenario run;
  expected truth = expected::ok;
  verdict judged;
  judge_figures figures;
  mistake wrong = mistake::none;
  std::string_view blind_spot;  // the stated one that explains a miss
  std::size_t choices_used = 0;
  bool struck = false;  // the defect did
};

// May change the logs that it judges.
using any_judge = verdict (*)(const histories& logs, judge_figures* figures);

// The judge, on runs of queues that have a defect if `wrong`.
struct examination {
  bool wrong = false;
  any_judge judges = [](const histories& logs, judge_figures* figures) {
    return judge(logs, figures);
  };
};

[[nodiscard]] examined examine(const choice_list& list, const examination& how);

// A shorter list with the same kind of mistake, as short as RapidCheck's shrinking makes it.
[[nodiscard]] choice_list shrunk(choice_list list, const examination& how);

// The run, its logs and the verdict, for people.
[[nodiscard]] std::string described(const choice_list& list, const examination& how);

}  // namespace shmfifo::harness::generated
