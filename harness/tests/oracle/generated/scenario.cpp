// SPDX-License-Identifier: MIT
#include "scenario.hpp"

#include <array>

namespace shmfifo::harness::generated {
namespace {

constexpr bool yes = true;
constexpr queue_kind kinds[] = {
    {"plain", {}, true, true},
    {"plain, killed", {}},
    {"many producers", {.many_producers = yes}},
    {"broadcast", {.many_producers = yes, .broadcast = yes}},
    {"competing", {.many_producers = yes, .competing = yes}},
    {"durable", {.many_producers = yes, .durable = yes}},
    {"durable broadcast", {.many_producers = yes, .broadcast = yes, .durable = yes}},
    {"observed", {.many_producers = yes, .broadcast = yes, .observers = yes}},
    {"lossy", {.lossy = yes}},
    {"lossy broadcast", {.many_producers = yes, .broadcast = yes, .observers = yes, .lossy = yes}},
    {"lossy durable", {.many_producers = yes, .broadcast = yes, .durable = yes, .lossy = yes}},
    {"log", {.many_producers = yes, .broadcast = yes, .late_receivers = yes}, false},
    {"unordered", {.many_producers = yes, .unordered = yes}},
    {"unordered broadcast", {.many_producers = yes, .broadcast = yes, .unordered = yes}},
    {"unordered competing", {.many_producers = yes, .competing = yes, .unordered = yes}},
    {"divergent", {.many_producers = yes, .broadcast = yes, .divergent = yes}},
    {"buffered", {.many_producers = yes, .buffered = yes}},
    {"buffered broadcast", {.many_producers = yes, .broadcast = yes, .buffered = yes}},
    {"fallible", {.many_producers = yes, .competing = yes, .fallible = yes}},
    {"permanent senders", {.many_producers = yes, .broadcast = yes, .permanent_senders = yes}},
    {"buffered durable",
     {.many_producers = yes, .broadcast = yes, .durable = yes, .buffered = yes}},
    {"numbered, calm", {.many_producers = yes, .numbered = yes}, true, true},
    {"numbered", {.many_producers = yes, .numbered = yes}},
    {"numbered broadcast",
     {.many_producers = yes, .broadcast = yes, .observers = yes, .numbered = yes}},
    {"numbered durable",
     {.many_producers = yes, .broadcast = yes, .durable = yes, .numbered = yes}},
    {"numbered competing", {.many_producers = yes, .competing = yes, .numbered = yes}},
    {"numbered lossy",
     {.many_producers = yes, .broadcast = yes, .observers = yes, .lossy = yes, .numbered = yes}},
    {"numbered lossy durable",
     {.many_producers = yes, .broadcast = yes, .durable = yes, .lossy = yes, .numbered = yes}},
    {"numbered log",
     {.many_producers = yes,
      .broadcast = yes,
      .durable = yes,
      .numbered = yes,
      .late_receivers = yes},
     false},
};

void draw_geometry(choices& from, scenario& run) {
  history_shape& shape = run.shape;
  const capabilities& can = shape.promises;
  shape.queue_name = run.kind->name;
  shape.seed = from.below(1U << 16);
  shape.queue.producers = can.many_producers ? static_cast<unsigned>(from.between(1, 4)) : 1;
  const std::size_t most = can.broadcast || can.competing ? 3 : 1;
  shape.queue.consumers = static_cast<unsigned>(from.between(1, most));
  shape.queue.observers = can.observers ? static_cast<unsigned>(from.below(3)) : 0;
  shape.queue.messages = from.between(1, from.one_in(8) ? 160 : 40);
  constexpr std::size_t slots[] = {4, 1, 2, 8, 16};
  shape.queue.slots = slots[from.below(std::size(slots))];
  if (!run.kind->reuses_slots) shape.queue.slots = from.between(1, shape.queue.messages + 8);
  shape.reuses_slots = run.kind->reuses_slots;
  shape.capacity = from.coin() ? shape.queue.slots : 0;
  const bool by_number = can.numbered && !can.competing;
  const bool by_place = run.kind->calm && shape.queue.producers == 1 && !can.broadcast;
  shape.shortest = by_number || by_place ? 0 : content_source::self_naming;
  shape.queue.content_size = shape.shortest + from.between(1, from.coin() ? 24 : 6);
}

// About one of these in so many turns of an actor.
std::size_t draw_rate(choices& from) {
  constexpr std::size_t rates[] = {0, 100, 30, 10, 4};
  return rates[from.below(std::size(rates))];
}

// Is there an opportunity in few runs only?
bool is_rare(defect which) noexcept {
  switch (which) {
    case defect::miscounts_loss:
    case defect::hides_loss:
    case defect::hides_abort:
    case defect::revives:
    case defect::resends:
    case defect::resumes_early:
    case defect::resumes_late:
    case defect::divides:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::span<const queue_kind> queue_kinds() noexcept {
  return kinds;
}

scenario draw_scenario(choices& from, bool wrong) {
  scenario run;
  run.kind = &kinds[from.below(std::size(kinds))];
  capabilities& can = run.shape.promises;
  can = run.kind->can;
  can.recoverable = !from.one_in(3);
  can.rejects = from.coin();
  can.waits = !can.rejects;
  draw_geometry(from, run);
  run.claims = !can.lossy && !can.unordered && !can.divergent && !can.buffered && from.coin();
  run.reports_holes = from.coin();
  if (!run.kind->calm) {
    run.kill_senders = draw_rate(from);
    run.kill_receivers = draw_rate(from);
  }
  run.cut_short = from.one_in(16) ? 100 : 0;
  run.release_every = from.between(1, from.coin() ? 16 : 3);
  run.churn = can.durable && from.coin() ? 3 : 0;
  run.buffer_size = can.buffered ? from.between(1, 4) : 0;
  run.pauses = from.coin();
  if (!wrong) return run;
  std::array<defect, static_cast<std::size_t>(defect::count)> possible{};
  std::size_t count = 0;
  for (std::size_t i = 1; i < possible.size(); ++i) {
    if (applies(static_cast<defect>(i), run)) possible[count++] = static_cast<defect>(i);
  }
  run.planted = possible[from.below(count)];
  run.chances_first = from.below(from.coin() ? 4 : is_rare(run.planted) ? 1 : 40);
  return run;
}

}  // namespace shmfifo::harness::generated
