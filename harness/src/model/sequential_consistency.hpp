// SPDX-License-Identifier: MIT
#pragma once

// The one axiom of RC11 that clocks do not decide: acyclicity of psc, the order that seq_cst
// accesses and fences impose (Lahav, Vafeiadis, Kang, Hur, Dreyer, "Repairing sequential
// consistency in C/C++11", PLDI 2017, section 3.3). Asked only where a new edge can close a cycle.

#include <vector>

#include "graph.hpp"

namespace shmfifo::harness::model::detail {

class sequential_consistency {
 public:
  // Whether psc of the graph is acyclic.
  [[nodiscard]] bool holds(const graph& g);

 private:
  [[nodiscard]] bool edge(slot a, slot b) const;
  [[nodiscard]] bool access_to_access(slot a, slot b) const;
  [[nodiscard]] bool access_to_fence(slot a, slot b) const;
  [[nodiscard]] bool fence_to_access(slot a, slot b) const;
  [[nodiscard]] bool fence_to_fence(slot a, slot b) const;
  [[nodiscard]] bool before_or_same(slot a, slot b) const { return g_->within(g_->hb(b), a); }
  [[nodiscard]] bool overwritten_by(slot a, slot b) const;
  bool visit(std::size_t i);

  const graph* g_ = nullptr;
  std::vector<slot> nodes_;
  std::vector<std::uint8_t> colour_;
};

}  // namespace shmfifo::harness::model::detail
