// SPDX-License-Identifier: MIT
#include "sequential_consistency.hpp"

#include <algorithm>

namespace shmfifo::harness::model::detail {
namespace {

enum colour : std::uint8_t { white, grey, black };

[[nodiscard]] slot successor(const graph& g, slot s) {
  const event& e = g.events[s];
  const std::vector<slot>& line = g.threads[e.thread].events;
  return e.index + 1 < line.size() ? line[e.index + 1] : none;
}

// First event after (step 1) or last before (step -1) `s` in its thread that is not on its
// location.
[[nodiscard]] slot elsewhere(const graph& g, slot s, int step) {
  const event& e = g.events[s];
  const std::vector<slot>& line = g.threads[e.thread].events;
  for (std::int64_t i = std::int64_t{e.index} + step;
       i >= 0 && i < static_cast<std::int64_t>(line.size()); i += step) {
    const slot other = line[static_cast<std::size_t>(i)];
    if (g.events[other].location != e.location) return other;
  }
  return none;
}

// eco(a, b) within one location is key(a) < key(b): writes at even keys, reads just above theirs.
[[nodiscard]] std::uint32_t key(const graph& g, slot s) {
  return 2 * g.position(s) + (g.events[s].is_read() ? 1U : 0U);
}

[[nodiscard]] bool placed(const graph& g, slot s) {
  return g.events[s].is_read() || g.events[s].position != 0;
}

template <typename visitor>
void each_access(const location& l, visitor visit) {
  for (const slot s : l.writes) visit(s);
  for (const slot s : l.reads) visit(s);
}

}  // namespace

// co or fr from a to b, both on one location.
bool sequential_consistency::overwritten_by(slot a, slot b) const {
  return a != b && g_->events[b].is_write() && placed(*g_, a) && placed(*g_, b) &&
         g_->position(b) > g_->position(a);
}

bool sequential_consistency::access_to_access(slot a, slot b) const {
  const event& x = g_->events[a];
  const event& y = g_->events[b];
  if (x.thread == y.thread)
    return x.index < y.index || (x.location == y.location && overwritten_by(a, b));
  if (x.location == y.location && (g_->before(a, b) || overwritten_by(a, b))) return true;
  const slot from = elsewhere(*g_, a, 1);
  const slot to = elsewhere(*g_, b, -1);
  return from != none && to != none && before_or_same(from, to);
}

bool sequential_consistency::access_to_fence(slot a, slot b) const {
  const slot next = successor(*g_, a);
  if (next != none && before_or_same(next, b)) return true;
  bool found = false;
  each_access(g_->locations[g_->events[a].location], [&](slot y) {
    found = found || (g_->before(y, b) && (g_->before(a, y) || overwritten_by(a, y)));
  });
  return found;
}

bool sequential_consistency::fence_to_access(slot a, slot b) const {
  const event& y = g_->events[b];
  if (y.index != 0 && before_or_same(a, g_->previous_in_thread(b))) return true;
  bool found = false;
  each_access(g_->locations[y.location], [&](slot x) {
    found = found || (g_->before(a, x) && (g_->before(x, b) || overwritten_by(x, b)));
  });
  return found;
}

bool sequential_consistency::fence_to_fence(slot a, slot b) const {
  if (g_->before(a, b)) return true;
  for (const location& l : g_->locations) {
    std::uint32_t lowest_after = none;
    std::uint32_t highest_before = 0;
    each_access(l, [&](slot s) {
      if (!placed(*g_, s)) return;
      if (g_->before(a, s)) lowest_after = std::min(lowest_after, key(*g_, s));
      if (g_->before(s, b)) highest_before = std::max(highest_before, key(*g_, s));
    });
    if (lowest_after < highest_before) return true;
  }
  return false;
}

bool sequential_consistency::edge(slot a, slot b) const {
  const bool fence_a = g_->events[a].what == kind::fence;
  const bool fence_b = g_->events[b].what == kind::fence;
  if (fence_a) return fence_b ? fence_to_fence(a, b) : fence_to_access(a, b);
  return fence_b ? access_to_fence(a, b) : access_to_access(a, b);
}

bool sequential_consistency::visit(std::size_t i) {
  colour_[i] = grey;
  for (std::size_t j = 0; j < nodes_.size(); ++j) {
    if (j == i || colour_[j] == black || !edge(nodes_[i], nodes_[j])) continue;
    if (colour_[j] == grey || !visit(j)) return false;
  }
  colour_[i] = black;
  return true;
}

bool sequential_consistency::holds(const graph& g) {
  if (g.seq_cst_events < 2) return true;
  g_ = &g;
  nodes_.clear();
  for (slot s = 0; s < g.size(); ++s) {
    const event& e = g.events[s];
    if (e.strength == order::seq_cst && (e.what == kind::fence || placed(g, s)))
      nodes_.push_back(s);
  }
  colour_.assign(nodes_.size(), white);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (colour_[i] == white && !visit(i)) return false;
  }
  return true;
}

}  // namespace shmfifo::harness::model::detail
