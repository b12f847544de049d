// SPDX-License-Identifier: MIT

// The rest of what the tested code can call: threads and their deaths, wait loops, choices,
// requirements.

#include <fmt/format.h>

#include <exception>
#include <memory>

#include "runtime.hpp"

namespace shmfifo::harness::model::detail {

room runtime::new_thread(const new_thread_request& r, const access_site& site) {
  strand& s = *running_;
  if (s.ghost) leave_ghost(s);
  if (has_twins(*graph_, s.number)) refuse("a symmetric thread may not start threads");
  // Twins are known by the event that started the first of them.
  const bool twin = r.twins_before != not_symmetric;
  const std::uint64_t set = twin ? s.done - r.twins_before + 1 : 0;
  if (recording_) [[unlikely]] {
    record(s, s.done, site, "start thread");
  }
  std::uint32_t child = 0;
  if (repeats(s)) {
    const event& e = repeated(s, kind::spawn);
    if (e.operand != set) refuse("not deterministic: symmetric threads have become others");
    child = static_cast<std::uint32_t>(e.value);
  } else {
    reach_frontier(s, true);
    event e;
    e.thread = s.number;
    e.what = kind::spawn;
    e.operand = set;
    e.site = site.site;
    child = explorer_.add_spawn(e);
    // Rules of symmetry take the order of numbers for the order of starting.
    if (twin && r.twins_before != 0 &&
        child < graph_->events[graph_->previous_in_thread(graph_->size() - 1)].value) {
      refuse("symmetric threads could not be numbered in order: switch options::symmetry off");
    }
  }
  ++s.done;
  started_threads_ = true;
  strand& made = strand_for(child);
  made.mortal = r.mortal;
  return {made.work.room(r.size, r.alignment), child};
}

std::uint32_t runtime::running_thread() {
  if (!running_->ghost && has_twins(*graph_, running_->number)) {
    refuse("a symmetric thread may not ask for its number");
  }
  return running_->number;
}

void runtime::start_thread(std::uint32_t thread, body::run_function how_to_run,
                           body::drop_function how_to_drop) {
  strand& s = *strands_[thread];
  s.work.set(how_to_run, how_to_drop);
  s.at = strand::state::ready;
}

void runtime::join_thread(std::uint32_t thread, const access_site& site) {
  strand& s = *running_;
  if (s.ghost) leave_ghost(s);
  if (recording_) [[unlikely]] {
    record(s, s.done, site, "join");
  }
  const bool repeating = repeats(s);
  if (repeating) {
    if (repeated(s, kind::join).value != thread) refuse("not deterministic: joined another thread");
  } else {
    reach_frontier(s, true);
  }
  while (strands_[thread]->at != strand::state::finished) {
    s.joined = thread;
    s.at = strand::state::joining;
    s.pause();
  }
  if (!repeating) {
    event e;
    e.thread = s.number;
    e.what = kind::join;
    e.value = thread;
    e.site = site.site;
    settle(explorer_.add_join(e));
  }
  ++s.done;
}

void runtime::die(strand& s) {
  killed_ = true;
  if (recording_) [[unlikely]]
    record(s, s.done, access_site{}, "killed");
  const event& e = graph_->events[graph_->threads[s.number].events[s.done]];
  bind_repeated(e.location, {life_bit | s.number, 1});
  ++s.done;
  s.at = strand::state::finished;
  s.pause();
}

void runtime::end_mortal(strand& s) {
  const access_site nowhere{};
  write({{life_bit | s.number, 1}, order::release, ends, &nowhere, "end"}, 1);
}

bool runtime::dead(std::uint32_t thread, liveness_edge edge, const access_site& s) {
  if (thread >= strands_used_ || !strands_[thread]->mortal) {
    refuse("dead() was asked about a thread that is not mortal");
  }
  const order strength = edge == liveness_edge::happens_before ? order::acquire : order::relaxed;
  return read({{life_bit | thread, 1}, strength, 0, &s, "dead?"}) != 0;
}

void runtime::pause(source_location where) {
  strand& s = *running_;
  if (s.ghost) {
    // The turn that the thread was in the middle of is no whole one; a loop that reads nothing has
    // none.
    if (s.ghost_reads == 0 && ++s.ghost_pauses < options_.events_max) return;
    s.ghost_stuck = true;
    s.pause();
  }
  if (repeats(s)) refuse("not deterministic: a wait loop that ended before now goes on");
  (void)where;
  s.at = strand::state::spinning;
  s.pause();  // resumed only as a ghost
}

std::uint64_t runtime::ghost_read(strand& s, const request& r) {
  ++s.ghost_reads;
  if (s.ghost_reads > options_.events_max) leave_ghost(s);
  const std::uint32_t known = table_.find(r.where.key);
  if (known == none) return initial_value(r.where);
  return graph_->value_of(known, graph_->last_of(graph_->locations[known]));
}

// The thread can leave its wait loop, so the execution is merely one that others supersede.
void runtime::leave_ghost(strand& s) {
  s.ghost_stuck = false;
  s.pause();
  std::abort();
}

std::uint32_t runtime::choose(std::uint32_t outcomes, const access_site& site) {
  strand& s = *running_;
  if (s.ghost) return 0;
  if (outcomes == 0) refuse("choose(0) has no outcome");
  if (recording_) [[unlikely]] {
    record(s, s.done, site, "choose");
  }
  if (repeats(s)) {
    const event& e = repeated(s, kind::choice);
    if (e.expected != outcomes) refuse("not deterministic: another number of outcomes");
    ++s.done;
    return static_cast<std::uint32_t>(e.value);
  }
  reach_frontier(s, true);
  event e;
  e.thread = s.number;
  e.what = kind::choice;
  e.expected = outcomes;
  e.site = site.site;
  settle(explorer_.add_choice(e, outcomes));
  ++s.done;
  return static_cast<std::uint32_t>(graph_->events[graph_->threads[s.number].events.back()].value);
}

void runtime::assume(bool holds) {
  if (holds) return;
  strand& s = *running_;
  if (s.ghost) leave_ghost(s);
  s.at = strand::state::stopped;
  s.pause();
}

void runtime::require(bool holds, std::string_view what, source_location where) {
  if (holds) return;
  std::string text = fmt::format("{} ({}:{})", what, where.file_name(), where.line());
  if (running_ == nullptr) {  // in options::on_execution
    rule_ = broken::assertion;
    message_ = std::move(text);
    ending_ = outcome::violation;
    return;
  }
  if (running_->ghost) leave_ghost(*running_);
  violate(broken::assertion, std::move(text));
}

void* runtime::allocate(std::size_t size, std::size_t alignment) {
  if (has_twins(*graph_, running_->number)) {
    refuse("a symmetric thread may not use model::make: its objects would be its own");
  }
  arena& a = arenas_[running_->number];
  if (size + alignment > arena::bytes) refuse("model::make is for objects below 64 KiB");
  while (true) {
    if (a.block == a.blocks.size()) a.blocks.push_back(std::make_unique<arena::memory>());
    void* start = a.blocks[a.block]->data() + a.used;
    std::size_t space = arena::bytes - a.used;
    if (std::align(alignment, size, start, space) != nullptr) {
      a.used = arena::bytes - space + size;
      return start;
    }
    ++a.block;
    a.used = 0;
  }
}

}  // namespace shmfifo::harness::model::detail
