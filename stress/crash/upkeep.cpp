// SPDX-License-Identifier: MIT
#include <optional>
#include <utility>

#include "operations.hpp"

namespace shmfifo::harness::crash {
namespace {

std::function<void()> mark(victim& self) {
  auto home = std::make_shared<segment>(self.attach());
  return [&self, home] { self.note(home->mark(1, 5)); };
}

std::function<void()> recover(victim& self) {
  auto home = std::make_shared<segment>(self.attach());
  return [&self, home] {
    auto answer = home->recover();
    self.note(answer ? 0 : answer.error().code);
  };
}

std::function<void()> forget(victim& self) {
  auto home = std::make_shared<segment>(self.attach());
  return [&self, home] {
    auto answer = home->forget("kept");
    self.note(answer ? 0 : answer.error().code);
  };
}

std::function<void()> remove_name(victim& self) {
  return [&self] {
    auto answer = segment::remove(self.name);
    self.note(answer ? 0 : answer.error().code);
  };
}

std::function<void()> stat(victim& self) {
  auto home = std::make_shared<segment>(self.attach());
  return [&self, home] {
    auto answer = home->stat();
    self.note(answer ? 0 : answer.error().code);
  };
}

std::function<std::function<void()>(victim&)> create(const geometry& shape,
                                                     const create_options& options) {
  return [shape, options](victim& self) -> std::function<void()> {
    auto home = std::make_shared<std::optional<segment>>();
    return [&self, shape, options, home] {
      auto answer = segment::create(self.name, shape, options);
      if (answer) home->emplace(std::move(*answer));
      self.note(answer ? 0 : answer.error().code);
    };
  };
}

}  // namespace

geometry ring(full_policy policy, producer_role role) {
  geometry shape;
  shape.when_full = policy;
  shape.producers = role;
  shape.slot_count = ring_slots;
  shape.content_size = content_bytes;
  shape.participant_count = 8;
  return shape;
}

geometry log(producer_role role) {
  geometry shape = ring(full_policy::reject, role);
  shape.mode = segment_mode::log;
  shape.slot_count = log_slots;
  return shape;
}

scenario at(const char* operation, const place& where, const geometry& shape) {
  scenario s;
  s.operation = operation;
  s.position = where.name;
  s.shape = shape;
  s.published = where.published;
  s.consumed = where.consumed;
  return s;
}

void add_upkeep(catalogue& list) {
  const geometry many = ring(full_policy::reject, producer_role::many);
  const geometry lossy = ring(full_policy::overwrite, producer_role::many);
  const geometry single = ring(full_policy::reject, producer_role::single);
  const auto add = [&](const char* operation, const place& where, const geometry& shape,
                       std::function<std::function<void()>(victim&)> arm) -> scenario& {
    list.push_back(at(operation, where, shape));
    list.back().arm = std::move(arm);
    list.back().producer_peer = true;
    return list.back();
  };
  for (const geometry& shape : {single, many, lossy}) {
    scenario& s = add("recover", at_wrap, shape, recover);
    s.corpses = true;
    s.producer_peer = shape.producers == producer_role::many;
  }
  add("forget", at_wrap, many, forget).durable = true;
  add("mark", when_full, many, mark);
  add("stat", when_full, many, stat);
  add("remove", at_wrap, many, remove_name).removes_name = true;
  const create_options touched = {.pretouch = true, .huge_pages = true};
  for (const auto& [operation, options] :
       {std::pair{"create", create_options{}}, std::pair{"create_touched", touched}}) {
    scenario& s = add(operation, at_first, many, create(many, options));
    s.makes_name = true;
    s.producer_peer = s.consumer_peer = false;
  }
  add("create_or_attach", at_wrap, many, create(many, {.existing = if_exists::attach}));
}

const std::vector<scenario>& all_scenarios() {
  static const catalogue list = [] {
    catalogue all;
    add_producer_operations(all);
    add_consumer_operations(all);
    add_attachments(all);
    add_upkeep(all);
    add_beside_sleepers(all);
    return all;
  }();
  return list;
}

}  // namespace shmfifo::harness::crash
