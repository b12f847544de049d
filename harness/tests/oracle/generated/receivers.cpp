// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "simulator.hpp"

namespace shmfifo::harness::generated {

bool simulator::can_step(const model_receiver& who) const noexcept {
  if (who.next == receiver_step::over) return false;
  if (who.next != receiver_step::take || announced_ || !who.ahead.empty()) return true;
  if (queue_.peek(*who.where, who.lossy).answer != receive_answer::nothing) return true;
  // Rather than hold senders back, it releases what it has kept.
  cursor after = *who.where;
  queue_.pass_holes(after);
  return !who.observer && after.saved != after.next && !queue_.has_room(holding_);
}

void simulator::step(model_receiver& who) {
  actor_state& state = *who.state;
  switch (who.next) {
    case receiver_step::log_attach:
      log_attach(who);
      who.next = receiver_step::count_attach;
      break;
    case receiver_step::count_attach:
      ++state.incarnation;
      who.next = receiver_step::attach;
      break;
    case receiver_step::attach:
      attach(who);
      state.now = stage::running;
      who.next = receiver_step::call;
      break;
    case receiver_step::call:
      state.in_call = 2;
      who.next = receiver_step::take;
      break;
    case receiver_step::take:
      take(who);
      break;
    case receiver_step::log:
      log(who);
      who.next = receiver_step::leave;
      break;
    case receiver_step::leave:
      state.in_call = 1;
      after_leave(who);
      break;
    case receiver_step::release:
      if (who.ahead.empty()) queue_.pass_holes(*who.where);
      who.where->saved = who.where->next;
      who.next = receiver_step::log_release;
      break;
    case receiver_step::log_release:
      state.released = state.logged.load();
      state.freed = state.position.load();
      who.churns = who.resumes && choices_.one_in(run_.churn);
      who.next = who.churns ? receiver_step::log_attach : receiver_step::call;
      break;
    case receiver_step::over:
      break;
  }
}

void simulator::append(model_receiver& who, const event& entry, std::size_t at) {
  logs_.events(index_of(who))[who.state->logged] = entry;
  ++who.state->logged;
  who.places.push_back(at);
}

void simulator::log_attach(model_receiver& who) {
  actor_state& state = *who.state;
  event entry;
  const std::uint32_t before = state.incarnation;
  const bool in_receive = state.in_call >= 2;
  entry.killed = static_cast<std::uint8_t>(before == 0 || who.churns ? 0 : (in_receive ? 2 : 1));
  entry.identity = state.released;
  entry.number = before;
  state.in_call = 1;
  append(who, entry, nowhere);
  who.churns = false;
}

void simulator::attach(model_receiver& who) {
  cursor& where = *who.where;
  who.drops_next |= run_.planted == defect::loses_at_attach;
  if (who.resumes) {
    where.next = where.saved;
    resume_wrongly(who);
  } else if (!shares_cursor(who)) {
    begin_anywhere(who);
  }
  where.holds_back = true;
}

// A receiver without a cursor of its own begins anywhere that is still there, or was.
void simulator::begin_anywhere(model_receiver& who) {
  cursor& where = *who.where;
  const std::size_t size = queue_.line.size();
  const bool reuses = run_.kind->reuses_slots;
  std::size_t first = who.lossy ? (choices_.coin() ? 0 : queue_.oldest()) : 0;
  if (!who.lossy && reuses) {
    const std::size_t slots = run_.shape.queue.slots;
    where.holds_back = false;
    first = std::max(queue_.floor(holding_), size > slots ? size - slots : 0);
  }
  where.next = where.saved = choices_.coin() ? first : choices_.between(first, size);
  where.taken.clear();
  where.forced.clear();
}

// The defects of a durable receiver's restart.
void simulator::resume_wrongly(model_receiver& who) {
  cursor& where = *who.where;
  const std::uint64_t released = who.state->released;  // and that is what it logged
  const std::size_t last = released == 0 ? nowhere : who.places[released - 1];
  const auto is_message = [this](std::size_t at) {
    return at < queue_.line.size() && queue_.line[at].state == place_state::committed;
  };
  if (last != nowhere && is_message(last) && (!who.lossy || last >= queue_.oldest()) &&
      strikes(defect::resumes_early)) {
    mark(index_of(who), last);
    where.next = last;
  } else if (is_message(who.reached) && !queue_.line[who.reached].orphan &&
             (!who.lossy || who.reached >= queue_.oldest()) && strikes(defect::resumes_late)) {
    mark(index_of(who), who.reached);
    where.next = who.reached + 1;
    where.dropped.push_back(who.reached);
  }
}

void simulator::take(model_receiver& who) {
  const delivery found = next_delivery(who);
  if (found.answer == receive_answer::nothing) return take_nothing(who);
  who.got = found;
  who.next = receiver_step::log;
}

void simulator::take_nothing(model_receiver& who) {
  actor_state& state = *who.state;
  state.in_call = 1;
  ++state.nothings;
  if (state.released != state.logged || !announced_) {
    who.next = receiver_step::release;
  } else {  // everything arrived, or its patience is over
    state.now = stage::finished;
    who.next = receiver_step::over;
  }
}

// What the queue returns; a defect may have it skip something, or change it.
delivery simulator::next_delivery(model_receiver& who) {
  cursor& where = *who.where;
  const bool shared = shares_cursor(who);
  if (who.ahead.empty()) {
    const std::size_t fetched = run_.buffer_size != 0 && shared ? choices_.between(1, 3) : 1;
    while (who.ahead.size() < fetched) {
      const delivery found = queue_.draw(where, who.lossy, choices_);
      if (found.answer == receive_answer::nothing) break;
      if (skip_by_defect(who, found)) continue;
      const delivery given = changed_by_defect(who, found);
      queue_.advance(where, given);
      if (shared) where.saved = where.next;
      who.ahead.push_back(given);
    }
  }
  if (who.ahead.empty()) return {};
  const delivery first = who.ahead.front();
  who.ahead.pop_front();
  return first;
}

bool simulator::skip_by_defect(model_receiver& who, const delivery& what) {
  if (!who.where->forced.empty()) return false;
  const unsigned index = index_of(who);
  const auto drop = [&] {
    mark(index, what.at);
    who.where->dropped.push_back(what.at);
    return true;
  };
  if (what.answer == receive_answer::lost && strikes(defect::hides_loss)) {
    mark(index, what.at);
    who.where->next = what.next;
    return true;
  }
  if (what.answer == receive_answer::aborted && strikes(defect::hides_abort)) return drop();
  if (what.answer != receive_answer::message) return false;
  const place& one = queue_.line[what.at];
  if (who.drops_next) {
    who.drops_next = false;
    return drop();
  }
  const bool last = one.id.sequence + 1 + run_.chances_first % 3 >= logs_.quota(one.owner) &&
                    run_.chances_first % receivers_.size() == index;
  if (run_.planted == defect::loses_last && last) {
    struck_ = true;
    return drop();
  }
  if (one.orphan && strikes(defect::divides)) return drop();
  return strikes(defect::loses) && drop();
}

// Are this place and the next two messages whose order every receiver must see?
bool simulator::may_swap(const model_receiver& who, std::size_t at) const noexcept {
  const capabilities& can = run_.shape.promises;
  if (!queue_.keeps_order() || at + 1 >= queue_.line.size()) return false;
  const place& one = queue_.line[at];
  const place& other = queue_.line[at + 1];
  if (other.state != place_state::committed || who.where->drops(at + 1)) return false;
  if (one.owner == other.owner) return true;
  if (can.numbered && !can.competing) return true;
  return can.broadcast && !who.lossy && !can.lossy && run_.shape.queue.consumers > 1;
}

delivery simulator::changed_by_defect(model_receiver& who, const delivery& what) {
  cursor& where = *who.where;
  const unsigned index = index_of(who);
  delivery given = what;
  if (what.answer == receive_answer::lost && strikes(defect::miscounts_loss)) {
    mark(index, what.at);
    given.count = what.count > 1 && choices_.coin() ? what.count - 1 : what.count + 1;
  }
  if (what.answer != receive_answer::message || !where.forced.empty()) return given;
  if (who.again != nowhere && who.again_in-- == 0) {
    where.forced.push_back(who.again);
    who.again = nowhere;
    mark(index, where.forced.front());
    return {receive_answer::message, where.forced.front(), 1, where.next};
  }
  if (strikes(defect::repeats)) {
    who.again = what.at;
    who.again_in = choices_.below(4);
  } else if (may_swap(who, what.at) && strikes(defect::swaps)) {
    mark(index, what.at);
    where.next = what.at + 2;
    where.forced = {what.at + 1, what.at};
    return {receive_answer::message, what.at + 1, 1, where.next};
  } else if (strikes(defect::shares)) {
    const std::size_t other = (index + 1) % run_.shape.queue.consumers;
    mark(static_cast<unsigned>(other), what.at);
    receivers_[other].ahead.push_front(what);
  } else if (strikes(defect::false_loss)) {
    mark(index, what.at);
    given.answer = receive_answer::lost;
  } else if (strikes(defect::aborts_committed)) {
    mark(index, what.at);
    given.answer = receive_answer::aborted;
  }
  return given;
}

void simulator::log(model_receiver& who) {
  actor_state& state = *who.state;
  const delivery& got = who.got;
  const bool numbered = run_.shape.promises.numbered;
  event entry;
  std::uint64_t step = 1;
  if (got.answer == receive_answer::message) {
    entry = message_event(who, got.at);
  } else {
    entry.kind = got.answer == receive_answer::lost ? event_kind::lost : event_kind::aborted;
    entry.identity = step = got.count;
  }
  entry.number = numbered ? static_cast<std::int64_t>(got.at) : -1;
  if (got.answer == receive_answer::message && numbered && !run_.shape.promises.competing &&
      strikes(defect::renumbers)) {
    mark(index_of(who), got.at);
    entry.number += entry.number != 0 && choices_.coin() ? -1 : 1;
  }
  const std::uint64_t before =
      numbered ? static_cast<std::uint64_t>(entry.number) : state.position.load();
  append(who, entry, got.answer == receive_answer::lost ? nowhere : got.at);
  state.position = before + step;
  who.reached = std::max(who.reached, got.answer == receive_answer::lost ? got.next : got.at + 1);
}

// As the actor makes it of the bytes that it got.
event simulator::message_event(model_receiver& who, std::size_t at) {
  const queue_shape& shape = run_.shape.queue;
  std::array<std::byte, 64> bytes{};
  message_id id = queue_.line[at].id;
  const std::size_t older = at >= shape.slots ? at - shape.slots : 0;
  if (older < at && queue_.line[older].state == place_state::committed && strikes(defect::stale)) {
    mark(index_of(who), at);
    id = queue_.line[older].id;
  }
  auto length = static_cast<std::int64_t>(content_.fill(id, bytes.data()));
  if (length > 0 && strikes(defect::corrupts)) {
    mark(index_of(who), at);
    bytes[choices_.below(static_cast<std::size_t>(length))] ^= std::byte{1};
  }
  if (strikes(defect::shortens)) {
    mark(index_of(who), at);
    length += length > 0 && choices_.coin() ? -1 : 1;
  }
  event entry;
  entry.kind = event_kind::message;
  entry.length = static_cast<std::int32_t>(length);
  if (static_cast<std::uint64_t>(length) <= shape.content_size) {
    const content_check found = content_.check({bytes.data(), static_cast<std::size_t>(length)});
    entry.sound = found.sound ? 1 : 0;
    entry.identity = found.identity;
  }
  return entry;
}

void simulator::after_leave(model_receiver& who) {
  const bool due = who.state->logged - who.state->released >= run_.release_every;
  who.next = due ? receiver_step::release : receiver_step::call;
}

// A kill loses what it had taken from a cursor that is not its own.
void simulator::kill(model_receiver& who) {
  if (who.next == receiver_step::over) return;
  actor_state& state = *who.state;
  ++state.kills;
  ++state.restarts;
  state.now = stage::absent;
  who.churns = false;
  who.ahead.clear();
  who.again = nowhere;
  if (who.resumes) who.where->forced.clear();
  const capabilities& can = run_.shape.promises;
  if (can.recoverable && can.broadcast && !who.resumes) who.where->holds_back = false;
  who.next = receiver_step::log_attach;
}

}  // namespace shmfifo::harness::generated
