// SPDX-License-Identifier: MIT
#include "model_queue.hpp"

#include <algorithm>

namespace shmfifo::harness::generated {

bool cursor::drops(std::size_t at) const noexcept {
  return std::find(dropped.begin(), dropped.end(), at) != dropped.end();
}

std::size_t model_queue::oldest() const noexcept {
  const std::size_t slots = run_.shape.queue.slots;
  return run_.kind->reuses_slots && line.size() > slots ? line.size() - slots : 0;
}

std::size_t model_queue::floor(const std::vector<cursor*>& cursors) const noexcept {
  std::size_t lowest = line.size();
  for (const cursor* one : cursors) {
    if (one->holds_back) lowest = std::min(lowest, one->saved);
  }
  return lowest;
}

bool model_queue::has_room(const std::vector<cursor*>& cursors) const noexcept {
  if (can_.lossy) return true;
  const std::size_t slots = run_.shape.queue.slots;
  if (line.size() < slots) return true;
  if (!run_.kind->reuses_slots) return false;
  // Whoever claimed the slot one lap before must have finished, or be dead.
  const place& before = line[line.size() - slots];
  const bool free = before.state != place_state::claimed || is_hole(before);
  return free && line.size() < slots + floor(cursors);
}

std::size_t model_queue::add(const place& one) {
  line.push_back(one);
  return line.size() - 1;
}

void model_queue::leave(unsigned owner) noexcept {
  for (place& one : line) {
    if (one.owner == owner && one.state == place_state::claimed) one.orphan = true;
  }
}

// In one order of its own the first message of each producer, or any.
std::vector<std::size_t> model_queue::candidates(const cursor& at) const {
  std::vector<std::size_t> all;
  std::vector<bool> seen(run_.shape.queue.producers, false);
  for (std::size_t i = at.next; i < line.size(); ++i) {
    const place& one = line[i];
    if (one.state != place_state::committed || at.took(i) || at.drops(i)) continue;
    if (can_.divergent && seen[one.owner]) continue;
    seen[one.owner] = true;
    all.push_back(i);
  }
  return all;
}

delivery model_queue::lost(const cursor& at) const {
  const std::size_t end = oldest();
  std::size_t count = end - at.next;
  if (!can_.numbered) {
    count = static_cast<std::size_t>(
        std::count_if(line.begin() + static_cast<std::ptrdiff_t>(at.next),
                      line.begin() + static_cast<std::ptrdiff_t>(end),
                      [](const place& one) { return one.state == place_state::committed; }));
  }
  return {receive_answer::lost, at.next, count, end};
}

delivery model_queue::peek(const cursor& at, bool lossy) const {
  if (!at.forced.empty()) return {receive_answer::message, at.forced.front(), 1, at.next};
  if (!keeps_order()) {
    const auto all = candidates(at);
    if (all.empty()) return {};
    return {receive_answer::message, all.front(), 1, at.next};
  }
  std::size_t i = at.next;
  if (lossy && i < oldest()) {
    const delivery found = lost(at);
    if (found.count != 0) return found;
    i = found.next;
  }
  for (; i < line.size(); ++i) {
    const place& one = line[i];
    if (at.drops(i) || one.state == place_state::absent) continue;
    if (one.state == place_state::committed) return {receive_answer::message, i, 1, i + 1};
    if (!is_hole(one)) return {};
    if (can_.numbered || run_.reports_holes) return {receive_answer::aborted, i, 1, i + 1};
  }
  return {};
}

delivery model_queue::draw(const cursor& at, bool lossy, choices& from) const {
  delivery found = peek(at, lossy);
  if (keeps_order() || !at.forced.empty() || found.answer != receive_answer::message) return found;
  const auto all = candidates(at);
  found.at = all[from.below(std::min<std::size_t>(all.size(), 6))];
  return found;
}

void model_queue::pass_holes(cursor& at) const {
  while (at.next < line.size() && !can_.numbered && is_hole(line[at.next])) ++at.next;
}

void model_queue::advance(cursor& at, const delivery& what) const {
  if (!at.forced.empty() && at.forced.front() == what.at) {
    at.forced.pop_front();
    return;
  }
  if (keeps_order()) {
    at.next = what.next;
    return;
  }
  if (at.taken.size() < line.size()) at.taken.resize(line.size(), false);
  at.taken[what.at] = true;
  const auto over = [&](std::size_t i) {
    return at.taken[i] || at.drops(i) || line[i].state != place_state::committed;
  };
  while (at.next < line.size() && over(at.next)) ++at.next;
}

}  // namespace shmfifo::harness::generated
