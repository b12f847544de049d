// SPDX-License-Identifier: MIT
#include "actor.hpp"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <string>

#include "shmfifo/harness/support/child.hpp"
#include "shmfifo/harness/support/thrown.hpp"

namespace shmfifo::harness {
namespace {

// Of this process, which is one actor's.
actor_state* guarded = nullptr;

[[noreturn]] void complain_and_end() {
  const std::string why = std::current_exception() ? thrown_text() : "std::terminate was called";
  complain(*guarded, rule::failure, "where nothing may be thrown: " + why);
  exit_child(exit_complained);
}

}  // namespace

int run_guarded(actor_state& self, const char* prefix, const std::function<int()>& body) {
  guarded = &self;
  std::set_terminate(complain_and_end);
  try {
    return body();
  } catch (...) {
    complain(self, rule::failure, prefix + thrown_text());
    return exit_complained;
  }
}

void reach(run_facts& facts, actor_state& self, fault_point point, std::uint64_t at) noexcept {
  if (self.fault_point.load(std::memory_order_relaxed) != static_cast<std::uint32_t>(point) ||
      at < self.fault_at.load(std::memory_order_acquire)) {
    return;
  }
  self.fault_point.store(0, std::memory_order_relaxed);
  if (self.fault_signal.load(std::memory_order_relaxed) == SIGKILL) {
    facts.kills_begun.fetch_add(1, std::memory_order_acq_rel);
    kill_self();
  }
  ::kill(::getpid(), SIGSTOP);
}

std::chrono::microseconds deadline_slack() noexcept {
  static const auto slack = [] {
    timespec tick{};
    ::clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
    return std::chrono::milliseconds(2) +
           std::chrono::ceil<std::chrono::microseconds>(std::chrono::seconds(tick.tv_sec) +
                                                        std::chrono::nanoseconds(tick.tv_nsec));
  }();
  return slack;
}

std::chrono::milliseconds patience(const run_facts& facts, unsigned limit_ms) noexcept {
  const bool recovers =
      facts.promises.recoverable && facts.kills_begun.load(std::memory_order_acquire) != 0;
  return std::chrono::milliseconds(limit_ms) +
         std::chrono::milliseconds(recovers ? facts.promises.recovery_ms : 0);
}

bool second_chances::take() {
  if (!facts_.promises.fallible) return false;
  const std::uint64_t kills = facts_.kills_begun.load(std::memory_order_acquire);
  if (kills != kills_) used_ = 0;
  kills_ = kills;
  if (kills == 0 || ++used_ > most) return false;
  ::usleep(1000 * std::min(used_, 20U));
  return true;
}

}  // namespace shmfifo::harness
