// SPDX-License-Identifier: MIT
#include "supervisor.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "shmfifo/harness/support/child.hpp"

namespace shmfifo::harness {
namespace {
constexpr unsigned tick_us = 1000;
constexpr std::uint64_t progress_every = 100;  // ticks
constexpr unsigned early_ticks_most = 1000;    // then late receivers attach anyway
// Senders are at most this many faults ahead of those carried out. Few ever wait for that: only
// with a queue that passes several faults' worth of messages in a tick.
constexpr std::uint64_t faults_ahead = 8;
// A terminal's interrupt is for the supervisor, which ends its actors itself.
const child_options actor_options{.ignores_interrupt = true};
}  // namespace

supervisor::supervisor(const actor_context& run, const std::string& name)
    : run_(run),
      name_(name),
      facts_(run.logs.facts()),
      faults_(run.options.seed, run.options.faults, run.options.messages, run.options.producers,
              run.options.consumers + run.options.observers,
              static_cast<unsigned>(run.options.meddlers.size())),
      lulls_(run),
      begun_(std::chrono::steady_clock::now()),
      moved_at_(begun_) {
  const auto add = [this](role what, std::size_t count) {
    for (unsigned i = 0; i < count; ++i) {
      actor who;
      who.what = what;
      who.index = i;
      actors_.push_back(who);
    }
  };
  add(role::receiver, run.logs.receivers());
  add(role::sender, run.logs.senders());
  add(role::meddler, run.options.meddlers.size());
}

supervisor::~supervisor() {
  for (actor& who : actors_) {
    if (who.pid > 0) kill_process(who.pid);
  }
  for (actor& who : actors_) {
    if (who.pid > 0) reap(who.pid);
  }
}

actor_state* supervisor::state_of(const actor& who) const {
  if (who.what == role::sender) return &run_.logs.sender(who.index);
  if (who.what == role::receiver) return &run_.logs.receiver(who.index);
  return nullptr;
}

supervisor::actor* supervisor::find(role what, unsigned index) {
  const auto it = std::find_if(actors_.begin(), actors_.end(), [&](const actor& who) {
    return who.what == what && who.index == index;
  });
  return it == actors_.end() ? nullptr : &*it;
}

void supervisor::start(actor& who) {
  who.kill_meant = false;
  who.wake_at = 0;
  if (actor_state* state = state_of(who)) state->now.store(stage::absent);
  const role what = who.what;
  const unsigned index = who.index;
  const auto body = [this, what, index] {
    switch (what) {
      case role::sender:
        return run_sender(run_, index);
      case role::receiver:
        return run_receiver(run_, index);
      case role::meddler:
        break;
    }
    return run_guarded(run_.logs.sender(0), "meddler: ", [&] {
      run_.options.meddlers[index](name_);
      return exit_finished;
    });
  };
  who.pid = start_child(body, actor_options);
}

// Starts these actors and waits until each has attached.
template <class Group>
bool supervisor::attach(Group&& belongs) {
  for (actor& who : actors_) {
    if (who.what != role::meddler && belongs(who)) start(who);
  }
  const auto waiting = [&] {
    return std::any_of(actors_.begin(), actors_.end(), [&](const actor& who) {
      return who.pid != 0 && who.what != role::meddler && belongs(who) &&
             state_of(who)->now.load(std::memory_order_acquire) <= stage::attaching;
    });
  };
  while (!over_ && waiting()) tick();
  return !over_;
}

// Before anything is sent, so that each receiver must get all of it.
bool supervisor::attach_punctual() {
  const auto sends = [](const actor& who) { return who.what == role::sender; };
  const auto receives = [this](const actor& who) {
    return who.what == role::receiver && !is_late(facts_, who.index);
  };
  switch (facts_.promises.start) {
    case start_order::receivers:
      return attach(receives) && attach(sends);
    case start_order::senders:
      return attach(sends) && attach(receives);
    case start_order::together:
      break;
  }
  return attach([](const actor&) { return true; });
}

// Late receivers must get all of it, too, from the first message on.
bool supervisor::attach_all() {
  if (!attach_punctual()) return false;
  const auto late = [this](const actor& who) {
    return who.what == role::receiver && is_late(facts_, who.index);
  };
  if (std::none_of(actors_.begin(), actors_.end(), late)) return true;
  facts_.go.store(1, std::memory_order_release);
  for (unsigned ticks = 0; !over_ && ticks < early_ticks_most && !early_messages_sent(); ++ticks) {
    tick();
  }
  return !over_ && attach(late);
}

bool supervisor::early_messages_sent() const {
  for (unsigned i = 0; i < run_.logs.senders(); ++i) {
    const actor_state& who = run_.logs.sender(i);
    if (who.logged.load() < early_messages(run_, i) && who.refusals.load() == 0) return false;
  }
  return true;
}

void supervisor::run() {
  for (actor& who : actors_) {
    if (who.what == role::meddler) start(who);
  }
  set_limit_of_senders();
  if (!attach_all()) return note_end();
  // While all are attached and none has begun, so that none can have left already.
  if (run_.options.intruder) {
    reap(start_child([this] { return run_intruder(run_); }, actor_options));
  }
  lulls_.tick();
  facts_.go.store(2, std::memory_order_release);
  while (!over_) {
    carry_out_faults();
    tick();
    lulls_.tick();
    if (over_) break;
    if (senders_over() && !announced_) announce_end();
    if (!all_over()) continue;
    facts_.ended = run_end::completed;
    over_ = true;
  }
  note_end();
}

void supervisor::note_end() {
  const auto now = std::chrono::steady_clock::now();
  facts_.ended_at = now.time_since_epoch().count();
  facts_.quiet_ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now - moved_at_).count());
}

