// SPDX-License-Identifier: MIT

// What a thread of the tested code does when it calls the model: repeat the next event of the
// graph, or append one.

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "runtime.hpp"

namespace shmfifo::harness::model::detail {
namespace {

[[nodiscard]] std::uint64_t key_of(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address);
}

}  // namespace

std::uint64_t runtime::initial_value(const place& p) const {
  std::uint64_t value = 0;
  if ((p.key & (queue_bit | life_bit)) != 0) return 0;
  std::memcpy(&value, reinterpret_cast<const void*>(static_cast<std::uintptr_t>(p.key)), p.size);
  return value;
}

bool runtime::overlaps(const place& p) const {
  if ((p.key & (queue_bit | life_bit)) != 0) return false;
  const std::uint64_t first = p.key & ~std::uint64_t{7};
  for (std::uint64_t key = first; key < first + 8; ++key) {
    const std::uint32_t other = key == p.key ? none : table_.find(key);
    if (other == none) continue;
    if (key < p.key + p.size && p.key < key + graph_->locations[other].size) return true;
  }
  return p.key % p.size != 0;
}

void runtime::bind(std::uint32_t location, const place& p) {
  if (keys_.size() <= location) {
    keys_.resize(location + 1);
    keys_run_.resize(location + 1);
  }
  keys_[location] = p.key;
  keys_run_[location] = run_;
  table_.insert(p.key, location);
}

std::uint32_t runtime::locate(const place& p) {
  const std::uint32_t known = table_.find(p.key);
  if (known != none) {
    if (graph_->locations[known].size != p.size) refuse("a word is accessed with two sizes");
    return known;
  }
  if (overlaps(p)) refuse("a word is misaligned, or overlaps one accessed at another address");
  std::uint32_t location = none;
  if ((p.key & life_bit) != 0) {
    location = graph_->life_location(static_cast<std::uint32_t>(p.key));
  } else {
    const auto found = std::find(uninitialised_.begin(), uninitialised_.end(),
                                 reinterpret_cast<const void*>(static_cast<std::uintptr_t>(p.key)));
    location = graph_->new_location(p.size, initial_value(p), found != uninitialised_.end());
  }
  bind(location, p);
  return location;
}

void runtime::bind_repeated(std::uint32_t location, const place& p) {
  if (location < keys_.size() && keys_run_[location] == run_) {
    if (keys_[location] != p.key) refuse("not deterministic: the same access went to another word");
    return;
  }
  if (table_.find(p.key) != none) {
    refuse("not deterministic: the same access went to another word");
  }
  const model::detail::location& l = graph_->locations[location];
  if (l.size != p.size) refuse("not deterministic: the same access has another size");
  if (!l.uninitialised && l.initial_value != initial_value(p)) {
    refuse("not deterministic: a word began with another value; does the set-up restore it?");
  }
  bind(location, p);
}

order runtime::effective(std::memory_order o, const access_site& s) const {
  const site_override* change = override_for(s);
  return order_of(change != nullptr && change->order ? *change->order : o);
}

const event& runtime::repeated(strand& s, kind what) {
  const event& e = graph_->events[graph_->threads[s.number].events[s.done]];
  if (e.has(ends) && e.has(dies)) die(s);
  if (e.what != what) {
    refuse(
        fmt::format("not deterministic: thread {} did something else at its event {} than before",
                    s.number, s.done));
  }
  return e;
}

void runtime::wait_for_writer(strand& s, const event& e) {
  if (e.from >= initial) return;
  const event& writer = graph_->events[e.from];
  while (strands_[writer.thread]->done <= writer.index) {
    s.joined = writer.thread;
    s.joined_done = writer.index;
    s.at = strand::state::waiting;
    s.pause();
  }
}

void runtime::reach_frontier(strand& s, bool may_die) {
  if (!extending_) {
    s.at = strand::state::frontier;
    s.pause();
  }
  if (s.gives_way) {
    s.gives_way = false;
    s.at = strand::state::frontier;
    s.pause();
  }
  if (graph_->size() >= events_below_) give_up(outcome::abandoned);
  if (graph_->size() >= options_.events_max) {
    refuse(fmt::format("an execution has more than {} events: a wait loop without pause()?",
                       options_.events_max));
  }
  if (may_die && s.mortal) settle(explorer_.add_death_choice(s.number));
}

