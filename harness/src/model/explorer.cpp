// SPDX-License-Identifier: MIT
#include "explorer.hpp"

#include <algorithm>

namespace shmfifo::harness::model::detail {
namespace {

// A write's alternatives are places in the modification order and reads to revisit; this bit tells
// which, and is the graph's own limit: 2^31 events.
constexpr std::uint32_t revisit_bit = 0x80000000U;

}  // namespace

void explorer::reset() {
  if (graphs_.empty()) graphs_.push_back(std::make_unique<graph>());
  depth_ = 0;
  graphs_[0]->clear();
  choices_.clear();
  alternatives_.clear();
  guide_.clear();
  tickets_ = 0;
}

void explorer::divide(std::uint32_t depth, std::uint32_t mine, std::uint32_t shares) {
  split_depth_ = depth;
  mine_ = mine;
  shares_ = shares;
}

bool explorer::my_share() {
  if (shares_ == 1 || choices_.size() != split_depth_) return true;
  return tickets_++ % shares_ == mine_;
}

std::vector<std::uint32_t> explorer::path() const {
  std::vector<std::uint32_t> taken;
  taken.reserve(choices_.size());
  for (const choice& c : choices_) taken.push_back(c.next - c.begin - 1);
  return taken;
}

double explorer::share_done() const noexcept {
  double done = 0;
  double weight = 1;
  for (const choice& c : choices_) {
    weight /= c.end - c.begin;
    done += weight * (c.next - c.begin - 1);
  }
  return done;
}

step explorer::add_read(const event& e) {
  graph& g = current();
  const slot s = g.push(e);
  if (!is_twin(s)) return step::refuse;
  const location& l = g.locations[e.location];
  const auto begin = static_cast<std::uint32_t>(alternatives_.size());
  if (e.has(sleeps)) {
    // Which wake-up ends a sleep is no choice: the first one after the thread queued itself.
    alternatives_.push_back(g.first_wake_after(g.threads[e.thread].events[g.events[s].index - 2]));
  } else if (e.strength == order::plain) {
    alternatives_.push_back(g.last_of(l));  // without a race there is no other
  } else {
    const std::uint32_t lowest = g.floor(g.hb(s), e.location);
    for (auto p = static_cast<std::uint32_t>(l.writes.size()); p > lowest; --p) {
      alternatives_.push_back(l.writes[p - 1]);
    }
    alternatives_.push_back(lowest == 0 ? initial : l.writes[lowest - 1]);
  }
  g.enlist_read(s);
  return offer(choice::about::from, s, 0, begin);
}

step explorer::add_write(const event& e, slot read_part) {
  graph& g = current();
  const slot s = g.push(e);
  if (read_part == none && !is_twin(s)) return step::refuse;
  g.finish_write(s, read_part);
  const auto begin = static_cast<std::uint32_t>(alternatives_.size());
  const std::uint32_t lowest = read_part == none ? g.floor(g.hb(s), e.location) : 0;
  // An update of a write that has one already is in no execution: only a revisit can help.
  if (collect_placements(s, read_part, lowest) && races(s)) return step::fault;
  collect_revisits(s);
  return offer(choice::about::write, s, 0, begin);
}

// Places where the write breaks neither coherence nor the atomicity of an update.
bool explorer::collect_placements(slot s, slot read_part, std::uint32_t lowest) {
  const graph& g = current();
  const location& l = g.locations[g.events[s].location];
  const std::size_t before = alternatives_.size();
  if (read_part != none) {
    const std::uint32_t p = g.position_of_writer(g.events[read_part].from);
    if (p >= lowest && !g.taken(l, p)) alternatives_.push_back(p);
    return alternatives_.size() != before;
  }
  for (auto p = static_cast<std::uint32_t>(l.writes.size()) + 1; p > lowest; --p) {
    if (!g.taken(l, p - 1)) alternatives_.push_back(p - 1);
  }
  return alternatives_.size() != before;
}

// Reads that could read this write instead: those for which everything that would be deleted was
// added in the one canonical way, so that no other branch arrives at the same graph.
void explorer::collect_revisits(slot s) {
  const graph& g = current();
  const std::uint32_t* past = g.porf(s);
  const event& write = g.events[s];
  for (slot r = s; r-- > 0;) {
    if (g.within(past, r)) continue;
    if (!maximal(r, past)) break;  // it would be deleted for every earlier read as well
    const event& e = g.events[r];
    if (!e.is_read() || e.location != write.location || e.strength == order::plain) continue;
    if (e.has(sleeps) && !write.has(wakes)) continue;
    alternatives_.push_back(r | revisit_bit);
  }
}

step explorer::add_fence(const event& e) {
  graph& g = current();
  const slot s = g.push(e);
  g.finish_fence(s);
  return is_twin(s) ? step::go : step::refuse;
}

std::uint32_t explorer::add_spawn(const event& e) {
  graph& g = current();
  const slot s = g.push(e);
  const std::uint32_t thread = g.new_thread(s);
  g.events[s].value = thread;
  return thread;
}

step explorer::add_join(const event& e) {
  graph& g = current();
  const slot s = g.push(e);
  const thread_line& line = g.threads[e.value];
  g.absorb(s, line.events.empty() ? line.spawn : line.events.back());
  return is_twin(s) ? step::go : step::refuse;
}

step explorer::add_choice(const event& e, std::uint32_t outcomes) {
  const slot s = current().push(e);
  if (!is_twin(s)) return step::refuse;
  const auto begin = static_cast<std::uint32_t>(alternatives_.size());
  for (std::uint32_t i = 0; i < outcomes; ++i) alternatives_.push_back(i);
  return offer(choice::about::alternative, s, 0, begin);
}

step explorer::add_death_choice(std::uint32_t thread) {
  const auto begin = static_cast<std::uint32_t>(alternatives_.size());
  alternatives_.push_back(0);
  alternatives_.push_back(1);
  return offer(choice::about::death, current().size(), thread, begin);
}

bool explorer::is_twin(slot s) {
  const graph& g = current();
  if (!symmetry_ || !has_twins(g, g.events[s].thread)) return true;
  refusal_ = difference_from_twins(g, s);
  return refusal_.empty();
}

// Whether the event's thread and its twins stand as they do in the execution that is explored.
bool explorer::orderly(slot s) const {
  const graph& g = *graphs_[depth_];
  const std::uint32_t thread = g.events[s].thread;
  return !symmetry_ || !has_twins(g, thread) || in_order(g, thread);
}

step explorer::offer(choice::about what, slot at, std::uint32_t other, std::uint32_t begin) {
  choice c{what, at, other, begin, begin, static_cast<std::uint32_t>(alternatives_.size())};
  if (c.end == c.begin) return step::reject;
  if (c.end - c.begin == 1 && what != choice::about::placement) {
    const std::uint32_t only = alternatives_.back();
    if ((only & revisit_bit) == 0 || what != choice::about::write) {
      alternatives_.pop_back();
      return apply(c, only);
    }
  }
  choices_.push_back(c);
  if (const std::size_t i = choices_.size() - 1; i < guide_.size()) {
    choice& guided = choices_.back();
    guided.next = std::min(guided.begin + guide_[i], guided.end);
  }
  return take_next();
}

step explorer::take_next() {
  const std::size_t mine = choices_.size() - 1;
  while (choices_[mine].next < choices_[mine].end) {
    const std::uint32_t alternative = alternatives_[choices_[mine].next++];
    if (!my_share()) continue;
    const choice c = choices_[mine];
    current().truncate(c.what == choice::about::death ? c.at : c.at + 1);
    const step result = apply(c, alternative);
    if (result != step::reject) return result;
    while (choices_.size() > mine + 1) drop_choice();
  }
  return step::reject;
}

void explorer::drop_choice() {
  const choice& c = choices_.back();
  alternatives_.resize(c.begin);
  if (c.what == choice::about::placement) --depth_;
  choices_.pop_back();
}

step explorer::backtrack() {
  while (!choices_.empty()) {
    const choice& c = choices_.back();
    if (c.next < c.end) {
      const step result = take_next();
      if (result != step::reject) return result;
    }
    drop_choice();
  }
  return step::reject;
}

step explorer::apply(const choice& c, std::uint32_t alternative) {
  switch (c.what) {
    case choice::about::from:
      return apply_from(c.at, alternative);
    case choice::about::write:
      if ((alternative & revisit_bit) != 0) return apply_revisit(c.at, alternative & ~revisit_bit);
      return apply_placement(c.at, alternative);
    case choice::about::placement:
      return finish_revisit(c, alternative);
    case choice::about::alternative:
      current().events[c.at].value = alternative;
      return orderly(c.at) ? step::go : step::reject;
    case choice::about::death:
      return apply_death(c, alternative);
  }
  return step::reject;
}

step explorer::apply_from(slot s, slot writer) {
  graph& g = current();
  g.read_from(s, writer);
  const event& e = g.events[s];
  const location& l = g.locations[e.location];
  if (races(s)) return step::fault;
  if (writer == initial && l.uninitialised) {
    fault_ = {fault::why::uninitialised, s};
    return step::fault;
  }
  // An update is judged when its write has a place: that write may revisit a read in its way.
  if (!e.has(exclusive) && !orderly(s)) return step::reject;
  const std::uint32_t p = g.position_of_writer(writer);
  // Reading the last write orders the read before nothing, so it closes no cycle.
  if (p != l.writes.size() && !ordered(s)) return step::reject;
  return complete_update(s);
}

// The write part of an update follows its read part at once: nothing may come between.
step explorer::complete_update(slot read_part) {
  graph& g = current();
  const event& r = g.events[read_part];
  if (!r.has(exclusive)) return step::go;
  event w;
  w.thread = r.thread;
  w.what = kind::write;
  w.strength = r.strength;
  w.flags = static_cast<std::uint16_t>(exclusive | (r.flags & wakes));
  w.site = r.site;
  w.location = r.location;
  w.value = updated(r.how_updated, r.value, r.operand, g.locations[r.location].size);
  return add_write(w, read_part);
}

step explorer::apply_placement(slot s, std::uint32_t after) {
  graph& g = current();
  const event& e = g.events[s];
  if (e.position != 0) g.displace(s);
  const bool last = after == g.locations[e.location].writes.size();
  g.place(s, after);
  if (!orderly(s)) return step::reject;
  if (last) return step::go;  // nothing comes after it, so it closes no cycle
  return ordered(s) ? step::go : step::reject;
}

step explorer::apply_revisit(slot write, slot read) {
  if (graphs_.size() == depth_ + 1) graphs_.push_back(std::make_unique<graph>());
  if (graph& old = current(); old.events[write].position != 0) old.displace(write);
  graph& g = *graphs_[depth_ + 1];
  const slot r = g.restrict_from(current(), read, write);
  ++depth_;
  const slot w = g.size() - 1;
  const slot previous = g.events[r].from;
  g.read_from(r, w);
  refresh_read_early(previous);
  g.events[w].flags |= read_early;
  const event& e = g.events[w];
  const auto begin = static_cast<std::uint32_t>(alternatives_.size());
  const std::uint32_t lowest = std::max(g.floor(g.hb(w), e.location), g.floor(g.hb(r), e.location));
  const bool some =
      collect_placements(w, e.has(exclusive) ? g.previous_in_thread(w) : none, lowest);
  if (some && (races(r) || races(w))) {
    g.place(w, alternatives_.back());
    // The graph stays on the stack, owned by this choice, until the report is made.
    choices_.push_back({choice::about::placement, w, r, begin, begin + 1, begin + 1});
    return step::fault;
  }
  if (!some) {
    --depth_;
    return step::reject;
  }
  return offer(choice::about::placement, w, r, begin);
}

step explorer::finish_revisit(const choice& c, std::uint32_t after) {
  const step placed = apply_placement(c.at, after);
  if (placed != step::go) return placed;
  graph& g = current();
  const event& read = g.events[c.other];
  if (symmetry_ && !revisit_in_order(g, c.other)) return step::reject;
  if (!read.has(exclusive) && !orderly(c.other)) return step::reject;
  if (read.has(sleeps)) {
    const slot wait = g.threads[read.thread].events[read.index - 2];
    if (g.first_wake_after(wait) != c.at) return step::reject;
  }
  const step completed = complete_update(c.other);
  return completed == step::go ? step::restart : completed;
}

step explorer::apply_death(const choice& c, std::uint32_t dies_here) {
  if (dies_here == 0) return step::go;
  event e;
  e.thread = c.other;
  e.what = kind::write;
  e.strength = order::release;
  e.flags = static_cast<std::uint16_t>(ends | dies);
  e.value = 1;
  e.location = current().life_location(c.other);
  const step result = add_write(e, none);
  return result == step::go ? step::restart : result;
}

bool explorer::latest(const location& l, std::uint32_t after, slot s,
                      const std::uint32_t* past) const {
  const graph& g = *graphs_[depth_];
  for (std::uint32_t p = after; p < l.writes.size(); ++p) {
    const slot w = l.writes[p];
    if (w < s || g.within(past, w)) return false;
  }
  return true;
}

slot explorer::canonical_wake(slot s, const std::uint32_t* past) const {
  const graph& g = *graphs_[depth_];
  const event& e = g.events[s];
  const slot wait = g.threads[e.thread].events[e.index - 2];
  const location& l = g.locations[e.location];
  for (std::uint32_t p = g.events[wait].position; p < l.writes.size(); ++p) {
    const slot w = l.writes[p];
    if (g.events[w].has(wakes) && (w < s || g.within(past, w))) return w;
  }
  return wait;
}

// Whether, seen from the events added before it and the causal past of the revisiting write, this
// event is what extending a graph canonically would have added (the paper's IsMaximallyAdded).
bool explorer::maximal(slot s, const std::uint32_t* past) const {
  const graph& g = *graphs_[depth_];
  const event& e = g.events[s];
  switch (e.what) {
    case kind::read:
      if (e.has(sleeps)) return e.from == canonical_wake(s, past);
      return latest(g.locations[e.location], g.position_of_writer(e.from), s, past);
    case kind::write:
      return !e.has(read_early) && !e.has(dies) &&
             latest(g.locations[e.location], e.position, s, past);
    case kind::choice:
      return e.value == 0;
    default:
      return true;
  }
}

bool explorer::races(slot s) {
  const graph& g = current();
  const event& e = g.events[s];
  const location& l = g.locations[e.location];
  if (!l.has_plain) return false;
  const std::uint32_t* past = g.hb(s);
  const auto conflict = [&](slot other) {
    if (other == s || g.within(past, other)) return false;
    if (e.strength != order::plain && g.events[other].strength != order::plain) return false;
    fault_ = {fault::why::race, other, s};
    return true;
  };
  if (std::any_of(l.writes.begin(), l.writes.end(), conflict)) return true;
  return e.is_write() && std::any_of(l.reads.begin(), l.reads.end(), conflict);
}

bool explorer::ordered(slot s) {
  const graph& g = current();
  // Without fences an event that is not seq_cst itself adds no edge between those that are. A read
  // that was just revisited by this write counts too.
  if (g.seq_cst_fences == 0 && g.events[s].strength != order::seq_cst &&
      !g.events[s].has(read_early)) {
    return true;
  }
  return sc_.holds(g);
}

void explorer::refresh_read_early(slot writer) {
  if (writer == initial || writer == none) return;
  graph& g = current();
  event& e = g.events[writer];
  const std::vector<slot>& reads = g.locations[e.location].reads;
  const bool early = std::any_of(reads.begin(), reads.end(),
                                 [&](slot r) { return r < writer && g.events[r].from == writer; });
  e.flags = static_cast<std::uint16_t>(early ? e.flags | read_early : e.flags & ~read_early);
}

}  // namespace shmfifo::harness::model::detail
