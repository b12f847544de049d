// SPDX-License-Identifier: MIT
#include "runtime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <exception>

namespace shmfifo::harness::model::detail {
namespace {

thread_local runtime* current_runtime = nullptr;

}  // namespace

runtime& runtime::active() {
  if (current_runtime == nullptr) {
    fmt::print(stderr, "a model access was made outside model::check\n");
    std::abort();
  }
  return *current_runtime;
}

runtime* runtime::active_or_null() noexcept {
  return current_runtime;
}

runtime::runtime(const test_body& body, const model::options& options)
    : body_(body), options_(options), explorer_(options.symmetry) {
  explorer_.reset();
  outer_ = current_runtime;
  current_runtime = this;
}

runtime::~runtime() {
  for (const auto& s : strands_) s->abandon();
  current_runtime = outer_;
}

strand& runtime::strand_for(std::uint32_t number) {
  while (strands_.size() <= number) {
    strands_.push_back(std::make_unique<strand>(
        options_.stack_bytes, [](strand& s, void* me) { static_cast<runtime*>(me)->run_body(s); },
        this));
    strands_.back()->number = static_cast<std::uint32_t>(strands_.size()) - 1;
    arenas_.emplace_back();
  }
  if (strands_used_ <= number) strands_used_ = number + 1;
  return *strands_[number];
}

void runtime::begin_run() {
  ++run_;
  table_.forget_all();
  uninitialised_.clear();
  graph_ = &explorer_.current();
  extending_ = false;
  started_threads_ = false;
  killed_ = false;
  ending_.reset();
  for (std::uint32_t i = 0; i < strands_used_; ++i) {
    strand& s = *strands_[i];
    s.abandon();
    s.at = strand::state::idle;
    s.done = 0;
    s.gives_way = false;
    s.ghost = false;
    arenas_[i].block = 0;
    arenas_[i].used = 0;
  }
  strands_used_ = 0;
  if (recording_) {
    origins_.clear();
    declarations_.clear();
  }
  strand& main = strand_for(0);
  main.mortal = false;
  main.at = strand::state::ready;
}

void runtime::run_body(strand& s) {
  std::string escaped;
  try {
    if (s.number == 0) {
      body_();
    } else {
      s.work.run();
    }
  } catch (const std::exception& e) {
    escaped = fmt::format("an exception left thread {}: {}", s.number, e.what());
  }
  if (s.ghost) leave_ghost(s);
  if (!escaped.empty()) violate(broken::assertion, std::move(escaped));
  if (s.mortal) end_mortal(s);
  if (repeats(s)) {
    refuse(fmt::format("not deterministic: thread {} ended earlier than before", s.number));
  }
  s.at = strand::state::finished;
}

bool runtime::resume(strand& s) {
  running_ = &s;
  s.at = strand::state::ready;
  s.resume();
  running_ = nullptr;
  return !ending_.has_value();
}

// Lets every thread repeat its part of the graph. A thread that needs what another has not repeated
// yet waits for it, so that effects of the tested code outside the model keep their causal order.
bool runtime::repeat_all() {
  bool moved = true;
  while (moved) {
    moved = false;
    for (std::uint32_t i = 0; i < strands_used_; ++i) {
      strand& s = *strands_[i];
      const bool can =
          s.at == strand::state::ready ||
          (s.at == strand::state::waiting && strands_[s.joined]->done > s.joined_done) ||
          (s.at == strand::state::joining && repeats(s) &&
           strands_[s.joined]->at == strand::state::finished);
      if (!can) continue;
      if (!resume(s)) return false;
      moved = true;
    }
  }
  return true;
}

strand* runtime::next_to_extend() {
  for (std::uint32_t i = 0; i < strands_used_; ++i) {
    strand& s = *strands_[i];
    const bool can =
        s.at == strand::state::ready || s.at == strand::state::frontier ||
        (s.at == strand::state::joining && strands_[s.joined]->at == strand::state::finished);
    if (can) return &s;
  }
  return nullptr;
}

bool runtime::extend_all() {
  extending_ = true;
  while (strand* s = next_to_extend()) {
    if (!resume(*s)) return false;
  }
  return true;
}

outcome runtime::run() {
  begin_run();
  if (!repeat_all() || !extend_all()) return *ending_;
  return classify();
}

outcome runtime::classify() {
  bool all_finished = true;
  bool all_stuck = true;
  for (std::uint32_t i = 0; i < strands_used_; ++i) {
    strand& s = *strands_[i];
    if (s.at == strand::state::finished || s.at == strand::state::idle) continue;
    all_finished = false;
    if (!stuck(s)) all_stuck = false;
    if (ending_.has_value()) return *ending_;
  }
  if (all_finished) {
    if (options_.on_execution) options_.on_execution(execution(this));
    return ending_.value_or(outcome::complete);
  }
  if (!all_stuck) return outcome::blocked;
  rule_ = broken::deadlock;
  message_ = describe_blocked();
  return outcome::violation;
}

// Whether a blocked thread could never go on, whatever time it is given. A wait loop is run for one
// more turn with the newest value of everything it reads.
bool runtime::stuck(strand& s) {
  switch (s.at) {
    case strand::state::sleeping: {
      // A wake-up that came after it fell asleep wakes it in another execution.
      const std::vector<slot>& line = graph_->threads[s.number].events;
      const slot wait = line[s.done - 3];
      return graph_->first_wake_after(wait) == wait;
    }
    case strand::state::joining:
      return true;  // as long as the thread it waits for, which is examined too
    case strand::state::spinning:
      s.ghost = true;
      s.ghost_stuck = false;
      s.ghost_reads = 0;
      s.ghost_pauses = 0;
      resume(s);
      s.at = strand::state::spinning;
      return s.ghost_stuck;
    default:
      return false;
  }
}

std::string runtime::describe_blocked() const {
  std::string text;
  for (std::uint32_t i = 0; i < strands_used_; ++i) {
    const strand& s = *strands_[i];
    const char* reason = nullptr;
    if (s.at == strand::state::sleeping) reason = "sleeps, and no wake-up is left to come";
    if (s.at == strand::state::spinning)
      reason = "waits in a loop for a value that nobody will write";
    if (reason != nullptr)
      text += fmt::format("{}thread {} {}", text.empty() ? "" : "; ", i, reason);
  }
  return text.empty() ? "every thread waits for another" : text;
}

void runtime::give_up(outcome o) {
  ending_ = o;
  running_->pause();
  std::abort();  // an abandoned fiber is never resumed
}

// The fiber never comes back from give_up(), so nothing on its stack may still own memory then.
void runtime::keep_message(std::string& text) {
  message_ = text;
  std::string().swap(text);
}

void runtime::refuse(std::string why) {
  keep_message(why);
  give_up(outcome::refused);
}

void runtime::violate(broken rule, std::string what) {
  rule_ = rule;
  keep_message(what);
  give_up(outcome::violation);
}

void runtime::set_fault() {
  const fault& f = explorer_.last_fault();
  const graph& g = explorer_.current();
  const event& a = g.events[f.first];
  if (f.what == fault::why::uninitialised) {
    rule_ = broken::uninitialised;
    message_ = fmt::format("event {}.{} reads a location that nobody wrote", a.thread, a.index);
    return;
  }
  const event& b = g.events[f.second];
  rule_ = broken::data_race;
  message_ = fmt::format(
      "events {}.{} and {}.{} access one location, one writes, one is not atomic, and neither "
      "happens "
      "before the other",
      a.thread, a.index, b.thread, b.index);
}

const source_location* runtime::declaration_of(std::uint32_t location) const {
  const auto made = std::find_if(declarations_.rbegin(), declarations_.rend(),
                                 [&](const declaration& d) { return d.key == keys_[location]; });
  return made == declarations_.rend() ? nullptr : &made->where;
}

void runtime::record(const strand& s, std::uint32_t index, const access_site& site,
                     const char* name) {
  if (origins_.size() <= s.number) origins_.resize(s.number + 1);
  std::vector<origin>& line = origins_[s.number];
  if (line.size() <= index) line.resize(index + 1);
  line[index] = {site, name};
}

}  // namespace shmfifo::harness::model::detail