void runtime::settle(step result) {
  switch (result) {
    case step::go:
      return;
    case step::reject:
      give_up(outcome::abandoned);
    case step::restart:
      give_up(outcome::restart);
    case step::fault:
      set_fault();
      give_up(outcome::violation);
    case step::refuse:
      refuse(explorer_.refusal());
  }
}

std::uint64_t runtime::read(const request& r) {
  strand& s = *running_;
  if (s.ghost) [[unlikely]] {
    return ghost_read(s, r);
  }
  if (recording_) [[unlikely]] {
    record(s, s.done, *r.site, r.name);
  }
  if (repeats(s)) {
    const event& e = repeated(s, kind::read);
    constexpr std::uint16_t fixed = compares | updates | sleeps | wakes;
    const bool same = (e.flags & fixed) == (r.flags & fixed) && e.expected == r.expected &&
                      e.operand == r.operand && e.how_updated == r.how_updated &&
                      ((r.flags & compares) != 0 || e.strength == r.strength);
    if (!same) refuse(fmt::format("not deterministic: read {}.{} has changed", s.number, s.done));
    bind_repeated(e.location, r.where);
    wait_for_writer(s, e);
    s.done += e.has(exclusive) ? 2U : 1U;
    return e.value;
  }
  reach_frontier(s, true);
  event e;
  e.thread = s.number;
  e.what = kind::read;
  e.strength = r.strength;
  e.on_success = r.on_success;
  e.on_failure = r.on_failure;
  e.expected = r.expected;
  e.operand = r.operand;
  e.how_updated = r.how_updated;
  e.flags = r.flags;
  e.site = r.site->site;
  e.location = locate(r.where);
  settle(explorer_.add_read(e));
  const event& added = graph_->events[graph_->threads[s.number].events[s.done]];
  s.done += added.has(exclusive) ? 2U : 1U;
  return added.value;
}

void runtime::write(const request& r, std::uint64_t value) {
  strand& s = *running_;
  if (s.ghost) [[unlikely]] {
    leave_ghost(s);
  }
  if (recording_) [[unlikely]] {
    record(s, s.done, *r.site, r.name);
  }
  if (repeats(s)) {
    const event& e = repeated(s, kind::write);
    if (e.value != value || e.strength != r.strength) {
      refuse(fmt::format("not deterministic: write {}.{} has changed", s.number, s.done));
    }
    bind_repeated(e.location, r.where);
    ++s.done;
    return;
  }
  reach_frontier(s, (r.flags & ends) == 0);
  event e;
  e.thread = s.number;
  e.what = kind::write;
  e.strength = r.strength;
  e.value = value;
  e.flags = r.flags;
  e.site = r.site->site;
  e.location = locate(r.where);
  settle(explorer_.add_write(e, none));
  ++s.done;
}

std::uint64_t runtime::load(word w, std::memory_order o, const access_site& s) {
  return read({{key_of(w.address), w.size}, effective(o, s), 0, &s, "load"});
}

void runtime::store(word w, std::uint64_t value, std::memory_order o, const access_site& s) {
  write({{key_of(w.address), w.size}, effective(o, s), 0, &s, "store"}, value);
}

// The read part and, always, the write part.
std::uint64_t runtime::update_word(const request& r) {
  strand& s = *running_;
  if (s.ghost) [[unlikely]] {
    leave_ghost(s);
  }
  return read(r);
}

std::uint64_t runtime::fetch(word w, update u, std::uint64_t operand, std::memory_order o,
                             const access_site& s) {
  const place where{key_of(w.address), w.size};
  const order strength = effective(o, s);
  const site_override* change = override_for(s);
  if (change != nullptr && change->split_update) {
    const std::uint64_t old = read({where, strength, 0, &s, "load (split update)"});
    write({where, strength, 0, &s, "store (split update)"}, updated(u, old, operand, w.size));
    return old;
  }
  request r{where, strength, static_cast<std::uint16_t>(exclusive | updates), &s,
            u == update::exchange ? "exchange" : "fetch_op"};
  r.how_updated = u;
  r.operand = operand;
  return update_word(r);
}

