// SPDX-License-Identifier: MIT
#include <algorithm>

#include "simulator.hpp"

namespace shmfifo::harness::generated {

bool simulator::can_step(const model_sender& who) const noexcept {
  if (who.next == sender_step::over) return false;
  if (who.next != sender_step::claim || who.own.size() < run_.buffer_size) return true;
  return queue_.has_room(holding_) || !who.was_refused || !run_.kind->reuses_slots;
}

void simulator::step(model_sender& who) {
  actor_state& state = *who.state;
  switch (who.next) {
    case sender_step::attach:
      state.now = stage::running;
      who.next = sender_step::begin;
      break;
    case sender_step::begin:
      begin(who);
      break;
    case sender_step::call:
      state.in_call = 1;
      who.next = sender_step::claim;
      break;
    case sender_step::claim:
      claim(who);
      break;
    case sender_step::commit:
      queue_.line[who.at].state = place_state::committed;
      who.next = sender_step::answer;
      break;
    case sender_step::answer:
      who.word = answer_of(who);
      who.next = sender_step::log;
      break;
    case sender_step::log:
      log(who);
      break;
    case sender_step::leave:
      state.in_call = 0;
      who.next = sender_step::note;
      break;
    case sender_step::note:
      if (answer::is_number(who.word)) state.highest = who.word + 1;
      who.next = sender_step::begin;
      break;
    case sender_step::over:
      break;
  }
}

void simulator::begin(model_sender& who) {
  actor_state& state = *who.state;
  who.sequence = state.logged;
  if (who.sequence == logs_.quota(index_of(who)) || who.refusals >= 3) {
    commit_own(who, 0);
    state.now = stage::finished;
    who.next = sender_step::over;
    return;
  }
  state.started = who.sequence + 1;
  who.was_refused = false;
  who.refusals = 0;
  who.next = sender_step::call;
}

void simulator::claim(model_sender& who) {
  const message_id id{index_of(who), who.sequence};
  if (run_.buffer_size != 0) {
    who.own.push_back(id);
    commit_own(who, choices_.between(0, run_.buffer_size));
    who.next = sender_step::answer;
    return;
  }
  if (!queue_.has_room(holding_)) return refuse(who);
  add_unsound_place(id.producer);
  const auto state = run_.claims ? place_state::claimed : place_state::committed;
  who.at = queue_.add({id, state, id.producer});
  who.next = run_.claims ? sender_step::commit : sender_step::answer;
}

void simulator::refuse(model_sender& who) {
  actor_state& state = *who.state;
  state.in_call = 0;
  ++(run_.shape.promises.rejects ? state.fulls : state.timeouts);
  who.was_refused = true;
  who.next = sender_step::call;
  if (run_.kind->reuses_slots || ++who.refusals < 3) return;
  who.word = answer::not_sent;
  who.next = sender_step::log;
}

// A buffered sender passes on all messages but the newest `keep`, whether there is room or not.
void simulator::commit_own(model_sender& who, std::size_t keep) {
  while (who.own.size() > keep) {
    who.at = queue_.add({who.own.front(), place_state::committed, index_of(who)});
    who.own.pop_front();
  }
}

std::uint64_t simulator::answer_of(const model_sender& who) {
  if (!run_.shape.promises.numbered) return answer::sent_unnumbered;
  const std::uint64_t highest = who.state->highest;
  if (highest != 0 && strikes(defect::answers_twice)) return highest - 1;
  if (strikes(defect::answers_wrong)) {
    mark(0, who.at);
    return who.at + 1;
  }
  return who.at;
}

void simulator::log(model_sender& who) {
  actor_state& state = *who.state;
  logs_.answers(index_of(who))[who.sequence] = who.word;
  state.logged = who.sequence + 1;
  who.at = nowhere;
  who.next = sender_step::leave;
}

// What the supervisor logs of a killed sender, and what stays in the queue.
void simulator::kill(model_sender& who) {
  actor_state& state = *who.state;
  if (who.next == sender_step::over) return;
  const unsigned index = index_of(who);
  ++state.kills;
  ++state.restarts;
  const std::uint64_t logged = state.logged;
  const bool in_call = state.in_call != 0;
  if (state.started > logged) {
    logs_.answers(index)[logged] = in_call ? answer::in_doubt : answer::not_sent;
    state.logged = logged + 1;
  }
  state.in_call = 0;
  state.now = stage::absent;
  queue_.leave(index);
  const message_id last{index, logged};
  const bool named = content_.length(last) >= content_source::self_naming;
  const bool begun = state.started > logged;
  if (begun && !in_call && named && strikes(defect::revives)) {
    mark(0, queue_.add({last, place_state::committed, index}));
  }
  if (begun && who.at != nowhere && queue_.line[who.at].state == place_state::committed) {
    queue_.line[who.at].orphan = true;
    if (named && strikes(defect::resends)) {
      mark(0, who.at);
      queue_.add({last, place_state::committed, index});
    }
  }
  who.own.clear();
  who.refusals = 0;
  who.at = nowhere;
  who.next = sender_step::attach;
  if (!run_.shape.promises.permanent_senders) return;
  state.now = stage::dead;
  who.next = sender_step::over;
}

// A defect: a number that nobody gets, or a message that nobody sent.
void simulator::add_unsound_place(unsigned owner) {
  if (strikes(defect::skips_number)) {
    mark(0, queue_.add({{}, place_state::absent, owner}));
  } else if (strikes(defect::aborts_nothing)) {
    mark(0, queue_.add({{}, place_state::aborted, owner}));
  } else if (run_.planted == defect::invents) {
    message_id id{owner, logs_.facts().messages + 1};
    if (run_.shape.queue.content_size < content_source::self_naming) return;
    while (content_.length(id) < content_source::self_naming) ++id.sequence;
    if (strikes(defect::invents)) mark(0, queue_.add({id, place_state::committed, owner}));
  }
}

}  // namespace shmfifo::harness::generated