void supervisor::tick() {
  ::usleep(tick_us);
  ++ticks_;
  for (actor& who : actors_) look_after(who);
  watch_for_stall();
  if (run_.options.on_progress && ticks_ % progress_every == 0) run_.options.on_progress(now());
  const auto limit = std::chrono::seconds(run_.options.time_limit_s);
  if (std::chrono::steady_clock::now() - begun_ > limit) give_up(run_end::timed_out);
}

void supervisor::look_after(actor& who) {
  if (who.over) return;
  if (who.pid == 0) {
    if (who.start_at != 0 && ticks_ >= who.start_at) {
      who.start_at = 0;
      if (actor_state* state = state_of(who)) ++state->restarts;
      start(who);
    }
    return;
  }
  if (who.wake_at != 0 && ticks_ >= who.wake_at) {
    who.wake_at = 0;
    ::kill(who.pid, SIGCONT);
  }
  notice_paused_by_plan(who);
  if (const auto status = try_reap(who.pid)) ended(who, *status);
}

// A pause that the actor itself began at a point. It counts from the kernel's report that the actor
// has stopped: woken earlier, the actor would stop afterwards, for ever.
void supervisor::notice_paused_by_plan(actor& who) {
  actor_state* state = state_of(who);
  if (state == nullptr || who.planned_ms == 0 || who.wake_at != 0 ||
      state->fault_point.load(std::memory_order_relaxed) != 0 || !has_stopped(who.pid)) {
    return;
  }
  ++state->stops;
  who.wake_at = ticks_ + who.planned_ms;
  who.planned_ms = 0;
}

void supervisor::ended(actor& who, int status) {
  who.pid = 0;
  who.wake_at = 0;
  actor_state* state = state_of(who);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && who.kill_meant) {
    was_killed(who);
    return;
  }
  if (who.what == role::meddler && WIFEXITED(status) && WEXITSTATUS(status) == exit_finished) {
    who.start_at = ticks_ + 1;
    return;
  }
  who.over = true;
  if (WIFSIGNALED(status)) {
    (state != nullptr ? *state : run_.logs.sender(0)).died_of = WTERMSIG(status);
    over_ = true;
  } else if (WEXITSTATUS(status) != exit_finished) {
    over_ = true;
    const bool log_full =
        state != nullptr && who.what == role::receiver && state->now.load() == stage::dead;
    if (log_full) facts_.ended = run_end::log_full;
  }
}

void supervisor::was_killed(actor& who) {
  if (actor_state* state = state_of(who)) {
    ++state->kills;
    state->fault_point.store(0);
    settle_doubt(who);
    if (state->now.load() == stage::finished) who.over = true;  // killed on its way out
  } else {
    ++facts_.meddler_kills;
  }
  if (who.what == role::sender && facts_.promises.permanent_senders) {
    run_.logs.sender(who.index).now.store(stage::dead, std::memory_order_release);
    who.over = true;
  }
  if (!who.over) who.start_at = ticks_ + std::max(1U, who.restart_ms);
  who.restart_ms = 0;
  who.planned_ms = 0;
}

// The message that a killed sender had begun: in doubt only if it died inside the call.
void supervisor::settle_doubt(actor& who) {
  if (who.what != role::sender) return;
  actor_state& state = run_.logs.sender(who.index);
  const std::uint64_t logged = state.logged.load();
  if (state.started.load() > logged) {
    run_.logs.answers(who.index)[logged] =
        state.in_call.load() != 0 ? answer::in_doubt : answer::not_sent;
    state.logged.store(logged + 1, std::memory_order_release);
  }
  state.in_call.store(0, std::memory_order_release);
}

