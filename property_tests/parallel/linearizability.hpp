// SPDX-License-Identifier: MIT
#pragma once
// Checks a history of overlapping calls: is there an order of steps, each between its call and its
// return, in which the reference gives the recorded answers? A call may be several steps: a publish
// takes its number at one instant and is complete at a later one. Depth-first search with a memory
// of what was tried; histories are short. (Herlihy and Wing, TOPLAS 1990; the search is Wing and
// Gong's, with Lowe's memory of states.)

#include <map>
#include <string>
#include <vector>

#include "stateful/program.hpp"
#include "stateful/reference_fifo.hpp"

namespace shmfifo::property_tests {

struct atomic_step {
  reference::operation what;
  reference::answer said;
};
struct call {
  std::uint64_t called = 0;  // ticks of one clock
  std::uint64_t returned = 0;
  std::vector<atomic_step> steps;
};
using history = std::vector<std::vector<call>>;  // of each thread

class linearizability {
 public:
  linearizability(const reference::fifo& start, const history& of) : history_(of) {
    found_ = search(start, places(of.size()));
  }
  [[nodiscard]] bool found() const { return found_; }

 private:
  struct place {
    std::size_t call = 0;
    std::size_t step = 0;
    auto operator<=>(const place&) const = default;
  };
  using places = std::vector<place>;

  // A call may take its next step unless some other call had returned before it was called.
  [[nodiscard]] bool may_step(const places& at, std::size_t thread) const {
    const call& next = history_[thread][at[thread].call];
    for (std::size_t other = 0; other < history_.size(); ++other) {
      if (other == thread || at[other].call == history_[other].size()) continue;
      if (history_[other][at[other].call].returned < next.called) return false;
    }
    return true;
  }

  bool search(const reference::fifo& state, const places& at) {
    std::vector<reference::fifo>& tried = tried_[at];
    for (const reference::fifo& before : tried) {
      if (before == state) return false;
    }
    tried.push_back(state);
    bool done = true;
    for (std::size_t thread = 0; thread < history_.size(); ++thread) {
      if (at[thread].call == history_[thread].size()) continue;
      done = false;
      if (!may_step(at, thread)) continue;
      const call& now = history_[thread][at[thread].call];
      const atomic_step& step = now.steps[at[thread].step];
      reference::fifo next = state;
      if (!(next.step(step.what) == step.said)) continue;
      places after = at;
      if (++after[thread].step == now.steps.size()) after[thread] = {at[thread].call + 1, 0};
      if (search(next, after)) return true;
    }
    return done;
  }

  const history& history_;
  std::map<places, std::vector<reference::fifo>> tried_;
  bool found_ = false;
};

inline std::string to_text(const history& of) {
  std::string text;
  for (std::size_t thread = 0; thread < of.size(); ++thread) {
    text += "thread " + std::to_string(thread) + "\n";
    for (const call& c : of[thread]) {
      text += "  " + std::to_string(c.called) + ".." + std::to_string(c.returned);
      for (const atomic_step& s : c.steps)
        text += " | " + to_text(s.what) + " -> " + to_text(s.said);
      text += "\n";
    }
  }
  return text;
}

}  // namespace shmfifo::property_tests
