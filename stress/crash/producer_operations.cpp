// SPDX-License-Identifier: MIT
#include <stdexcept>
#include <utility>

#include "operations.hpp"

namespace shmfifo::harness::crash {
namespace {

using shared_producer = std::shared_ptr<producer>;

shared_producer attach_producer(const victim& self) {
  return std::make_shared<producer>(must(self.attach().attach_producer()));
}

void publish_one(const victim& self, producer& out, std::uint32_t sequence) {
  message_buffer buffer;
  const byte_view bytes = write_message(author::victim, sequence, buffer);
  const status answer = out.try_publish(bytes);
  self.note(answer, out.last_number());
}

std::function<void()> publish(victim& self) {
  return [&self, out = attach_producer(self)] { publish_one(self, *out, 0); };
}

std::function<void()> batch(victim& self) {
  return [&self, out = attach_producer(self)] {
    message_buffer buffers[3];
    byte_view messages[3];
    for (std::uint32_t i = 0; i < 3; ++i) {
      messages[i] = write_message(author::victim, i, buffers[i]);
    }
    self.note(out->try_publish(messages).answer);
    self.control.acknowledged = 0;  // only the last number is known: the judge counts for itself
  };
}

void claim_and(const victim& self, producer& out, bool commit) {
  claim open = out.try_take();
  if (!open) return self.note(open.answer());
  const std::size_t length = write_message(author::victim, 0, open.content()).size();
  const status answer = commit ? std::move(open).commit(length) : std::move(open).abort();
  if (commit) self.note(answer, out.last_number());
}

std::function<void()> claim_commit(victim& self) {
  return [&self, out = attach_producer(self)] { claim_and(self, *out, true); };
}
std::function<void()> claim_abort(victim& self) {
  return [&self, out = attach_producer(self)] { claim_and(self, *out, false); };
}

std::function<void()> publish_waiting(victim& self) {
  return [&self, out = attach_producer(self)] {
    message_buffer buffer;
    const byte_view bytes = write_message(author::victim, 0, buffer);
    const status answer = out->publish(bytes, soon(self));
    self.note(answer, out->last_number());
  };
}

const producer_role roles[] = {producer_role::single, producer_role::many};

scenario by_producer(const char* operation, const place& where, const geometry& shape,
                     std::function<void()> (*arm)(victim&), unsigned takes = 1) {
  scenario s = at(operation, where, shape);
  s.producer_peer = shape.producers == producer_role::many;
  s.may_take = takes;
  s.arm = arm;
  return s;
}

}  // namespace

void add_producer_operations(catalogue& list) {
  for (const producer_role role : roles) {
    const geometry rejecting = ring(full_policy::reject, role);
    const geometry lossy = ring(full_policy::overwrite, role);
    for (const place& where : {at_first, before_wrap, at_wrap, when_full}) {
      list.push_back(by_producer("publish", where, rejecting, publish));
    }
    for (const place& where : {at_first, overwriting}) {
      list.push_back(by_producer("publish", where, lossy, publish));
    }
    for (const place& where : {at_first, log_last, log_full}) {
      list.push_back(by_producer("publish", where, log(role), publish));
    }
    for (const place& where : {at_first, before_wrap}) {
      list.push_back(by_producer("batch", where, rejecting, batch, 3));
      list.push_back(by_producer("claim_commit", where, rejecting, claim_commit));
      list.push_back(by_producer("claim_abort", where, rejecting, claim_abort));
    }
    list.push_back(by_producer("batch", overwriting, lossy, batch, 3));
    list.push_back(by_producer("claim_commit", overwriting, lossy, claim_commit));
    list.push_back(by_producer("claim_abort", overwriting, lossy, claim_abort));
    list.push_back(by_producer("batch", log_middle, log(role), batch, 3));
    scenario waking = by_producer("wake_consumer", at_wrap, rejecting, publish);
    waking.sleeper = true;
    list.push_back(std::move(waking));
    list.push_back(
        by_producer("wait_for_room", when_full, ring(full_policy::wait, role), publish_waiting));
    list.back().visits = 2;
  }
}

}  // namespace shmfifo::harness::crash
