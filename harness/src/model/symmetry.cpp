// SPDX-License-Identifier: MIT
#include "symmetry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace shmfifo::harness::model::detail {
namespace {

[[nodiscard]] bool twins(const graph& g, std::uint32_t a, std::uint32_t b) {
  const slot first = g.threads[a].spawn;
  const slot second = g.threads[b].spawn;
  if (first == none || second == none) return false;
  const event& e = g.events[first];
  const event& f = g.events[second];
  return e.operand != 0 && e.operand == f.operand && e.thread == f.thread;
}

// The same step, with the same result. Two writes of one location never have the same place.
[[nodiscard]] bool same(const event& e, const event& f) {
  if (e.what != f.what) return false;
  switch (e.what) {
    case kind::read:
      return e.location == f.location && e.from == f.from;
    case kind::choice:
    case kind::join:
      return e.value == f.value;
    case kind::fence:
      return e.strength == f.strength;
    default:
      return false;
  }
}

// The number of events, from the first, in which two threads did the same.
[[nodiscard]] std::uint32_t alike(const graph& g, std::uint32_t a, std::uint32_t b) {
  const std::vector<slot>& one = g.threads[a].events;
  const std::vector<slot>& other = g.threads[b].events;
  const auto most = static_cast<std::uint32_t>(std::min(one.size(), other.size()));
  std::uint32_t n = 0;
  while (n < most && same(g.events[one[n]], g.events[other[n]])) ++n;
  return n;
}

// Whether a revisit may be why `s` is there before its counterpart: it kept what it depends on.
[[nodiscard]] bool pinned(const graph& g, slot s) {
  return std::any_of(g.events.begin(), g.events.end(), [&](const event& e) {
    return e.has(read_early) && g.within(g.porf(g.threads[e.thread].events[e.index]), s);
  });
}

// Rules 1 and 2 for two twins.
[[nodiscard]] bool stand_in_order(const graph& g, std::uint32_t a, std::uint32_t b) {
  const std::uint32_t at = alike(g, a, b);
  if (at >= g.threads[a].events.size() || at >= g.threads[b].events.size()) return true;
  const auto [first, second] = std::minmax(g.threads[a].events[at], g.threads[b].events[at]);
  const event& e = g.events[first];
  const event& f = g.events[second];
  bool reversed = f.position != 0 && e.position > f.position;  // without a place it decides nothing
  if (e.what == kind::choice) reversed = e.value < f.value;
  if (e.is_read()) reversed = g.position(first) > g.position(second);
  return !reversed || pinned(g, first);
}

// Calls `visit` with the event that a twin has at the same index as `s`, after the same past.
template <typename visitor>
void for_each_counterpart(const graph& g, slot s, const visitor& visit) {
  const event& e = g.events[s];
  for (std::uint32_t t = 1; t < g.threads.size(); ++t) {
    if (t == e.thread || !twins(g, t, e.thread)) continue;
    if (g.threads[t].events.size() <= e.index || alike(g, t, e.thread) < e.index) continue;
    visit(g.threads[t].events[e.index]);
  }
}

}  // namespace

bool has_twins(const graph& g, std::uint32_t thread) {
  const slot spawn = g.threads[thread].spawn;
  return spawn != none && g.events[spawn].operand != 0;
}

bool in_order(const graph& g, std::uint32_t thread) {
  for (std::uint32_t t = 1; t < g.threads.size(); ++t) {
    if (t != thread && twins(g, t, thread) && !stand_in_order(g, t, thread)) return false;
  }
  return true;
}

bool revisit_in_order(const graph& g, slot read) {
  bool fine = true;
  for_each_counterpart(g, read, [&](slot counterpart) { fine = fine && counterpart < read; });
  for (std::uint32_t low = 1; fine && low < g.threads.size(); ++low) {
    if (!has_twins(g, low)) continue;
    for (std::uint32_t high = low + 1; fine && high < g.threads.size(); ++high) {
      const std::size_t done = g.threads[low].events.size();
      fine = !twins(g, low, high) || g.threads[high].events.size() <= done ||
             alike(g, low, high) < done;
    }
  }
  return fine;
}

std::string difference_from_twins(const graph& g, slot s) {
  const event& e = g.events[s];
  std::string found;
  for_each_counterpart(g, s, [&](slot counterpart) {
    const event& f = g.events[counterpart];
    const bool orders = (e.has(compares) || e.strength == f.strength) &&
                        e.on_success == f.on_success && e.on_failure == f.on_failure;
    const bool like = e.what == f.what && e.location == f.location && e.site == f.site &&
                      e.expected == f.expected && e.operand == f.operand &&
                      e.how_updated == f.how_updated && orders &&
                      (!e.is_write() || e.value == f.value);
    if (like) return;
    found = fmt::format(
        "threads {} and {} were started as symmetric, but after the same past event {} of one is "
        "not that of the other: their bodies may not depend on who runs them",
        e.thread, f.thread, e.index);
  });
  return found;
}

std::vector<std::vector<std::uint32_t>> exchanges(const graph& g) {
  const auto count = static_cast<std::uint32_t>(g.threads.size());
  std::vector<std::uint32_t> same(count);
  std::iota(same.begin(), same.end(), 0U);
  std::vector<std::vector<std::uint32_t>> all{same};
  std::vector<bool> done(count);
  for (std::uint32_t t = 1; t < count; ++t) {
    if (done[t] || !has_twins(g, t)) continue;
    std::vector<std::uint32_t> set;
    for (std::uint32_t u = t; u < count; ++u) {
      if (twins(g, t, u)) set.push_back(u);
    }
    const std::vector<std::vector<std::uint32_t>> before = std::move(all);
    all.clear();
    std::vector<std::uint32_t> permuted = set;
    do {
      for (std::vector<std::uint32_t> exchange : before) {
        for (std::size_t i = 0; i < set.size(); ++i) exchange[set[i]] = permuted[i];
        all.push_back(std::move(exchange));
      }
    } while (std::next_permutation(permuted.begin(), permuted.end()));
    for (const std::uint32_t u : set) done[u] = true;
  }
  return all;
}

}  // namespace shmfifo::harness::model::detail
