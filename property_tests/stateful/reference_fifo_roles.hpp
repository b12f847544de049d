// SPDX-License-Identifier: MIT
#pragma once
// The rest of the reference's steps: roles that come and go, and the way from an operation to its
// step.

#include "stateful/reference_fifo.hpp"

namespace shmfifo::harness::reference {

// ---- set-up ----

inline std::int64_t fifo::start_number(const operation& o, bool gate) const {
  switch (static_cast<start_at::place>(o.start)) {
    case start_at::place::number:
      return o.number;
    case start_at::place::latest:
      return cursor_;
    case start_at::place::oldest:
      break;
  }
  if (!ring()) return 0;
  return gate ? floor_ : std::max<std::int64_t>(0, cursor_ - slots());
}

inline answer fifo::attach_producer(handle& h) {
  if (single() && producer_owned_) return refused(EBUSY, "producer_role");
  const int index = take_line();
  if (index == nobody) return refused(EUSERS, "participant_count");
  lines_[static_cast<std::size_t>(index)].kind = participant_kind::producer;
  if (single()) producer_owned_ = true;
  h = {kind::producer, index};
  return said(status::ok, -1);
}

inline int fifo::durable(unsigned name) const {
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].kind == participant_kind::durable && lines_[i].name == name) {
      return static_cast<int>(i);
    }
  }
  return nobody;
}

inline answer fifo::place(handle& h, const operation& o, std::int64_t position) {
  const int index = take_line();
  if (index == nobody) return refused(EUSERS, "participant_count");
  line& l = lines_[static_cast<std::size_t>(index)];
  l.name = o.name % names_max;
  l.kind = l.name == 0 ? participant_kind::consumer : participant_kind::durable;
  l.cursor = position;
  if (gated() && floor_ > position) {
    if (static_cast<start_at::place>(o.start) == start_at::place::number) {
      free_line(index);
      l.owned = false;
      return refused(ENODATA, "start");
    }
    l.cursor = floor_;
  }
  h = {kind::consumer, index, l.cursor};
  return said(status::ok, l.cursor);
}

inline answer fifo::attach_consumer(handle& h, const operation& o) {
  const std::int64_t position = start_number(o, gated());
  if (static_cast<start_at::place>(o.start) == start_at::place::number &&
      (!is_number(o.number) || (gated() && position > cursor_))) {
    return refused(EINVAL, "start");
  }
  const unsigned name = o.name % names_max;
  const int found = name == 0 ? nobody : durable(name);
  if (found == nobody) return place(h, o, position);
  line& l = lines_[static_cast<std::size_t>(found)];
  if (l.owned) return refused(EBUSY, "cursor_name");
  l.owned = true;
  h = {kind::consumer, found, l.cursor};
  return said(status::ok, l.cursor);
}

inline answer fifo::attach_observer(handle& h, const operation& o) {
  if (static_cast<start_at::place>(o.start) == start_at::place::number && !is_number(o.number)) {
    return refused(EINVAL, "start");
  }
  h = {kind::observer, nobody, start_number(o, false)};
  return said(status::ok, h.position);
}

inline void fifo::detach(handle& h) {
  if (h.what == kind::consumer) release(h);
  if (h.claim >= 0) static_cast<void>(abort(h));
  if (h.line_index != nobody) {
    line& l = lines_[static_cast<std::size_t>(h.line_index)];
    if (l.kind != participant_kind::durable) free_line(h.line_index);
    l.owned = false;
  }
  if (h.what == kind::producer) producer_owned_ = false;
  h = {};
}

inline answer fifo::forget(unsigned name) {
  const int found = durable(name);
  if (found == nobody) return refused(ENOENT, "cursor_name");
  if (lines_[static_cast<std::size_t>(found)].owned) return refused(EBUSY, "cursor_name");
  free_line(found);
  return {};
}

