// SPDX-License-Identifier: MIT
#pragma once

// The TruSt algorithm (Kokologiannakis, Marmanis, Gladstein, Vafeiadis, "Truly stateless, optimal
// dynamic partial order reduction", POPL 2022, algorithm 2): every consistent execution graph
// exactly once, in memory linear in the program. This class owns the stack of choices and the
// graphs they belong to. It knows nothing of fibers or of the tested code: the runtime asks it to
// append an event, and it answers with the first way to do so, remembering the others for
// backtrack().

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "graph.hpp"
#include "sequential_consistency.hpp"
#include "symmetry.hpp"

namespace shmfifo::harness::model::detail {

// What asking for an event led to.
enum class step : std::uint8_t {
  go,       // the event is in the graph: carry on
  reject,   // no consistent way here: abandon this run, then backtrack
  restart,  // the graph has become another one: abandon this run and run again
  fault,    // the graph as it stands is a violation, see fault()
  refuse,   // no answer can be given for this program, see refusal()
};

struct fault {
  enum class why : std::uint8_t { race, uninitialised } what = why::race;
  slot first = none;
  slot second = none;
};

struct choice {
  enum class about : std::uint8_t { from, write, placement, alternative, death } what = about::from;
  slot at = 0;
  std::uint32_t other = 0;  // death: the thread; placement: the read that was revisited
  std::uint32_t begin = 0;  // its alternatives, in a pool shared by all choices
  std::uint32_t next = 0;
  std::uint32_t end = 0;
};

class explorer {
 public:
  explicit explorer(bool symmetry) : symmetry_(symmetry) {}
  void reset();

  [[nodiscard]] graph& current() noexcept { return *graphs_[depth_]; }

  step add_read(const event& e);
  step add_write(const event& e, slot read_part);
  step add_fence(const event& e);
  std::uint32_t add_spawn(const event& e);
  step add_join(const event& e);
  step add_choice(const event& e, std::uint32_t outcomes);
  step add_death_choice(std::uint32_t thread);

  // Turns to the next unexplored alternative; reject when there is none left.
  step backtrack();

  // Follows these alternatives instead of the first ones: replay.
  void follow(std::vector<std::uint32_t> path) { guide_ = std::move(path); }
  // Explores only the share `mine` of `shares` of what lies below this many choices.
  void divide(std::uint32_t depth, std::uint32_t mine, std::uint32_t shares);
  [[nodiscard]] bool counts_here() const noexcept {
    return shares_ == 1 || choices_.size() >= split_depth_ || mine_ == 0;
  }
  // Alternatives taken to reach the current graph.
  [[nodiscard]] std::vector<std::uint32_t> path() const;
  // Share of the search tree that lies behind, from 0 to 1 (Knuth's estimate).
  [[nodiscard]] double share_done() const noexcept;
  [[nodiscard]] const fault& last_fault() const noexcept { return fault_; }
  [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }

 private:
  step offer(choice::about what, slot at, std::uint32_t other, std::uint32_t begin);
  [[nodiscard]] bool is_twin(slot s);
  [[nodiscard]] bool orderly(slot s) const;
  step take_next();
  step apply(const choice& c, std::uint32_t alternative);
  step apply_from(slot s, slot writer);
  step apply_placement(slot s, std::uint32_t after);
  step finish_revisit(const choice& c, std::uint32_t after);
  step complete_update(slot read_part);
  step apply_revisit(slot write, slot read);
  step apply_death(const choice& c, std::uint32_t dies_here);
  bool collect_placements(slot s, slot read_part, std::uint32_t lowest);
  void collect_revisits(slot s);
  void drop_choice();
  [[nodiscard]] bool my_share();
  [[nodiscard]] bool maximal(slot s, const std::uint32_t* past) const;
  [[nodiscard]] bool latest(const location& l, std::uint32_t after, slot s,
                            const std::uint32_t* past) const;
  [[nodiscard]] slot canonical_wake(slot s, const std::uint32_t* past) const;
  [[nodiscard]] bool races(slot s);
  [[nodiscard]] bool ordered(slot s);
  void refresh_read_early(slot writer);

  std::vector<std::unique_ptr<graph>> graphs_;
  std::size_t depth_ = 0;
  std::vector<choice> choices_;
  std::vector<std::uint32_t> alternatives_;
  std::vector<std::uint32_t> guide_;
  sequential_consistency sc_;
  fault fault_;
  std::string refusal_;
  bool symmetry_;
  std::size_t split_depth_ = 0;
  std::uint32_t mine_ = 0;
  std::uint32_t shares_ = 1;
  std::uint32_t tickets_ = 0;
};

}  // namespace shmfifo::harness::model::detail