void supervisor::carry_out_faults() {
  // One at a time: a burst after a long tick would only hit processes that are already stopped.
  if (const auto& due = faults_.next(); due && run_.logs.logged() >= due->at) {
    strike(*due);
    faults_.advance();
    set_limit_of_senders();
  }
}

void supervisor::set_limit_of_senders() {
  const auto& due = faults_.next();
  const std::uint64_t ahead = faults_ahead * run_.options.faults.spacing(run_.options.messages);
  facts_.logged_most.store(due ? due->at + ahead : UINT64_MAX, std::memory_order_release);
}

void supervisor::strike(const fault& due) {
  actor* who = find(due.victim, due.index);
  if (who == nullptr || who->pid == 0 || who->over || who->wake_at != 0 || who->kill_meant ||
      who->planned_ms != 0) {
    return;  // it is already stopped or dead, or soon will be
  }
  actor_state* state = state_of(*who);
  // Not before it has asked for the signal at our death: stopped earlier, it would outlive us.
  if (state != nullptr && state->now.load(std::memory_order_acquire) == stage::absent) return;
  const bool kill = due.action == fault_action::kill;
  if (kill) who->kill_meant = true;
  if (due.point != fault_point::anywhere && state != nullptr) {
    (kill ? who->restart_ms : who->planned_ms) = due.ms + 1;
    state->fault_signal.store(kill ? SIGKILL : SIGSTOP);
    state->fault_at.store(state->logged.load(), std::memory_order_release);
    state->fault_point.store(static_cast<std::uint32_t>(due.point), std::memory_order_release);
    return;
  }
  if (kill) {
    who->restart_ms = due.ms + 1;
    facts_.kills_begun.fetch_add(1, std::memory_order_acq_rel);
    kill_process(who->pid);
  } else {
    if (state != nullptr) ++state->stops;
    who->wake_at = ticks_ + due.ms + 1;
    ::kill(who->pid, SIGSTOP);
  }
}

bool supervisor::senders_over() {
  return std::all_of(actors_.begin(), actors_.end(),
                     [](const actor& who) { return who.what != role::sender || who.over; });
}

bool supervisor::all_over() const {
  return std::all_of(actors_.begin(), actors_.end(),
                     [](const actor& who) { return who.what == role::meddler || who.over; });
}

// Tells the receivers how much they must receive.
void supervisor::announce_end() {
  announced_ = true;
  facts_.final_position.store(run_.logs.sent_position());
  facts_.senders_done.store(1, std::memory_order_release);
}

void supervisor::watch_for_stall() {
  std::uint64_t sum = 0;
  bool disturbed = lulls_.active();
  for (const actor& who : actors_) {
    const actor_state* state = state_of(who);
    if (state == nullptr) continue;  // meddlers have no progress
    sum += state->logged.load() + state->churns + (who.over ? 1U : 0U) +
           static_cast<std::uint64_t>(state->now.load());
    disturbed |= who.wake_at != 0 || who.start_at != 0;
  }
  quiet_ticks_ = sum == last_sum_ && !disturbed ? quiet_ticks_ + 1 : 0;
  if (quiet_ticks_ == 0) moved_at_ = std::chrono::steady_clock::now();
  last_sum_ = sum;
  // While receivers wait for the last messages, their own time limit decides.
  const auto more = announced_ ? patience(facts_, run_.options.drain_ms).count() : 0;
  const auto limit = patience(facts_, run_.options.stall_ms).count() + more;
  if (quiet_ticks_ > static_cast<std::uint64_t>(limit)) give_up(run_end::stalled);
}

void supervisor::give_up(run_end why) {
  if (over_) return;
  facts_.ended = why;
  over_ = true;
}

progress supervisor::now() const {
  progress all;
  std::uint64_t lowest = ~std::uint64_t{0};
  std::uint64_t highest = 0;
  for (unsigned i = 0; i < run_.logs.senders(); ++i) {
    const actor_state& state = run_.logs.sender(i);
    all.sent += state.logged.load();
    highest = std::max(highest, state.highest.load());
    all.kills += state.kills;
    all.pauses += state.stops;
  }
  if (highest == 0) highest = all.sent;
  for (unsigned i = 0; i < run_.logs.receivers(); ++i) {
    const actor_state& state = run_.logs.receiver(i);
    all.told += state.logged.load();
    all.kills += state.kills;
    all.pauses += state.stops;
    lowest = std::min(lowest, state.position.load());
  }
  all.kills += facts_.meddler_kills;
  if (run_.logs.receivers() != 0 && lowest < highest) all.lag = highest - lowest;
  all.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  return all;
}

}  // namespace shmfifo::harness