inline void fifo::kill(unsigned process) {
  for (unsigned i = 0; i < handles_max; ++i) {
    handle& h = handles_[i];
    if (process_of(i) != process || h.what == kind::none) continue;
    if (h.line_index != nobody) lines_[static_cast<std::size_t>(h.line_index)].owned = false;
    if (h.what == kind::producer) producer_owned_ = false;
    h = {};
  }
}

// ---- step, applies, look ----

inline bool fifo::applies(const operation& o) const {
  const kind what = handles_[o.handle % handles_max].what;
  switch (o.what) {
    case op::attach_producer:
    case op::attach_consumer:
    case op::attach_observer:
      return what == kind::none;
    case op::detach:
      return what != kind::none;
    case op::kill:
      return what != kind::none && process_of(o.handle % handles_max) != 0;
    case op::publish:
    case op::publish_waiting:
    case op::batch:
    case op::claim:
    case op::commit:
    case op::abort:
      return what == kind::producer;
    case op::poll:
    case op::poll_until:
    case op::poll_long:
    case op::read:
    case op::wait:
      return what == kind::consumer || what == kind::observer;
    default:
      return o.what < op::count;
  }
}

inline answer fifo::step(const operation& o) {
  handle& h = handles_[o.handle % handles_max];
  const auto of_producer = [&h](status s) { return said(s, h.last); };
  switch (o.what) {
    case op::attach_producer:
      return attach_producer(h);
    case op::attach_consumer:
      return attach_consumer(h, o);
    case op::attach_observer:
      return attach_observer(h, o);
    case op::detach:
      detach(h);
      return {};
    case op::publish: {
      const status s = put(h, o.number, o.fill);
      return of_producer(s);
    }
    case op::publish_waiting: {
      const status s = put_waiting(h, o.number, o.fill);
      return of_producer(s);
    }
    case op::batch:
      return put_batch(h, o);
    case op::claim: {
      std::int64_t number = none;
      const status s = take(h, number);
      if (s == status::ok) h.claim = number;
      return of_producer(s);
    }
    case op::commit: {
      const status s = commit(h, o.number, o.fill);
      return of_producer(s);
    }
    case op::abort: {
      const status s = abort(h);
      return of_producer(s);
    }
    case op::poll:
      return poll(h, o.number);
    case op::poll_until:
      return poll(h, std::max<std::int64_t>(1, o.number));
    case op::poll_long:
      return poll_long(h, o.number);
    case op::read: {
      release(h);  // the message itself is released by the next call
      answer a = scan(h.position, 1);
      for (message& m : a.messages) {
        m.bytes.resize(std::min(m.bytes.size(), static_cast<std::size_t>(o.number)));
      }
      return a;
    }
    case op::wait: {
      const status s = wait(h);
      return said(s, h.position);
    }
    case op::mark:
      return said(mark(o.number, static_cast<std::int8_t>(o.fill)));
    case op::recover:
      return said(status::ok, recover());
    case op::forget:
      return forget(o.name % names_max);
    case op::kill:
      kill(process_of(o.handle % handles_max));
      return {};
    case op::attach_again:
    case op::count:
      break;
  }
  return {};
}

inline visible_state fifo::look() const {
  visible_state state;
  state.producer_cursor = cursor_;
  state.oldest = start_number({}, gated());
  const lowest slowest = lowest_cursor();
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const line& l = lines_[i];
    if (l.kind == participant_kind::none) continue;
    visible_line v{static_cast<unsigned>(i), l.kind, l.owned, 0, 0, false, {}};
    if (l.kind == participant_kind::durable) v.name = name_of(l.name);
    if (l.kind != participant_kind::producer) {
      v.cursor = l.cursor;
      v.lag = std::max<std::int64_t>(0, cursor_ - l.cursor);
      v.holds_back =
          gated() && slowest.holder == static_cast<int>(i) && cursor_ >= l.cursor + slots();
    }
    state.lines.push_back(v);
  }
  for (std::int64_t position = 0;;) {
    state.seen.push_back(scan(position, 256));
    if (state.seen.back().count == 0) return state;
  }
}

}  // namespace shmfifo::harness::reference
