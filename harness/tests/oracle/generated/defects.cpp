// SPDX-License-Identifier: MIT
// What a defect is called, where it can be, and by which rules it may be found.

#include <algorithm>
#include <initializer_list>

#include "scenario.hpp"

namespace shmfifo::harness::generated {
namespace {

struct defect_text {
  std::string_view name;
  std::string_view meaning;
};
constexpr defect_text defect_texts[] = {
#define SHMFIFO_DEFECT_TEXT(name, text) {#name, text},
    SHMFIFO_DEFECTS(SHMFIFO_DEFECT_TEXT)
#undef SHMFIFO_DEFECT_TEXT
};

bool contains(rule broken, std::initializer_list<rule> some) noexcept {
  return std::find(some.begin(), some.end(), broken) != some.end();
}

// By what is behind them, messages that do not name themselves look like others.
bool names_short_message(rule broken) noexcept {
  return contains(broken, {rule::content, rule::duplicate, rule::lost_message, rule::length,
                           rule::producer_order});
}

bool names_gap(rule broken) noexcept {
  return contains(broken, {rule::skipped, rule::order, rule::skipped_after_restart,
                           rule::loss_count, rule::lost_message, rule::stuck});
}

}  // namespace

std::string_view to_string(defect which) noexcept {
  return defect_texts[static_cast<std::size_t>(which)].name;
}
std::string_view meaning_of(defect which) noexcept {
  return defect_texts[static_cast<std::size_t>(which)].meaning;
}

bool may_break(defect which, rule broken) noexcept {
  switch (which) {
    case defect::loses:
    case defect::loses_last:
    case defect::loses_at_attach:
    case defect::hides_abort:
    case defect::skips_number:
    case defect::hides_loss:
    case defect::resumes_late:
      return names_gap(broken) || names_short_message(broken);
    case defect::repeats:
    case defect::resends:
    case defect::shares:
      return names_short_message(broken) ||
             contains(broken, {rule::loss_count, rule::redelivered_released});
    case defect::swaps:
      return names_gap(broken) || names_short_message(broken) || broken == rule::disagreement ||
             broken == rule::redelivered_released;
    case defect::corrupts:
    case defect::shortens:
      return names_short_message(broken) ||
             contains(broken, {rule::phantom_message, rule::wrong_message});
    case defect::renumbers:
      return names_gap(broken) || contains(broken, {rule::duplicate, rule::wrong_message});
    case defect::stale:
      return broken == rule::wrong_message;
    case defect::miscounts_loss:
      return contains(broken, {rule::loss_count, rule::lost_not_overwritten});
    case defect::false_loss:
      return broken == rule::loss_not_allowed;
    case defect::aborts_committed:
      return broken == rule::committed_aborted;
    case defect::aborts_nothing:
      return broken == rule::aborted_without_cause;
    case defect::invents:
    case defect::revives:
      return contains(broken, {rule::phantom_message, rule::loss_count});
    case defect::resumes_early:
      return broken == rule::redelivered_released;
    case defect::answers_twice:
    case defect::answers_wrong:
      return contains(broken, {rule::number_twice, rule::wrong_message, rule::producer_order});
    case defect::divides:
      return names_gap(broken) || broken == rule::disagreement;
    case defect::fails:
      return broken == rule::failure;
    case defect::hangs:
      return broken == rule::stuck;
    case defect::none:
    case defect::count:
      break;
  }
  return false;
}

bool applies(defect which, const scenario& run) noexcept {
  const capabilities& can = run.shape.promises;
  const queue_shape& queue = run.shape.queue;
  const bool by_number = can.numbered && !can.competing;
  const bool kills_receivers = run.kill_receivers != 0;
  const bool has_lossy = run.shape.reuses_slots && (can.lossy || queue.observers != 0);
  switch (which) {
    case defect::loses_at_attach:
      return kills_receivers && !can.durable;
    case defect::swaps:
      return !can.unordered;
    case defect::renumbers:
    case defect::stale:
    case defect::answers_twice:
    case defect::answers_wrong:
    case defect::aborts_committed:
    case defect::skips_number:
      return by_number;
    case defect::aborts_nothing:
      return by_number && !(can.lossy && queue.producers > 1);
    case defect::hides_abort:
      return by_number && run.kill_senders != 0;
    case defect::miscounts_loss:
    case defect::hides_loss:
      return has_lossy;
    case defect::false_loss:
      return !can.lossy;
    case defect::revives:
    case defect::resends:
      return run.kill_senders != 0;
    case defect::resumes_early:
    case defect::resumes_late:
      return kills_receivers && can.durable;
    case defect::shares:
      return can.competing && queue.consumers > 1;
    case defect::divides:
      return can.broadcast && queue.consumers > 1 && run.kill_senders != 0;
    default:
      return true;
  }
}

}  // namespace shmfifo::harness::generated
