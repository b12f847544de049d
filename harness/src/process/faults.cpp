// SPDX-License-Identifier: MIT
#include "shmfifo/harness/process/faults.hpp"

#include <utility>

#include "shmfifo/harness/oracle/content.hpp"

namespace shmfifo::harness {

std::string_view to_string(fault_point point) noexcept {
  constexpr std::string_view names[] = {"anywhere",       "before_send",   "after_send",
                                        "before_receive", "after_receive", "after_release"};
  return point < fault_point::count ? names[static_cast<std::size_t>(point)] : "unknown";
}

std::string_view to_string(role which) noexcept {
  constexpr std::string_view names[] = {"producer", "consumer", "meddler"};
  return names[static_cast<std::size_t>(which)];
}

fault_schedule::fault_schedule(std::uint64_t seed, const fault_plan& plan, std::uint64_t messages,
                               unsigned senders, unsigned receivers, unsigned meddlers)
    : state_(mix(seed ^ 0x6661756c74)), plan_(plan) {
  const auto add = [this](role victim, unsigned count, fault_action action) {
    if (count > 0) kinds_.push_back({victim, action, count});
  };
  if (plan.kill_senders) add(role::sender, senders, fault_action::kill);
  if (plan.kill_receivers) add(role::receiver, receivers, fault_action::kill);
  if (plan.kill_meddlers) add(role::meddler, meddlers, fault_action::kill);
  if (plan.pause) {
    add(role::sender, senders, fault_action::pause);
    add(role::receiver, receivers, fault_action::pause);
  }
  plan_.every = plan.spacing(messages);
  advance();
}

std::uint64_t fault_schedule::dice() noexcept {
  state_ += 0x9e3779b97f4a7c15;
  return mix(state_);
}

const fault_schedule::kind& fault_schedule::draw_kind() {
  if (undrawn_ == 0) undrawn_ = kinds_.size();
  std::swap(kinds_[dice() % undrawn_], kinds_[undrawn_ - 1]);
  return kinds_[--undrawn_];
}

// Two of three faults strike anywhere: most of an actor's time is spent inside the queue.
fault_point fault_schedule::draw_point(role victim) {
  if (victim == role::meddler || dice() % 3 != 0) return fault_point::anywhere;
  constexpr fault_point of_sender[] = {fault_point::before_send, fault_point::after_send};
  constexpr fault_point of_receiver[] = {fault_point::before_receive, fault_point::after_receive,
                                         fault_point::after_release};
  return victim == role::sender ? of_sender[dice() % 2] : of_receiver[dice() % 3];
}

void fault_schedule::advance() {
  if (kinds_.empty()) return;
  at_ += 1 + dice() % (2 * plan_.every);
  const kind& target = draw_kind();
  fault drawn{at_, target.victim, static_cast<unsigned>(dice() % target.count), target.action, {},
              0};
  drawn.point = draw_point(drawn.victim);
  const unsigned most =
      drawn.action == fault_action::kill ? plan_.restart_ms_max : plan_.pause_ms_max;
  drawn.ms = static_cast<unsigned>(dice() % (most + 1));
  next_ = drawn;
}

}  // namespace shmfifo::harness