bool runtime::compare_exchange(word w, std::uint64_t& expected, std::uint64_t desired, bool weak,
                               std::memory_order success, std::memory_order failure,
                               const access_site& s) {
  const place where{key_of(w.address), w.size};
  const order on_success = effective(success, s);
  const order on_failure = order_of(failure);
  if (weak && options_.weak_failures && choose(2, s) == 1) {
    const std::uint64_t value = read({where, on_failure, 0, &s, "compare_exchange (fails)"});
    assume(value == expected);  // otherwise it fails anyway, which the other branch explores
    return false;
  }
  const site_override* change = override_for(s);
  if (change != nullptr && change->split_update) {
    const std::uint64_t old = read({where, on_success, 0, &s, "load (split update)"});
    if (old == expected) {
      write({where, on_success, 0, &s, "store (split update)"}, desired);
      return true;
    }
    expected = old;
    return false;
  }
  request r{where, on_success, compares, &s, "compare_exchange"};
  r.expected = expected;
  r.operand = desired;
  r.on_success = on_success;
  r.on_failure = on_failure;
  const std::uint64_t old = read(r);
  if (old == expected) {
    if (running_->ghost) [[unlikely]] {
      leave_ghost(*running_);
    }
    return true;
  }
  expected = old;
  return false;
}

std::uint64_t runtime::read_plain(word w, const access_site& s) {
  return read({{key_of(w.address), w.size}, order::plain, 0, &s, "read"});
}

void runtime::write_plain(word w, std::uint64_t value, const access_site& s) {
  write({{key_of(w.address), w.size}, order::plain, 0, &s, "write"}, value);
}

void runtime::construct(word w, bool initialised, std::uint64_t value, const access_site& s) {
  if (running_ == nullptr) return;
  if (recording_) declarations_.push_back({key_of(w.address), s.where});
  const bool fresh = table_.find(key_of(w.address)) == none;
  if (initialised && (started_threads_ || !fresh)) {
    write_plain(w, value, s);
  } else if (!initialised) {
    uninitialised_.push_back(w.address);
  } else if (!uninitialised_.empty()) {
    std::erase(uninitialised_, w.address);
  }
}

void runtime::fence(std::memory_order o, const access_site& s) {
  const site_override* change = override_for(s);
  if (change != nullptr && change->drop_fence) return;
  event_fence(effective(o, s), s);
}

void runtime::event_fence(order strength, const access_site& site) {
  strand& s = *running_;
  if (s.ghost || strength == order::relaxed) return;
  if (recording_) [[unlikely]] {
    record(s, s.done, site, "fence");
  }
  if (repeats(s)) {
    if (repeated(s, kind::fence).strength != strength)
      refuse("not deterministic: a fence has changed");
    ++s.done;
    return;
  }
  reach_frontier(s, true);
  event e;
  e.thread = s.number;
  e.what = kind::fence;
  e.strength = strength;
  e.site = site.site;
  settle(explorer_.add_fence(e));
  ++s.done;
}

bool runtime::futex_wait(const std::uint32_t& w, std::uint32_t value, bool may_time_out,
                         const access_site& s) {
  if (may_time_out && choose(2, s) == 1) return false;
  const place queue{key_of(&w) | queue_bit, 8};
  strand& me = *running_;
  if (me.ghost) leave_ghost(me);
  request r{queue, order::acq_rel, static_cast<std::uint16_t>(exclusive | updates), &s,
            "futex queue"};
  r.how_updated = update::add;
  r.operand = 1;
  update_word(r);
  if (read({{key_of(&w), 4}, order::relaxed, 0, &s, "futex compare"}) != value) return false;
  read({queue, order::relaxed, sleeps, &s, "futex sleep"});
  const std::vector<slot>& line = graph_->threads[me.number].events;
  if (graph_->events[line[me.done - 1]].from == line[me.done - 3]) {
    me.at = strand::state::sleeping;
    me.pause();
  }
  return true;
}

void runtime::futex_wake_all(const std::uint32_t& w, const access_site& s) {
  const place queue{key_of(&w) | queue_bit, 8};
  request r{queue, order::acq_rel, static_cast<std::uint16_t>(exclusive | updates | wakes), &s,
            "futex wake"};
  r.how_updated = update::add;
  r.operand = 1;
  update_word(r);
  running_->gives_way = true;
}

}  // namespace shmfifo::harness::model::detail
