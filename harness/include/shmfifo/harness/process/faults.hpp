// SPDX-License-Identifier: MIT
#pragma once
// Which actor is killed or paused when. The whole schedule follows from the seed and is counted in
// messages, not in time, so that a run has the same faults again; the machine's scheduling differs.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace shmfifo::harness {

// Where a fault strikes: in the middle of whatever the actor does, or between two of its steps.
enum class fault_point : std::uint32_t {
  anywhere,
  before_send,  // the intent is logged
  after_send,   // the answer is not logged yet
  before_receive,
  after_receive,  // logged, not released
  after_release,
  count
};
// The point's own name.
[[nodiscard]] std::string_view to_string(fault_point point) noexcept;

// SIGKILL, or SIGSTOP and later SIGCONT.
enum class fault_action : std::uint8_t { kill, pause };
// Whom a fault strikes.
enum class role : std::uint8_t { sender, receiver, meddler };
// The role's own name.
[[nodiscard]] std::string_view to_string(role which) noexcept;

// What may happen in a run, and how often.
struct fault_plan {
  bool kill_senders = false;    // anywhere
  bool kill_receivers = false;  // anywhere
  bool kill_meddlers = false;   // anywhere
  bool pause = false;           // senders and receivers alike
  std::uint64_t every = 0;      // messages between two faults, on average; 0: see `spacing`
  unsigned pause_ms_max = 20;   // of one pause
  unsigned restart_ms_max = 8;  // a killed actor is started again after 0 to this many ms

  // Whether anything may happen at all.
  [[nodiscard]] bool any() const noexcept {
    return kill_senders || kill_receivers || kill_meddlers || pause;
  }
  // `every`, or a spacing that gives a run of so many messages a hundred faults, a long one more.
  [[nodiscard]] std::uint64_t spacing(std::uint64_t messages) const noexcept {
    return every != 0 ? every : std::clamp<std::uint64_t>(messages / 100, 1, 20000);
  }
};

// One kill or pause.
struct fault {
  std::uint64_t at = 0;                       // messages reported as sent, by all senders together
  role victim = role::sender;                 // whom
  unsigned index = 0;                         // which of them
  fault_action action = fault_action::kill;   // how
  fault_point point = fault_point::anywhere;  // where
  unsigned ms = 0;                            // of the pause, or until the restart
};

// The faults of a run in order. Each kind of fault comes once before any kind comes again, so that
// a few faults are enough for all kinds, however many actors there are of one role.
class fault_schedule {
 public:
  // The same seed, plan and numbers of messages and actors give the same faults.
  fault_schedule(std::uint64_t seed, const fault_plan& plan, std::uint64_t messages,
                 unsigned senders, unsigned receivers, unsigned meddlers);
  // The next fault, or nothing if the plan has none.
  [[nodiscard]] const std::optional<fault>& next() const noexcept { return next_; }
  // Goes on to the one after.
  void advance();

 private:
  [[nodiscard]] std::uint64_t dice() noexcept;
  [[nodiscard]] fault_point draw_point(role victim);

  std::uint64_t state_;
  fault_plan plan_;
  struct kind {
    role victim;
    fault_action action;
    unsigned count;  // of the actors that it can strike
  };
  [[nodiscard]] const kind& draw_kind();
  std::vector<kind> kinds_;
  std::size_t undrawn_ = 0;  // the first so many of `kinds_` come before the others again
  std::uint64_t at_ = 0;
  std::optional<fault> next_;
};

}  // namespace shmfifo::harness
