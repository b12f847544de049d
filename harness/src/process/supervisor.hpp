// SPDX-License-Identifier: MIT
#pragma once
// Runs the actors of one run: starts, kills, pauses, restarts and reaps them, and notices when none
// makes progress. It looks about once a millisecond; the only decision by time is when to give up.

#include <sys/types.h>

#include <vector>

#include "actor.hpp"
#include "lulls.hpp"
#include "shmfifo/harness/process/runner.hpp"

namespace shmfifo::harness {

class supervisor {
 public:
  supervisor(const actor_context& run, const std::string& name);
  supervisor(const supervisor&) = delete;
  supervisor& operator=(const supervisor&) = delete;
  ~supervisor();  // kills and reaps the actors that are left

  void run();
  [[nodiscard]] progress now() const;

 private:
  struct actor {
    role what = role::sender;
    unsigned index = 0;
    pid_t pid = 0;               // 0: not running
    bool over = false;           // will not be started again
    bool kill_meant = false;     // its death by SIGKILL is planned
    std::uint64_t start_at = 0;  // tick of the restart
    std::uint64_t wake_at = 0;   // tick of SIGCONT; 0: not paused
    unsigned restart_ms = 0;
    unsigned planned_ms = 0;  // of a fault that the actor carries out itself
  };

  void start(actor& who);
  [[nodiscard]] bool attach_all();
  [[nodiscard]] bool attach_punctual();
  [[nodiscard]] bool early_messages_sent() const;
  template <class Group>
  bool attach(Group&& belongs);
  void tick();
  void look_after(actor& who);
  void ended(actor& who, int status);
  void was_killed(actor& who);
  void settle_doubt(actor& who);
  void carry_out_faults();
  void set_limit_of_senders();
  void strike(const fault& due);
  void notice_paused_by_plan(actor& who);
  [[nodiscard]] bool senders_over();
  [[nodiscard]] bool all_over() const;
  void announce_end();
  void watch_for_stall();
  [[nodiscard]] actor_state* state_of(const actor& who) const;
  [[nodiscard]] actor* find(role what, unsigned index);
  void give_up(run_end why);
  void note_end();

  const actor_context& run_;
  std::string name_;
  run_facts& facts_;
  fault_schedule faults_;
  lull_schedule lulls_;
  std::vector<actor> actors_;
  std::chrono::steady_clock::time_point begun_;
  std::uint64_t ticks_ = 0;
  std::uint64_t last_sum_ = 0;
  std::uint64_t quiet_ticks_ = 0;
  std::chrono::steady_clock::time_point moved_at_;
  bool announced_ = false;
  bool over_ = false;
};

}  // namespace shmfifo::harness
