// SPDX-License-Identifier: MIT
#include "simulation.hpp"

#include <algorithm>

#include "simulator.hpp"

namespace shmfifo::harness::generated {
namespace {

// Has it changed the queue, and not logged that?
bool is_inside(const model_sender& who) noexcept {
  return who.next == sender_step::commit || who.next == sender_step::answer;
}
bool is_inside(const model_receiver& who) noexcept {
  return who.next == receiver_step::log;
}

}  // namespace

simulator::simulator(const scenario& run, choices& from)
    : run_(run),
      choices_(from),
      logs_(run.shape),
      content_(logs_.content()),
      queue_(run_),
      cursors_(logs_.receivers()),
      senders_(logs_.senders()),
      receivers_(logs_.receivers()),
      chances_left_(run.chances_first) {
  const capabilities& can = run_.shape.promises;
  const bool shared = !can.broadcast;
  for (unsigned i = 0; i < logs_.senders(); ++i) senders_[i].state = &logs_.sender(i);
  for (unsigned i = 0; i < logs_.receivers(); ++i) {
    model_receiver& who = receivers_[i];
    who.state = &logs_.receiver(i);
    who.observer = logs_.is_observer(i);
    who.resumes = can.durable && !who.observer;
    who.lossy = run_.kind->reuses_slots && (can.lossy || who.observer);
    who.where = &cursors_[shared && !who.observer ? 0 : i];
    if (!who.observer && (!shared || i == 0)) holding_.push_back(who.where);
    // Nothing is sent, and nobody killed, before all receivers are there.
    log_attach(who);
    who.state->incarnation = 1;
    who.state->now = stage::running;
  }
  if (run_.pauses) logs_.sender(0).stops = 1;
}

void simulator::play() {
  while (!ended_) turn();
}

bool simulator::senders_over() const noexcept {
  return std::all_of(senders_.begin(), senders_.end(),
                     [](const model_sender& who) { return who.next == sender_step::over; });
}

bool simulator::all_over() const noexcept {
  return senders_over() &&
         std::all_of(receivers_.begin(), receivers_.end(),
                     [](const model_receiver& who) { return who.next == receiver_step::over; });
}

// Does a call fail, after a death or without a reason?
bool simulator::fails() noexcept {
  if (strikes(defect::fails)) return true;
  if (!run_.shape.promises.fallible || run_.planted == defect::fails) return false;
  std::uint32_t kills = 0;
  for (const model_sender& who : senders_) kills += who.state->kills;
  for (const model_receiver& who : receivers_) kills += who.state->kills;
  return kills != 0 && choices_.one_in(40);
}

// One actor takes a few steps, and may be killed then.
void simulator::turn() {
  if (!announced_ && senders_over()) announce_end();
  if (all_over()) return end(run_end::completed);
  if (choices_.one_in(run_.cut_short))
    return end(choices_.coin() ? run_end::log_full : run_end::timed_out);
  if (fails()) {
    complain(logs_.receiver(0), rule::failure, "receive answered failed");
    return end(run_end::timed_out);
  }
  if (strikes(defect::hangs)) return end(run_end::stalled);
  std::vector<std::size_t> able;
  for (std::size_t i = 0; i < senders_.size(); ++i) {
    if (can_step(senders_[i])) able.push_back(i);
  }
  for (std::size_t i = 0; i < receivers_.size(); ++i) {
    if (can_step(receivers_[i])) able.push_back(senders_.size() + i);
  }
  if (able.empty()) return end(run_end::stalled);
  const std::size_t chosen = able[choices_.below(able.size())];
  const std::size_t steps = choices_.between(1, 12);
  const auto steps_of = [&](auto& who, std::size_t rate) {
    for (std::size_t i = 0; i < steps && can_step(who); ++i) step(who);
    if (!choices_.one_in(rate)) return;
    // Half of the kills strike where the queue and the logs differ.
    for (bool waits = choices_.coin(); waits && !is_inside(who) && can_step(who);) step(who);
    kill(who);
  };
  if (chosen < senders_.size()) {
    steps_of(senders_[chosen], run_.kill_senders);
  } else {
    steps_of(receivers_[chosen - senders_.size()], run_.kill_receivers);
  }
}

void simulator::announce_end() noexcept {
  announced_ = true;
  logs_.facts().final_position = logs_.sent_position();
  logs_.facts().senders_done = 1;
}

void simulator::end(run_end why) {
  ended_ = true;
  logs_.facts().ended = why;
}

bool simulator::strikes(defect which) noexcept {
  if (run_.planted != which || struck_) return false;
  if (chances_left_ != 0) {
    --chances_left_;
    return false;
  }
  return struck_ = true;
}

void simulator::mark(unsigned receiver, std::size_t at) {
  scars_.push_back({receiver, receivers_[receiver].places.size(), at});
}

simulated_run simulator::finished() && {
  truth real;
  for (const model_receiver& who : receivers_) {
    real.places.push_back(who.places);
    const cursor& where = *who.where;
    if (who.lossy) continue;
    for (std::size_t i = where.next; i < queue_.line.size(); ++i) {
      real.blocked |= queue_.line[i].state == place_state::claimed && queue_.line[i].orphan;
    }
  }
  if (struck_ && scars_.empty()) mark(0, nowhere);
  real.line = std::move(queue_.line);
  real.scars = std::move(scars_);
  return {run_, std::move(logs_), std::move(real)};
}

simulated_run simulate(const scenario& run, choices& from) {
  simulator all(run, from);
  all.play();
  return std::move(all).finished();
}

}  // namespace shmfifo::harness::generated
