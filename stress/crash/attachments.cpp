// SPDX-License-Identifier: MIT
#include <optional>
#include <stdexcept>

#include "operations.hpp"

namespace shmfifo::harness::crash {
namespace {

// Attaching: the role's handle is made inside the region and destroyed outside of it.
template <class Role, class Attach>
std::function<void()> attaching(victim& self, Attach attach) {
  auto home = std::make_shared<segment>(self.attach());
  auto role = std::make_shared<std::optional<Role>>();
  return [&self, home, role, attach] {
    auto answer = attach(*home);
    if (answer) role->emplace(std::move(*answer));
    self.note(answer ? 0 : answer.error().code);
  };
}

// Detaching: the handle's destructor runs inside the region.
template <class Role>
std::function<void()> detaching(Role&& role) {
  auto held = std::make_shared<std::optional<Role>>(std::forward<Role>(role));
  return [held] { held->reset(); };
}

std::function<void()> detach_producer(victim& self) {
  return detaching(must(self.attach().attach_producer()));
}

std::function<void()> detach_claiming(victim& self) {
  producer out = must(self.attach().attach_producer());
  auto open = std::make_shared<claim>(out.try_take());
  if (!*open) throw std::runtime_error("no room for the claim");
  return [open, leave = detaching(std::move(out))] { leave(); };
}

std::function<void()> detach_consumer(victim& self) {
  consumer in = must(self.attach().attach_consumer());
  self.note(in.poll([](const record_view&) {}).answer);
  return detaching(std::move(in));
}

consumer_options kept_cursor() {
  consumer_options options;
  options.name = "kept";
  return options;
}

std::function<void()> detach_named(victim& self) {
  return detaching(must(self.attach().attach_consumer(kept_cursor())));
}

std::function<void()> detach_observer(victim& self) {
  return detaching(must(self.attach().attach_observer()));
}

std::function<void()> attach_segment(victim& self) {
  auto home = std::make_shared<std::optional<segment>>();
  return [&self, home] {
    auto answer = segment::attach(self.name);
    if (answer) home->emplace(std::move(*answer));
    self.note(answer ? 0 : answer.error().code);
  };
}

std::function<void()> attach_as_producer(victim& self) {
  return attaching<producer>(self, [](const segment& home) { return home.attach_producer(); });
}
std::function<void()> attach_as_consumer(victim& self) {
  return attaching<consumer>(self, [](const segment& home) { return home.attach_consumer(); });
}
std::function<void()> attach_named(victim& self) {
  return attaching<consumer>(
      self, [](const segment& home) { return home.attach_consumer(kept_cursor()); });
}
std::function<void()> attach_observer(victim& self) {
  return attaching<consumer>(self, [](const segment& home) { return home.attach_observer(); });
}

}  // namespace

void add_attachments(catalogue& list) {
  const auto add = [&](const char* operation, const place& where, const geometry& shape,
                       std::function<void()> (*arm)(victim&)) -> scenario& {
    list.push_back(at(operation, where, shape));
    list.back().arm = arm;
    return list.back();
  };
  const geometry single = ring(full_policy::reject, producer_role::single);
  const geometry many = ring(full_policy::reject, producer_role::many);
  const geometry lossy = ring(full_policy::overwrite, producer_role::many);
  add("attach_segment", at_wrap, many, attach_segment).producer_peer = true;
  for (const geometry& shape : {single, many}) {
    const bool peer = shape.producers == producer_role::many;
    add("attach_producer", at_first, shape, attach_as_producer).producer_peer = peer;
    add("attach_producer", at_wrap, shape, attach_as_producer).producer_peer = peer;
    add("detach_producer", at_wrap, shape, detach_producer).producer_peer = peer;
    scenario& open = add("detach_claiming", at_wrap, shape, detach_claiming);
    open.producer_peer = peer;
    open.may_take = 1;
  }
  scenario& heir = add("attach_over_corpses", at_wrap, many, attach_as_producer);
  heir.corpses = true;
  heir.producer_peer = true;
  for (const geometry& shape : {many, lossy}) {
    for (const place& where : {at_first, when_full}) {
      add("attach_consumer", where, shape, attach_as_consumer).producer_peer = true;
      add("attach_named", where, shape, attach_named).producer_peer = true;
      add("attach_observer", where, shape, attach_observer).producer_peer = true;
    }
    add("detach_consumer", when_full, shape, detach_consumer).producer_peer = true;
    add("detach_named", when_full, shape, detach_named).producer_peer = true;
    add("detach_observer", when_full, shape, detach_observer).producer_peer = true;
  }
  scenario& last_reader = add("detach_last_consumer", when_full, many, detach_consumer);
  last_reader.producer_peer = true;
  last_reader.consumer_peer = false;
  last_reader.expects_room = true;
  scenario& resume = add("resume_named", when_full, many, attach_named);
  resume.producer_peer = true;
  resume.durable = true;
}

}  // namespace shmfifo::harness::crash
