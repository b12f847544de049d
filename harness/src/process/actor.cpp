// SPDX-License-Identifier: MIT
#include "actor.hpp"

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

void reach(actor_state& self, fault_point point, std::uint64_t at) noexcept {
  if (self.fault_point.load(std::memory_order_relaxed) != static_cast<std::uint32_t>(point) ||
      at < self.fault_at.load(std::memory_order_acquire)) {
    return;
  }
  self.fault_point.store(0, std::memory_order_relaxed);
  if (self.fault_signal.load(std::memory_order_relaxed) == SIGKILL) kill_self();
  ::kill(::getpid(), SIGSTOP);
}

}  // namespace shmfifo::harness
